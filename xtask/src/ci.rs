//! `cargo xtask ci`: everything that must pass, what CI runs and nothing more.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use crate::{data_tests, generate, tidy};

/// Runs all steps, also after one has failed, so that one run shows every fault. The tests come last
/// and nothing is printed after a run in which all steps passed: the test runner has the last word.
pub fn run(root: &Path) -> Result<(), String> {
    let mut failed: Vec<&str> = Vec::new();
    let mut step = |name: &'static str, work: &dyn Fn() -> Result<(), String>| {
        eprintln!("── ci: {name}");
        let start = now();
        let outcome = work();
        if let Err(message) = &outcome {
            eprintln!("ci: {name}: {message}");
            failed.push(name);
        }
        let passed = outcome.is_ok();
        if !(passed && name == TESTS) {
            let word = if passed { "passed" } else { "failed" };
            eprintln!(
                "── ci: {name} {word} after {:.0} s",
                start.elapsed().as_secs_f64()
            );
        }
    };
    step("format", &|| cargo(root, &["fmt", "--all", "--check"]));
    step("clippy", &|| cargo(root, CLIPPY));
    step("clippy of data-tests", &|| cargo(root, CLIPPY_DATA));
    step("tidy", &|| tidy::run(root));
    step("generated pages", &|| {
        generate::run(root, generate::Mode::Check)
    });
    step("doctests", &|| {
        let [option, features] = FEATURES;
        let args = ["test", "--quiet", "--doc", "--workspace", option, features];
        quiet_cargo(root, &args)
    });
    step("fuzz", &|| fuzz(root));
    step("page", &|| page(root));
    step("slurm", &|| slurm(root));
    step("without features", &|| cargo(root, WITHOUT));
    eprintln!("── ci: {}", data_tests::NOT_RUN);
    step(TESTS, &|| cargo(root, test_command(has_nextest(root))));
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("ci: failed: {}", failed.join(", ")))
    }
}

const TESTS: &str = "tests";

const CLIPPY: &[&str] = &[
    "clippy",
    "--quiet",
    "--keep-going",
    "--workspace",
    FEATURES[0],
    FEATURES[1],
    "--all-targets",
    "--",
    "-D",
    "warnings",
];

/// `--all-targets` leaves out the tests that no ordinary run takes.
const CLIPPY_DATA: &[&str] = &[
    "clippy",
    "--quiet",
    "--keep-going",
    "--workspace",
    FEATURES[0],
    FEATURES[1],
    "--test",
    "data",
    "--",
    "-D",
    "warnings",
];

/// Both run every target that has tests; doctests have a step of their own.
fn test_command(nextest: bool) -> &'static [&'static str] {
    if nextest {
        &["nextest", "run", "--workspace", FEATURES[0], FEATURES[1]]
    } else {
        &[
            "test",
            "--workspace",
            FEATURES[0],
            FEATURES[1],
            "--tests",
            "--no-fail-fast",
        ]
    }
}

/// The feature that is off by default. Every step builds with it, so that what the steps share is built once; a step of
/// its own sees what is said without it.
pub const FEATURES: [&str; 2] = ["--features", "isoflop-cli/bpe"];

const WITHOUT: &[&str] = &[
    "test",
    "--quiet",
    "--package",
    "isoflop-trainer",
    "--lib",
    "source::bpe",
];

/// Whether cargo-nextest is installed.
pub fn has_nextest(root: &Path) -> bool {
    Command::new("cargo")
        .args(["nextest", "--version"])
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Random inputs for the readers and parsers, for a few seconds each. It never skips: what cannot be built fails.
fn fuzz(root: &Path) -> Result<(), String> {
    let output = Command::new(root.join("fuzz/run.sh"))
        .arg(FUZZ_SECONDS)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("cannot start fuzz/run.sh: {e}"))?;
    if output.status.success() {
        Ok(())
    } else {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        Err(format!(
            "`fuzz/run.sh {FUZZ_SECONDS}` ended with {}",
            output.status
        ))
    }
}

/// The page in a browser, and the bundle of its charting library. What is missing is installed with `CI=true`, and is a
/// failure if it cannot be; elsewhere the check says what it skips.
fn page(root: &Path) -> Result<(), String> {
    with_program(root, "crates/render/page/check.sh")
}

/// A ladder through a real Slurm of one node. It writes the configuration of the machine's Slurm, so only with `CI=true`,
/// where what is missing is installed, and is a failure if it cannot be.
fn slurm(root: &Path) -> Result<(), String> {
    if std::env::var_os("CI").is_none_or(|ci| ci != "true") {
        eprintln!("slurm: skipped without CI=true, it would configure this machine's Slurm");
        return Ok(());
    }
    with_program(root, "crates/ladder/tests/slurm.sh")
}

/// Runs a script with the path of the built program.
fn with_program(root: &Path, script: &str) -> Result<(), String> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let [option, features] = FEATURES;
    let args = ["build", "--quiet", "--package", "isoflop-cli"];
    cargo(root, &[&args[..], &[option, features]].concat())?;
    let status = Command::new(root.join(script))
        .arg(target.join("debug").join("isoflop"))
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(|e| format!("cannot start {script}: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{script}` ended with {status}"))
    }
}

/// For each target; the inputs that were once found are tests of their crates.
const FUZZ_SECONDS: &str = "10";

fn cargo(root: &Path, args: &[&str]) -> Result<(), String> {
    let status = Command::new("cargo")
        .args(args)
        .current_dir(root)
        .stdin(Stdio::null())
        .status()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    ended(args, status)
}

/// Shows the output only when the command fails: one closing line for each crate without doctests tells nothing.
fn quiet_cargo(root: &Path, args: &[&str]) -> Result<(), String> {
    let output = Command::new("cargo")
        .args(args)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if !output.status.success() {
        for stream in [&output.stdout, &output.stderr] {
            eprint!("{}", String::from_utf8_lossy(stream));
        }
    }
    ended(args, output.status)
}

fn ended(args: &[&str], status: ExitStatus) -> Result<(), String> {
    if status.success() {
        Ok(())
    } else {
        Err(format!("`cargo {}` ended with {status}", args.join(" ")))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step took is worth knowing"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_run_with_and_without_nextest() {
        assert_eq!(test_command(true)[0], "nextest");
        assert_eq!(test_command(false)[0], "test");
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let args = ["no-such-command"];
        let status = Command::new("cargo")
            .args(args)
            .stderr(Stdio::null())
            .status()
            .expect("cargo runs this test");
        let message = ended(&args, status).expect_err("cargo has no such command");
        assert!(message.contains("cargo no-such-command"), "{message}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(quiet_cargo(root, &["--version"]), Ok(()));
    }
}

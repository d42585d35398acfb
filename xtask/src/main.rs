//! The project's own commands: `cargo xtask ci`, `cargo xtask tidy`, `cargo xtask gen [--check]`,
//! `cargo xtask data-tests DIR`, `cargo xtask coverage [TABLES]`.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool: what it prints is its result"
)]

mod ci;
mod coverage;
mod data_tests;
mod generate;
mod paths;
mod rust;
mod tidy;
mod tree;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  ci             everything that must pass: format, clippy, tidy, generated pages, doctests, tests
  tidy           layers, budgets, headers, law files, pages, snapshots
  gen            writes docs/laws.md and docs/cli.md
  gen --check    fails when one of them is stale
  coverage [N]   simulates how often intervals hold, N tables a design and noise (50), and writes docs/coverage.md
  alarms [N]     simulates false alarms and power of the audit, N tables a design (200), and writes docs/alarms.md
  data-tests DIR the tests that read tables which may not be shipped; DIR holds these tables
";

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in a folder of the workspace");
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["ci"] => ci::run(root),
        ["tidy"] => tidy::run(root),
        ["gen"] => generate::run(root, generate::Mode::Write),
        ["coverage"] => coverage::run(root, "50"),
        ["coverage", tables] => coverage::run(root, tables),
        ["alarms"] => alarms(root, TABLES),
        ["alarms", tables] => alarms(root, tables),
        ["data-tests", folder] => data_tests::run(root, Path::new(folder)),
        ["gen", "--check"] => generate::run(root, generate::Mode::Check),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Tables of each simulated sweep.
const TABLES: &str = "200";

/// Writes docs/alarms.md.
fn alarms(root: &Path, tables: &str) -> Result<(), String> {
    if tables.parse::<u64>().is_err() {
        return Err(format!("alarms: {tables:?} is no number of tables"));
    }
    let words = "run --quiet -p isoflop-check --example alarms --";
    let status = std::process::Command::new(env!("CARGO"))
        .current_dir(root)
        .args(words.split(' '))
        .args([tables, "docs/alarms.md"])
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo {words}: {status}"))
    }
}

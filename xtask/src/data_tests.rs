//! `cargo xtask data-tests DIR`: the tests that read tables which may not be shipped with the project, among them those
//! that compare the pages made from such tables.
//!
//! These tests are the target `tests/data/main.rs` of a crate, with `test = false` in its manifest, so that no ordinary
//! run of the tests builds, counts or skips them. They find their tables through `isoflop_testkit::outside`, which fails
//! the test when the folder or the table is missing.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::ci::{FEATURES, has_nextest};

/// The folder of the tables, for the tests. `isoflop_testkit::outside` reads it.
const FOLDER: &str = "ISOFLOP_DATA";

/// What is printed where these tests were not run.
pub const NOT_RUN: &str = "not run: the tests that read tables which may not be shipped; with a folder of these tables: cargo xtask data-tests DIR";

/// Runs every such test with the tables of `folder`, which must all be there.
pub fn run(root: &Path, folder: &Path) -> Result<(), String> {
    let folder = folder
        .canonicalize()
        .map_err(|e| format!("{}: {e}; expected: a folder of tables", folder.display()))?;
    if !folder.is_dir() {
        let found = folder.display();
        return Err(format!("{found} is a file; expected: a folder of tables"));
    }
    let missing = missing(root, &folder)?;
    if !missing.is_empty() {
        let names = missing.join(", ");
        return Err(format!(
            "{} has no {names}; {LIST} names what it must hold",
            folder.display()
        ));
    }
    let args = test_command(has_nextest(root));
    eprintln!("── data-tests: cargo {}", args.join(" "));
    let status = Command::new("cargo")
        .args(args)
        .env(FOLDER, folder)
        .current_dir(root)
        .stdin(Stdio::null())
        .status()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("data-tests: the tests ended with {status}"))
    }
}

/// The tables that a folder must hold, one a line.
const LIST: &str = "testdata/outside.txt";

/// Tables of the list that the folder has not. No test may pass because its table is gone.
fn missing(root: &Path, folder: &Path) -> Result<Vec<String>, String> {
    let list = std::fs::read_to_string(root.join(LIST)).map_err(|e| format!("{LIST}: {e}"))?;
    let names = list.lines().filter(|name| !folder.join(name).is_file());
    Ok(names.map(str::to_owned).collect())
}

/// `--test data` takes the targets of that name in every crate that has one, also those with `test = false`.
fn test_command(nextest: bool) -> &'static [&'static str] {
    if nextest {
        &[
            "nextest",
            "run",
            "--workspace",
            FEATURES[0],
            FEATURES[1],
            "--test",
            "data",
            "--no-fail-fast",
        ]
    } else {
        &[
            "test",
            "--workspace",
            FEATURES[0],
            FEATURES[1],
            "--test",
            "data",
            "--no-fail-fast",
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let message = run(root, Path::new("no/such/folder")).expect_err("there is no such folder");
        assert!(message.contains("no/such/folder"), "{message}");
        let file = root.join("Cargo.toml");
        let message = run(root, &file).expect_err("a file is no folder");
        assert!(message.contains("Cargo.toml is a file"), "{message}");
    }

    #[test]
    fn a_table_that_is_missing_is_an_error_before_any_test_runs() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let project = root.parent().expect("a workspace");
        let message = run(project, root).expect_err("xtask holds no tables");
        assert!(
            message.contains("chinchilla_epoch/chinchilla.csv"),
            "{message}"
        );
    }

    #[test]
    fn only_the_targets_called_data_are_run() {
        for nextest in [false, true] {
            let words = test_command(nextest);
            let at = words.iter().position(|w| *w == "--test");
            assert_eq!(at.map(|k| words[k + 1]), Some("data"), "{words:?}");
        }
    }
}

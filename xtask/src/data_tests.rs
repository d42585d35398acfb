//! `cargo xtask data-tests DIR`: the tests, and the generated pages, that read tables which may not be shipped with the
//! project.
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

/// Runs every such test with the tables of `folder`, also after one has failed, then compares the pages made from them.
pub fn run(root: &Path, folder: &Path) -> Result<(), String> {
    let folder = folder
        .canonicalize()
        .map_err(|e| format!("{}: {e}; expected: a folder of tables", folder.display()))?;
    if !folder.is_dir() {
        let found = folder.display();
        return Err(format!("{found} is a file; expected: a folder of tables"));
    }
    let mut failed = Vec::new();
    if !passes(root, &folder, test_command(has_nextest(root))) {
        failed.push("tests");
    }
    for (name, file) in PAGES {
        let folder = folder.to_string_lossy();
        let words = [
            "run",
            "--quiet",
            "--package",
            "isoflop",
            "--example",
            name,
            "--",
            &folder,
            "--check",
            file,
        ];
        if !passes(root, Path::new(&*folder), &words) {
            failed.push(file);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("data-tests: failed: {}", failed.join(", ")))
    }
}

/// Examples that write a page from the tables, and the page.
const PAGES: &[(&str, &str)] = &[];

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

fn passes(root: &Path, folder: &Path, args: &[&str]) -> bool {
    eprintln!("── data-tests: cargo {}", args.join(" "));
    let status = Command::new("cargo")
        .args(args)
        .env(FOLDER, folder)
        .current_dir(root)
        .stdin(Stdio::null())
        .status();
    match status {
        Ok(status) => status.success(),
        Err(e) => {
            eprintln!("data-tests: cannot start cargo: {e}");
            false
        }
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
    fn only_the_targets_called_data_are_run() {
        for nextest in [false, true] {
            let words = test_command(nextest);
            let at = words.iter().position(|w| *w == "--test");
            assert_eq!(at.map(|k| words[k + 1]), Some("data"), "{words:?}");
        }
    }
}

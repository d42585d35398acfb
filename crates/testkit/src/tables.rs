//! Where the tables of the tests lie.

use std::path::{Path, PathBuf};

/// A table that is shipped with the project, below its folder `testdata/`.
///
/// # Panics
/// If there is no such file.
#[must_use]
#[track_caller]
pub fn testdata(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    there(&root, path)
}

/// A table that may not be shipped, below the folder that `cargo xtask data-tests DIR` was given. For tests of the targets
/// `tests/data/main.rs` only.
///
/// # Panics
/// If the command was not given a folder, or the folder has no such table: a test without its table has not passed.
#[must_use]
#[track_caller]
pub fn outside(path: &str) -> PathBuf {
    let root = std::env::var_os("ISOFLOP_DATA")
        .expect("a folder of tables is given: run these tests by `cargo xtask data-tests DIR`");
    there(Path::new(&root), path)
}

#[track_caller]
fn there(root: &Path, path: &str) -> PathBuf {
    let found = root.join(path);
    assert!(found.exists(), "there is no {}", found.display());
    found
}

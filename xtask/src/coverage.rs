//! `cargo xtask coverage`: the page of how often intervals hold, from simulations that take minutes. A small part of them
//! is among the tests.

use std::path::Path;
use std::process::Command;

/// Writes docs/coverage.md from so many tables for each design and noise.
pub fn run(root: &Path, tables: &str) -> Result<(), String> {
    if tables.parse::<u32>().is_ok_and(|n| n >= 20) {
        let status = Command::new("cargo")
            .current_dir(root)
            .args([
                "run",
                "--quiet",
                "--package",
                "isoflop",
                "--example",
                "coverage",
                "--",
            ])
            .args([tables, "docs/coverage.md"])
            .status()
            .map_err(|e| format!("cargo: {e}"))?;
        return match status.success() {
            true => Ok(()),
            false => Err("coverage: the simulations failed".to_owned()),
        };
    }
    Err(format!(
        "coverage: {tables} is not a number of tables, of which there must be at least 20"
    ))
}

//! `cargo xtask gen`: pages written from the law files and from the program itself.

mod cli;
mod findings;
mod laws;

use std::path::Path;

use crate::tree::Tree;

/// What to do with a generated page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write it.
    Write,
    /// Fail when the file differs.
    Check,
}

/// Generates every page; in [`Mode::Check`] names all stale ones.
pub fn run(root: &Path, mode: Mode) -> Result<(), String> {
    let tree = Tree::read(root)?;
    // The help is the same with and without: the check builds what the rest of the gate builds.
    let features: &[&str] = match mode {
        Mode::Write => &[],
        Mode::Check => &crate::ci::FEATURES,
    };
    let pages = [
        ("docs/laws.md", laws::page(&tree)?),
        ("docs/findings.md", findings::page(&tree)?),
        ("docs/cli.md", cli::page(root, features)?),
    ];
    let mut stale = Vec::new();
    for (path, text) in &pages {
        let stored = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        if stored == *text {
            continue;
        }
        match mode {
            Mode::Check => stale.push(stale_message(path, &stored, text)),
            Mode::Write => {
                std::fs::write(root.join(path), text)
                    .map_err(|e| format!("cannot write {path}: {e}"))?;
                println!("wrote {path}");
            }
        }
    }
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{}\nrun `cargo xtask gen` and commit the pages",
            stale.join("\n")
        ))
    }
}

/// Names the first line that differs.
fn stale_message(path: &str, stored: &str, fresh: &str) -> String {
    let same = stored
        .lines()
        .zip(fresh.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let line = fresh.lines().nth(same).unwrap_or("(the page ends)");
    format!("{path}:{}: stale, expected: {line}", same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_page_is_named_with_its_first_difference() {
        assert_eq!(
            stale_message("a.md", "x\ny\n", "x\nz\n"),
            "a.md:2: stale, expected: z"
        );
        assert_eq!(
            stale_message("a.md", "x\ny\n", "x\n"),
            "a.md:2: stale, expected: (the page ends)"
        );
    }
}

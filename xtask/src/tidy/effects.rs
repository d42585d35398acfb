//! Stage crates do no input or output, read no environment and no clock: the same code runs in a browser,
//! and the same inputs give the same bytes. `data::read` alone opens files.

use super::Finding;
use crate::rust;
use crate::tree::{File, Tree};

/// Crates that do anything: the faces, what runs experiments, and what tests and benches alone use.
const FREE: &[&str] = &["cli", "ladder", "trainer", "testkit"];

/// Where files may be opened.
const READERS: &[&str] = &["crates/data/src/read/", "crates/data/src/read.rs"];

/// Modules of `std` that reach outside.
const MODULES: &[&str] = &["env", "fs", "process", "net"];

/// Names that print, use the standard streams or read a clock.
const NAMES: &[&str] = &[
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "dbg!",
    "stdin(",
    "stdout(",
    "stderr(",
    "SystemTime",
    "Instant",
];

/// What readers may use.
const READER_EFFECTS: &[&str] = &["std::fs", "stdin("];

/// Finds calls with effects in stage crates, outside tests and build scripts.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let stage = file.crate_folder().is_some_and(|c| !FREE.contains(&c));
        if !stage || file.is_test() || file.path.ends_with("/build.rs") {
            continue;
        }
        let tests = rust::test_extents(&file.code);
        let reader = READERS.iter().any(|r| file.path.starts_with(r));
        for (at, name) in effects(file) {
            let allowed = tests.iter().any(|t| t.contains(&at))
                || (reader && READER_EFFECTS.contains(&name.as_str()));
            if !allowed {
                let message = format!(
                    "`{name}` in a stage crate: input and output belong to data::read and the faces"
                );
                found.push(Finding::new(&file.path, file.line_at(at), message));
            }
        }
    }
    found
}

fn effects(file: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for name in NAMES {
        let bare = name.trim_end_matches(['!', '(']);
        let hits = rust::words(&file.code, bare).filter(|at| file.code[*at..].starts_with(name));
        found.extend(hits.map(|at| (at, (*name).to_owned())));
    }
    for at in rust::words(&file.code, "std") {
        let Some(rest) = file.code[at..].strip_prefix("std::") else {
            continue;
        };
        for module in MODULES {
            if names_module(rest, module) {
                found.push((at, format!("std::{module}")));
            }
        }
    }
    found
}

/// Whether what follows `std::` begins with the module, or is a group of imports that holds it.
fn names_module(rest: &str, module: &str) -> bool {
    if !rest.starts_with('{') {
        return rust::name_at(rest, 0) == module;
    }
    let group = &rest[1..rust::closing(rest, 0).max(2) - 1];
    rust::words(group, module).any(|at| {
        let before = &group[..at];
        before.matches('{').count() == before.matches('}').count()
            && !before.trim_end().ends_with("::")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn effects_in_stage_crates_are_found() {
        let bad = [
            "fn a() { println!(\"x\"); }",
            "fn a() { let x = std::env::var(\"HOME\"); }",
            "use std::fs::File;",
            "use std::{collections::BTreeMap, fs};",
            "use std::time::Instant;",
            "fn a() { std::io::stdout().flush(); }",
        ];
        for text in bad {
            assert_eq!(count("crates/fit/src/a.rs", text), 1, "{text}");
        }
    }

    #[test]
    fn harmless_names_pass() {
        let good = [
            "const A: &str = env!(\"CARGO_PKG_VERSION\");",
            "/// println!(\"x\")\nfn a() {}",
            "use std::{fmt::{self, Display}, io::Write};",
            "use std::collections::{BTreeMap};",
            "#[cfg(test)]\nmod tests { fn a() { println!(\"x\"); } }",
        ];
        for text in good {
            assert_eq!(count("crates/fit/src/a.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn readers_open_files_and_faces_do_anything() {
        assert_eq!(
            count("crates/data/src/read/csv.rs", "use std::fs::File;"),
            0
        );
        assert_eq!(
            count(
                "crates/data/src/read/csv.rs",
                "fn a() { std::env::args(); }"
            ),
            1
        );
        assert_eq!(count("crates/data/src/table.rs", "use std::fs::File;"), 1);
        let question = "crates/answer/plan/src/lib.rs";
        assert_eq!(count(question, "use std::fs::File;"), 1);
        assert_eq!(
            count("crates/cli/src/main.rs", "fn a() { println!(\"x\"); }"),
            0
        );
        assert_eq!(count("crates/fit/tests/it/main.rs", "use std::fs;"), 0);
    }
}

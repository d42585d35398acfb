//! `cargo xtask tidy`: the house rules that a machine can check. One rule, one file, one line in [`RULES`].

mod attributes;
pub mod audit_rules;
mod budgets;
mod circles;
mod effects;
mod headers;
pub mod law_files;
mod layers;
mod links;
mod machine_paths;
mod manifests;
mod markers;
mod pages;
mod pitfalls;
mod roots;
mod snapshots;
mod test_names;
mod unsafe_code;
mod words;

use std::path::Path;

use crate::tree::Tree;

/// A house rule.
pub struct Rule {
    /// Printed behind every finding.
    name: &'static str,
    /// What must hold, in one line.
    holds: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

/// A place where a rule does not hold.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    /// From 1.
    pub line: usize,
    /// What was found, what was expected.
    pub message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

const RULES: &[Rule] = &[
    Rule {
        name: "layers",
        holds: "dependencies between crates point one way",
        check: layers::check,
    },
    Rule {
        name: "manifests",
        holds: "every crate takes lints and dependencies from the workspace",
        check: manifests::check,
    },
    Rule {
        name: "headers",
        holds: "every Rust file opens with `//!`",
        check: headers::check,
    },
    Rule {
        name: "budgets",
        holds: "files and functions stay small",
        check: budgets::check,
    },
    Rule {
        name: "unsafe",
        holds: "unsafe code lives in the vector kernels only",
        check: unsafe_code::check,
    },
    Rule {
        name: "attributes",
        holds: "a lint is silenced by `#[expect(…, reason = \"…\")]` only",
        check: attributes::check,
    },
    Rule {
        name: "effects",
        holds: "stage crates do no input or output, except `data::read`",
        check: effects::check,
    },
    Rule {
        name: "words",
        holds: "only `words` of a question names the document",
        check: words::check,
    },
    Rule {
        name: "roots",
        holds: "the root of a crate names few things",
        check: roots::check,
    },
    Rule {
        name: "circles",
        holds: "modules of a crate do not know each other in a circle",
        check: circles::check,
    },
    Rule {
        name: "law-files",
        holds: "every law file carries title, formula and source",
        check: law_files::check,
    },
    Rule {
        name: "audit-rules",
        holds: "every rule of the audit says what it checks, why, what to do and who says so",
        check: audit_rules::check,
    },
    Rule {
        name: "machine-paths",
        holds: "no file names a path of one machine",
        check: machine_paths::check,
    },
    Rule {
        name: "pages",
        holds: "a page has more than headings",
        check: pages::check,
    },
    Rule {
        name: "pitfalls",
        holds: "tests and findings that docs/pitfalls.md names exist",
        check: pitfalls::check,
    },
    Rule {
        name: "links",
        holds: "relative links of pages lead somewhere",
        check: links::check,
    },
    Rule {
        name: "snapshots",
        holds: "every snapshot belongs to a test",
        check: snapshots::check,
    },
    Rule {
        name: "markers",
        holds: "nothing is left for later in the text of a file",
        check: markers::check,
    },
    Rule {
        name: "test-names",
        holds: "test names state behaviour, and every test runs",
        check: test_names::check,
    },
];

/// Checks all rules, prints every finding as `path:line: message [rule]`.
pub fn run(root: &Path) -> Result<(), String> {
    let tree = Tree::read(root)?;
    let mut total = 0;
    for rule in RULES {
        let mut findings = (rule.check)(&tree);
        findings.sort();
        for finding in &findings {
            let Finding {
                path,
                line,
                message,
            } = finding;
            println!("{path}:{line}: {message} [{}]", rule.name);
        }
        if !findings.is_empty() {
            println!("  rule {}: {}", rule.name, rule.holds);
        }
        total += findings.len();
    }
    println!("tidy: {}", budgets::summary(&tree));
    if total == 0 {
        Ok(())
    } else {
        Err(format!(
            "tidy found {total} {}",
            if total == 1 { "fault" } else { "faults" }
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_names_are_unique() {
        for (n, rule) in RULES.iter().enumerate() {
            assert!(
                RULES[..n].iter().all(|other| other.name != rule.name),
                "{}",
                rule.name
            );
        }
    }

    #[test]
    fn an_empty_tree_breaks_no_rule() {
        for rule in RULES {
            assert_eq!((rule.check)(&Tree::of(&[])), [], "{}", rule.name);
        }
    }
}

//! docs/findings.md: what the audit asks, from the headers of its rules.

use std::fmt::Write as _;

use crate::tidy::audit_rules::{self, SECTIONS};
use crate::tree::Tree;

/// The page: a list of all findings, then a section for each rule.
pub fn page(tree: &Tree) -> Result<String, String> {
    let rules = audit_rules::described(tree);
    if rules.is_empty() {
        return Err(format!("no rules in {}", audit_rules::FOLDER));
    }
    let mut page = format!(
        "# Findings\n\nThe {} questions that `isoflop check` asks, and the findings that answer them. Written by `cargo xtask gen` from \
         `{}`; do not edit.\n\n| finding | question |\n|---|---|\n",
        rules.len(),
        audit_rules::FOLDER
    );
    for rule in &rules {
        for code in &rule.codes {
            let _ = writeln!(
                page,
                "| `{code}` | [{}](#{}) |",
                rule.question,
                anchor(&rule.name)
            );
        }
    }
    for rule in &rules {
        let codes: Vec<String> = rule.codes.iter().map(|c| format!("`{c}`")).collect();
        let _ = write!(
            page,
            "\n## {}\n\n**{}** {}\n",
            anchor(&rule.name),
            rule.question,
            codes.join(", ")
        );
        for (title, text) in SECTIONS.iter().zip(&rule.sections) {
            let _ = write!(page, "\n{title}: {text}\n");
        }
    }
    Ok(page)
}

/// The name of a rule as the check prints it.
fn anchor(stem: &str) -> String {
    stem.replace('_', "-")
}

//! Nothing is left for later in the text of a file: what is missing goes to the issues.

use super::Finding;
use crate::rust;
use crate::tree::Tree;

/// Written in pieces, so that this file passes its own rule.
const MARKERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// Macros that stand for missing code.
const MACROS: &[&str] = &["unimplemented", "todo"];

/// Finds markers in any file, and macros that stand for missing code.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &tree.files {
        for marker in MARKERS {
            for at in rust::words(&file.text, marker) {
                found.push(Finding::new(
                    &file.path,
                    file.line_at(at),
                    format!("`{marker}` left in the text"),
                ));
            }
        }
        for name in MACROS {
            for at in rust::words(&file.code, name)
                .filter(|at| file.code[at + name.len()..].starts_with('!'))
            {
                found.push(Finding::new(
                    &file.path,
                    file.line_at(at),
                    format!("`{name}!` stands for missing code"),
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_and_missing_code_are_found() {
        let text = format!(
            "fn a() {{\n    // {}: later\n    unimplemented!()\n}}\n",
            MARKERS[0]
        );
        let lines: Vec<usize> = check(&Tree::of(&[("a.rs", &text)]))
            .iter()
            .map(|f| f.line)
            .collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn longer_words_pass() {
        let text = format!("{}S and a{}", MARKERS[0], MARKERS[1]);
        assert_eq!(check(&Tree::of(&[("a.md", &text)])), []);
    }
}

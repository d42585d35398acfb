//! Every Rust file says in its first line what it holds.

use super::Finding;
use crate::tree::Tree;

/// Finds files without a header.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|f| !has_header(&f.text))
        .map(|f| {
            Finding::new(
                &f.path,
                1,
                "the first line is not a `//!` sentence on what the file holds",
            )
        })
        .collect()
}

fn has_header(text: &str) -> bool {
    let words = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//!"));
    words.is_some_and(|w| w.split_whitespace().count() >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_must_be_a_sentence() {
        let good = "//! Readers of tables.\nmod a;\n";
        let bad = [
            "",
            "mod a;\n",
            "\n//! Readers of tables.\n",
            "//!\n",
            "// Readers of tables.\n",
            "//! Data.\n",
        ];
        assert_eq!(check(&Tree::of(&[("a.rs", good)])), []);
        for text in bad {
            assert_eq!(check(&Tree::of(&[("a.rs", text)])).len(), 1, "{text:?}");
        }
    }
}

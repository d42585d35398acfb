//! Numbers of a question are free of their words: only `words` of its package names the document.

use super::Finding;
use crate::rust;
use crate::tree::{File, Tree};

const DOCUMENT: &str = "isoflop_document";

/// Finds numbers that know how they are worded.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let questions = tree.rust().filter(|f| f.is_of_question() && !f.is_test());
    questions
        .filter(|f| !is_words(f))
        .flat_map(|file| {
            rust::words(&file.code, DOCUMENT).map(|at| {
                let message = "only `words` of a question names the document";
                Finding::new(&file.path, file.line_at(at), message)
            })
        })
        .collect()
}

fn is_words(file: &File) -> bool {
    file.path.contains("/src/words/") || file.path.ends_with("/src/words.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_named_among_words_only() {
        let count =
            |path: &str| check(&Tree::of(&[(path, "use isoflop_document::Document;")])).len();
        assert_eq!(count("crates/answer/plan/src/gain.rs"), 1);
        assert_eq!(count("crates/answer/plan/src/words/gain.rs"), 0);
        assert_eq!(count("crates/answer/breaks/src/words.rs"), 0);
        assert_eq!(count("crates/answer/plan/tests/it/plan.rs"), 0);
        assert_eq!(count("crates/isoflop/src/report.rs"), 0);
    }
}

//! No file names a path that exists on one machine only, or a folder beside the project.

use super::Finding;
use crate::tree::Tree;

/// Written in pieces, so that this file passes its own rule.
const PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Use", "rs/"),
    concat!("/tmp/tar", "get"),
];

/// The folder beside the project that the gate alone may name.
const BESIDE: &str = concat!("../sha", "red");

/// Who may.
const GATE: &str = ".ci/run";

/// Finds machine paths in any file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &tree.files {
        let beside = file.text.match_indices(BESIDE);
        for (at, _) in beside.filter(|_| file.path != GATE) {
            let message =
                format!("`{BESIDE}` lies outside the project: no test or page may need it");
            found.push(Finding::new(&file.path, file.line_at(at), message));
        }
        for path in PATHS {
            for (at, _) in file.text.match_indices(path) {
                if !inside_a_longer_path(&file.text[..at]) {
                    let message = format!("`{path}` is a path of one machine");
                    found.push(Finding::new(&file.path, file.line_at(at), message));
                }
            }
        }
    }
    found
}

/// Whether the text before the match ends in a path or an address, as in `docs/work/` or `example.org/home/`.
fn inside_a_longer_path(before: &str) -> bool {
    before
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_beside_the_project_is_named_by_the_gate_alone() {
        let text = format!("cd {BESIDE}/data\n");
        assert_eq!(check(&Tree::of(&[("a.rs", &text)])).len(), 1);
        assert_eq!(check(&Tree::of(&[(GATE, &text)])), []);
    }

    #[test]
    fn absolute_paths_are_found_and_relative_ones_are_not() {
        let bad = format!("a\ncd {}main\n", PATHS[0]);
        let found = check(&Tree::of(&[("a.md", &bad)]));
        assert_eq!((found.len(), found[0].line), (1, 2));
        let good = format!("see https://example.org{}x and docs{}x", PATHS[2], PATHS[0]);
        assert_eq!(check(&Tree::of(&[("a.md", &good)])), []);
    }
}

//! Test names state behaviour, and every test runs.

use super::Finding;
use crate::rust;
use crate::tree::Tree;

/// Finds tests with a `test_` prefix and tests that are switched off.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        for function in rust::functions(&file.code) {
            if let Some(rest) = function.name.strip_prefix("test_") {
                let message = format!(
                    "`{}`: name the behaviour, without the prefix: `{rest}`",
                    function.name
                );
                if is_marked_test(&file.code[..function.extent.start]) {
                    found.push(Finding::new(
                        &file.path,
                        file.line_at(function.extent.start),
                        message,
                    ));
                }
            }
        }
        for (at, _) in file.code.match_indices("#[ignore") {
            found.push(Finding::new(
                &file.path,
                file.line_at(at),
                "a test that never runs: make it run or delete it",
            ));
        }
    }
    found
}

/// Whether the code before a function ends in attributes that include `#[test]`.
fn is_marked_test(before: &str) -> bool {
    let item = before
        .rfind(['}', ';', '{'])
        .map_or(before, |at| &before[at..]);
    item.contains("#[test]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_switched_off_tests_are_found() {
        let text = "#[test]\nfn test_adds() {}\n#[test]\n#[ignore]\nfn adds() {}\n";
        let lines: Vec<usize> = check(&Tree::of(&[("a.rs", text)]))
            .iter()
            .map(|f| f.line)
            .collect();
        assert_eq!(lines, [2, 4]);
    }

    #[test]
    fn behaviour_names_and_helpers_pass() {
        let text = "#[test]\nfn sums_are_exact() {}\nfn test_table() {}\n";
        assert_eq!(check(&Tree::of(&[("a.rs", text)])), []);
    }
}

//! `docs/pitfalls.md` names tests and findings: each of them must exist.

use super::Finding;
use super::audit_rules;
use crate::tree::Tree;

const PAGE: &str = "docs/pitfalls.md";

/// Finds names behind the words `test` and `finding` that nothing in the code bears.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.get(PAGE) else {
        return Vec::new();
    };
    let codes: Vec<String> = audit_rules::described(tree)
        .into_iter()
        .flat_map(|r| r.codes)
        .collect();
    let mut found = Vec::new();
    for (number, line) in page.text.lines().enumerate() {
        for name in behind(line, "est `") {
            let function = format!("fn {name}(");
            if !tree.rust().any(|f| f.code.contains(&function)) {
                found.push(Finding::new(
                    PAGE,
                    number + 1,
                    format!("there is no test `{name}`"),
                ));
            }
        }
        for name in behind(line, "inding `") {
            if !codes.iter().any(|c| c == name) {
                found.push(Finding::new(
                    PAGE,
                    number + 1,
                    format!("there is no finding `{name}`"),
                ));
            }
        }
    }
    found
}

/// What stands in backquotes behind a word.
fn behind<'l>(line: &'l str, word: &str) -> Vec<&'l str> {
    let places = line.match_indices(word);
    places
        .filter_map(|(at, _)| line[at + word.len()..].split('`').next())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nothing_bears_are_found() {
        let page = "| 1 | x | Test `it_holds`, test `it_fails`; finding `not-there`. |\n";
        let code = "#[test]\nfn it_holds() {}\n";
        let tree = Tree::of(&[(PAGE, page), ("crates/a/src/lib.rs", code)]);
        let messages: Vec<String> = check(&tree).into_iter().map(|f| f.message).collect();
        assert_eq!(
            messages,
            [
                "there is no test `it_fails`",
                "there is no finding `not-there`"
            ]
        );
    }
}

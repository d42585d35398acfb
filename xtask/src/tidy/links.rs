//! Relative links and pictures of the pages lead to files that exist.

use super::Finding;
use crate::tree::{File, Tree};

/// Finds links to files that are not there.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let pages = tree.files.iter().filter(|f| f.path.ends_with(".md"));
    pages.flat_map(|page| broken(tree, page)).collect()
}

fn broken(tree: &Tree, page: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, _) in page.text.match_indices("](") {
        let rest = &page.text[at + 2..];
        let target = &rest[..rest.find([')', ' ', '\n']).unwrap_or(rest.len())];
        let file = target.split('#').next().unwrap_or_default();
        if file.is_empty() || file.contains(':') || inside_code(&page.text[..at]) {
            continue;
        }
        let path = resolve(&page.path, file);
        let folder = format!("{}/", path.trim_end_matches('/'));
        if !tree
            .files
            .iter()
            .any(|f| f.path == path || f.path.starts_with(&folder))
        {
            found.push(Finding::new(
                &page.path,
                page.line_at(at),
                format!("the link leads to `{path}`, which does not exist"),
            ));
        }
    }
    found
}

/// Whether the text before a match leaves a backquote open on its line, or a fence open above it.
fn inside_code(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let fences = before
        .lines()
        .filter(|l| l.trim_start().starts_with("```"))
        .count();
    line.matches('`').count() % 2 == 1 || fences % 2 == 1
}

/// The path below the root that `target` means on `page`.
fn resolve(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_folders_and_the_web_pass() {
        let page = "[a](../README.md#top) [b](adr/) [c](https://example.org) [d](#here) `[e](x.md)`\n```\n[f](y.md)\n```\n";
        let tree = Tree::of(&[
            ("README.md", ""),
            ("docs/a.md", page),
            ("docs/adr/1.md", ""),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn broken_links_and_pictures_are_found() {
        let found = check(&Tree::of(&[("docs/a.md", "x\n![p](img/none.svg)\n")]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 2);
        assert!(found[0].message.contains("docs/img/none.svg"));
    }
}

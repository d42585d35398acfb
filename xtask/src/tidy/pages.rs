//! A page appears with its content: a heading alone is worse than no page.

use super::Finding;
use crate::tree::Tree;

/// Finds Markdown files that hold headings and nothing under them.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files
        .iter()
        .filter(|f| f.path.ends_with(".md") && !has_content(&f.text))
        .map(|f| Finding::new(&f.path, 1, "a page without content under its heading"))
        .collect()
}

fn has_content(text: &str) -> bool {
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        if in_comment || line.starts_with("<!--") {
            in_comment = !line.ends_with("-->");
            continue;
        }
        if !line.is_empty() && !line.starts_with('#') && !line.chars().all(|c| "=-_* ".contains(c))
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_alone_is_found() {
        let bad = ["# A\n", "", "# A\n\n## B\n", "# A\n<!-- comes\nlater -->\n"];
        for text in bad {
            assert_eq!(
                check(&Tree::of(&[("docs/a.md", text)])).len(),
                1,
                "{text:?}"
            );
        }
        assert_eq!(check(&Tree::of(&[("docs/a.md", "# A\n\nWords.\n")])), []);
    }
}

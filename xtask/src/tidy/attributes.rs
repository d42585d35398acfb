//! A lint is silenced where it is expected, with the reason beside it.

use super::Finding;
use crate::rust;
use crate::tree::Tree;

/// Finds `allow` attributes and `expect` attributes without a reason.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        for at in attribute_starts(&file.code) {
            let end = rust::closing(&file.code, at);
            let attribute = &file.code[at..end];
            let line = file.line_at(at);
            if calls(attribute, "allow") {
                let message =
                    "`allow` silences a lint for ever: write `#[expect(…, reason = \"…\")]`";
                found.push(Finding::new(&file.path, line, message));
            } else if calls(attribute, "expect")
                && rust::words(attribute, "reason").next().is_none()
            {
                found.push(Finding::new(
                    &file.path,
                    line,
                    "`expect` without `reason = \"…\"`",
                ));
            }
        }
    }
    found
}

/// Offsets of the `[` of every attribute.
fn attribute_starts(code: &str) -> impl Iterator<Item = usize> {
    let outer = code.match_indices("#[").map(|(at, _)| at + 1);
    let inner = code.match_indices("#![").map(|(at, _)| at + 2);
    outer.chain(inner)
}

/// Whether an attribute holds `name(…)`, directly or inside `cfg_attr`.
fn calls(attribute: &str, name: &str) -> bool {
    rust::words(attribute, name)
        .any(|at| attribute[at + name.len()..].trim_start().starts_with('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_required() {
        let good = [
            "#[expect(clippy::float_cmp, reason = \"exact zero\")]\nfn a() {}\n",
            "#[doc = \"#[allow(x)]\"]\nfn a() {}\n",
            "let a = x.expect(\"#[allow\");\n",
        ];
        let bad = [
            "#[allow(dead_code)]\nfn a() {}\n",
            "#![allow(dead_code, reason = \"later\")]\n",
            "#[cfg_attr(test, allow(dead_code))]\nfn a() {}\n",
            "#[expect(dead_code)]\nfn a() {}\n",
            "#[expect(\n    dead_code\n)]\nfn a() {}\n",
        ];
        for text in good {
            assert_eq!(check(&Tree::of(&[("a.rs", text)])), [], "{text}");
        }
        for text in bad {
            assert_eq!(check(&Tree::of(&[("a.rs", text)])).len(), 1, "{text}");
        }
    }
}

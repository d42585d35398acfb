//! The root of a crate names few things: what a user of it must know fits on half a page.

use super::Finding;
use crate::paths;
use crate::rust;
use crate::tree::{File, Tree};

/// Names at the root of a crate.
const MOST: usize = 15;

/// Names at the root of the facade, which stands for all of them.
const MOST_OF_FACADE: usize = 40;

/// Crates above their budget, with the names they have. A number may only fall; one within the budget is taken out.
const ABOVE: &[(&str, usize)] = &[
    ("base", 20),
    ("data", 22),
    ("fit", 52),
    ("isoflop", 117),
    ("ladder", 18),
    ("law", 16),
    ("plan", 44),
    ("predict", 18),
    ("trainer", 21),
];

/// Finds roots above their budget, and numbers of [`ABOVE`] that could be lower.
pub fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, ABOVE)
}

fn check_with(tree: &Tree, above: &[(&str, usize)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust().filter(|f| f.path.ends_with("/src/lib.rs")) {
        let Some(folder) = file.crate_folder() else {
            continue;
        };
        let budget = match folder {
            "isoflop" => MOST_OF_FACADE,
            _ => MOST,
        };
        let held = above.iter().find(|(name, _)| *name == folder);
        let most = held.map_or(budget, |(_, n)| *n);
        let n = names(file);
        if n > most {
            let message = format!("{n} names at the root of `{folder}`, at most {most}");
            found.push(Finding::new(&file.path, 1, message));
        } else if held.is_some() && n < most {
            let message = format!(
                "{n} names at the root of `{folder}`: lower its number in xtask/src/tidy/roots.rs from {most}"
            );
            found.push(Finding::new(&file.path, 1, message));
        }
    }
    found
}

/// Public names at the root: modules, items, and what `pub use` passes on.
fn names(file: &File) -> usize {
    let code = &file.code;
    let tests = rust::test_extents(code);
    let outside = |at: &usize| {
        let depth = code[..*at].bytes().fold(0i64, |d, b| match b {
            b'{' => d + 1,
            b'}' => d - 1,
            _ => d,
        });
        depth == 0 && !tests.iter().any(|t| t.contains(at))
    };
    let uses = paths::uses(code);
    rust::words(code, "pub")
        .filter(outside)
        .map(|at| {
            let rest = code[at + "pub".len()..].trim_start();
            if rest.starts_with('(') {
                return 0;
            }
            let start = code.len() - rest.len();
            uses.iter()
                .find(|u| u.extent.start == start)
                .map_or(1, |u| u.names.len())
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "pub mod a;\nmod b;\npub use b::{C, D as E};\npub(crate) use b::F;\n\
        pub struct G { pub h: u8 }\nimpl G { pub fn i() {} }\n#[cfg(test)]\npub mod tests;";

    #[test]
    fn names_are_modules_items_and_what_is_passed_on() {
        let tree = Tree::of(&[("crates/a/src/lib.rs", CODE)]);
        assert_eq!(names(&tree.files[0]), 4);
    }

    #[test]
    fn a_root_keeps_to_its_budget_and_a_number_only_falls() {
        let many: String = (0..16).map(|i| format!("pub mod m{i};\n")).collect();
        let tree = Tree::of(&[("crates/answer/a/src/lib.rs", &many)]);
        assert_eq!(check_with(&tree, &[]).len(), 1);
        assert_eq!(check_with(&tree, &[("a", 16)]), []);
        assert_eq!(check_with(&tree, &[("a", 15)]).len(), 1);
        assert_eq!(check_with(&tree, &[("a", 17)]).len(), 1);
        let facade = Tree::of(&[("crates/isoflop/src/lib.rs", &many)]);
        assert_eq!(check_with(&facade, &[]), []);
    }
}

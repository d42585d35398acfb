//! Every law file says what it is, what it computes and where it comes from.

use toml::de::{DeTable, DeValue};

use super::Finding;
use crate::tree::{File, Tree};

/// Where the catalogue lies.
pub const FOLDER: &str = "crates/law/laws/";

const REQUIRED: &[&str] = &["title", "formula", "source"];

/// The law files of a tree.
pub fn files(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files
        .iter()
        .filter(|f| f.path.starts_with(FOLDER) && f.path.ends_with(".toml"))
}

/// Finds law files without one of the required texts.
pub fn check(tree: &Tree) -> Vec<Finding> {
    files(tree).flat_map(faults).collect()
}

fn faults(file: &File) -> Vec<Finding> {
    let document = match DeTable::parse(&file.text) {
        Ok(document) => document,
        Err(e) => {
            let line = file.line_at(e.span().map_or(0, |s| s.start));
            return vec![Finding::new(&file.path, line, e.message())];
        }
    };
    let missing =
        REQUIRED.iter().filter(
            |key| match document.get_ref().get(**key).map(|v| v.get_ref()) {
                Some(DeValue::String(text)) => text.trim().is_empty(),
                _ => true,
            },
        );
    missing
        .map(|key| Finding::new(&file.path, 1, format!("no `{key}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_texts_are_required() {
        let good = "title = \"A\"\nformula = \"y = a * x\"\nsource = \"own\"\n";
        let bad = "title = \"A\"\nformula = \"\"\n";
        assert_eq!(check(&Tree::of(&[("crates/law/laws/a.toml", good)])), []);
        assert_eq!(
            check(&Tree::of(&[("crates/law/laws/a.toml", bad)])).len(),
            2
        );
    }

    #[test]
    fn a_file_that_is_not_toml_is_found_at_its_line() {
        let found = check(&Tree::of(&[(
            "crates/law/laws/a.toml",
            "title = \"A\"\nformula = \n",
        )]));
        assert_eq!((found.len(), found[0].line), (1, 2));
    }
}

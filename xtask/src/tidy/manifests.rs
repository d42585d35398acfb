//! Every crate takes its lints, its edition and the versions of its dependencies from the workspace.

use toml::de::{DeTable, DeValue};

use super::Finding;
use crate::tree::{File, Tree};

/// Finds manifests that go their own way.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let members = tree.files.iter().filter(|f| {
        f.path == "xtask/Cargo.toml"
            || (f.path.starts_with("crates/") && f.path.ends_with("/Cargo.toml"))
    });
    members.flat_map(faults).collect()
}

fn faults(file: &File) -> Vec<Finding> {
    let document = match DeTable::parse(&file.text) {
        Ok(document) => document,
        Err(e) => return vec![Finding::new(&file.path, 1, e.message())],
    };
    let document = document.get_ref();
    let mut found = Vec::new();
    if !inherits(document.get("lints").map(|v| v.get_ref())) {
        let message = "no `[lints]` with `workspace = true`";
        found.push(Finding::new(&file.path, 1, message));
    }
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(DeValue::Table(table)) = document.get(section).map(|v| v.get_ref()) else {
            continue;
        };
        for (key, value) in table.iter() {
            if !inherits(Some(value.get_ref())) {
                let message = format!(
                    "`{0}` is not taken from the workspace: write `{0}.workspace = true`",
                    key.get_ref()
                );
                found.push(Finding::new(
                    &file.path,
                    file.line_at(key.span().start),
                    message,
                ));
            }
        }
    }
    found
}

/// Whether a value is a table with `workspace = true`.
fn inherits(value: Option<&DeValue<'_>>) -> bool {
    match value {
        Some(DeValue::Table(table)) => matches!(
            table.get("workspace").map(|v| v.get_ref()),
            Some(DeValue::Boolean(true))
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inheriting_manifest_passes() {
        let text = "[lints]\nworkspace = true\n[dependencies]\ncsv.workspace = true\nserde = { workspace = true, features = [\"derive\"] }\n";
        assert_eq!(check(&Tree::of(&[("crates/a/Cargo.toml", text)])), []);
    }

    #[test]
    fn own_versions_and_missing_lints_are_found() {
        let text = "[dependencies]\ncsv = \"1\"\n[dev-dependencies]\ninsta = { version = \"1\" }\n";
        let found = check(&Tree::of(&[("crates/a/Cargo.toml", text)]));
        let lines: Vec<usize> = found.iter().map(|f| f.line).collect();
        assert_eq!(lines, [1, 2, 4]);
    }
}

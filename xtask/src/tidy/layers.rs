//! Dependencies between crates point one way: a crate knows only crates of a lower level.

use toml::de::{DeTable, DeValue};

use super::Finding;
use crate::tree::{CORRIDOR, File, Tree};

/// Folder of the crate, level. Two crates of one level do not know each other.
const LEVELS: &[(&str, u8)] = &[
    ("base", 0),
    ("numerics", 0),
    ("formula", 1),
    ("document", 1),
    ("trainer", 1),
    ("data", 2),
    ("law", 2),
    ("render", 2),
    ("fit", 3),
    ("testkit", 3),
    ("predict", 4),
    ("backtest", 5),
    ("breaks", 5),
    ("plan", 5),
    ("summary", 5),
    ("check", 6),
    ("isoflop", 7),
    ("ladder", 8),
    ("cli", 9),
];

/// Crates that know what is in [`SHOWN`] and nothing else of the project.
const FACES: &[&str] = &["cli"];

/// What a face may know: the facade, and the ladder, which runs experiments and ends in the facade.
const SHOWN: &[&str] = &[FACADE, "ladder"];

/// The facade.
const FACADE: &str = "isoflop";

/// The formats: a question makes a document, and only the facade shows it.
const RENDER: &str = "render";

/// The crate that only tests use.
const TESTKIT: &str = "testkit";

/// Finds every dependency that points the wrong way.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &tree.files {
        let Some(folder) = manifest_of(&file.path) else {
            continue;
        };
        if folder != "xtask" && level(folder).is_none() {
            let message = format!(
                "`{folder}` has no place in the order of crates: add it to xtask/src/tidy/layers.rs"
            );
            found.push(Finding::new(&file.path, 1, message));
            continue;
        }
        match dependencies(file) {
            Ok(list) => found.extend(list.iter().filter_map(|d| {
                let shows = file.is_of_question() && d.folder == RENDER && !d.dev;
                let message = if shows {
                    Some("a question makes documents, its tests alone know `render`".to_owned())
                } else {
                    fault(folder, d)
                };
                message.map(|m| Finding::new(&file.path, d.line, m))
            })),
            Err(message) => found.push(Finding::new(&file.path, 1, message)),
        }
    }
    found
}

/// The crate folder when `path` is the manifest of a workspace member.
fn manifest_of(path: &str) -> Option<&str> {
    if path == "xtask/Cargo.toml" {
        return Some("xtask");
    }
    let below = path
        .strip_prefix(CORRIDOR)
        .or_else(|| path.strip_prefix("crates/"));
    let folder = below?.strip_suffix("/Cargo.toml")?;
    (!folder.contains('/')).then_some(folder)
}

fn level(folder: &str) -> Option<u8> {
    LEVELS
        .iter()
        .find(|(name, _)| *name == folder)
        .map(|(_, level)| *level)
}

/// One dependency on a crate of the project.
struct Dependency {
    folder: String,
    line: usize,
    /// Listed under `dev-dependencies`.
    dev: bool,
}

fn fault(folder: &str, on: &Dependency) -> Option<String> {
    let target = on.folder.as_str();
    if folder == "xtask" {
        return Some(format!(
            "xtask depends on `{target}`: it stays free of the project's crates"
        ));
    }
    if target == TESTKIT {
        return (!on.dev).then(|| "`testkit` belongs under [dev-dependencies]".to_owned());
    }
    if on.dev && target == folder {
        return None;
    }
    if FACES.contains(&folder) && !SHOWN.contains(&target) {
        return Some(format!(
            "a face names the facade `{FACADE}` and `ladder` and nothing else, not `{target}`"
        ));
    }
    match (level(folder), level(target)) {
        (_, None) => Some(format!("`{target}` is not a crate of this workspace")),
        (Some(own), Some(other)) if other >= own => Some(format!(
            "`{folder}` must not know `{target}`: dependencies point one way, see ARCHITECTURE.md"
        )),
        _ => None,
    }
}

/// The dependencies of a manifest on crates of the project, from all its dependency tables.
fn dependencies(file: &File) -> Result<Vec<Dependency>, String> {
    let document = DeTable::parse(&file.text).map_err(|e| e.message().to_owned())?;
    let mut found = Vec::new();
    collect(file, document.get_ref(), &mut found);
    if let Some(DeValue::Table(targets)) = document.get_ref().get("target").map(|v| v.get_ref()) {
        for (_, table) in targets.iter() {
            if let DeValue::Table(table) = table.get_ref() {
                collect(file, table, &mut found);
            }
        }
    }
    Ok(found)
}

fn collect(file: &File, document: &DeTable<'_>, found: &mut Vec<Dependency>) {
    for (section, dev) in [
        ("dependencies", false),
        ("build-dependencies", false),
        ("dev-dependencies", true),
    ] {
        let Some(DeValue::Table(table)) = document.get(section).map(|v| v.get_ref()) else {
            continue;
        };
        for (key, value) in table.iter() {
            let Some(folder) = project_folder(key.get_ref(), value.get_ref()) else {
                continue;
            };
            found.push(Dependency {
                folder,
                line: file.line_at(key.span().start),
                dev,
            });
        }
    }
}

/// The crate folder a dependency means: by its package name, also when it is renamed.
fn project_folder(key: &str, value: &DeValue<'_>) -> Option<String> {
    let renamed = match value {
        DeValue::Table(table) => table.get("package").and_then(|v| v.get_ref().as_str()),
        _ => None,
    };
    let package = renamed.unwrap_or(key);
    if package == FACADE {
        return Some(package.to_owned());
    }
    package.strip_prefix("isoflop-").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, manifest: &str) -> Vec<(usize, String)> {
        let found = check(&Tree::of(&[(path, manifest)]));
        found.into_iter().map(|f| (f.line, f.message)).collect()
    }

    #[test]
    fn lower_levels_are_allowed() {
        let good = [
            (
                "crates/law/Cargo.toml",
                "[dependencies]\nisoflop-numerics.workspace = true\nisoflop-formula.workspace = true\n",
            ),
            (
                "crates/fit/Cargo.toml",
                "[dependencies]\nisoflop-data.workspace = true\n[dev-dependencies]\nisoflop-testkit.workspace = true\n",
            ),
            (
                "crates/answer/check/Cargo.toml",
                "[dependencies]\nisoflop-backtest.workspace = true\n[dev-dependencies]\nisoflop-render.workspace = true\n",
            ),
            (
                "crates/cli/Cargo.toml",
                "[dependencies]\nisoflop.workspace = true\nclap.workspace = true\n",
            ),
            (
                "xtask/Cargo.toml",
                "[dependencies]\ntoml.workspace = true\n",
            ),
        ];
        for (path, manifest) in good {
            assert_eq!(messages(path, manifest), [], "{path}");
        }
    }

    #[test]
    fn every_wrong_arrow_is_found_at_its_line() {
        let bad = [
            (
                "crates/data/Cargo.toml",
                "[dependencies]\nisoflop-law.workspace = true\n",
            ),
            (
                "crates/base/Cargo.toml",
                "[dependencies]\nisoflop-numerics.workspace = true\n",
            ),
            (
                "crates/fit/Cargo.toml",
                "[dependencies]\nisoflop-testkit.workspace = true\n",
            ),
            (
                "crates/answer/plan/Cargo.toml",
                "[dependencies]\nisoflop-backtest.workspace = true\n",
            ),
            (
                "crates/answer/plan/Cargo.toml",
                "[dependencies]\nisoflop-render.workspace = true\n",
            ),
            (
                "crates/cli/Cargo.toml",
                "[dependencies]\nisoflop-fit.workspace = true\n",
            ),
            (
                "crates/law/Cargo.toml",
                "[build-dependencies]\nisoflop-fit.workspace = true\n",
            ),
            (
                "crates/law/Cargo.toml",
                "[dev-dependencies]\nx = { package = \"isoflop-fit\", path = \"../fit\" }\n",
            ),
            (
                "crates/law/Cargo.toml",
                "[target.'cfg(unix)'.dependencies]\nisoflop-fit.workspace = true\n",
            ),
            (
                "xtask/Cargo.toml",
                "[dependencies]\nisoflop.workspace = true\n",
            ),
        ];
        for (path, manifest) in bad {
            let found = messages(path, manifest);
            assert_eq!(found.len(), 1, "{path}: {found:?}");
            assert_eq!(found[0].0, 2, "{path}");
        }
    }

    #[test]
    fn a_crate_outside_the_order_is_found() {
        assert_eq!(messages("crates/extra/Cargo.toml", "[package]\n").len(), 1);
        let question = "crates/answer/extra/Cargo.toml";
        assert_eq!(messages(question, "[package]\n").len(), 1);
    }
}

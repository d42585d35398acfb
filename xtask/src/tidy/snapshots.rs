//! Every stored snapshot belongs to a test that still exists.

use super::Finding;
use crate::rust;
use crate::tree::{File, Tree};

/// Finds `.snap` files whose test is gone.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let stored = tree.files.iter().filter(|f| f.path.ends_with(".snap"));
    stored
        .filter_map(|f| fault(tree, f).map(|m| Finding::new(&f.path, 1, m)))
        .collect()
}

fn fault(tree: &Tree, snapshot: &File) -> Option<String> {
    let Some(source) = snapshot
        .text
        .lines()
        .find_map(|l| l.strip_prefix("source: "))
    else {
        return Some("no `source:` in its header".to_owned());
    };
    let source = source.trim().trim_matches('"');
    let Some(test) = tree.get(source) else {
        return Some(format!("its test file `{source}` does not exist"));
    };
    let name = name_of(&snapshot.path);
    // A snapshot is named after its test function, or by a string given to the assertion.
    let used = rust::words(&test.code, name).next().is_some()
        || test.text.contains(&format!("\"{name}\""));
    (!used).then(|| format!("`{source}` has no test or assertion named `{name}`"))
}

/// The last part of `crate__module__name-2.snap`, without the number of a repeated assertion.
fn name_of(path: &str) -> &str {
    let file = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .trim_end_matches(".snap");
    let name = file.rsplit("__").next().unwrap_or(file);
    match name.rsplit_once('-') {
        Some((stem, number)) if number.bytes().all(|b| b.is_ascii_digit()) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str =
        "#[test]\nfn shows_a_fit() { assert_snapshot!(x); assert_snapshot!(\"wide-table\", y); }\n";

    fn faults(path: &str, header: &str) -> usize {
        check(&Tree::of(&[("crates/a/src/b.rs", TEST), (path, header)])).len()
    }

    #[test]
    fn snapshots_of_existing_tests_pass() {
        let header = "---\nsource: crates/a/src/b.rs\nexpression: x\n---\n";
        for name in [
            "a__b__shows_a_fit",
            "a__b__shows_a_fit-2",
            "a__b__wide-table",
        ] {
            assert_eq!(
                faults(&format!("crates/a/src/snapshots/{name}.snap"), header),
                0,
                "{name}"
            );
        }
    }

    #[test]
    fn orphans_are_found() {
        let header = "---\nsource: crates/a/src/b.rs\n---\n";
        assert_eq!(faults("crates/a/src/snapshots/a__b__gone.snap", header), 1);
        assert_eq!(
            faults(
                "crates/a/src/snapshots/a__b__shows_a_fit.snap",
                "---\nsource: crates/a/src/c.rs\n---\n"
            ),
            1
        );
        assert_eq!(
            faults("crates/a/src/snapshots/a__b__shows_a_fit.snap", "text"),
            1
        );
    }
}

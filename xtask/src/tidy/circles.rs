//! Modules of a crate do not know each other in a circle, so that each can be read after those it knows.
//!
//! A module knows what it names by a path through `crate`, `super`, `self` or a module below it. What a parent only passes on
//! (`pub use`) is known where it is written.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::paths;
use crate::rust;
use crate::tree::{File, Tree};

/// Crates with modules in circles, and how many stand in one. A number may only fall; a crate without any is taken out.
const ABOVE: &[(&str, usize)] = &[
    ("base", 2),
    ("cli", 2),
    ("data", 40),
    ("fit", 42),
    ("ladder", 10),
    ("law", 14),
    ("numerics", 2),
    ("plan", 9),
    ("render", 2),
    ("trainer", 3),
];

/// Names that are followed from one `use` to the next, at most.
const MOST_STEPS: usize = 8;

/// Finds crates with more modules in circles than [`ABOVE`] says, and numbers that could be lower.
pub fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, ABOVE)
}

fn check_with(tree: &Tree, above: &[(&str, usize)]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (folder, files) in crates(tree) {
        let modules = Modules::of(&files);
        let standing = modules.in_circles();
        let held = above.iter().find(|(name, _)| *name == folder);
        let most = held.map_or(0, |(_, n)| *n);
        let n = standing.len();
        let Some(first) = files.first() else { continue };
        let place = standing.first().map_or(first.path.as_str(), |m| m.as_str());
        if n > most {
            let named = standing.join(", ");
            let message =
                format!("{n} modules of `{folder}` stand in circles, at most {most}: {named}");
            found.push(Finding::new(place, 1, message));
        } else if n < most {
            let message = format!(
                "{n} modules of `{folder}` stand in circles: lower its number in xtask/src/tidy/circles.rs from {most}"
            );
            found.push(Finding::new(place, 1, message));
        }
    }
    found
}

/// The files below `src/` of each crate, without tests.
fn crates(tree: &Tree) -> BTreeMap<&str, Vec<&File>> {
    let mut all: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in tree
        .rust()
        .filter(|f| !f.is_test() && f.path.contains("/src/"))
    {
        if let Some(folder) = file.crate_folder() {
            all.entry(folder).or_default().push(file);
        }
    }
    all
}

type Path = Vec<String>;

/// The modules of a crate with what each names.
struct Modules<'a> {
    files: BTreeMap<Path, &'a File>,
    /// What the names that a module brings in stand for.
    names: BTreeMap<Path, BTreeMap<String, Path>>,
}

impl<'a> Modules<'a> {
    fn of(files: &[&'a File]) -> Self {
        let files: BTreeMap<Path, &File> = files.iter().map(|f| (module(&f.path), *f)).collect();
        let names = files
            .iter()
            .map(|(module, file)| {
                let uses = paths::uses(&file.code).into_iter().flat_map(|u| u.names);
                let names = uses.filter(|n| n.name != "*" && n.path.len() > 1);
                (module.clone(), names.map(|n| (n.name, n.path)).collect())
            })
            .collect();
        Self { files, names }
    }

    /// The module in which a path ends that is written in `here`; none when it leaves the crate.
    fn resolve(&self, here: &Path, path: &[String], steps: usize) -> Option<Path> {
        let mut at = here.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|s| s == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let known = self.names.get(&at).is_some_and(|n| n.contains_key(first));
                let child = self.files.contains_key(&joined(&at, first));
                if !child && !known {
                    return None;
                }
            }
        }
        while let Some(name) = rest.first() {
            let below = joined(&at, name);
            if self.files.contains_key(&below) {
                at = below;
                rest = &rest[1..];
                continue;
            }
            return match self.names.get(&at).and_then(|n| n.get(name)) {
                Some(target) if steps < MOST_STEPS && target != path => {
                    let full: Path = target.iter().chain(&rest[1..]).cloned().collect();
                    self.resolve(&at, &full, steps + 1)
                }
                _ => Some(at),
            };
        }
        Some(at)
    }

    /// The modules that each module knows.
    fn known(&self) -> BTreeMap<&Path, BTreeSet<Path>> {
        self.files
            .iter()
            .map(|(module, file)| {
                let tests = rust::test_extents(&file.code);
                let uses = paths::uses(&file.code);
                let tested = |at: usize| tests.iter().any(|t| t.contains(&at));
                let brought = uses
                    .iter()
                    .filter(|u| !u.passes_on && !tested(u.extent.start))
                    .flat_map(|u| u.names.iter().map(|n| n.path.clone()));
                let inside = expressions(&file.code)
                    .filter(|at| !tested(*at) && !uses.iter().any(|u| u.extent.contains(at)))
                    .map(|at| paths::path(&file.code, at));
                let known = brought
                    .chain(inside)
                    .filter_map(|path| self.resolve(module, &path, 0))
                    .filter(|other| other != module)
                    .collect();
                (module, known)
            })
            .collect()
    }

    /// The files of modules that know themselves through others.
    fn in_circles(&self) -> Vec<String> {
        let known = self.known();
        let comes_back = |from: &Path| {
            let mut seen: BTreeSet<&Path> = BTreeSet::new();
            let mut open: Vec<&Path> = known[from].iter().collect();
            while let Some(next) = open.pop() {
                if next == from {
                    return true;
                }
                if seen.insert(next) {
                    open.extend(known.get(next).into_iter().flatten());
                }
            }
            false
        };
        let circling = self.files.iter().filter(|(module, _)| comes_back(module));
        circling.map(|(_, file)| file.path.clone()).collect()
    }
}

/// Where paths of two names or more begin in blanked code.
fn expressions(code: &str) -> impl Iterator<Item = usize> + '_ {
    code.match_indices("::").filter_map(move |(at, _)| {
        let before = code[..at].trim_end();
        let start = before
            .rfind(|c: char| c != '_' && !c.is_alphanumeric())
            .map_or(0, |n| {
                n + before[n..].chars().next().map_or(1, char::len_utf8)
            });
        let first = start < before.len() && !code[..start].ends_with("::");
        first.then_some(start)
    })
}

fn joined(at: &Path, name: &str) -> Path {
    let mut below = at.clone();
    below.push(name.to_owned());
    below
}

/// The module of a file: `a::b` for `src/a/b.rs` and for `src/a/b/mod.rs`, none for the root.
fn module(path: &str) -> Path {
    let below = path.split_once("/src/").map_or(path, |(_, rest)| rest);
    let mut parts: Path = below
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] || parts == ["main"] {
        parts.pop();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circling(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(String, &str)> = files
            .iter()
            .map(|(name, code)| (format!("crates/a/src/{name}.rs"), *code))
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(p, c)| (p.as_str(), *c)).collect();
        let tree = Tree::of(&files);
        let all = crates(&tree);
        Modules::of(&all["a"]).in_circles()
    }

    #[test]
    fn modules_that_know_each_other_stand_in_a_circle() {
        let lib = ("lib", "mod b;\nmod c;\nmod d;");
        let b = ("b", "use super::c::C;");
        assert_eq!(
            circling(&[
                lib,
                b,
                ("c", "fn f() { crate::b::g(); }"),
                ("d", "use crate::b::B;")
            ]),
            ["crates/a/src/b.rs", "crates/a/src/c.rs"]
        );
        assert!(circling(&[lib, b, ("c", ""), ("d", "use crate::b::B;")]).is_empty());
        let tested = ("c", "#[cfg(test)]\nmod tests { use crate::b::B; }");
        assert!(circling(&[lib, b, tested]).is_empty());
    }

    #[test]
    fn what_a_parent_passes_on_is_known_where_it_is_written() {
        let lib = ("lib", "mod b;\nmod c;\npub use c::C;\nuse c::D;");
        assert!(circling(&[lib, ("b", "use crate::{C, D};"), ("c", "")]).is_empty());
        let owner = ("lib", "mod b;\npub struct C;\nfn f() { b::g(); }");
        assert_eq!(circling(&[owner, ("b", "use super::C;")]).len(), 2);
    }

    #[test]
    fn a_number_only_falls() {
        let files = [
            ("crates/a/src/b.rs", "use super::c::C;"),
            ("crates/a/src/c.rs", "use super::b::B;"),
            ("crates/a/src/lib.rs", "mod b;\nmod c;"),
        ];
        let tree = Tree::of(&files);
        assert_eq!(check_with(&tree, &[("a", 2)]), []);
        for number in [0, 1, 3] {
            assert_eq!(check_with(&tree, &[("a", number)]).len(), 1, "{number}");
        }
    }
}

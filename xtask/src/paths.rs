//! Paths of names in Rust code: the trees of `use`, and paths inside expressions and types.

use crate::rust;

/// A path with its groups spread out, and the name under which it is known afterwards.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    pub path: Vec<String>,
    /// `*` for all names of the path.
    pub name: String,
}

/// A `use` statement.
pub struct Use {
    /// From `use` to the semicolon.
    pub extent: std::ops::Range<usize>,
    /// `pub`, `pub(crate)` or another visibility stands before it.
    pub passes_on: bool,
    pub names: Vec<Named>,
}

/// The `use` statements of blanked code, in order.
pub fn uses(code: &str) -> Vec<Use> {
    let mut found = Vec::new();
    for at in rust::words(code, "use") {
        let mut names = Vec::new();
        tree(code, at + "use".len(), &[], &mut names);
        let end = code[at..].find(';').map_or(code.len(), |n| at + n);
        found.push(Use {
            extent: at..end,
            passes_on: passes_on(&code[..at]),
            names,
        });
    }
    found
}

/// Whether code that ends before `use` ends with a visibility.
fn passes_on(before: &str) -> bool {
    let before = before.trim_end();
    let bare = match before.strip_suffix(')').and_then(|b| b.rfind('(')) {
        Some(open) => before[..open].trim_end(),
        None => before,
    };
    bare.ends_with("pub")
        && (bare.len() == 3
            || !bare[..bare.len() - 3].ends_with(|c: char| c == '_' || c.is_alphanumeric()))
}

/// The path that begins at `at` in blanked code.
pub fn path(code: &str, at: usize) -> Vec<String> {
    let mut names = Vec::new();
    tree(code, at, &[], &mut names);
    names
        .into_iter()
        .next()
        .map_or_else(Vec::new, |named| named.path)
}

/// Reads one tree of `use` behind the names before it; returns where it ends.
fn tree(code: &str, at: usize, before: &[String], out: &mut Vec<Named>) -> usize {
    let mut path = before.to_vec();
    let mut at = skip(code, at);
    loop {
        if code[at..].starts_with('{') {
            return group(code, at + 1, &path, out);
        }
        if code[at..].starts_with('*') {
            let name = "*".to_owned();
            out.push(Named { path, name });
            return at + 1;
        }
        let name = rust::name_at(code, at);
        if !name.is_empty() {
            path.push(name.to_owned());
            at = skip(code, at + name.len());
            if code[at..].starts_with("::") {
                at = skip(code, at + 2);
                continue;
            }
        }
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if rust::name_at(code, at) == "as" {
            at = skip(code, at + 2);
            name = rust::name_at(code, at).to_owned();
            at += name.len();
        }
        if !path.is_empty() {
            out.push(Named { path, name });
        }
        return at;
    }
}

fn group(code: &str, mut at: usize, path: &[String], out: &mut Vec<Named>) -> usize {
    loop {
        at = skip(code, at);
        match code.as_bytes().get(at) {
            None => return at,
            Some(b'}') => return at + 1,
            Some(b',') => at += 1,
            Some(_) => {
                let end = tree(code, at, path, out);
                // What is no tree ends the group: the compiler will say so.
                if end == at {
                    return at;
                }
                at = end;
            }
        }
    }
}

fn skip(code: &str, at: usize) -> usize {
    code.len() - code[at.min(code.len())..].trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str) -> Vec<String> {
        let names = uses(code).into_iter().flat_map(|u| u.names);
        names
            .map(|n| format!("{} as {}", n.path.join("::"), n.name))
            .collect()
    }

    #[test]
    fn trees_are_spread_out() {
        assert_eq!(shown("use a::b;"), ["a::b as b"]);
        assert_eq!(
            shown("use a::{b, c::{self, d as e}, f::*,};"),
            ["a::b as b", "a::c as c", "a::c::d as e", "a::f as *"]
        );
        assert_eq!(shown("use a::{b"), ["a::b as b"]);
        assert!(shown("use ;").is_empty());
    }

    #[test]
    fn a_visibility_passes_names_on() {
        let passes = |code: &str| uses(code)[0].passes_on;
        assert!(passes("pub use a::b;") && passes("pub(crate) use a::b;"));
        assert!(!passes("use a::b;") && !passes("pub fn x() {}\nuse a::b;"));
        assert!(!passes("pub(crate) fn x() -> (u8, u8);\nuse a::b;"));
    }

    #[test]
    fn a_path_ends_before_what_is_done_with_it() {
        assert_eq!(path("super::a::B { c: 1 }", 0), ["super", "a", "B"]);
        assert_eq!(path("crate::a::<u8>()", 0), ["crate", "a"]);
    }
}

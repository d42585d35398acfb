//! The project's files as the rules see them: relative paths, text, and Rust code without comments and literals.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::rust;

/// Where the questions live, one package each.
pub const CORRIDOR: &str = "crates/answer/";

/// All files of the project, sorted by path.
pub struct Tree {
    pub files: Vec<File>,
}

/// One file.
pub struct File {
    /// Path below the root, with `/` on every system.
    pub path: String,
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// For Rust: the text with comments and literals blanked, byte for byte as long. Empty for other files.
    pub code: String,
}

impl Tree {
    /// Reads what git tracks or would track. Without git (a source archive), every file outside build folders.
    pub fn read(root: &Path) -> Result<Self, String> {
        let paths = match tracked(root) {
            Some(paths) => paths,
            None => walk(root)?,
        };
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let full = root.join(&path);
            // A file that was deleted but not yet committed is still listed by git.
            if !full.is_file() {
                continue;
            }
            let bytes = std::fs::read(&full).map_err(|e| format!("cannot read {path}: {e}"))?;
            files.push(File::new(&path, &String::from_utf8_lossy(&bytes)));
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self { files })
    }

    /// Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|f| f.path.ends_with(".rs"))
    }

    /// The file with this path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|f| f.path == path)
    }

    /// A tree of small texts, for the tests of the rules.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new(path, text));
        Self {
            files: files.collect(),
        }
    }
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") {
            rust::blank(text)
        } else {
            String::new()
        };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
        }
    }

    /// Line number, from 1, of a byte offset.
    pub fn line_at(&self, offset: usize) -> usize {
        line_of(&self.text, offset)
    }

    /// The folder of the crate this file lies in: the one below `crates/`, or below [`CORRIDOR`].
    pub fn crate_folder(&self) -> Option<&str> {
        let below = self.path.strip_prefix(CORRIDOR);
        below
            .or_else(|| self.path.strip_prefix("crates/"))?
            .split('/')
            .next()
    }

    /// Whether the file belongs to a question.
    pub fn is_of_question(&self) -> bool {
        self.path.starts_with(CORRIDOR)
    }

    /// Whether the whole file is test code.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
            || ["/tests/", "/benches/", "/examples/"]
                .iter()
                .any(|part| self.path.contains(part))
    }
}

/// Line number, from 1, of a byte offset of `text`.
pub fn line_of(text: &str, offset: usize) -> usize {
    let end = offset.min(text.len());
    text.as_bytes()[..end]
        .iter()
        .filter(|b| **b == b'\n')
        .count()
        + 1
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let listing = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|o| o.status.success())?;
    let text = String::from_utf8(listing.stdout).ok()?;
    let paths: Vec<String> = text
        .split('\0')
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect();
    (!paths.is_empty()).then_some(paths)
}

fn walk(root: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder)
            .map_err(|e| format!("cannot list {}: {e}", folder.display()))?;
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if name != "target" && name != ".git" && name != ".venv" {
                    open.push(path);
                }
            } else if let Ok(below) = path.strip_prefix(root) {
                found.push(below.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_finds_this_file_and_leaves_build_folders_out() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let paths = walk(root).expect("the package can be listed");
        assert!(paths.iter().any(|p| p == "src/tree.rs"));
        assert!(!paths.iter().any(|p| p.starts_with("target/")));
    }

    #[test]
    fn a_crate_of_the_corridor_is_named_by_its_own_folder() {
        let folder = |path: &str| {
            let tree = Tree::of(&[(path, "")]);
            let folder = tree.files[0].crate_folder().map(str::to_owned);
            (folder, tree.files[0].is_of_question())
        };
        let law = (Some("law".to_owned()), false);
        assert_eq!(folder("crates/law/src/lib.rs"), law);
        let plan = (Some("plan".to_owned()), true);
        assert_eq!(folder("crates/answer/plan/src/lib.rs"), plan);
        assert_eq!(folder("xtask/src/main.rs"), (None, false));
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!(line_of("a\nb\nc", 0), 1);
        assert_eq!(line_of("a\nb\nc", 2), 2);
        assert_eq!(line_of("a\nb\nc", 99), 3);
    }
}

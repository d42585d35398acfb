//! Patterns with `**`: folders below folders, none entered twice, so that links that lead back end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use isoflop_base::Diagnostic;

/// Entries that are looked at before a pattern is held for a mistake.
const MOST: usize = 1_000_000;

/// The files that match.
///
/// # Errors
///
/// `too-many-files` where there is no end to see.
pub(super) fn matches_of(
    pattern: &str,
    compiled: &glob::Pattern,
) -> Result<Vec<PathBuf>, Diagnostic> {
    let start = start_of(pattern);
    // The paths that are looked at have no `./` in front and no part that is empty.
    let plain = plain(pattern);
    let compiled = glob::Pattern::new(&plain).unwrap_or_else(|_| compiled.clone());
    let how = glob::MatchOptions {
        require_literal_separator: true,
        ..glob::MatchOptions::default()
    };
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![start.clone()];
    let mut looked = 0usize;
    while let Some(folder) = open.pop() {
        let known = std::fs::canonicalize(&folder).is_ok_and(|real| !seen.insert(real));
        if known {
            continue;
        }
        // A folder that may not be read holds nothing that could be.
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            looked += 1;
            if looked > MOST {
                let message =
                    format!("`{pattern}` leads through more than {MOST} files and folders");
                return Err(Diagnostic::error("too-many-files", message)
                    .help("begin the pattern in a folder nearer to the tables"));
            }
            let path = if folder == Path::new(".") {
                PathBuf::from(entry.file_name())
            } else {
                folder.join(entry.file_name())
            };
            if path.is_dir() {
                open.push(path);
            } else if compiled.matches_path_with(&path, how) && path.is_file() {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// A pattern or a path without parts that lead nowhere: `./a//b` is `a/b`.
pub(super) fn plain(pattern: &str) -> String {
    let parts = pattern
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    let rest = parts.collect::<Vec<_>>().join("/");
    let root = if pattern.starts_with('/') { "/" } else { "" };
    format!("{root}{rest}")
}

/// The folder before the first part with a sign of a pattern.
fn start_of(pattern: &str) -> PathBuf {
    let plain = |part: &Path| !part.to_string_lossy().contains(['*', '?', '[']);
    let parts = Path::new(pattern).components();
    let start: PathBuf = parts
        .take_while(|part| plain(part.as_os_str().as_ref()))
        .collect();
    if start.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_lead_nowhere_do_not_count() {
        let shown = ["./**/*.csv", "d//**/*.csv", "/a/./**", "../d/**/x"].map(plain);
        assert_eq!(shown, ["**/*.csv", "d/**/*.csv", "/a/**", "../d/**/x"]);
        let root = std::env::temp_dir().join(format!("isoflop-plain-{}", std::process::id()));
        std::fs::create_dir_all(root.join("a")).unwrap();
        std::fs::write(root.join("a/runs.csv"), "x\n1\n").unwrap();
        let found: Vec<_> = ["/./**/*.csv", "//**/*.csv", "/**//*.csv"]
            .map(|rest| {
                let pattern = format!("{}{rest}", root.display());
                matches_of(&pattern, &glob::Pattern::new(&pattern).unwrap()).unwrap()
            })
            .to_vec();
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, vec![vec![root.join("a/runs.csv")]; 3]);
    }

    #[test]
    fn a_link_that_leads_back_is_entered_once() {
        let root = std::env::temp_dir().join(format!("isoflop-walk-{}", std::process::id()));
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("a/b/runs.csv"), "x\n1\n").unwrap();
        #[cfg(unix)]
        for name in ["up", "again"] {
            std::os::unix::fs::symlink(&root, root.join("a/b").join(name)).unwrap();
        }
        let pattern = format!("{}/**/*.csv", root.display());
        let found = matches_of(&pattern, &glob::Pattern::new(&pattern).unwrap()).unwrap();
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, [root.join("a/b/runs.csv")]);
    }
}

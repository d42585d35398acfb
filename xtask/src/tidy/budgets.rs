//! Files and functions stay small enough to be read in one go.

use super::Finding;
use crate::rust;
use crate::tree::{File, Tree};

const FILE_LINES: usize = 800;
const MEDIAN_FILE_LINES: usize = 200;
const FUNCTION_LINES: usize = 120;
/// Above this a function is long: allowed, and counted in the summary.
const LONG_FUNCTION_LINES: usize = 40;

/// Finds files and functions above their budget.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let lines = file.text.lines().count();
        if lines > FILE_LINES {
            found.push(Finding::new(
                &file.path,
                FILE_LINES + 1,
                format!("{lines} lines, at most {FILE_LINES}"),
            ));
        }
        for (name, line, length) in function_lengths(file) {
            if length > FUNCTION_LINES {
                let message = format!("`{name}` has {length} lines, at most {FUNCTION_LINES}");
                found.push(Finding::new(&file.path, line, message));
            }
        }
    }
    let median = median(tree);
    if median > MEDIAN_FILE_LINES {
        let message =
            format!("the median Rust file has {median} lines, at most {MEDIAN_FILE_LINES}");
        found.push(Finding::new("Cargo.toml", 1, message));
    }
    found
}

/// One line on the size of the project.
pub fn summary(tree: &Tree) -> String {
    let files = tree.rust().count();
    let lines: usize = tree.rust().map(|f| f.text.lines().count()).sum();
    let lengths: Vec<usize> = tree
        .rust()
        .flat_map(|f| function_lengths(f))
        .map(|(_, _, n)| n)
        .collect();
    let long = lengths.iter().filter(|n| **n > LONG_FUNCTION_LINES).count();
    format!(
        "{files} Rust files, {lines} lines, median {}; {} functions, {long} above {LONG_FUNCTION_LINES} lines, longest {}",
        median(tree),
        lengths.len(),
        lengths.iter().max().unwrap_or(&0),
    )
}

fn median(tree: &Tree) -> usize {
    let mut lengths: Vec<usize> = tree.rust().map(|f| f.text.lines().count()).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

/// Name, line and number of lines of each function.
fn function_lengths(file: &File) -> Vec<(&str, usize, usize)> {
    rust::functions(&file.code)
        .into_iter()
        .map(|f| {
            let first = file.line_at(f.extent.start);
            (f.name, first, file.line_at(f.extent.end - 1) - first + 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function_of(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_may_have_exactly_its_budget() {
        let good = function_of(FUNCTION_LINES);
        let bad = format!("\n{}", function_of(FUNCTION_LINES + 1));
        assert_eq!(check(&Tree::of(&[("a.rs", &good)])), []);
        let found = check(&Tree::of(&[("a.rs", &bad)]));
        assert_eq!((found.len(), found[0].line), (1, 2));
    }

    #[test]
    fn long_files_and_a_long_median_are_found() {
        let long = "\n".repeat(FILE_LINES + 1);
        let short = "\n".repeat(MEDIAN_FILE_LINES);
        let one_long = Tree::of(&[("a.rs", &long), ("b.rs", &short), ("c.rs", &short)]);
        assert_eq!(check(&one_long).len(), 1);
        let middling = "\n".repeat(MEDIAN_FILE_LINES + 1);
        let found = check(&Tree::of(&[
            ("a.rs", &middling),
            ("b.rs", &middling),
            ("c.rs", &short),
        ]));
        assert_eq!((found.len(), found[0].path.as_str()), (1, "Cargo.toml"));
    }

    #[test]
    fn braces_in_literals_do_not_end_a_function() {
        let text = "fn a() {\n    let x = \"}\";\n    // }\n}\n";
        let tree = Tree::of(&[("a.rs", text)]);
        assert_eq!(function_lengths(&tree.files[0]), [("a", 1, 4)]);
    }
}

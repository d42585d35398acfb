//! Unsafe code lives in the kernels and nowhere else; every stage crate forbids it.

use super::Finding;
use crate::rust;
use crate::tree::Tree;

/// The places, each argued in its own header: docs/adr/0002-own-vector-kernels.md, docs/adr/0005-trainer-process.md.
const ALLOWED: [&str; 2] = ["crates/numerics/src/kernels", "crates/trainer/src/kernels"];

/// Crates whose root must carry `#![forbid(unsafe_code)]`.
const FORBIDDING: &[&str] = &[
    "base", "formula", "data", "law", "fit", "answer", "report", "isoflop",
];

/// Finds unsafe code elsewhere, and roots that do not forbid it.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree
        .rust()
        .filter(|f| !ALLOWED.iter().any(|a| f.path.starts_with(a)))
    {
        for at in rust::words(&file.code, "unsafe") {
            let message = format!("unsafe code outside {}", ALLOWED.join(" and "));
            found.push(Finding::new(&file.path, file.line_at(at), message));
        }
    }
    for folder in FORBIDDING {
        let path = format!("crates/{folder}/src/lib.rs");
        if tree
            .get(&path)
            .is_some_and(|f| !f.code.contains("#![forbid(unsafe_code)]"))
        {
            found.push(Finding::new(&path, 1, "no `#![forbid(unsafe_code)]`"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "fn a() {\n    unsafe { b() }\n}\n";

    #[test]
    fn kernels_may_be_unsafe() {
        let tree = Tree::of(&[
            ("crates/numerics/src/kernels/avx2.rs", BLOCK),
            ("crates/numerics/src/kernels.rs", BLOCK),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn other_files_may_not() {
        let found = check(&Tree::of(&[("crates/numerics/src/solve.rs", BLOCK)]));
        assert_eq!((found.len(), found[0].line), (1, 2));
    }

    #[test]
    fn words_that_only_mention_it_are_fine() {
        let text = "#![forbid(unsafe_code)]\n// unsafe\nconst A: &str = \"unsafe\";\n";
        assert_eq!(check(&Tree::of(&[("crates/fit/src/lib.rs", text)])), []);
    }

    #[test]
    fn a_stage_crate_must_forbid_it() {
        assert_eq!(
            check(&Tree::of(&[("crates/fit/src/lib.rs", "mod a;\n")])).len(),
            1
        );
    }
}

//! Are there enough model sizes?
//!
//! # What it checks
//!
//! The number of distinct sizes (within 5 %), and of distinct values of the law's other inputs.
//!
//! # Why it matters
//!
//! An exponent of N rests on as many points as there are sizes, however many runs share them. At least five sizes is the
//! advice drawn from 485 models of 40 families.
//!
//! # What to do
//!
//! Train at least five sizes; more help even when they are not larger.
//!
//! # Source
//!
//! Choshen, Zhang, Andreas 2024, arXiv:2410.11840 (five sizes); Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969
//! (the number of models is an item of its checklist).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::stats::clusters;
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "sizes",
    question: "Are there enough model sizes?",
    source: "arXiv:2410.11840; arXiv:2502.18969, checklist",
    look,
};

/// Sizes within this share are one.
const SAME: f64 = 0.05;
/// Fewer sizes than this are few.
const ENOUGH: usize = 5;

fn look(subject: &Subject<'_>) -> Verdict {
    let mut found = match subject.fit {
        Some(_) => subject.noted(&["few-values", "one-value"]),
        // The refusal says it already.
        None => Vec::new(),
    };
    let Some(params) = &subject.runs.params else {
        return if found.is_empty() {
            Verdict::DoesNotApply("the runs carry no model sizes".to_owned())
        } else {
            Verdict::Found(found)
        };
    };
    let sizes = clusters(params, SAME).len();
    if sizes < ENOUGH {
        let what = format!(
            "{} distinct {} among {} runs: an exponent of N rests on as many points",
            sizes,
            if sizes == 1 { "size" } else { "sizes" },
            subject.runs.n
        );
        let found_here = if sizes < 3 {
            Found::error("few-sizes", what)
        } else {
            Found::warning("few-sizes", what)
        };
        found.retain(|f| !f.message.starts_with('N'));
        found.push(
            found_here
                .number("sizes", sizes as f64)
                .number("enough", ENOUGH as f64)
                .advice("train more sizes, or fit a law without an exponent of N"),
        );
    }
    Verdict::of(found, || format!("{sizes} distinct sizes"))
}

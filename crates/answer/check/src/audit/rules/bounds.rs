//! Did a coefficient end on a bound?
//!
//! # What it checks
//!
//! Coefficients whose optimum lies on a bound of the law file or of `--coef`.
//!
//! # Why it matters
//!
//! The runs would rather go beyond the bound: the value is the bound's, not the data's, and intervals that hold it
//! there are too short.
//!
//! # What to do
//!
//! Widen the range and see where the coefficient goes, or fit a law without it.
//!
//! # Source
//!
//! Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (parameter bounds are an item of its checklist).

use super::Rule;
use crate::audit::finding::Verdict;
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "bounds",
    question: "Did a coefficient end on a bound?",
    source: "arXiv:2502.18969, checklist",
    look,
};

fn look(subject: &Subject<'_>) -> Verdict {
    if subject.fit.is_none() {
        return Verdict::CannotTell("there is no fit".to_owned());
    }
    Verdict::of(subject.noted(&["bound-hit"]), || {
        "all coefficients lie inside their ranges".to_owned()
    })
}

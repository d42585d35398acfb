//! Do sizes, tokens and compute agree about their units?
//!
//! # What it checks
//!
//! Stated compute against 6ND row by row: factors of a thousand, a third (forward pass only), anything far off; without
//! stated compute, clusters of sizes a factor of a million apart, and tokens per parameter that no run has.
//!
//! # Why it matters
//!
//! Millions in half of the rows, steps in the column of tokens and forward-only compute have all been fitted and printed.
//!
//! # What to do
//!
//! The finding names the rows and the `--let` that corrects them.
//!
//! # Source
//!
//! Kaplan et al. 2020, arXiv:2001.08361, section 2.1 (6 FLOP per parameter and token); Li, Kudugunta, Zettlemoyer 2025,
//! arXiv:2502.18969 (how N, D and C are counted).

use super::Rule;
use crate::audit::finding::Verdict;
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "units",
    question: "Do sizes, tokens and compute agree about their units?",
    source: "arXiv:2001.08361, section 2.1; arXiv:2502.18969, checklist",
    look,
};

fn look(subject: &Subject<'_>) -> Verdict {
    let found = subject.noted(&[
        "unit-mismatch",
        "unit-clusters",
        "forward-only-flops",
        "flops-disagree",
        "tokens-per-param",
    ]);
    if !found.is_empty() {
        return Verdict::Found(found);
    }
    let runs = &subject.runs;
    if subject.is_computed("tokens") || subject.is_computed("params") {
        return Verdict::CannotTell(
            "tokens were computed from the stated compute: whether the two agree cannot be asked"
                .to_owned(),
        );
    }
    match (&runs.params, &runs.tokens, &runs.flops) {
        (Some(_), Some(_), Some(_)) => Verdict::Clear(
            "stated compute agrees with 6ND in every row, up to how it is counted".to_owned(),
        ),
        (Some(_), Some(_), None) => Verdict::Clear(
            "sizes and tokens are plausible beside each other; no compute is stated".to_owned(),
        ),
        _ => Verdict::DoesNotApply("sizes and tokens are not both known".to_owned()),
    }
}

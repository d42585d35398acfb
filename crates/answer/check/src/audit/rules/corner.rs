//! Is the corner of the penalty above the resolution of the data?
//!
//! # What it checks
//!
//! δ of a Huber or soft-L1 penalty against the spacing of the responses where they take few distinct values, and the
//! share of residuals inside δ.
//!
//! # Why it matters
//!
//! The 240 digitised Chinchilla losses take 94 distinct values, 4.5 times δ = 1e-3 apart: 84 % of the residuals lie
//! outside, and "Huber" is least absolute deviations in all but name. beta goes from 0.365 to 0.406 with δ.
//!
//! # What to do
//!
//! Take δ from the noise (`--objective huber-log:2mad`), print the share inside, and show the fit for several δ.
//!
//! # Source
//!
//! Besiroglu et al. 2024, arXiv:2404.10102; Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (δ is an item of its
//! checklist).

use super::Rule;
use crate::audit::finding::Verdict;
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "corner",
    question: "Is the corner of the penalty above the resolution of the data?",
    source: "arXiv:2404.10102; arXiv:2502.18969, checklist",
    look,
};

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let (Some(inside), Some(delta)) = (fit.objective.inside, fit.objective.delta) else {
        return Verdict::DoesNotApply(format!("a {} penalty has no corner", fit.objective.penalty));
    };
    let mut found = subject.noted(&["corner-below-resolution"]);
    if found.is_empty() {
        found = subject.noted(&["small-corner"]);
    }
    Verdict::of(found, || {
        format!(
            "δ = {delta:.3e}, {:.0}% of the residuals inside",
            100.0 * inside
        )
    })
}

//! Are there intervals, and can they be believed?
//!
//! # What it checks
//!
//! How the standard errors were made: none, resamples without a certified optimum, few groups, more scatter than trials
//! allow.
//!
//! # Why it matters
//!
//! The spread over an optimiser's starts and the optimiser's own inverse Hessian have both been published as standard
//! errors; one public tool's "95 %" band covers 50 %.
//!
//! # What to do
//!
//! Bootstrap (the default for robust penalties), by groups where rows hang together.
//!
//! # Source
//!
//! Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (how intervals were made is an item of its checklist); Davison,
//! Hinkley 1997.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "intervals",
    question: "Are there intervals, and can they be believed?",
    source: "arXiv:2502.18969, checklist; Davison, Hinkley 1997",
    look,
};

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let mut found = subject.noted(&["uncertified-resamples", "few-clusters", "overdispersed"]);
    if fit.uncertainty.method == "none" {
        found.push(
            Found::warning(
                "no-intervals",
                "the fit has no standard errors and no intervals",
            )
            .advice("fit with --uncertainty bootstrap:1000"),
        );
    }
    Verdict::of(found, || fit.uncertainty.meaning.clone())
}

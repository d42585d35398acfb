//! Can the law be fitted to these runs?
//!
//! # What it checks
//!
//! Whether the fit was refused: fewer runs than coefficients, an input that does not vary, coefficients that only
//! occur together.
//!
//! # Why it matters
//!
//! A law with more freedom than the runs can pin down fits them perfectly and says nothing about any other run.
//!
//! # What to do
//!
//! Add runs that differ where the refusal says so, or fit a law with fewer coefficients.
//!
//! # Source
//!
//! Counting: p coefficients need at least p distinct settings.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "fitted",
    question: "Can the law be fitted to these runs?",
    source: "counting: p coefficients need at least p distinct settings",
    look,
};

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        let found = subject.refused.iter().map(|fault| {
            Found::error("not-fitted", format!("there is no fit: {}", fault.message))
                .text("code", fault.code)
                .advice(fault.help.join("; "))
        });
        return Verdict::Found(found.collect());
    };
    Verdict::Clear(format!(
        "{} coefficients fitted to {} runs",
        fit.joint.at.len(),
        fit.n
    ))
}

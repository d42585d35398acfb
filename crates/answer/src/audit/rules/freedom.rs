//! Are there enough runs for the coefficients?
//!
//! # What it checks
//!
//! Runs per fitted coefficient.
//!
//! # Why it matters
//!
//! With few runs a coefficient, residuals look smaller than the noise is, and every interval that is made from them is
//! too short.
//!
//! # What to do
//!
//! Add runs, or fix and tie coefficients that theory or other data settle.
//!
//! # Source
//!
//! Harrell 2015, Regression Modeling Strategies, section 4.4: ten to twenty observations a coefficient; half the lower
//! number is asked here.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "freedom",
    question: "Are there enough runs for the coefficients?",
    source: "Harrell 2015, section 4.4",
    look,
};

/// Runs a coefficient that are enough.
const ENOUGH: usize = 5;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let coefficients = fit.joint.at.len();
    if fit.n >= ENOUGH * coefficients {
        return Verdict::Clear(format!("{} runs for {coefficients} coefficients", fit.n));
    }
    Found::warning(
        "few-runs",
        format!(
            "{} runs for {coefficients} coefficients: fewer than {ENOUGH} a coefficient",
            fit.n
        ),
    )
    .number("runs", fit.n as f64)
    .number("coefficients", coefficients as f64)
    .advice("add runs, or fix or tie coefficients (--coef); with so few, a law of fewer coefficients often predicts better")
    .alone()
}

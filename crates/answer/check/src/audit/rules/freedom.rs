//! Are there enough runs for the coefficients?
//!
//! # What it checks
//!
//! Runs per fitted coefficient, and degrees of freedom: runs less coefficients.
//!
//! # Why it matters
//!
//! The noise is estimated from what the coefficients leave of the residuals. With 15 degrees of freedom it is known to
//! within 18 %, with 5 to within 32 %, and with it the width of every interval; a gross error can no longer be told from
//! noise, nor a bend from either.
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
use isoflop_base::Severity;

pub(super) const RULE: Rule = Rule {
    name: "freedom",
    question: "Are there enough runs for the coefficients?",
    source: "Harrell 2015, section 4.4",
    look,
};

/// Runs a coefficient that are enough.
const ENOUGH: usize = 5;
/// Degrees of freedom that no test of the residuals can do without.
const LEAST: usize = 8;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let coefficients = fit.joint.at.len();
    if fit.n >= ENOUGH * coefficients {
        return Verdict::Clear(format!("{} runs for {coefficients} coefficients", fit.n));
    }
    let freedom = fit.n.saturating_sub(coefficients);
    let severity = if freedom < LEAST {
        Severity::Warning
    } else {
        Severity::Info
    };
    let known = if freedom == 0 {
        "the noise cannot be estimated".to_owned()
    } else {
        let error = 100.0 / (2.0 * freedom as f64).sqrt();
        format!(
            "{freedom} degrees of freedom, from which the noise, and with it the width of every interval, is known to within {error:.0}%"
        )
    };
    Found::new(
        "few-runs",
        severity,
        format!("{} runs for {coefficients} coefficients: {known}", fit.n),
    )
    .number("degrees_of_freedom", freedom as f64)
    .number("runs", fit.n as f64)
    .number("coefficients", coefficients as f64)
    .advice("add runs, or fix or tie coefficients (--coef)")
    .alone()
}

//! Do the runs determine every coefficient?
//!
//! # What it checks
//!
//! Directions in which the objective does not rise at all, and exponents whose interval reaches zero (a warning) or spans
//! more than a factor of three (a note).
//!
//! # Why it matters
//!
//! "Can my data tell alpha from beta at all?" is the first question of whoever has six models. A coefficient that the
//! runs do not determine still gets a value, and plans are made with it.
//!
//! # What to do
//!
//! Tie (`beta = alpha`) or fix what is not determined, and say so; or add runs that separate the coefficients.
//!
//! # Source
//!
//! Choshen, Zhang, Andreas 2024, arXiv:2410.11840 (about three effective degrees of freedom in the five coefficients);
//! minimind issue 786.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::optimum::exponents;
use crate::audit::subject::Subject;
use isoflop_base::{Estimate, Severity, format_si};
use isoflop_fit::Fit;
use std::cmp::Ordering;

pub(super) const RULE: Rule = Rule {
    name: "identified",
    question: "Do the runs determine every coefficient?",
    source: "arXiv:2410.11840",
    look,
};

/// Upper over lower end of an exponent's interval from which it is not determined.
const WIDE: f64 = 3.0;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let mut found = subject.noted(&["open-direction"]);
    let names = exponents(&subject.law);
    let mut with_interval = 0;
    for (name, estimate) in &fit.coefs {
        let plain = name.split('[').next().unwrap_or_default();
        let (Some(interval), true) = (estimate.interval, names.contains(&plain)) else {
            continue;
        };
        with_interval += 1;
        let (near, far) = if estimate.value < 0.0 {
            (-interval.upper, -interval.lower)
        } else {
            (interval.lower, interval.upper)
        };
        if near <= 0.0 || far / near > WIDE {
            let severity = if near <= 0.0 {
                Severity::Warning
            } else {
                Severity::Info
            };
            found.push(
                Found::new(
                    "undetermined-coefficient",
                    severity,
                    format!(
                        "{name} = {:.3} is poorly determined: its {:.0}% interval is [{:.3}, {:.3}]",
                        estimate.value,
                        100.0 * interval.level,
                        interval.lower,
                        interval.upper
                    ),
                )
                .number("value", estimate.value)
                .number("lower", interval.lower)
                .number("upper", interval.upper)
                .advice("tie or fix it (--coef), or add runs that separate it from the others"),
            );
        }
    }
    let condition = fit.identifiability.condition;
    if found.is_empty() && with_interval == 0 && !names.is_empty() {
        return Verdict::CannotTell(format!(
            "no direction is open (condition {condition:.1e}), but the fit has no intervals: fit with --uncertainty"
        ));
    }
    Verdict::of(found, || {
        let least = least_certain(fit).map_or_else(String::new, |said| format!("; {said}"));
        format!(
            "the optimum is a single point (condition of the scaled Hessian {condition:.1e}){least}"
        )
    })
}

/// The coefficient whose interval is widest beside its value.
fn least_certain(fit: &Fit) -> Option<String> {
    let width = |e: &Estimate| Some((e.interval?.upper - e.interval?.lower) / e.value.abs());
    let (name, estimate) = fit
        .coefs
        .iter()
        .filter(|(_, e)| width(e).is_some_and(f64::is_finite))
        .max_by(|a, b| {
            width(&a.1)
                .partial_cmp(&width(&b.1))
                .unwrap_or(Ordering::Equal)
        })?;
    let interval = estimate.interval?;
    Some(format!(
        "least certain beside its size is {name} = {}, interval [{}, {}]",
        format_si(estimate.value, 3),
        format_si(interval.lower, 3),
        format_si(interval.upper, 3)
    ))
}

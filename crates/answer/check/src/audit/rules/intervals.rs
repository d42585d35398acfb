//! Are there intervals, and can they be believed?
//!
//! # What it checks
//!
//! How the standard errors were made: none; by a covariance, sandwich, profile, wild or parametric bootstrap of a penalty
//! with hardly a residual inside its corner; resamples without a certified optimum, few groups, more scatter than trials or
//! standard deviations allow.
//!
//! # Why it matters
//!
//! The spread over an optimiser's starts and the optimiser's own inverse Hessian have both been published as standard
//! errors; one public tool's "95 %" band covers 50 %. The curvature of Huber's penalty at δ = 1e-3 gives intervals of
//! "95 %" that hold in 70 % of simulations (docs/coverage.md).
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
use isoflop_fit::Status;

pub(super) const RULE: Rule = Rule {
    name: "intervals",
    question: "Are there intervals, and can they be believed?",
    source: "arXiv:2502.18969, checklist; Davison, Hinkley 1997",
    look,
};

/// Share of residuals inside the corner from which curvature can be believed.
const STRAIGHT: f64 = 0.5;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let mut found = subject.noted(&[
        "uncertified-resamples",
        "few-clusters",
        "overdispersed",
        "sigma-contradicted",
    ]);
    if subject.is_exact() {
        return Verdict::Clear(super::EXACT.to_owned());
    }
    if fit.uncertainty.method == "none" {
        let advice = if fit.status == Status::NotConverged {
            "find an optimum first: intervals stand about one"
        } else {
            "fit with --uncertainty bootstrap:1000"
        };
        found.push(
            Found::warning(
                "no-intervals",
                "the fit has no standard errors and no intervals",
            )
            .advice(advice),
        );
    }
    // A penalty that is straight for most residuals has hardly any curvature to take errors from; only the runs
    // themselves, resampled, say how far its optimum varies.
    let method = fit.uncertainty.method.as_str();
    let modelled = !matches!(method, "none" | "bootstrap" | "bca" | "cluster");
    if let Some(inside) = fit
        .objective
        .inside
        .filter(|share| modelled && *share < STRAIGHT)
    {
        found.push(
            Found::warning(
                "curvature-intervals",
                format!(
                    "intervals by `{method}` with a penalty that is straight for {:.0}% of the residuals: in simulations those of 95% hold \
                     the truth in fewer",
                    100.0 * (1.0 - inside)
                ),
            )
            .text("method", method)
            .number("share_inside", inside)
            .advice("fit with --uncertainty bootstrap:1000, or with a corner of the noise's size (--objective huber-log:2mad)"),
        );
    }
    Verdict::of(found, || fit.uncertainty.meaning.clone())
}

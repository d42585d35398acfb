//! Is the fit the optimum of its objective?
//!
//! # What it checks
//!
//! The certificate of the fit: a gradient of zero relative to curvature and objective, no further decrease predicted,
//! and a scaled Hessian without a negative or vanishing eigenvalue.
//!
//! # Why it matters
//!
//! An optimiser's word is no evidence. With the mean as objective and default tolerances, all of 900 starts reported
//! success on the Chinchilla runs and none came within 1e-5 of the optimum; the best ended at beta = 0.31 instead of
//! 0.37.
//!
//! # What to do
//!
//! Do not use coefficients without a certificate. Give ranges and starts in a law file, try more starts, or fix a
//! coefficient that the runs leave open.
//!
//! # Source
//!
//! Besiroglu et al. 2024, arXiv:2404.10102; Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (optimiser and tolerances
//! are items of its checklist).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
use isoflop_fit::Status;

pub(super) const RULE: Rule = Rule {
    name: "optimum",
    question: "Is the fit the optimum of its objective?",
    source: "arXiv:2404.10102; arXiv:2502.18969, checklist",
    look,
};

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let c = &fit.certificate;
    let on_bound = !c.at_bound.is_empty();
    match fit.status {
        Status::NotConverged => Found::error(
            "uncertified-optimum",
            format!(
                "no optimum was reached: scaled gradient {:.1e}, smallest eigenvalue {:.1e}",
                c.gradient, c.smallest_eigenvalue
            ),
        )
        .number("scaled_gradient", c.gradient)
        .number("smallest_eigenvalue", c.smallest_eigenvalue)
        .advice("do not use these coefficients; give ranges and starts in a law file, or try --starts 4096")
        .alone(),
        Status::Degenerate if !on_bound => Found::warning(
            "uncertified-optimum",
            format!(
                "the optimum is not a single point: the smallest eigenvalue of the scaled Hessian is {:.1e}",
                c.smallest_eigenvalue
            ),
        )
        .number("scaled_gradient", c.gradient)
        .number("smallest_eigenvalue", c.smallest_eigenvalue)
        .advice("fix or tie one of the coefficients that the runs leave open")
        .alone(),
        _ => Verdict::Clear(format!(
            "scaled gradient {:.0e}, decrease still predicted {:.0e}, smallest eigenvalue {:.1e}",
            c.gradient, c.predicted_decrease, c.smallest_eigenvalue
        )),
    }
}

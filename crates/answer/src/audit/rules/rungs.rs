//! Is one size trained worse than its neighbours?
//!
//! # What it checks
//!
//! Sizes (within 5 %) with at least three runs whose residuals lie together above those of the next smaller and next
//! larger size, by more than four standard errors.
//!
//! # Why it matters
//!
//! A size with a bad learning rate bends the whole law: one under-tuned 190M rung made a project reach for a ten times
//! asymmetric penalty. Leaving out one size at a time does not find it: in 58 % of cases the wrong one is removed.
//!
//! # What to do
//!
//! Tune that size again, or fit without it (`--where`) and see how far the answer moves.
//!
//! # Source
//!
//! OLMo-core issues 543 and 554; Choshen, Zhang, Andreas 2024, arXiv:2410.11840.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::stats::{clusters, robust_sd};
use crate::audit::subject::Subject;
use isoflop_base::format_si;
use isoflop_numerics::dist::median;

pub(super) const RULE: Rule = Rule {
    name: "rungs",
    question: "Is one size trained worse than its neighbours?",
    source: "OLMo-core issues 543 and 554; arXiv:2410.11840",
    look,
};

/// Sizes within this share are one.
const SAME: f64 = 0.05;
/// Runs that show how a size lies.
const ENOUGH: usize = 3;
/// Standard errors above both neighbours.
const ABOVE: f64 = 4.0;

/// One size.
struct Rung {
    params: f64,
    runs: Vec<usize>,
    middle: f64,
    se: f64,
}

fn look(subject: &Subject<'_>) -> Verdict {
    if subject.fit.is_none() {
        return Verdict::CannotTell("there is no fit".to_owned());
    }
    let Some(params) = &subject.runs.params else {
        return Verdict::CannotTell("no column says the model size".to_owned());
    };
    if subject.runs.loss.is_none() {
        return Verdict::DoesNotApply(
            "the response is no loss: above the law need not be worse".to_owned(),
        );
    }
    let residuals = &subject.runs.residuals;
    if residuals.len() != params.len() {
        return Verdict::CannotTell("the fit does not keep its runs".to_owned());
    }
    let noise = robust_sd(residuals);
    let rungs: Vec<Rung> = clusters(params, SAME)
        .into_iter()
        .filter(|runs| runs.len() >= ENOUGH)
        .map(|runs| {
            let own: Vec<f64> = runs.iter().map(|i| residuals[*i]).collect();
            // The median of m normal values has 1.25 times the error of their mean.
            let se = 1.25 * noise / (runs.len() as f64).sqrt();
            Rung {
                params: params[runs[0]],
                middle: median(&own),
                se,
                runs,
            }
        })
        .collect();
    if rungs.len() < ENOUGH {
        return Verdict::CannotTell(format!(
            "{} sizes have {ENOUGH} runs or more: too few to compare",
            rungs.len()
        ));
    }
    let mut found = Vec::new();
    for (k, rung) in rungs.iter().enumerate() {
        let beside: Vec<&Rung> = [k.checked_sub(1), Some(k + 1)]
            .into_iter()
            .flatten()
            .filter_map(|j| rungs.get(j))
            .collect();
        let above = beside
            .iter()
            .map(|b| (rung.middle - b.middle.max(0.0)) / rung.se.hypot(b.se))
            .fold(f64::INFINITY, f64::min);
        let all_high =
            rung.runs.iter().filter(|i| residuals[**i] > 0.0).count() * 10 >= rung.runs.len() * 9;
        // An end of the ladder has one neighbour, and a bend of the law looks the same there.
        if above < ABOVE || !all_high || beside.len() < 2 || rung.middle < noise {
            continue;
        }
        found.push(
            Found::warning(
                "under-tuned-rung",
                format!(
                    "the {} runs with {} params lie off the law by {}, {above:.1} standard errors above the sizes next to them",
                    rung.runs.len(),
                    format_si(rung.params, 3),
                    subject.off(rung.middle)
                ),
            )
            .number("params", rung.params)
            .number("runs", rung.runs.len() as f64)
            .number("median_residual", rung.middle)
            .text("places", subject.runs.list(&rung.runs))
            .advice("tune that size again, or fit without it (--where) and compare"),
        );
    }
    Verdict::of(found, || {
        format!(
            "no size of the {} with {ENOUGH} runs or more stands above both its neighbours",
            rungs.len()
        )
    })
}

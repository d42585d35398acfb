//! Do the starts agree on the optimum?
//!
//! # What it checks
//!
//! How many of the solved starts ended at the best objective, whether there was more than one start, and whether
//! another basin is nearly as good with other coefficients.
//!
//! # Why it matters
//!
//! A single start ends where it ends: one public tool's start lands at beta = 1.33 with eleven times the objective of
//! the optimum. Where two basins fit alike, the data have not chosen between them.
//!
//! # What to do
//!
//! Take more starts and see whether the objective falls. Where a second basin remains, report both.
//!
//! # Source
//!
//! Hoffmann et al. 2022, arXiv:2203.15556, Appendix D.2 (a grid of 4,500 starts); Li, Kudugunta, Zettlemoyer 2025,
//! arXiv:2502.18969 (the number of starts and the rule for the winner are items of its checklist).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
use isoflop_fit::Basin;

pub(super) const RULE: Rule = Rule {
    name: "starts",
    question: "Do the starts agree on the optimum?",
    source: "arXiv:2203.15556, Appendix D.2; arXiv:2502.18969, checklist",
    look,
};

/// A basin within this share of the best objective is a rival.
const RIVAL: f64 = 0.01;
/// Relative difference of an exponent that makes it another answer.
const APART: f64 = 0.1;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let starts = &fit.starts;
    let mut found = subject.noted(&["rare-optimum"]);
    if starts.tried == 1 {
        found.push(
            Found::warning(
                "single-start",
                "the law was fitted from one start: whether there is a better optimum is unknown",
            )
            .number("starts", 1.0)
            .advice("leave --starts at its default, or raise it"),
        );
    }
    let exponents = crate::audit::optimum::exponents(&subject.law);
    let best = starts.basins.first();
    let rival = best.and_then(|best| {
        let near = |b: &&Basin| b.objective <= best.objective.abs().mul_add(RIVAL, best.objective);
        let others = starts.basins.iter().skip(1).filter(near);
        others
            .filter_map(|b| farthest(best, b, &exponents).map(|apart| (b, apart)))
            .next()
    });
    if let (Some(best), Some((basin, (name, here, there)))) = (best, rival) {
        found.push(
            Found::warning(
                "rival-optimum",
                format!(
                    "another optimum is nearly as good: objective {:.6e} with {name} = {there:.4}, beside {:.6e} with \
                     {name} = {here:.4}",
                    basin.objective, best.objective
                ),
            )
            .number("objective", best.objective)
            .number("rival_objective", basin.objective)
            .advice("the runs do not choose between the two: report both, or add runs where they differ"),
        );
    }
    Verdict::of(found, || {
        format!(
            "{} of {} solved starts ({} screened) reached the best objective",
            starts.reached_best, starts.solved, starts.tried
        )
    })
}

/// The exponent that differs most between two basins, if one differs by more than a tenth.
fn farthest<'a>(a: &Basin, b: &'a Basin, exponents: &[&str]) -> Option<(&'a str, f64, f64)> {
    let pairs = b.coefs.iter().filter_map(|(name, there)| {
        let plain = name.split('[').next().unwrap_or_default();
        let here = a.coefs.iter().find(|(n, _)| n == name)?.1;
        let apart = (there - here).abs() > APART * here.abs().max(0.01);
        (apart && exponents.contains(&plain)).then_some((name.as_str(), here, *there))
    });
    pairs.max_by(|x, y| (x.1 - x.2).abs().total_cmp(&(y.1 - y.2).abs()))
}

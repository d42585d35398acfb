//! Would IsoFLOP minima be biased on this grid of runs?
//!
//! # What it checks
//!
//! Where runs share budgets, the recipe `isoflop` is run on losses of the law fitted to these very runs, whose optimum is
//! known: how far are its exponent and its N* off, and how do the runs lie about the minimum.
//!
//! # Why it matters
//!
//! A parabola through runs that lie unevenly about the optimum, or through a curve that is steeper on one side, has its
//! minimum elsewhere even without noise. Intervals of Approach 2 then cover 48 to 72 % instead of 95 %.
//!
//! # What to do
//!
//! Fit the surface law to all runs instead of parabolas, or subtract the bias named here and say so; add runs on the
//! thin side of each budget.
//!
//! # Source
//!
//! Czech et al. 2026 and Open Athena 2026 on the bias of Approach 2; Hoffmann et al. 2022, arXiv:2203.15556, Approach 2.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::optimum::is_surface;
use crate::audit::stats::clusters;
use crate::audit::subject::Subject;
use isoflop_data::RunTable;
use isoflop_fit::recipe::{Budget, RecipeOptions};
use isoflop_fit::{Recipe, recipe};
use isoflop_law::Law;

pub(super) const RULE: Rule = Rule {
    name: "grid",
    question: "Would IsoFLOP minima be biased on this grid of runs?",
    source: "Czech et al. 2026; Open Athena 2026; arXiv:2203.15556, Approach 2",
    look,
};

/// Compute within this share is one budget.
const SAME: f64 = 0.05;
/// Share of the range of compute that budgets may fill: beyond, compute is continuous.
const FILLED: f64 = 0.5;
/// Runs that make a budget.
const RUNS: usize = 4;
/// Budgets that make a grid.
const BUDGETS: usize = 3;
/// Error of N* at the largest budget that is told.
const SIZE: f64 = 0.05;
/// Error of the exponent that is told.
const EXPONENT: f64 = 0.005;

fn look(subject: &Subject<'_>) -> Verdict {
    let runs = &subject.runs;
    let (Some(params), Some(tokens), Some(loss), Some(flops)) =
        (&runs.params, &runs.tokens, &runs.loss, runs.compute())
    else {
        return Verdict::CannotTell("params, tokens and loss are not all known".to_owned());
    };
    if let Some(why) = no_grid(&flops) {
        return Verdict::DoesNotApply(why);
    }
    let columns: [(&str, &[f64]); 4] = [
        ("params", params),
        ("tokens", tokens),
        ("flops", &flops),
        ("loss", loss),
    ];
    let table = RunTable::from_columns("runs", &columns).keeping_copies();
    let law = if is_surface(&subject.law) {
        Ok(subject.law.clone())
    } else {
        Law::builtin("chinchilla")
    };
    let Ok(law) = law else {
        return Verdict::CannotTell("there is no surface law to simulate with".to_owned());
    };
    let options = RecipeOptions {
        resamples: 0,
        ..RecipeOptions::default()
    };
    match recipe(&law, &table, &options) {
        Ok(found) => judge(&found),
        Err(_) => Verdict::DoesNotApply(
            "fewer than three groups of runs share a budget and bracket a minimum: there is no IsoFLOP grid".to_owned(),
        ),
    }
}

/// Why these are no budgets: too few runs share one, or compute takes all values.
fn no_grid(flops: &[f64]) -> Option<String> {
    let all = clusters(flops, SAME);
    let full: Vec<&Vec<usize>> = all.iter().filter(|b| b.len() >= RUNS).collect();
    let inside: usize = full.iter().map(|b| b.len()).sum();
    if full.len() < BUDGETS || inside * 2 < flops.len() {
        let n = flops.len();
        return Some(format!(
            "{inside} of {n} runs share a budget with three others: this is no IsoFLOP grid"
        ));
    }
    let low = flops.iter().copied().fold(f64::INFINITY, f64::min);
    let high = flops.iter().copied().fold(0.0, f64::max);
    let filled = full.len() as f64 * (1.0 + SAME).ln() / (high / low).ln();
    (filled > FILLED)
        .then(|| "compute takes all values between its ends: there are no budgets".to_owned())
}

fn judge(recipe: &Recipe) -> Verdict {
    let full: Vec<&Budget> = recipe
        .budgets
        .iter()
        .filter(|b| b.runs.len() >= RUNS)
        .collect();
    let Some(bias) = &recipe.bias else {
        return Verdict::CannotTell(
            "no surface law could be fitted to the runs to simulate with".to_owned(),
        );
    };
    let off = bias.exponent_without_noise - bias.exponent_of_law;
    let ratio = bias.params_ratio;
    let places: Vec<f64> = full.iter().filter_map(|b| b.place).collect();
    let middle = places.iter().sum::<f64>() / places.len().max(1) as f64;
    let words = format!(
        "on losses of {} fitted to these runs, without noise, parabolas find the exponent of N* off by {off:+.4} ({:.4} instead of \
         {:.4}) and N* at the largest budget {:+.0}% off; on average the minimum lies at {:.0}% of the way from the \
         smallest to the largest size of its budget",
        one_line(&bias.law),
        bias.exponent_without_noise,
        bias.exponent_of_law,
        100.0 * (ratio - 1.0),
        100.0 * middle
    );
    if off.abs() < EXPONENT && (ratio - 1.0).abs() < SIZE {
        return Verdict::Clear(words);
    }
    // It is no fault of the runs or of this fit: parabolas are another way to read the same runs.
    Found::info("isoflop-bias", words)
        .number("exponent_bias", off)
        .number("exponent_of_law", bias.exponent_of_law)
        .number("size_ratio_at_largest_budget", ratio)
        .number("mean_place_of_minimum", middle)
        .number("budgets", full.len() as f64)
        .advice("this concerns --recipe isoflop, not the law fitted here: do not read exponents off parabolas of these runs, or add runs on the thin side")
        .alone()
}

fn one_line(formula: &str) -> String {
    formula.split_whitespace().collect::<Vec<_>>().join(" ")
}

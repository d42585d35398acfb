//! Approach 2: the minimum of a curve through the runs of each budget.

use super::Replicate;
use super::budgets::{budget, gather};
use super::curve::{self, Fitted, Lowest};
use super::options::{Curve, RecipeOptions};
use super::result::Budget;
use super::runs::Runs;
use isoflop_base::Estimate;
use isoflop_numerics::random::Stream;

/// All budgets with their minima.
pub(super) fn budgets(runs: &Runs, shape: Curve, options: &RecipeOptions) -> Vec<Budget> {
    gather(&runs.flops, options.snap)
        .into_iter()
        .map(|rows| {
            let mut budget = budget(runs, rows);
            minimum(&mut budget, shape, options);
            budget
        })
        .collect()
}

/// ln(N / centre) of the runs of a budget.
fn abscissas(budget: &Budget) -> Vec<f64> {
    let ln_centre = budget.centre.ln();
    budget
        .runs
        .iter()
        .map(|r| r.params.ln() - ln_centre)
        .collect()
}

fn minimum(budget: &mut Budget, shape: Curve, options: &RecipeOptions) {
    let x = abscissas(budget);
    let loss: Vec<f64> = budget.runs.iter().map(|r| r.loss).collect();
    let mut sizes = x.clone();
    sizes.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
    if sizes.len() < shape.sizes() {
        budget.reason = format!(
            "{} different sizes, {} are needed",
            sizes.len(),
            shape.sizes()
        );
        return;
    }
    let Some(fitted) = curve::fit(shape, &x, &loss) else {
        budget.reason = "the sizes do not determine the curve".to_owned();
        return;
    };
    for (run, x) in budget.runs.iter_mut().zip(&x) {
        run.fitted = Some(fitted.at(*x));
    }
    if let Fitted::Powers(c) = &fitted {
        budget.curve.clone_from(c);
    }
    let (low, high) = (x[0], x[x.len() - 1]);
    match fitted.lowest(low, high, options.minima) {
        Err(reason) => budget.reason = reason,
        Ok(lowest) => {
            let [params, tokens, loss] = optimum(budget, &x, &lowest);
            let plain = |value: f64, unit: &str| {
                Some(Estimate {
                    value,
                    se: None,
                    unit: unit.to_owned(),
                    interval: None,
                })
            };
            budget.params_opt = plain(params, "params");
            budget.tokens_opt = plain(tokens, "tokens");
            budget.loss_opt = plain(loss, "nats/token");
            budget.place = Some((lowest.x - low) / (high - low));
        }
    }
}

/// N*, D* and L*: tokens by the line of ln D over ln N through the runs, exact where C = k·N·D.
fn optimum(budget: &Budget, x: &[f64], lowest: &Lowest) -> [f64; 3] {
    let n = x.len() as f64;
    let ln_tokens: Vec<f64> = budget.runs.iter().map(|r| r.tokens.ln()).collect();
    let (mean_x, mean_t) = (x.iter().sum::<f64>() / n, ln_tokens.iter().sum::<f64>() / n);
    let (mut xx, mut xt) = (0.0, 0.0);
    for (x, t) in x.iter().zip(&ln_tokens) {
        xx += (x - mean_x) * (x - mean_x);
        xt += (x - mean_x) * (t - mean_t);
    }
    let tokens = (mean_t + xt / xx * (lowest.x - mean_x)).exp();
    [budget.centre * lowest.x.exp(), tokens, lowest.loss]
}

/// The minima of one resample: every loss is its curve plus a residual drawn from those of all budgets, each widened
/// for the coefficients that were fitted to it. The grid of sizes stays as it was trained.
///
/// An interpolation has no residuals of its own; those of the parabola stand in, which hold its misfit as well and so
/// give errors that are rather too large.
pub(super) fn replicate(
    budgets: &[Budget],
    shape: Curve,
    options: &RecipeOptions,
    stream: &mut Stream,
) -> Replicate {
    let curves: Vec<Option<(Vec<f64>, Vec<f64>)>> =
        budgets.iter().map(|b| around(b, shape)).collect();
    let pool: Vec<f64> = curves
        .iter()
        .flatten()
        .flat_map(|(_, residuals)| residuals.iter().copied())
        .collect();
    if pool.is_empty() {
        // Curves through three runs each leave no residuals: nothing is known of the noise.
        return budgets.iter().map(|_| None).collect();
    }
    budgets
        .iter()
        .zip(&curves)
        .map(|(budget, curve)| {
            let (fitted, _) = curve.as_ref()?;
            if !budget.used() {
                return None;
            }
            let x = abscissas(budget);
            let loss: Vec<f64> = fitted
                .iter()
                .map(|f| f + pool[stream.below(pool.len())])
                .collect();
            let fitted = curve::fit(shape, &x, &loss)?;
            let lowest = fitted.lowest(x[0], x[x.len() - 1], options.minima).ok()?;
            Some(optimum(budget, &x, &lowest))
        })
        .collect()
}

/// Fitted losses of a budget and its widened residuals; none where there is no minimum or nothing is left over.
fn around(budget: &Budget, shape: Curve) -> Option<(Vec<f64>, Vec<f64>)> {
    if !budget.used() {
        return None;
    }
    let x = abscissas(budget);
    let loss: Vec<f64> = budget.runs.iter().map(|r| r.loss).collect();
    let smooth = if shape == Curve::Akima {
        Curve::Parabola
    } else {
        shape
    };
    let fitted = curve::fit(smooth, &x, &loss)?;
    let (n, p) = (x.len() as f64, smooth.sizes() as f64);
    if n <= p {
        return Some((loss, Vec::new()));
    }
    let widen = (n / (n - p)).sqrt();
    let residuals = x
        .iter()
        .zip(&loss)
        .map(|(x, y)| widen * (y - fitted.at(*x)))
        .collect();
    let centre = if shape == Curve::Akima {
        loss
    } else {
        x.iter().map(|x| fitted.at(*x)).collect()
    };
    Some((centre, residuals))
}

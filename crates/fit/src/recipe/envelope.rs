//! Approach 1: the run of least loss among those of similar compute.

use super::Replicate;
use super::budgets::budget;
use super::options::{Minima, RecipeOptions};
use super::result::Budget;
use super::runs::Runs;
use isoflop_base::Estimate;
use isoflop_numerics::random::Stream;

/// Bins of equal width in ln C, each with its run of least loss. A bin counts when no cheaper bin has a lower loss, and
/// when its best size is neither the smallest nor the largest of all: there the true optimum may lie beyond.
pub(super) fn budgets(runs: &Runs, options: &RecipeOptions) -> Vec<Budget> {
    let mut bins = binned(runs, options.snap);
    let (smallest, largest) = ends(&runs.params);
    let mut least = f64::INFINITY;
    for bin in &mut bins {
        let best = best(bin);
        let run = &bin.runs[best];
        let (params, tokens, loss) = (run.params, run.tokens, run.loss);
        let edge = params <= smallest || params >= largest;
        if loss >= least {
            "less compute reached a lower loss".clone_into(&mut bin.reason);
        } else if edge && options.minima == Minima::Bracketed {
            let which = if params <= smallest {
                "smallest"
            } else {
                "largest"
            };
            bin.reason =
                format!("the best run has the {which} size of all: the optimum may lie beyond it");
        }
        least = least.min(loss);
        let plain = |value: f64, unit: &str| {
            Some(Estimate {
                value,
                se: None,
                unit: unit.to_owned(),
                interval: None,
            })
        };
        bin.params_opt = plain(params, "params");
        bin.tokens_opt = plain(tokens, "tokens");
        bin.loss_opt = plain(loss, "nats/token");
    }
    bins
}

/// All bins with their run of least loss, whether they count or not.
pub(super) fn all(runs: &Runs, options: &RecipeOptions) -> Vec<Budget> {
    let mut bins = budgets(runs, options);
    bins.iter_mut().for_each(|bin| bin.reason.clear());
    bins
}

/// Bins of width ln(1 + snap), from the cheapest run upwards; empty ones are left out. The compute of a bin is that of
/// its best run.
fn binned(runs: &Runs, snap: f64) -> Vec<Budget> {
    let (first, _) = ends(&runs.flops);
    let width = (1.0 + snap).ln();
    let mut order: Vec<(u64, usize)> = (0..runs.flops.len())
        .map(|row| {
            let bin = ((runs.flops[row] / first).ln() / width + 1e-9).floor();
            (bin as u64, row)
        })
        .collect();
    order.sort_unstable();
    order
        .chunk_by(|a, b| a.0 == b.0)
        .map(|bin| {
            let mut found = budget(runs, bin.iter().map(|(_, row)| *row).collect());
            // The law goes through runs, not through the middles of bins.
            found.flops = best_flops(runs, bin);
            found
        })
        .collect()
}

fn best_flops(runs: &Runs, bin: &[(u64, usize)]) -> f64 {
    let best = bin.iter().map(|(_, row)| *row).min_by(|a, b| {
        runs.loss[*a]
            .total_cmp(&runs.loss[*b])
            .then(runs.params[*a].total_cmp(&runs.params[*b]))
    });
    best.map_or(f64::NAN, |row| runs.flops[row])
}

fn best(bin: &Budget) -> usize {
    let mut best = 0;
    for (i, run) in bin.runs.iter().enumerate() {
        if run.loss < bin.runs[best].loss {
            best = i;
        }
    }
    best
}

fn ends(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(*v), high.max(*v))
        })
}

/// The minima of one resample: the runs of each bin drawn with replacement.
pub(super) fn replicate(budgets: &[Budget], stream: &mut Stream) -> Replicate {
    budgets
        .iter()
        .map(|bin| {
            if !bin.used() {
                return None;
            }
            let n = bin.runs.len();
            let drawn = (0..n).map(|_| &bin.runs[stream.below(n)]);
            let run = drawn.min_by(|a, b| a.loss.total_cmp(&b.loss))?;
            Some([run.params, run.tokens, run.loss])
        })
        .collect()
}

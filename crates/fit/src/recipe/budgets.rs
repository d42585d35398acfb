//! Runs gathered by compute.

use super::options::{Method, RecipeOptions};
use super::result::{Budget, RecipeRun};
use super::runs::Runs;
use super::warning;
use isoflop_base::Note;

/// Rows by budget: sorted by compute, a new budget begins where compute rises by more than the share `snap`, or where
/// the budget would grow wider than twice that. By rising compute.
pub(super) fn gather(flops: &[f64], snap: f64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..flops.len()).collect();
    order.sort_by(|a, b| flops[*a].total_cmp(&flops[*b]).then(a.cmp(b)));
    let mut budgets: Vec<Vec<usize>> = Vec::new();
    for row in order {
        let joins = budgets.last().is_some_and(|budget: &Vec<usize>| {
            let (first, last) = (flops[budget[0]], flops[budget[budget.len() - 1]]);
            flops[row] <= last * (1.0 + snap) && flops[row] <= first * (1.0 + 2.0 * snap)
        });
        match budgets.last_mut() {
            Some(budget) if joins => budget.push(row),
            _ => budgets.push(vec![row]),
        }
    }
    budgets
}

/// A budget of these rows, without a minimum yet.
pub(super) fn budget(runs: &Runs, mut rows: Vec<usize>) -> Budget {
    rows.sort_by(|a, b| runs.params[*a].total_cmp(&runs.params[*b]).then(a.cmp(b)));
    let mean_ln =
        |column: &[f64]| rows.iter().map(|r| column[*r].ln()).sum::<f64>() / rows.len() as f64;
    Budget {
        flops: mean_ln(&runs.flops).exp(),
        reason: String::new(),
        params_opt: None,
        tokens_opt: None,
        loss_opt: None,
        place: None,
        curve: Vec::new(),
        centre: mean_ln(&runs.params).exp(),
        lost: 0,
        runs: rows
            .iter()
            .map(|r| RecipeRun {
                place: runs.places[*r].clone(),
                params: runs.params[*r],
                tokens: runs.tokens[*r],
                loss: runs.loss[*r],
                fitted: None,
            })
            .collect(),
    }
}

/// Runs whose budget nobody shares are named: they may belong to a budget that the tolerance split.
pub(super) fn note_singles(budgets: &[Budget], options: &RecipeOptions, notes: &mut Vec<Note>) {
    let alone: Vec<&Budget> = budgets.iter().filter(|b| b.runs.len() == 1).collect();
    if alone.is_empty() || options.method == Method::Envelope {
        return;
    }
    let places: Vec<&str> = alone
        .iter()
        .take(5)
        .map(|b| b.runs[0].place.as_str())
        .collect();
    let more = alone.len().saturating_sub(5);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    notes.push(warning(
        "single-run-budgets",
        format!(
            "{} of {} budgets have one run only and give no curve: {}{rest}",
            alone.len(),
            budgets.len(),
            places.join(", ")
        ),
        &[("budgets", alone.len() as f64)],
        "if their compute is that of a neighbour up to rounding, widen the budgets with --snap",
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_budget_are_gathered_and_chains_are_cut() {
        let flops = [1e20, 1.05e20, 3e20, 0.98e20, 3.1e20];
        assert_eq!(gather(&flops, 0.1), [vec![3, 0, 1], vec![2, 4]]);
        // Each step is 8 %, but a budget may not grow without end.
        let chain: Vec<f64> = (0..6).map(|k| 1e20 * 1.08f64.powi(k)).collect();
        assert!(gather(&chain, 0.1).len() >= 2);
    }
}

//! The budgets of the IsoFLOP curves: those that the runs were made at, or some over their range.

/// Runs whose compute differs by less share a budget.
const SNAP: f64 = 0.1;
/// The same where the runs were not made at budgets.
const NEAR: f64 = 0.25;
/// Curves that can be told apart.
const MOST: usize = 7;
/// Budgets nearer than this factor cannot be told apart in a picture.
const APART: f64 = 1.7;
/// Sizes that a budget needs to show a curve.
const SIZES: usize = 3;

/// Budgets with the runs of each.
pub(super) struct Chosen {
    /// FLOP, smallest first.
    pub flops: Vec<f64>,
    /// Rows of each.
    pub runs: Vec<Vec<usize>>,
    /// Relative difference of compute within a budget.
    pub tolerance: f64,
    /// Whether the runs were made at budgets.
    pub made: bool,
}

/// The budgets of runs with these sizes and compute.
pub(super) fn chosen(sizes: &[f64], flops: &[f64]) -> Chosen {
    let runs = apart(clusters(flops), sizes, flops);
    let share = runs.iter().map(Vec::len).sum::<usize>() * 2 > flops.len();
    if runs.len() > 1 && share {
        return Chosen {
            flops: runs.iter().map(|rows| centre(rows, flops)).collect(),
            runs,
            tolerance: SNAP,
            made: true,
        };
    }
    let mut sorted = flops.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64) as usize];
    let (low, high) = (at(0.05), at(0.95));
    let budgets = if high > low * 1.5 {
        spread(low, high, MOST as u32 - 2)
    } else {
        vec![centre(&(0..flops.len()).collect::<Vec<_>>(), flops)]
    };
    let runs = budgets
        .iter()
        .map(|c| {
            (0..flops.len())
                .filter(|&row| is_near(flops[row], *c, NEAR))
                .collect()
        })
        .collect();
    Chosen {
        flops: budgets,
        runs,
        tolerance: NEAR,
        made: false,
    }
}

/// The clusters with the most sizes, each at least [`APART`] from the others, smallest first.
fn apart(clusters: Vec<Vec<usize>>, sizes: &[f64], flops: &[f64]) -> Vec<Vec<usize>> {
    let count = |rows: &[usize]| distinct(rows.iter().map(|&r| sizes[r]).collect());
    let mut all: Vec<(usize, f64, Vec<usize>)> = clusters
        .into_iter()
        .map(|rows| (count(&rows), centre(&rows, flops), rows))
        .filter(|(n, _, _)| *n >= SIZES)
        .collect();
    all.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
    let mut kept: Vec<(usize, f64, Vec<usize>)> = Vec::new();
    for one in all {
        let far = |other: &(usize, f64, Vec<usize>)| (other.1 / one.1).ln().abs() >= APART.ln();
        if kept.len() < MOST && kept.iter().all(far) {
            kept.push(one);
        }
    }
    kept.sort_by(|a, b| a.1.total_cmp(&b.1));
    kept.into_iter().map(|(_, _, rows)| rows).collect()
}

/// Rows in groups whose neighbours differ by less than the snap, smallest first, each without the runs that lie farther
/// than the snap from its centre; a group that chains over more than a factor of 1.5 is none.
fn clusters(flops: &[f64]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..flops.len()).collect();
    order.sort_by(|a, b| flops[*a].total_cmp(&flops[*b]));
    order
        .chunk_by(|a, b| flops[*b] <= flops[*a] * (1.0 + SNAP))
        .filter(|rows| {
            let (low, high) = ends(&rows.iter().map(|&r| flops[r]).collect::<Vec<_>>());
            high <= 1.5 * low
        })
        .map(|rows| {
            let mut kept = rows.to_vec();
            // Runs that go move the centre, so that others may come to lie too far from it.
            loop {
                let (centre, before) = (centre(&kept, flops), kept.len());
                kept.retain(|&r| is_near(flops[r], centre, SNAP));
                if kept.len() == before {
                    return kept;
                }
            }
        })
        .collect()
}

/// Whether compute lies within a relative difference of a budget.
fn is_near(flops: f64, budget: f64, tolerance: f64) -> bool {
    (flops / budget - 1.0).abs() <= tolerance
}

fn distinct(mut values: Vec<f64>) -> usize {
    values.sort_by(f64::total_cmp);
    values.dedup();
    values.len()
}

/// Geometric mean.
fn centre(rows: &[usize], flops: &[f64]) -> f64 {
    let sum: f64 = rows.iter().map(|&r| flops[r].ln()).sum();
    (sum / rows.len().max(1) as f64).exp()
}

/// `steps + 1` values in equal factors.
pub(super) fn spread(low: f64, high: f64, steps: u32) -> Vec<f64> {
    let ratio = (high / low).ln();
    (0..=steps)
        .map(|k| low * (ratio * f64::from(k) / f64::from(steps)).exp())
        .collect()
}

pub(super) fn ends(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| {
            (a.min(v), b.max(v))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_that_the_runs_were_made_at_are_found() {
        let (mut sizes, mut flops) = (Vec::new(), Vec::new());
        for c in [1e18, 1e19, 1e20] {
            for n in [1e7, 1e8, 1e9, 1e10] {
                sizes.push(n);
                flops.push(c * (1.0 + n / 1e12));
            }
        }
        let found = chosen(&sizes, &flops);
        assert!(found.made && found.flops.len() == 3);
        assert_eq!(found.runs[1], [4, 5, 6, 7]);
    }

    #[test]
    fn runs_of_a_budget_lie_within_the_tolerance_of_its_centre() {
        // Neighbours differ by 8 %, so that each budget chains over a factor of 1.36.
        let (mut sizes, mut flops) = (Vec::new(), Vec::new());
        for c in [1e18, 1e19, 1e20] {
            for k in 0..5 {
                sizes.push(1e7 * 2f64.powi(k));
                flops.push(c * 1.08f64.powi(k));
            }
        }
        let found = chosen(&sizes, &flops);
        assert!(found.made && found.flops.len() == 3);
        for (budget, rows) in found.flops.iter().zip(&found.runs) {
            assert!(rows.len() >= SIZES, "{rows:?}");
            assert!(
                rows.iter()
                    .all(|&r| (flops[r] / budget - 1.0).abs() <= found.tolerance)
            );
        }
    }

    #[test]
    fn scattered_runs_get_budgets_over_their_range() {
        let sizes: Vec<f64> = (0..60).map(|k| 1e7 * 1.05f64.powi(k)).collect();
        let flops: Vec<f64> = (0..60).map(|k| 1e18 * 1.3f64.powi(k)).collect();
        let found = chosen(&sizes, &flops);
        assert!(!found.made && found.flops.len() == MOST - 1);
        assert!(found.flops.windows(2).all(|w| w[0] < w[1]));
        let first = found.flops[0];
        let near = |r: &usize| (flops[*r] / first - 1.0).abs() <= found.tolerance;
        assert!(!found.runs[0].is_empty() && found.runs[0].iter().all(near));
    }

    #[test]
    fn values_are_spread_in_equal_factors() {
        let found = spread(1.0, 16.0, 4);
        let close = |(a, b): (&f64, f64)| (a / b - 1.0).abs() < 1e-12;
        assert!(found.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0]).all(close));
    }
}

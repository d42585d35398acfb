//! A smooth surface through the logarithm of a response, robust against rows that do not belong to it.
//!
//! A quadratic in the logarithms of up to three inputs follows every scaling law within some per cent over the
//! range of a table, which is enough to see rows that are off by tens of per cent.

use super::Scene;
use crate::select::{Need, NeedKind};

/// Inputs that are looked at.
const INPUTS: usize = 3;
/// Steps of reweighting; least absolute deviations settle in about ten.
const STEPS: usize = 12;
/// Residuals below this weigh the same.
const FLOOR: f64 = 1e-4;

/// The terms of the surface, one row of terms per row of the table.
pub(super) struct Terms {
    rows: Vec<Vec<f64>>,
    /// How many of the terms are linear.
    pub(super) linear: usize,
    /// Whether params, tokens or flops are among the inputs that vary.
    pub(super) scales: bool,
}

impl Terms {
    /// Terms for the inputs of a fit that vary, as many as the rows can bear.
    pub(super) fn new(scene: &Scene<'_>) -> Self {
        let varying: Vec<(&Need, Vec<f64>)> = scene
            .inputs()
            .filter_map(|need| Some((need, standardised(need, scene.rows)?)))
            .take(INPUTS)
            .collect();
        let sizes = [&scene.params, &scene.tokens, &scene.flops];
        let is_size = |need: &Need| {
            let mut known = sizes.iter().filter_map(|c| c.as_ref());
            known.any(|c| c.name == need.column.name)
        };
        let scales = varying.iter().any(|(need, _)| is_size(need));
        let inputs: Vec<Vec<f64>> = varying.into_iter().map(|(_, x)| x).collect();
        let linear = 1 + inputs.len();
        let quadratic = scene.rows.len() >= 4 * linear * (linear + 1) / 2;
        let rows = (0..scene.rows.len())
            .map(|i| {
                let mut terms = vec![1.0];
                terms.extend(inputs.iter().map(|x| x[i]));
                if quadratic {
                    for (a, x) in inputs.iter().enumerate() {
                        terms.extend(inputs[a..].iter().map(|y| x[i] * y[i]));
                    }
                }
                terms
            })
            .collect();
        Self {
            rows,
            linear,
            scales,
        }
    }

    /// How many terms.
    pub(super) fn all(&self) -> usize {
        self.rows.first().map_or(1, Vec::len)
    }

    /// Least absolute deviations through `values` with the first `terms` terms, on the rows of `sample`.
    pub(super) fn fit(&self, values: &[f64], terms: usize, sample: &[usize]) -> Option<Vec<f64>> {
        let mut coefs: Option<Vec<f64>> = None;
        for _ in 0..STEPS {
            let weight = |i: usize| {
                coefs
                    .as_ref()
                    .map_or(1.0, |c| 1.0 / (values[i] - self.at(c, i)).abs().max(FLOOR))
            };
            let mut system = vec![vec![0.0; terms + 1]; terms];
            for i in sample.iter().copied().filter(|i| values[*i].is_finite()) {
                let (row, w) = (&self.rows[i], weight(i));
                for (a, line) in system.iter_mut().enumerate() {
                    for (b, cell) in line[..terms].iter_mut().enumerate() {
                        *cell += w * row[a] * row[b];
                    }
                    line[terms] += w * row[a] * values[i];
                }
            }
            coefs = Some(solve(system)?);
        }
        coefs
    }

    /// The surface at a row.
    pub(super) fn at(&self, coefs: &[f64], i: usize) -> f64 {
        coefs.iter().zip(&self.rows[i]).map(|(c, t)| c * t).sum()
    }
}

/// The logarithm of an input that is positive, else the input, brought to mean 0 and spread 1; none if it
/// hardly varies.
fn standardised(need: &Need, rows: &[usize]) -> Option<Vec<f64>> {
    let values = need.column.numbers()?;
    let mut x: Vec<f64> = rows
        .iter()
        .map(|r| match need.kind {
            NeedKind::Positive => values[*r].ln(),
            _ => values[*r],
        })
        .collect();
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let spread = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let least = if need.kind == NeedKind::Positive {
        0.02
    } else {
        1e-9 * mean.abs()
    };
    // Also false for NaN.
    let varies = spread > least;
    varies.then(|| {
        x.iter_mut().for_each(|v| *v = (*v - mean) / spread);
        x
    })
}

/// Solves the normal equations, a little of the diagonal added, by elimination with pivots.
fn solve(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = system.len();
    for (i, line) in system.iter_mut().enumerate() {
        line[i] *= 1.0 + 1e-9;
    }
    for i in 0..n {
        let pivot = (i..n).max_by(|a, b| system[*a][i].abs().total_cmp(&system[*b][i].abs()))?;
        system.swap(i, pivot);
        if system[i][i] == 0.0 || system[i][i].is_nan() {
            return None;
        }
        let (head, below) = system.split_at_mut(i + 1);
        let lead = &head[i];
        for line in below {
            let factor = line[i] / lead[i];
            for (cell, top) in line[i..].iter_mut().zip(&lead[i..]) {
                *cell -= factor * top;
            }
        }
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| system[i][j] * x[j]).sum();
        x[i] = (system[i][n] - known) / system[i][i];
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surface_ignores_a_fifth_of_wild_rows() {
        let rows: Vec<Vec<f64>> = (0..50)
            .map(|i| vec![1.0, f64::from(i) / 25.0 - 1.0])
            .collect();
        let values: Vec<f64> = (0..50)
            .map(|i| {
                let line = 2.0 - 0.5 * (f64::from(i) / 25.0 - 1.0);
                if i % 5 == 0 { line + 3.0 } else { line }
            })
            .collect();
        let terms = Terms {
            rows,
            linear: 2,
            scales: true,
        };
        let all: Vec<usize> = (0..50).collect();
        let coefs = terms.fit(&values, 2, &all).expect("the system is regular");
        assert!(
            (coefs[0] - 2.0).abs() < 1e-3 && (coefs[1] + 0.5).abs() < 1e-3,
            "{coefs:?}"
        );
    }

    #[test]
    fn a_singular_system_has_no_solution() {
        assert_eq!(solve(vec![vec![0.0, 1.0]]), None);
        assert_eq!(solve(vec![vec![f64::NAN, 1.0]]), None);
    }
}

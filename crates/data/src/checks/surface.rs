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

/// The terms of the surface at the rows of a scene: made when they are asked for, so that they take no memory.
pub(super) struct Terms<'a> {
    rows: &'a [usize],
    inputs: Vec<Standard<'a>>,
    /// Whether squares and products of the inputs are among the terms.
    quadratic: bool,
    /// How many of the terms are linear.
    pub(super) linear: usize,
    /// Whether params, tokens or flops are among the inputs that vary.
    pub(super) scales: bool,
}

impl<'a> Terms<'a> {
    /// Terms for the inputs of a fit that vary, as many as the rows can bear.
    pub(super) fn new(scene: &Scene<'a>) -> Self {
        let varying: Vec<(&Need, Standard<'a>)> = scene
            .inputs()
            .filter_map(|need| Some((need, Standard::new(need, scene.rows)?)))
            .take(INPUTS)
            .collect();
        let sizes = [&scene.params, &scene.tokens, &scene.flops];
        let is_size = |need: &Need| {
            let mut known = sizes.iter().filter_map(|c| c.as_ref());
            known.any(|c| c.name == need.column.name)
        };
        let scales = varying.iter().any(|(need, _)| is_size(need));
        let inputs: Vec<Standard<'a>> = varying.into_iter().map(|(_, x)| x).collect();
        let linear = 1 + inputs.len();
        Self {
            rows: scene.rows,
            quadratic: scene.rows.len() >= 4 * linear * (linear + 1) / 2,
            inputs,
            linear,
            scales,
        }
    }

    /// How many terms.
    pub(super) fn all(&self) -> usize {
        let k = self.inputs.len();
        self.linear + if self.quadratic { k * (k + 1) / 2 } else { 0 }
    }

    /// The terms at row `i` of the scene.
    fn of(&self, i: usize) -> impl Iterator<Item = f64> {
        let mut x = [0.0; INPUTS];
        for (x, input) in x.iter_mut().zip(&self.inputs) {
            *x = input.at(self.rows[i]);
        }
        let k = self.inputs.len();
        let pairs = (0..k).flat_map(move |a| (a..k).map(move |b| x[a] * x[b]));
        let squares = pairs.take(if self.quadratic { usize::MAX } else { 0 });
        std::iter::once(1.0)
            .chain(x.into_iter().take(k))
            .chain(squares)
    }

    /// Least absolute deviations with the first `terms` terms through `values`, one a row of `sample`.
    pub(super) fn fit(&self, values: &[f64], terms: usize, sample: &[usize]) -> Option<Vec<f64>> {
        let rows: Vec<Vec<f64>> = sample.iter().map(|i| self.of(*i).collect()).collect();
        through(&rows, values, terms)
    }

    /// The surface at a row.
    pub(super) fn at(&self, coefs: &[f64], i: usize) -> f64 {
        coefs.iter().zip(self.of(i)).map(|(c, t)| c * t).sum()
    }
}

/// Least absolute deviations through finite `values` with the first `terms` of the terms of each row.
fn through(rows: &[Vec<f64>], values: &[f64], terms: usize) -> Option<Vec<f64>> {
    let at = |coefs: &[f64], row: &[f64]| coefs.iter().zip(row).map(|(c, t)| c * t).sum::<f64>();
    let mut coefs: Option<Vec<f64>> = None;
    for _ in 0..STEPS {
        let mut system = vec![vec![0.0; terms + 1]; terms];
        for (row, value) in rows.iter().zip(values).filter(|(_, v)| v.is_finite()) {
            let w = coefs
                .as_ref()
                .map_or(1.0, |c| 1.0 / (value - at(c, row)).abs().max(FLOOR));
            for (a, line) in system.iter_mut().enumerate() {
                for (b, cell) in line[..terms].iter_mut().enumerate() {
                    *cell += w * row[a] * row[b];
                }
                line[terms] += w * row[a] * value;
            }
        }
        coefs = Some(solve(system)?);
    }
    coefs
}

/// The logarithm of an input that is positive, else the input, brought to mean 0 and spread 1.
struct Standard<'a> {
    values: &'a [f64],
    log: bool,
    mean: f64,
    spread: f64,
}

impl<'a> Standard<'a> {
    /// None if the input hardly varies.
    fn new(need: &'a Need, rows: &[usize]) -> Option<Self> {
        let mut me = Self {
            values: need.column.numbers()?,
            log: need.kind == NeedKind::Positive,
            mean: 0.0,
            spread: 1.0,
        };
        let n = rows.len() as f64;
        let mean = rows.iter().map(|r| me.at(*r)).sum::<f64>() / n;
        me.mean = mean;
        me.spread = (rows.iter().map(|r| me.at(*r).powi(2)).sum::<f64>() / n).sqrt();
        let least = if me.log { 0.02 } else { 1e-9 * mean.abs() };
        // Also false for NaN.
        (me.spread > least).then_some(me)
    }

    fn at(&self, row: usize) -> f64 {
        let x = self.values[row];
        ((if self.log { x.ln() } else { x }) - self.mean) / self.spread
    }
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
        let coefs = through(&rows, &values, 2).expect("the system is regular");
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

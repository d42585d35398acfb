//! Does the noise follow an axis? A log-linear model of the variance, tested by permutation.
//!
//! # Formula
//!
//! ```text
//! ln σᵢ² = x'ᵢ b      LR = n (ln mean e² + 1) − min over b of Σ (x'ᵢ b + eᵢ² e^(−x'ᵢ b))
//! ```
//!
//! e are the residuals over the root of what their leverage leaves. The distribution of LR where the noise is even is that
//! over permutations of e²: normal theory takes one in ten tables with tails of Student's t on four degrees of freedom for
//! uneven.
//!
//! # Source
//!
//! Harvey 1976 (the model), Davidian, Carroll 1987 (variance functions).

use isoflop_numerics::dist::f_tail;
use isoflop_numerics::linear::inverse_positive;
use isoflop_numerics::random::Stream;
use rayon::prelude::*;

use super::stats::ranks;
use super::yardstick::{beside, regression};

/// Permutations.
const PERMUTATIONS: u64 = 499;
/// Runs beyond which ranks are regressed instead: permutations would take seconds, and there is power to spare.
const MANY: usize = 2000;
/// Steps of the solver.
const STEPS: usize = 15;

/// What is known of the size of the noise.
pub(crate) struct Uneven {
    /// Probability that even noise looks as uneven.
    pub p_value: f64,
    /// Standard deviation of each run over that of all.
    pub relative: Vec<f64>,
}

/// The test of standardised residuals against axes with mean zero. None without axes or without runs to spare.
pub(crate) fn uneven(standardised: &[f64], axes: &[&[f64]], seed: u64) -> Option<Uneven> {
    let n = standardised.len();
    if axes.is_empty() || n < axes.len() + 4 {
        return None;
    }
    let mut squares: Vec<f64> = standardised.iter().map(|e| e * e).collect();
    let middle = isoflop_numerics::dist::median(&squares);
    if middle <= 0.0 {
        return None;
    }
    // A run that the law passes through says nothing of the noise.
    for e in &mut squares {
        *e = e.max(1e-4 * middle);
    }
    let model = Model::new(independent(axes, n))?;
    let (statistic, logs) = model.ratio(&squares);
    let p_value = if n > MANY {
        let (ratio, q, df) = regression(&ranks(&squares), &model.columns[1..])?;
        f_tail(ratio, q, df)
    } else {
        let as_far = (0..PERMUTATIONS)
            .into_par_iter()
            .filter(|k| model.ratio(&permuted(&squares, seed, *k)).0 >= statistic)
            .count();
        (as_far + 1) as f64 / (PERMUTATIONS + 1) as f64
    };
    let mean = logs.iter().sum::<f64>() / n as f64;
    let relative = logs.iter().map(|l| (0.5 * (l - mean)).exp()).collect();
    Some(Uneven { p_value, relative })
}

/// A constant and the axes that say something new: C says nothing beside N and D.
fn independent(axes: &[&[f64]], n: usize) -> Vec<Vec<f64>> {
    let mut columns = vec![vec![1.0; n]];
    let mut basis = vec![vec![1.0 / (n as f64).sqrt(); n]];
    for axis in axes {
        if let Some(unit) = beside(axis.to_vec(), &basis, 1e-6) {
            basis.push(unit);
            columns.push(axis.to_vec());
        }
    }
    columns
}

/// Fisher and Yates.
fn permuted(values: &[f64], seed: u64, replicate: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, "audit uneven noise", replicate);
    let mut out = values.to_vec();
    for i in (1..out.len()).rev() {
        out.swap(i, stream.below(i + 1));
    }
    out
}

/// Columns of the model and the inverse of their products.
struct Model {
    columns: Vec<Vec<f64>>,
    inverse: Vec<f64>,
}

impl Model {
    /// None where columns say the same.
    fn new(columns: Vec<Vec<f64>>) -> Option<Self> {
        let p = columns.len();
        let mut gram = vec![0.0; p * p];
        for (i, a) in columns.iter().enumerate() {
            for (j, b) in columns.iter().enumerate() {
                gram[i * p + j] = a.iter().zip(b).map(|(a, b)| a * b).sum();
            }
        }
        let inverse = inverse_positive(&gram, p)?;
        Some(Self { columns, inverse })
    }

    fn logs(&self, b: &[f64]) -> Vec<f64> {
        let n = self.columns[0].len();
        (0..n)
            .map(|i| self.columns.iter().zip(b).map(|(c, b)| c[i] * b).sum())
            .collect()
    }

    /// The likelihood ratio against even noise, and the logarithm of the variance of each run, by Fisher's scoring.
    fn ratio(&self, squares: &[f64]) -> (f64, Vec<f64>) {
        let (n, p) = (squares.len(), self.columns.len());
        let mean = squares.iter().sum::<f64>() / n as f64;
        let cost = |logs: &[f64]| -> f64 {
            let runs = logs.iter().zip(squares);
            runs.map(|(l, e)| l + e * (-l).exp()).sum()
        };
        let mut b = vec![0.0; p];
        b[0] = mean.ln();
        let mut logs = self.logs(&b);
        let even = cost(&logs);
        let mut best = even;
        for _ in 0..STEPS {
            let scores: Vec<f64> = logs
                .iter()
                .zip(squares)
                .map(|(l, e)| e * (-l).exp() - 1.0)
                .collect();
            let along = |c: &Vec<f64>| c.iter().zip(&scores).map(|(c, s)| c * s).sum::<f64>();
            let side: Vec<f64> = self.columns.iter().map(along).collect();
            let row = |i: usize| (0..p).map(move |j| (i * p + j, j));
            let step: Vec<f64> = (0..p)
                .map(|i| row(i).map(|(k, j)| self.inverse[k] * side[j]).sum())
                .collect();
            let mut length = 1.0;
            let next = loop {
                let to: Vec<f64> = b.iter().zip(&step).map(|(b, s)| b + length * s).collect();
                let there = self.logs(&to);
                let value = cost(&there);
                if value <= best {
                    break Some((to, there, value));
                }
                length *= 0.5;
                if length < 1e-3 {
                    break None;
                }
            };
            let Some((to, there, value)) = next else {
                break;
            };
            let gained = best - value;
            (b, logs, best) = (to, there, value);
            if gained < 1e-7 {
                break;
            }
        }
        (even - best, logs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_that_grows_threefold_is_found_and_even_noise_is_not() {
        let n = 60;
        let x: Vec<f64> = (0..n).map(|i| f64::from(i) / 17.3 - 1.705).collect();
        let noise: Vec<f64> = (0..n)
            .map(|i| {
                isoflop_numerics::dist::normal_quantile(
                    (f64::from(i * 37 % n) + 0.5) / f64::from(n),
                )
            })
            .collect();
        let even = uneven(&noise, &[&x], 0).expect("there are runs to spare");
        assert!(even.p_value > 0.1, "{}", even.p_value);
        let grown: Vec<f64> = noise.iter().zip(&x).map(|(e, x)| e * x.exp()).collect();
        let found = uneven(&grown, &[&x], 0).expect("there are runs to spare");
        assert!(found.p_value < 0.01, "{}", found.p_value);
        assert!(found.relative[59] > 5.0 * found.relative[0]);
    }
}

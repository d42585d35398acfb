//! Partial pooling: the levels of an indexed coefficient scatter normally about a mean of their own.
//!
//! # Formula
//!
//! ```text
//! Σₗ (θₗ − θ̄)² / (2τ²)                    added to the objective in nats; θ is the logarithm of a positive coefficient
//! τ² ← [Σ (θ̂ₗ − θ̄)² + tr(M V)] / (m − 1)   until it settles: expectation–maximisation, V the posterior covariance of the
//!                                          m levels, M = I − 11ᵀ/m
//! ```
//!
//! With few runs a level is drawn to the mean of all; with many it stays where its own runs put it. A τ that falls to
//! nothing means that the levels do not differ beyond noise.
//!
//! # Source
//!
//! `dempster_laird_rubin1977`; with the mean profiled out, τ² is that of restricted maximum likelihood.

use crate::result::PoolRecord;
use crate::solve::robust_spread;
use crate::target::{Frame, Target};
use crate::value_scale::ValueScale;
use crate::weights::Weights;
use isoflop_law::Law;
use isoflop_law::tape::Program;
use isoflop_numerics::linear;
use isoflop_numerics::minimise::Problem;
use isoflop_numerics::penalty::Penalty;

/// The levels of one coefficient, pooled.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// Coefficient, by its place in the law.
    pub coef: usize,
    /// Coordinates of its levels.
    pub coordinates: Vec<usize>,
    /// Standard deviation between levels, on the scale of the coordinate.
    pub sd: f64,
    /// Whether the runs say what it is.
    pub estimated: bool,
}

/// The pools of a law. A standard deviation that is to be estimated starts wide: one e-fold of a positive coefficient,
/// the spread of the observed responses for another.
pub(crate) fn pools(law: &Law, program: &Program, observed: &[f64]) -> Vec<Pool> {
    let coordinates = program.coordinates();
    let mut found = Vec::new();
    for (k, coef) in law.coefs.iter().enumerate() {
        let Some(pool) = coef.pool else { continue };
        let own: Vec<usize> = (0..coordinates.len())
            .filter(|j| coordinates[*j].coef == k)
            .collect();
        if own.len() < 2 {
            continue;
        }
        let wide = if coordinates[own[0]].log {
            1.0
        } else {
            robust_spread(observed.to_vec())
        };
        found.push(Pool {
            coef: k,
            coordinates: own,
            sd: pool.sd.unwrap_or(wide),
            estimated: pool.sd.is_none(),
        });
    }
    found
}

impl Pool {
    fn mean(&self, theta: &[f64]) -> f64 {
        self.coordinates.iter().map(|j| theta[*j]).sum::<f64>() / self.coordinates.len() as f64
    }

    /// Σ (θₗ − θ̄)² / (2τ²).
    pub fn value(&self, theta: &[f64]) -> f64 {
        let mean = self.mean(theta);
        let squares = self.coordinates.iter().map(|j| (theta[*j] - mean).powi(2));
        squares.sum::<f64>() / (2.0 * self.sd * self.sd)
    }

    /// Adds the term's gradient and Hessian by θ, both times `nat`.
    pub fn add(&self, theta: &[f64], nat: f64, gradient: &mut [f64], hessian: &mut [f64]) {
        let (p, m) = (theta.len(), self.coordinates.len() as f64);
        let mean = self.mean(theta);
        let precision = nat / (self.sd * self.sd);
        for i in &self.coordinates {
            gradient[*i] += precision * (theta[*i] - mean);
            for j in &self.coordinates {
                let own = if i == j { 1.0 } else { 0.0 };
                hessian[i * p + j] += precision * (own - 1.0 / m);
            }
        }
    }

    /// The next τ of expectation–maximisation.
    fn next_sd(&self, theta: &[f64], covariance: &[f64]) -> f64 {
        let (p, m) = (theta.len(), self.coordinates.len() as f64);
        let mean = self.mean(theta);
        let squares: f64 = self
            .coordinates
            .iter()
            .map(|j| (theta[*j] - mean).powi(2))
            .sum();
        ((squares + self.spread_of(covariance, p)) / (m - 1.0))
            .max(0.0)
            .sqrt()
    }

    /// tr(M V): what the covariance says of the levels about their mean.
    fn spread_of(&self, covariance: &[f64], p: usize) -> f64 {
        let (mut trace, mut all) = (0.0, 0.0);
        for i in &self.coordinates {
            trace += covariance[i * p + i];
            let row = self.coordinates.iter().map(|j| covariance[i * p + j]);
            all += row.sum::<f64>();
        }
        trace - all / self.coordinates.len() as f64
    }

    /// What the fit says of the pool.
    pub fn record(&self, law: &Law, theta: &[f64], log: bool) -> PoolRecord {
        PoolRecord {
            coef: law.coefs[self.coef].name.clone(),
            levels: self.coordinates.len(),
            scale: if log { ValueScale::Ln } else { ValueScale::Raw },
            mean: self.mean(theta),
            sd: self.sd,
            estimated: self.estimated,
        }
    }
}

/// What the curvature at a point says of the levels together.
pub(crate) struct Posterior {
    theta: Vec<f64>,
    /// Covariance of the law's coordinates, with what the pools know.
    covariance: Vec<f64>,
    /// Coefficients that the runs have to pay for: pooled levels count for less than one each.
    pub effective: f64,
}

/// The posterior at `x`; none where the curvature is not positive.
pub(crate) fn posterior(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    penalty: Penalty,
    nat: f64,
    x: &[f64],
) -> Option<Posterior> {
    let p = frame.bound.program().coordinates().len();
    let mut target = Target::new(frame, weights, penalty, nat);
    let dim = target.dim();
    let (mut g, mut c) = (vec![0.0; dim], vec![0.0; dim * dim]);
    let (mut m, mut s) = (vec![0.0; dim * dim], vec![0.0; dim * dim]);
    target.model(x, &mut g, &mut c, &mut m);
    target.second(x, &mut s);
    let hessian: Vec<f64> = c.iter().zip(&s).map(|(c, s)| c + s).collect();
    let inverse = linear::inverse_positive(&hessian, dim)?;
    let leading: Vec<f64> = (0..p)
        .flat_map(|i| inverse[i * dim..i * dim + p].iter().copied())
        .map(|v| nat * v)
        .collect();
    let mut theta = vec![0.0; p];
    frame.centre.to_law(&x[..p], &mut theta);
    let covariance = frame.centre.covariance(&leading, p);
    let saved: f64 = frame
        .pools
        .iter()
        .map(|pool| pool.spread_of(&covariance, p) / (pool.sd * pool.sd))
        .sum();
    Some(Posterior {
        theta,
        covariance,
        effective: p as f64 - saved,
    })
}

impl Posterior {
    /// The pools with their next standard deviations, and the largest relative change.
    pub fn next(&self, pools: &[Pool]) -> (Vec<Pool>, f64) {
        let mut change = 0.0f64;
        let next = pools
            .iter()
            .map(|pool| {
                let mut pool = pool.clone();
                if pool.estimated {
                    // Nothing between the levels would be an infinite precision.
                    let sd = pool
                        .next_sd(&self.theta, &self.covariance)
                        .max(1e-3 * pool.sd);
                    change = change.max((sd / pool.sd - 1.0).abs());
                    pool.sd = sd;
                }
                pool
            })
            .collect();
        (next, change)
    }
}

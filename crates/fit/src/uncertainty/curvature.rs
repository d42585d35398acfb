//! Standard errors from the curvature at the optimum.
//!
//! # Formula
//!
//! ```text
//! covariance   Σ = σ² (JᵀWJ)⁻¹      squared: σ² = Σ w r² / (n − p)
//!                                    other:   σ² = [Σ w ψ²/(n − p)] / [Σ w ψ' / n]²   (Huber 1981)
//!              Σ = H⁻¹ · n/(n − p)    Student's t: the observed information; a scale by maximum likelihood is as
//!                                    much too small as one of least squares that divides by n
//! sandwich     Σ = H⁻¹ (Σ ψᵢ² wᵢ² JᵢJᵢᵀ) H⁻¹ · n/(n − p)
//! ```
//!
//! Intervals are θ ± t·se on the solver's coordinates, carried to the coefficient: asymmetric for positive ones.

use super::{Spread, joint, record};
use crate::certificate::{Peak, final_penalty};
use crate::engine::Solved;
use crate::solve::Aim;
use crate::target::Target;
use isoflop_base::{Estimate, Evidence, Interval, Note, Severity};
use isoflop_numerics::dist;
use isoflop_numerics::linear::{self, Triangle};
use isoflop_numerics::penalty::Penalty;

pub(super) fn spread(solved: &Solved<'_>, peak: &Peak, at: &[f64], sandwich: bool) -> Spread {
    let coordinates = solved.frame.bound.program().coordinates();
    let p = coordinates.len();
    let covariance =
        covariance(solved, peak, sandwich).map(|v| solved.frame.centre.covariance(&v, p));
    let df = solved.binding.n.saturating_sub(peak.dim).max(1) as f64;
    let binomial = solved.aim == Aim::Penalty(Penalty::Binomial);
    let t = if binomial {
        dist::normal_quantile(0.5 + 0.5 * solved.options.level)
    } else {
        dist::t_quantile(0.5 + 0.5 * solved.options.level, df)
    };
    let estimates = coordinates
        .iter()
        .enumerate()
        .map(|(j, c)| {
            let value = c.coefficient(at[j]);
            let unit = solved.law.coefs[c.coef].unit.clone();
            let se = covariance
                .as_ref()
                .map(|v| v[j * p + j].sqrt())
                .filter(|s| s.is_finite() && peak.free[j]);
            let interval = se.map(|s| Interval {
                level: solved.options.level,
                lower: c.coefficient(at[j] - t * s),
                upper: c.coefficient(at[j] + t * s),
            });
            let se = se.map(|s| if c.log { value * s } else { s });
            (
                c.name.clone(),
                Estimate {
                    value,
                    se,
                    unit,
                    interval,
                },
            )
        })
        .collect();
    let name = if sandwich { "sandwich" } else { "covariance" };
    let source = match (sandwich, binomial) {
        (true, _) => "curvature and the spread of the scores",
        (false, true) => "curvature of the likelihood",
        (false, false) => "curvature and residual variance",
    };
    let quantile = if binomial {
        "normal quantiles".to_owned()
    } else {
        format!("Student's t with {df} degrees of freedom")
    };
    let meaning = format!(
        "{source} at the optimum, {quantile}; intervals of positive coefficients are symmetric in their logarithm"
    );
    let mut joint = joint(solved, at);
    let notes = if covariance.is_none() {
        vec![no_covariance()]
    } else {
        Vec::new()
    };
    joint.covariance = covariance
        .map(|v| v.chunks_exact(p).map(<[f64]>::to_vec).collect())
        .unwrap_or_default();
    Spread {
        estimates,
        record: record(solved, name, 0, 0, meaning),
        joint,
        notes,
    }
}

/// Covariance of the law's coordinates in the solver's frame; held coordinates have none.
fn covariance(solved: &Solved<'_>, peak: &Peak, sandwich: bool) -> Option<Vec<f64>> {
    if matches!(solved.aim, Aim::Absolute(_)) {
        return None;
    }
    let end = &solved.ends[0];
    let penalty = final_penalty(solved, end);
    let p = solved.frame.bound.program().coordinates().len();
    let weights = solved.binding.weights();
    let mut target = Target::new(solved.frame, weights, penalty, solved.nat);
    let x = &end.outcome.x;
    let observed = solved.frame.observed;
    let n = observed.len() as f64;
    let df = (n - peak.dim as f64).max(1.0);
    let mean_weight = weights.mean();
    if sandwich {
        let mut meat = vec![0.0; p * p];
        target.visit(x, |i, residual, row| {
            let w = (weights[i] * penalty.of(residual, observed[i])[1]).powi(2);
            for a in 0..p {
                for b in 0..p {
                    meat[a * p + b] += w * row[a] * row[b];
                }
            }
        });
        let bread = free_inverse(&leading(&peak.hessian, peak.dim, p), &peak.free[..p])?;
        return Some(scale(
            &product(&product(&bread, &meat, p), &bread, p),
            n / df,
        ));
    }
    if penalty == Penalty::Binomial {
        // Trials are real counts: the observed information is that of the likelihood itself.
        let inverse = free_inverse(&peak.hessian, &peak.free)?;
        return Some(leading(&inverse, peak.dim, p));
    }
    if matches!(penalty, Penalty::Student { .. }) {
        let inverse = free_inverse(&peak.hessian, &peak.free)?;
        let fitted = peak.free[..p].iter().filter(|free| **free).count() as f64;
        return Some(scale(
            &leading(&inverse, peak.dim, p),
            mean_weight * n / (n - fitted).max(1.0),
        ));
    }
    let pooled = !solved.frame.pools.is_empty();
    let priors = penalty == Penalty::Squared && !solved.frame.priors.is_empty();
    let open: Vec<usize> = (0..p).filter(|j| peak.free[*j]).collect();
    let (mut scores, mut curvature) = (0.0, 0.0);
    // √wᵢ Jᵢ over free coordinates.
    let mut triangle = Triangle::new(open.len());
    let mut free_row = vec![0.0; open.len()];
    target.visit(x, |i, residual, row| {
        let [_, slope, curve, _] = penalty.of(residual, observed[i]);
        scores += weights[i] * slope.powi(2);
        curvature += weights[i] * curve;
        if !(pooled || priors) {
            for (to, j) in free_row.iter_mut().zip(&open) {
                *to = weights[i].sqrt() * row[*j];
            }
            triangle.add(&free_row);
        }
    });
    scores /= df;
    curvature /= n;
    if curvature <= 0.0 {
        // No run inside the corner: the penalty has no curvature to speak of.
        return None;
    }
    let variance = scores * (mean_weight / curvature).powi(2);
    if pooled {
        // The size of a nat holds the noise and what the coefficients cost.
        let inverse = free_inverse(&peak.hessian, &peak.free)?;
        return Some(scale(&leading(&inverse, peak.dim, p), solved.nat));
    }
    if priors {
        // With priors the curvature holds them too: C = 2 JᵀWJ + priors.
        let gram: Vec<f64> = leading(&peak.curve, peak.dim, p)
            .iter()
            .map(|c| 0.5 * c)
            .collect();
        return Some(scale(&free_inverse(&gram, &peak.free[..p])?, variance));
    }
    let inverse = linear::inverse_gram(&triangle.finish()?, open.len())?;
    Some(scale(&spread_out(&inverse, &peak.free[..p]), variance))
}

/// The leading p × p block of a dim × dim matrix.
fn leading(a: &[f64], dim: usize, p: usize) -> Vec<f64> {
    (0..p)
        .flat_map(|i| a[i * dim..i * dim + p].iter().copied())
        .collect()
}

/// Inverse over free coordinates; zero rows for the others.
fn free_inverse(a: &[f64], free: &[bool]) -> Option<Vec<f64>> {
    let dim = free.len();
    let open: Vec<usize> = (0..dim).filter(|j| free[*j]).collect();
    let k = open.len();
    let cut: Vec<f64> = open
        .iter()
        .flat_map(|i| open.iter().map(move |j| a[i * dim + j]))
        .collect();
    Some(spread_out(&linear::inverse_positive(&cut, k)?, free))
}

/// A matrix over free coordinates among zero rows and columns for the others.
fn spread_out(inner: &[f64], free: &[bool]) -> Vec<f64> {
    let dim = free.len();
    let open: Vec<usize> = (0..dim).filter(|j| free[*j]).collect();
    let mut out = vec![0.0; dim * dim];
    for (x, i) in open.iter().enumerate() {
        for (y, j) in open.iter().enumerate() {
            out[i * dim + j] = inner[x * open.len() + y];
        }
    }
    out
}

fn product(a: &[f64], b: &[f64], p: usize) -> Vec<f64> {
    let mut out = vec![0.0; p * p];
    for i in 0..p {
        for k in 0..p {
            for j in 0..p {
                out[i * p + j] += a[i * p + k] * b[k * p + j];
            }
        }
    }
    out
}

fn scale(a: &[f64], by: f64) -> Vec<f64> {
    a.iter().map(|x| x * by).collect()
}

fn no_covariance() -> Note {
    Note {
        code: "no-covariance".to_owned(),
        severity: Severity::Warning,
        message: "there is no covariance: the objective has no positive definite curvature at the optimum".to_owned(),
        evidence: vec![("method".to_owned(), Evidence::Text("covariance".to_owned()))],
        advice: "use `--uncertainty bootstrap:1000`".to_owned(),
    }
}

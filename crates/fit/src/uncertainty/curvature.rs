//! Standard errors from the curvature at the optimum.
//!
//! # Formula
//!
//! ```text
//! covariance   Σ = σ² (JᵀWJ)⁻¹      squared: σ² = Σ w r² / (n − p)
//!                                    other:   σ² = K² [Σ w ψ²/(n − p)] / m²,  K = 1 + (p/n) var(ψ')/m²
//!                                    m = (Σ ψ' − p)/(n − p), the mean curvature without the p runs that a penalty
//!                                    with a corner is drawn to
//!              Σ = H⁻¹ · n/(n − p)    Student's t: the observed information; a scale by maximum likelihood is as
//!                                    much too small as one of least squares that divides by n
//! sandwich     by the scores of single runs: [`super::robust`]
//! ```
//!
//! Where runs hang together both take the scores of whole groups. Intervals are θ ± t·se on the solver's coordinates,
//! carried to the coefficient: asymmetric for positive ones, and inside its range.
//!
//! # Source
//!
//! `huber1981`, section 7.6, for K.

use super::robust::{Robust, robust};
use super::{Spread, joint, record};
use crate::certificate::{Peak, final_penalty};
use crate::engine::Solved;
use crate::solve::Aim;
use crate::target::Target;
use isoflop_base::{Estimate, Evidence, Interval, Note, Severity};
use isoflop_numerics::dist;
use isoflop_numerics::linear::{self, Triangle};
use isoflop_numerics::penalty::Penalty;

/// The covariance of the law's coordinates with the degrees of freedom of each, by the scores of runs or groups where
/// these are asked for or hang together.
pub(super) fn errors(solved: &Solved<'_>, peak: &Peak, sandwich: bool) -> Option<Robust> {
    let p = solved.frame.bound.program().coordinates().len();
    let found = if sandwich || solved.groups.is_some() {
        let mut robust = by_score(solved, peak)?;
        // Trials say how much they scatter.
        if solved.aim == Aim::Penalty(Penalty::Binomial) {
            robust.df = vec![NORMAL; p];
        }
        robust
    } else {
        // Noise of a known size is not estimated from residuals, which Student's t would pay for.
        let df = match known(solved) {
            true => NORMAL,
            false => solved.binding.n.saturating_sub(peak.dim).max(1) as f64,
        };
        Robust {
            covariance: covariance(solved, peak)?,
            df: vec![df; p],
        }
    };
    Some(Robust {
        covariance: solved.frame.centre.covariance(&found.covariance, p),
        df: found.df,
    })
}

/// So many degrees of freedom have the quantiles of a normal law.
const NORMAL: f64 = 1e9;

/// Whether the size of the noise is known beside the residuals.
fn known(solved: &Solved<'_>) -> bool {
    solved.aim == Aim::Penalty(Penalty::Binomial) || solved.options.sigma.is_some()
}

pub(super) fn spread(solved: &Solved<'_>, peak: &Peak, at: &[f64], sandwich: bool) -> Spread {
    let coordinates = solved.frame.bound.program().coordinates();
    let p = coordinates.len();
    let quantile = |df: f64| dist::t_quantile(0.5 + 0.5 * solved.options.level, df);
    let found = errors(solved, peak, sandwich);
    let estimates = coordinates
        .iter()
        .enumerate()
        .map(|(j, c)| {
            let value = c.coefficient(at[j]);
            let unit = solved.law.coefs[c.coef].unit.clone();
            let se = found
                .as_ref()
                .map(|v| v.covariance[j * p + j].sqrt())
                .filter(|s| s.is_finite() && peak.free[j]);
            let interval = se.zip(found.as_ref()).map(|(s, r)| {
                let half = quantile(r.df[j]) * s;
                let inside = |x: f64| c.coefficient(x.clamp(c.lower, c.upper));
                Interval {
                    level: solved.options.level,
                    lower: inside(at[j] - half),
                    upper: inside(at[j] + half),
                }
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
    let meaning = meaning(solved, sandwich || solved.groups.is_some(), found.as_ref());
    let mut joint = joint(solved, at);
    let notes = if found.is_none() {
        vec![no_covariance()]
    } else {
        Vec::new()
    };
    if let Some(r) = found {
        // One number for what follows from several coefficients: errors of an amplitude and its exponent nearly cancel.
        joint.df = Some(dist::median(&r.df));
        let rows = r.covariance.chunks_exact(p);
        joint.covariance = rows.map(<[f64]>::to_vec).collect();
    }
    Spread {
        estimates,
        record: record(solved, name, 0, 0, meaning),
        joint,
        notes,
    }
}

fn by_score(solved: &Solved<'_>, peak: &Peak) -> Option<Robust> {
    if matches!(solved.aim, Aim::Absolute(_)) {
        return None;
    }
    robust(solved, peak, solved.groups.as_ref().map(|g| &g.codes[..]))
}

fn meaning(solved: &Solved<'_>, by_scores: bool, found: Option<&Robust>) -> String {
    let binomial = solved.aim == Aim::Penalty(Penalty::Binomial);
    let known = binomial || (known(solved) && !by_scores);
    let source = match (&solved.groups, by_scores, known) {
        (Some(groups), ..) => format!(
            "curvature and the scores of {} groups of runs ({})",
            groups.count, groups.of
        ),
        (None, true, _) => "curvature and the spread of the scores".to_owned(),
        (None, false, true) if solved.options.sigma.is_some() => {
            "curvature and the standard deviations given".to_owned()
        }
        (None, false, true) => "curvature of the likelihood".to_owned(),
        (None, false, false) => "curvature and residual variance".to_owned(),
    };
    let quantile = match found {
        _ if known => "normal quantiles".to_owned(),
        Some(r) if by_scores => {
            let least = r.df.iter().copied().fold(f64::INFINITY, f64::min);
            let most = r.df.iter().copied().fold(0.0, f64::max);
            format!("Student's t with {least:.1} to {most:.1} degrees of freedom by coefficient")
        }
        Some(r) => format!("Student's t with {} degrees of freedom", r.df[0]),
        None => "no quantiles".to_owned(),
    };
    format!(
        "{source} at the optimum, {quantile}; intervals of positive coefficients are symmetric in their logarithm"
    )
}

/// The covariance that takes every run by itself, in the law's coordinates.
pub(super) fn single(solved: &Solved<'_>, peak: &Peak) -> Option<Vec<f64>> {
    let p = solved.frame.bound.program().coordinates().len();
    covariance(solved, peak).map(|v| solved.frame.centre.covariance(&v, p))
}

/// Covariance of the law's coordinates in the solver's frame; held coordinates have none.
fn covariance(solved: &Solved<'_>, peak: &Peak) -> Option<Vec<f64>> {
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
    let mut scores = 0.0;
    // √wᵢ Jᵢ over free coordinates.
    let mut triangle = Triangle::new(open.len());
    let mut free_row = vec![0.0; open.len()];
    target.visit(x, |i, residual, row| {
        scores += weights[i] * penalty.of(residual, observed[i])[1].powi(2);
        if !(pooled || priors) {
            for (to, j) in free_row.iter_mut().zip(&open) {
                *to = weights[i].sqrt() * row[*j];
            }
            triangle.add(&free_row);
        }
    });
    let bend = bend(solved, peak, penalty, x);
    if bend.mean <= 0.0 {
        // No run inside the corner: the penalty has no curvature to speak of.
        return None;
    }
    let known = solved.options.sigma.is_some();
    // Weights from absolute standard deviations have the noise in them already.
    let variance = if known {
        1.0
    } else {
        scores / df * (bend.factor / bend.mean).powi(2)
    };
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

/// How a penalty bends over the residuals.
pub(super) struct Bend {
    /// Mean of ψ', weighted, without what the corner draws to itself.
    pub mean: f64,
    /// Mean of ψ' as it is.
    pub plain: f64,
    /// Huber's K.
    pub factor: f64,
    /// Whether the penalty has a corner.
    pub kinked: bool,
}

pub(super) fn bend(solved: &Solved<'_>, peak: &Peak, penalty: Penalty, x: &[f64]) -> Bend {
    let weights = solved.binding.weights();
    let n = weights.len() as f64;
    let p = peak.free.iter().filter(|free| **free).count() as f64;
    let mut target = Target::new(solved.frame, weights, penalty, solved.nat);
    let residuals = target.residuals(x);
    let (mut sum, mut squares) = (0.0, 0.0);
    for ((r, w), y) in residuals
        .iter()
        .zip(weights.iter())
        .zip(solved.frame.observed)
    {
        let curve = penalty.of(*r, *y)[2];
        sum += w * curve;
        squares += w * curve * curve;
    }
    let plain = sum / weights.total();
    let corner = match penalty {
        Penalty::Huber { delta } => Some(delta),
        Penalty::Tilted { delta, up, down } => Some(0.5 * (up + down) * delta),
        _ => None,
    };
    let Some(delta) = corner else {
        let variance = (squares / weights.total() - plain * plain).max(0.0);
        return Bend {
            mean: plain,
            plain,
            factor: 1.0 + p / n * variance / (plain * plain).max(f64::MIN_POSITIVE),
            kinked: false,
        };
    };
    // A corner far below the noise draws p runs into itself, whatever the noise is.
    let counted = (plain * n - p) / (n - p).max(1.0);
    let noise = crate::noise::without_the_smallest(residuals, p as usize);
    let normal = 2.0 * dist::normal_cdf(delta / noise.max(f64::MIN_POSITIVE)) - 1.0;
    let mean = counted.max(0.5 * normal).min(1.0);
    Bend {
        mean,
        plain,
        factor: 1.0 + p / n * (1.0 - mean) / mean.max(f64::MIN_POSITIVE),
        kinked: true,
    }
}

/// The leading p × p block of a dim × dim matrix.
pub(super) fn leading(a: &[f64], dim: usize, p: usize) -> Vec<f64> {
    (0..p)
        .flat_map(|i| a[i * dim..i * dim + p].iter().copied())
        .collect()
}

/// Inverse over free coordinates; zero rows for the others.
pub(super) fn free_inverse(a: &[f64], free: &[bool]) -> Option<Vec<f64>> {
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
pub(super) fn spread_out(inner: &[f64], free: &[bool]) -> Vec<f64> {
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

pub(super) fn product(a: &[f64], b: &[f64], p: usize) -> Vec<f64> {
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

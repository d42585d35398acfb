//! Profile intervals: how far one coefficient can be moved, all others following, before the objective has risen by
//! more than noise explains.
//!
//! # Formula
//!
//! ```text
//! F(θⱼ) = min over the others        interval { θⱼ : F(θⱼ) − F̂ ≤ κ t²/2 }
//! squared      κ t²/2 = F̂ t²/(n − p)          t the quantile of Student's t, n − p degrees of freedom
//! Student's t  κ = 1, t the normal quantile
//! other        κ = K² [Σψ²/(n − p)] m'/m²        the size of one nat in units of the penalty: K and m as for the
//!                                              covariance, m' the mean of ψ' as it is
//! ```
//!
//! Where runs hang together κ is widened, coefficient by coefficient, by what the scores of whole groups say beside the
//! scores of single runs. Derived quantities, predictions and plans take draws that follow the law as the profile does:
//! [`super::plane`]; where a coefficient is on its bound, resamples, which leave it.
//!
//! An end where the objective never rises that far is open: 0 for a positive coefficient, infinite otherwise.
//!
//! # Source
//!
//! `bates_watts1988`, profile t; for robust penalties the same with the scale of the score test.

use super::{Spread, bootstrap, curvature, joint, on_bound, plane, record};
use crate::centre::Centre;
use crate::certificate::{Peak, final_penalty};
use crate::engine::Solved;
use crate::options::Uncertainty;
use crate::solve::Aim;
use crate::target::{Frame, Target};
use isoflop_base::{Estimate, Evidence, Interval, Note, Severity};
use isoflop_numerics::dist;
use isoflop_numerics::minimise::{Limits, minimise};
use isoflop_numerics::penalty::Penalty;
use rayon::prelude::*;

/// A profile that has not risen after this many standard errors is open.
const FARTHEST: f64 = 60.0;

pub(super) fn spread(solved: &Solved<'_>, peak: &Peak, at: &[f64]) -> Spread {
    let mut base = curvature::spread(solved, peak, at, false);
    if matches!(solved.aim, Aim::Absolute(_)) {
        base.notes.push(no_profile());
        return base;
    }
    let coordinates = solved.frame.bound.program().coordinates();
    let t = dist::t_quantile(
        0.5 + 0.5 * solved.options.level,
        solved.binding.n.saturating_sub(peak.dim).max(1) as f64,
    );
    let rise = allowed_rise(solved, peak);
    let wider = wider(solved, peak, t);
    let sides: Vec<(f64, f64)> = (0..coordinates.len())
        .into_par_iter()
        .map(|j| {
            let se = base
                .joint
                .covariance
                .get(j)
                .map_or(f64::NAN, |row| row[j].sqrt());
            (
                end(solved, at, j, se, -1.0, rise * wider[j]),
                end(solved, at, j, se, 1.0, rise * wider[j]),
            )
        })
        .collect();
    let held = on_bound(solved, peak);
    let estimates: Vec<(String, Estimate)> = base
        .estimates
        .iter()
        .zip(coordinates)
        .zip(sides)
        .enumerate()
        .map(|(j, (((name, estimate), c), (lower, upper)))| {
            let interval = Interval {
                level: solved.options.level,
                lower: c.coefficient(lower),
                upper: c.coefficient(upper),
            };
            (
                name.clone(),
                Estimate {
                    // On its bound a coefficient has no curvature to take an error from.
                    se: estimate.se.filter(|_| !held.contains(&j)),
                    interval: Some(interval),
                    ..estimate.clone()
                },
            )
        })
        .collect();
    let (draws, of) = draws(solved, peak, at, &base);
    let meaning = format!(
        "profile of the objective: each coefficient moved, all others following; standard errors from the curvature; \
         derived quantities and predictions from {} {of}",
        draws.len()
    );
    let mut joint = joint(solved, at);
    joint.covariance = base.joint.covariance;
    joint.df = base.joint.df;
    joint.draws = draws;
    Spread {
        estimates,
        record: record(solved, "profile", 0, 0, meaning),
        joint,
        notes: base.notes,
    }
}

/// The ends of the profile of one coordinate that is on its bound, where it has no curvature.
pub(super) fn ends(solved: &Solved<'_>, peak: &Peak, at: &[f64], j: usize) -> Interval {
    let c = &solved.frame.bound.program().coordinates()[j];
    let t = dist::t_quantile(
        0.5 + 0.5 * solved.options.level,
        solved.binding.n.saturating_sub(peak.dim).max(1) as f64,
    );
    let rise = allowed_rise(solved, peak) * wider(solved, peak, t)[j];
    let side = |direction: f64| c.coefficient(end(solved, at, j, f64::NAN, direction, rise));
    Interval {
        level: solved.options.level,
        lower: side(-1.0),
        upper: side(1.0),
    }
}

/// Draws for everything that is not a coefficient, and what they are.
fn draws(
    solved: &Solved<'_>,
    peak: &Peak,
    at: &[f64],
    base: &Spread,
) -> (Vec<Vec<f64>>, &'static str) {
    let flat = base.joint.covariance.is_empty();
    if flat || !on_bound(solved, peak).is_empty() {
        let method = Uncertainty::Bootstrap {
            resamples: plane::DRAWS,
        };
        let resampled = bootstrap::spread(solved, peak, at, &method);
        return (
            resampled.joint.draws,
            "resamples of the runs, which let a coefficient leave its bound",
        );
    }
    let p = at.len();
    let inner = solved
        .frame
        .centre
        .inverse_covariance(&base.joint.covariance.concat(), p);
    let df = base.joint.freedom(solved.binding.n);
    (
        plane::draws(solved, peak, &inner, df),
        "draws that follow the law as the profile does",
    )
}

/// By how much the squared errors of each coefficient grow where runs hang together: the scores of groups beside the
/// single runs that the allowed rise is made from.
fn wider(solved: &Solved<'_>, peak: &Peak, t: f64) -> Vec<f64> {
    let p = solved.frame.bound.program().coordinates().len();
    let groups = solved.groups.as_ref();
    let found = groups.and_then(|_| {
        let by_groups = curvature::errors(solved, peak, false)?;
        Some((by_groups, curvature::single(solved, peak)?))
    });
    let Some((by_groups, single)) = found else {
        return vec![1.0; p];
    };
    (0..p)
        .map(|j| {
            let own = dist::t_quantile(0.5 + 0.5 * solved.options.level, by_groups.df[j]);
            let variances = by_groups.covariance[j * p + j] / single[j * p + j];
            let grown = variances * (own / t).powi(2);
            if grown.is_finite() && grown > 0.0 {
                grown
            } else {
                1.0
            }
        })
        .collect()
}

/// How far the objective may rise above its minimum.
pub(super) fn allowed_rise(solved: &Solved<'_>, peak: &Peak) -> f64 {
    let end = &solved.ends[0];
    let n = solved.binding.n as f64;
    let df = (n - peak.dim as f64).max(1.0);
    let probability = 0.5 + 0.5 * solved.options.level;
    let t = dist::t_quantile(probability, df);
    let penalty = final_penalty(solved, end);
    let mean_weight = solved.binding.weights().total() / n;
    match penalty {
        Penalty::Squared => end.objective * t * t / df,
        Penalty::Binomial => 0.5 * dist::normal_quantile(probability).powi(2),
        Penalty::Student { .. } => 0.5 * mean_weight * dist::normal_quantile(probability).powi(2),
        _ => {
            let bend = curvature::bend(solved, peak, penalty, &end.outcome.x);
            let mut target =
                Target::new(solved.frame, solved.binding.weights(), penalty, solved.nat);
            let residuals = target.residuals(&end.outcome.x);
            let pairs = residuals.iter().zip(solved.binding.weights().iter());
            let scores: f64 = pairs.map(|(r, w)| w * penalty.at(*r)[1].powi(2)).sum();
            let plain = if bend.plain > 0.0 {
                bend.plain
            } else {
                bend.mean
            };
            let k = bend.factor / bend.mean.max(f64::MIN_POSITIVE);
            0.5 * t * t * scores / df * k * k * plain
        }
    }
}

/// The end of the profile of coordinate j in one direction, in the law's coordinates.
fn end(solved: &Solved<'_>, at: &[f64], j: usize, se: f64, direction: f64, rise: f64) -> f64 {
    let c = &solved.frame.bound.program().coordinates()[j];
    // A positive coefficient that vanished has no place on its logarithmic scale: it is looked for from a value that
    // is zero beside the response, in steps of at most one e-fold.
    let origin = if c.log {
        at[j].max(smallest_that_matters(solved))
    } else {
        at[j]
    };
    let step = match se {
        se if !(se.is_finite() && se > 0.0) => 0.1 * (1.0 + origin.abs().min(9.0)),
        se if c.log => se.min(1.0),
        se => se,
    };
    let bound = if direction < 0.0 { c.lower } else { c.upper };
    let mut profile = Profile::new(solved, at);
    let best = solved.ends[0].objective;
    let mut near = 0.0f64;
    let mut far = step;
    // Outward until the objective has risen enough.
    loop {
        let x = origin + direction * far;
        let beyond = (x - bound) * direction >= 0.0;
        let value = profile.at(j, if beyond { bound } else { x });
        if value - best > rise || !value.is_finite() {
            break;
        }
        if beyond {
            return bound;
        }
        if far > FARTHEST * step {
            return direction * f64::INFINITY;
        }
        near = far;
        far *= 1.7;
    }
    for _ in 0..40 {
        let middle = 0.5 * (near + far);
        let value = profile.at(j, origin + direction * middle);
        if value.is_finite() && value - best <= rise {
            near = middle;
        } else {
            far = middle;
        }
        if far - near < 1e-9 * far {
            break;
        }
    }
    origin + direction * 0.5 * (near + far)
}

/// The logarithm of twelve orders of magnitude below the typical response.
fn smallest_that_matters(solved: &Solved<'_>) -> f64 {
    let typical = dist::median(&solved.binding.response)
        .abs()
        .max(f64::MIN_POSITIVE);
    typical.ln() - 27.6
}

/// Minimises over all coordinates but one, each time from where the last one ended.
struct Profile<'a> {
    solved: &'a Solved<'a>,
    centre: Centre,
    x: Vec<f64>,
}

impl<'a> Profile<'a> {
    fn new(solved: &'a Solved<'a>, at: &[f64]) -> Self {
        let mut x = at.to_vec();
        // The scale of Student's t comes last.
        x.extend_from_slice(&solved.ends[0].outcome.x[at.len()..]);
        Self {
            solved,
            centre: solved.frame.centre.uncentred(),
            x,
        }
    }

    fn at(&mut self, j: usize, value: f64) -> f64 {
        let solved = self.solved;
        let frame = Frame {
            bound: solved.frame.bound,
            observed: solved.frame.observed,
            centre: &self.centre,
            priors: solved.frame.priors,
            pools: solved.frame.pools,
            floor: solved.frame.floor,
        };
        let mut limits = Limits {
            polish: false,
            tolerance: 1e-10,
            ..solved.limits.clone()
        };
        let dim = self.x.len();
        limits.lower.truncate(dim);
        limits.upper.truncate(dim);
        limits.longest.truncate(dim);
        limits.lower[j] = value;
        limits.upper[j] = value;
        self.x[j] = value;
        let penalty = final_penalty(solved, &solved.ends[0]);
        let mut target = Target::new(&frame, solved.binding.weights(), penalty, solved.nat);
        let outcome = minimise(&mut target, &self.x, &limits);
        if outcome.value.is_finite() {
            self.x.clone_from(&outcome.x);
        }
        outcome.value
    }
}

fn no_profile() -> Note {
    Note {
        code: "no-profile".to_owned(),
        severity: Severity::Warning,
        message: "least absolute deviations have no profile interval: the objective has no quadratic scale".to_owned(),
        evidence: vec![("method".to_owned(), Evidence::Text("profile".to_owned()))],
        advice: "use `--uncertainty bootstrap:1000`".to_owned(),
    }
}

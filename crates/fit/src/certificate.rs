//! Evidence of an optimum, free of units: recomputed at the end, from exact derivatives, not taken from the solver.

use crate::engine::Solved;
use crate::kink;
use crate::options::Scale;
use crate::result::{Basin, Certificate, Starts, Status};
use crate::solve::{Aim, End, Tilt};
use crate::target::Target;
use isoflop_numerics::linear;
use isoflop_numerics::minimise::Problem;
use isoflop_numerics::penalty::Penalty;

/// Below this a scaled gradient is rounding.
const ZERO_GRADIENT: f64 = 1e-6;
/// Below this a predicted decrease is rounding.
const ZERO_DECREASE: f64 = 1e-12;
/// Below this an eigenvalue of the scaled Hessian is zero to rounding, whatever the law's own curvature.
const ZERO_EIGENVALUE: f64 = 1e-9;
/// Rounding of the scaled Gauss–Newton part.
const ROUNDING: f64 = 1e-13;
/// Share of the law's own curvature that its differences may be wrong by.
const DIFFERENCES: f64 = 1e-9;
/// Residuals of this many rounding errors are those of an exact fit.
pub(crate) const EXACT: f64 = 1e5;
/// Two starts reached the same optimum when their objectives differ by less than this share.
const SAME_OBJECTIVE: f64 = 1e-9;

/// Exact derivatives at the optimum, in the solver's coordinates.
pub(crate) struct Peak {
    /// Gradient of F.
    pub gradient: Vec<f64>,
    /// Full Hessian C + S.
    pub hessian: Vec<f64>,
    /// C alone: the Gauss–Newton part.
    pub curve: Vec<f64>,
    pub free: Vec<bool>,
    /// Coordinates, the scale of Student's t included.
    pub dim: usize,
}

/// The penalty at the optimum: the scale of Student's t filled in.
pub(crate) fn final_penalty(solved: &Solved<'_>, end: &End) -> Penalty {
    match solved.aim {
        Aim::Penalty(Penalty::Student { nu, .. }) => {
            let scale = end.outcome.x.last().map_or(1.0, |s| s.exp());
            Penalty::Student { nu, scale }
        }
        Aim::Penalty(penalty) => penalty,
        Aim::Absolute(tilt) => tilt.smooth(crate::absolute::smallest_delta(solved.frame)),
    }
}

pub(crate) fn peak(solved: &Solved<'_>, end: &End) -> Peak {
    let dim = end.outcome.x.len();
    let mut peak = Peak {
        gradient: end.outcome.gradient.clone(),
        hessian: end.outcome.hessian.clone(),
        curve: end.outcome.hessian.clone(),
        free: end.outcome.free.clone(),
        dim,
    };
    if matches!(solved.aim, Aim::Absolute(_)) {
        return peak;
    }
    let mut target = Target::new(
        solved.frame,
        solved.binding.weights(),
        final_penalty(solved, end),
        solved.nat,
    );
    let (mut majorant, mut second) = (vec![0.0; dim * dim], vec![0.0; dim * dim]);
    target.model(
        &end.outcome.x,
        &mut peak.gradient,
        &mut peak.curve,
        &mut majorant,
    );
    if end.kinks.is_empty() {
        target.second(&end.outcome.x, &mut second);
    } else {
        // Along the surfaces of its kinks, where differences of slopes would step off them.
        kink::reduce_gradient(&end.kinks, &mut peak.gradient);
        kink::reduce_hessian(&end.kinks, &mut peak.curve, dim);
    }
    peak.hessian = peak.curve.iter().zip(&second).map(|(c, s)| c + s).collect();
    peak
}

/// The Hessian over free coordinates scaled to a unit diagonal, with the positions of those coordinates.
pub(crate) fn scaled_hessian(peak: &Peak) -> (Vec<f64>, Vec<usize>) {
    let free: Vec<usize> = (0..peak.dim).filter(|j| peak.free[*j]).collect();
    let scale: Vec<f64> = free
        .iter()
        .map(|j| peak.hessian[j * peak.dim + j].abs().sqrt())
        .collect();
    let k = free.len();
    let mut scaled = vec![0.0; k * k];
    for a in 0..k {
        for b in 0..k {
            let s = scale[a] * scale[b];
            scaled[a * k + b] = if s > 0.0 {
                peak.hessian[free[a] * peak.dim + free[b]] / s
            } else {
                0.0
            };
        }
    }
    (scaled, free)
}

/// The smallest eigenvalue of the scaled Hessian that is not rounding: where residuals are small the law's own
/// curvature, the part known by differences, hardly matters, and the rest is exact.
fn zero_eigenvalue(peak: &Peak, free: &[usize]) -> f64 {
    let at = |j: usize| peak.hessian[j * peak.dim + j].abs().sqrt();
    let mut second = 0.0f64;
    for a in free {
        for b in free {
            let k = a * peak.dim + b;
            second = second.max((peak.hessian[k] - peak.curve[k]).abs() / (at(*a) * at(*b)));
        }
    }
    (ROUNDING + DIFFERENCES * second).min(ZERO_EIGENVALUE)
}

pub(crate) fn certify(solved: &Solved<'_>, end: &End, peak: &Peak) -> (Certificate, Status) {
    let yardstick = yardstick(solved, end);
    let (scaled, free) = scaled_hessian(peak);
    let smallest = linear::symmetric_eigen(&scaled, free.len())
        .first()
        // With every coordinate on a bound nothing is left to curve.
        .map_or(1.0, |e| e.0);
    let coordinates = solved.frame.bound.program().coordinates();
    let at_bound: Vec<String> = bounds_hit(solved, end, peak)
        .into_iter()
        .map(|j| coordinates[j].name.clone())
        .collect();
    let absolute = matches!(solved.aim, Aim::Absolute(_));
    let gradient = if absolute {
        end.stationarity
    } else {
        free.iter()
            .map(|j| {
                let size = (peak.hessian[j * peak.dim + j].abs() * yardstick).sqrt();
                match peak.gradient[*j].abs() {
                    0.0 => 0.0,
                    // Without curvature no gradient is small; JSON has no infinity.
                    g => (g / size).min(f64::MAX),
                }
            })
            .fold(0.0, f64::max)
    };
    let decrease = if absolute {
        end.stationarity.powi(2)
    } else {
        (newton_decrease(peak, &free) / yardstick).min(f64::MAX)
    };
    let certificate = Certificate {
        gradient,
        predicted_decrease: decrease,
        smallest_eigenvalue: smallest,
        interpolated: end
            .active
            .iter()
            .map(|(i, dual)| (solved.binding.places.get(*i), *dual))
            .collect(),
        at_bound,
    };
    let status = if absolute {
        verdict_absolute(&certificate, end, solved.aim)
    } else {
        verdict(&certificate, zero_eigenvalue(peak, &free))
    };
    (certificate, status)
}

fn verdict_absolute(certificate: &Certificate, end: &End, aim: Aim) -> Status {
    let tilt = match aim {
        Aim::Absolute(tilt) => tilt,
        Aim::Penalty(_) => Tilt::EVEN,
    };
    let duals = end.active.iter().all(|(_, d)| tilt.allows(*d));
    // Fewer runs passed through than coefficients: nothing shown here holds the others.
    let held = certificate.smallest_eigenvalue > ZERO_EIGENVALUE;
    match (
        duals && certificate.gradient <= 1e-8,
        held && certificate.at_bound.is_empty(),
    ) {
        (false, _) => Status::NotConverged,
        (true, false) => Status::Degenerate,
        (true, true) => Status::Converged,
    }
}

fn verdict(certificate: &Certificate, zero_eigenvalue: f64) -> Status {
    let flat = certificate.gradient <= ZERO_GRADIENT;
    let decrease_met = certificate.predicted_decrease <= ZERO_DECREASE;
    let strict = certificate.smallest_eigenvalue > zero_eigenvalue;
    match (flat, strict && certificate.at_bound.is_empty()) {
        (true, true) if decrease_met => Status::Converged,
        (true, false) if certificate.smallest_eigenvalue > -1e-6 => Status::Degenerate,
        _ => Status::NotConverged,
    }
}

/// Coordinates on a declared bound, or positive coefficients that ran to zero.
pub(crate) fn bounds_hit(solved: &Solved<'_>, end: &End, peak: &Peak) -> Vec<usize> {
    let coordinates = solved.frame.bound.program().coordinates();
    let p = coordinates.len();
    let weights = solved.binding.weights();
    let mut target = Target::new(solved.frame, weights, Penalty::Squared, solved.nat);
    let mut most = vec![0.0f64; p];
    target.visit(&end.outcome.x, |_, _, row| {
        for (most, slope) in most.iter_mut().zip(row) {
            *most = most.max(slope.abs());
        }
    });
    let size = match solved.objective.scale {
        // Of a logarithm the derivative by a logarithm is a share already.
        Scale::Ln => 1.0,
        _ => {
            let observed = solved.frame.observed.iter();
            let mut sizes: Vec<f64> = observed.map(|y| y.abs()).collect();
            isoflop_numerics::dist::median_in_place(&mut sizes)
        }
    };
    (0..p)
        .filter(|j| {
            let vanished = coordinates[*j].log && most[*j] < VANISHED * size;
            let on_kink = end.kinks.iter().any(|k| k.pivot == *j);
            (!peak.free[*j] && !on_kink) || vanished
        })
        .collect()
}

/// A positive coefficient whose whole part in every response is below this share of it has run to zero: no table prints
/// losses to nine digits, and the search stops on its way when a further step gains nothing.
const VANISHED: f64 = 1e-9;

fn newton_decrease(peak: &Peak, free: &[usize]) -> f64 {
    let k = free.len();
    let mut h = vec![0.0; k * k];
    for a in 0..k {
        for b in 0..k {
            h[a * k + b] = peak.hessian[free[a] * peak.dim + free[b]];
        }
    }
    let g: Vec<f64> = free.iter().map(|j| peak.gradient[*j]).collect();
    match linear::solve_general(&h, &g) {
        Some(d) => 0.5 * d.iter().zip(&g).map(|(d, g)| d * g).sum::<f64>().abs(),
        None => f64::INFINITY,
    }
}

/// What gradients and decreases are measured against: the objective, but not less than residuals of 10⁻¹⁰ of the
/// largest response would give. Below that a fit is exact, and what is left of the gradient is the rounding of the
/// residuals.
fn yardstick(solved: &Solved<'_>, end: &End) -> f64 {
    let penalty = final_penalty(solved, end);
    let weights = solved.binding.weights();
    let target = Target::new(solved.frame, weights, penalty, solved.nat);
    let exact = penalty.at(EXACT * solved.frame.floor)[0] * weights.total();
    target.yardstick(end.objective).max(exact)
}

/// How many starts agreed, and the distinct ends.
pub(crate) fn starts(solved: &Solved<'_>) -> Starts {
    let best = solved.ends[0].objective;
    let yardstick = yardstick(solved, &solved.ends[0]);
    // Σ|r| does not square the rounding of its residuals away.
    let rounding = match solved.aim {
        Aim::Absolute(_) => solved.frame.floor * solved.binding.weights().total(),
        Aim::Penalty(_) => 0.0,
    };
    let coordinates = solved.frame.bound.program().coordinates();
    let p = coordinates.len();
    let mut basins: Vec<Basin> = Vec::new();
    for end in solved.ends.iter().filter(|e| e.outcome.converged) {
        let known = basins.iter_mut().find(|b| {
            let gap = (end.objective - b.objective).abs();
            gap <= rounding.max(SAME_OBJECTIVE * yardstick.max(b.objective.abs()))
        });
        if let Some(basin) = known {
            basin.starts += 1;
            continue;
        }
        let mut theta = vec![0.0; p];
        solved.frame.centre.to_law(&end.outcome.x[..p], &mut theta);
        let coefs = coordinates
            .iter()
            .zip(&theta)
            .map(|(c, t)| (c.name.clone(), c.coefficient(*t)))
            .collect();
        basins.push(Basin {
            objective: end.objective,
            starts: 1,
            coefs,
        });
    }
    let reached_best = solved
        .ends
        .iter()
        .filter(|e| (e.objective - best).abs() <= rounding.max(SAME_OBJECTIVE * yardstick))
        .count();
    basins.truncate(10);
    Starts {
        tried: solved.tried,
        solved: solved.ends.len(),
        reached_best,
        basins,
    }
}

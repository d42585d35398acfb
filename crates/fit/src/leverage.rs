//! Which runs carry the fit: what would move, and how far, without each of them.
//!
//! # Formula
//!
//! ```text
//! hᵢ = wᵢ Jᵢᵀ(JᵀWJ)⁻¹Jᵢ                   leverage: the run's place among the others, whatever its residual
//! θ₍₋ᵢ₎ − θ ≈ −H⁻¹ Jᵢ wᵢ ρ'(rᵢ) / (1 − cᵢ)   one Newton step without run i, cᵢ = wᵢ ρ''(rᵢ) JᵢᵀH⁻¹Jᵢ
//! ```
//!
//! # Source
//!
//! `cook_weisberg1982`, one-step influence, with the full Hessian in place of JᵀJ.

use crate::certificate::{Peak, final_penalty};
use crate::engine::Solved;
use crate::result::Leverage;
use crate::solve::Aim;
use crate::target::Target;
use isoflop_numerics::{linear, penalty::Penalty};

/// The ten runs that move some coefficient most, in its standard errors (by curvature).
pub(crate) fn leverage<'a>(solved: &'a Solved<'a>, peak: &Peak) -> Vec<Leverage> {
    if matches!(solved.aim, Aim::Absolute(_)) {
        return Vec::new();
    }
    let end = &solved.ends[0];
    let penalty = final_penalty(solved, end);
    let p = solved.frame.bound.program().coordinates().len();
    let h: Vec<f64> = (0..p)
        .flat_map(|i| peak.hessian[i * peak.dim..i * peak.dim + p].to_vec())
        .collect();
    let Some(inverse) = linear::inverse_positive(&h, p) else {
        return Vec::new();
    };
    let x = &end.outcome.x;
    let mut target = Target::new(solved.frame, solved.binding.weights(), penalty, solved.nat);
    let (errors, hat) = yardsticks(&mut target, x, &inverse);
    let lens = Lens {
        solved,
        penalty,
        inverse,
        errors,
        hat,
    };
    let mut found: Vec<Suspect> = Vec::with_capacity(SHOWN + 1);
    target.visit(x, |run, residual, slopes| {
        let moved = lens.shift(run, residual, slopes).1.abs();
        // Of equal runs the earlier comes first.
        let at = found.partition_point(|other| other.moved.total_cmp(&moved).is_ge());
        if at < SHOWN {
            let slopes = slopes.to_vec();
            found.insert(
                at,
                Suspect {
                    run,
                    moved,
                    residual,
                    slopes,
                },
            );
            found.truncate(SHOWN);
        }
    });
    found.iter().map(|suspect| lens.look(suspect)).collect()
}

/// A run that moves a coefficient more than most.
struct Suspect {
    run: usize,
    /// How far, in standard errors.
    moved: f64,
    residual: f64,
    /// Its row of the Jacobian.
    slopes: Vec<f64>,
}

/// How many runs are shown.
const SHOWN: usize = 10;

/// What it takes to judge one run.
struct Lens<'a> {
    solved: &'a Solved<'a>,
    penalty: Penalty,
    /// H⁻¹.
    inverse: Vec<f64>,
    /// Standard errors by coordinate.
    errors: Vec<f64>,
    /// (JᵀWJ)⁻¹.
    hat: Option<Vec<f64>>,
}

impl Lens<'_> {
    /// The coordinate that moves most without the run, and how far in its standard errors.
    fn shift(&self, i: usize, r: f64, row: &[f64]) -> (Option<usize>, f64) {
        let p = row.len();
        let w = self.solved.binding.weights()[i];
        let [_, slope, curve, _] = self.penalty.of(r, self.solved.frame.observed[i]);
        let own = (w * curve * linear::quadratic(&self.inverse, row, row)).clamp(0.0, 1.0);
        let grow = -w * slope / (1.0 - own).max(0.05);
        let (mut most, mut shift) = (None, 0.0f64);
        for j in 0..p {
            let along: f64 = (0..p).map(|k| self.inverse[j * p + k] * row[k]).sum();
            let moved = along * grow / self.errors[j];
            if moved.is_finite() && moved.abs() > shift.abs() {
                (most, shift) = (Some(j), moved);
            }
        }
        (most, shift)
    }

    fn look(&self, suspect: &Suspect) -> Leverage {
        let row = &suspect.slopes;
        let (most, shift) = self.shift(suspect.run, suspect.residual, row);
        let w = self.solved.binding.weights()[suspect.run];
        let coordinates = self.solved.frame.bound.program().coordinates();
        let place = self
            .hat
            .as_ref()
            .map_or(0.0, |h| w * linear::quadratic(h, row, row));
        Leverage {
            place: self.solved.binding.places.get(suspect.run),
            leverage: place.clamp(0.0, 1.0),
            moves: most.map_or_else(String::new, |j| coordinates[j].name.clone()),
            shift_se: shift,
        }
    }
}

/// Sandwich standard errors in the solver's coordinates, the yardstick of influence for any penalty, and (JᵀWJ)⁻¹.
fn yardsticks(target: &mut Target<'_>, x: &[f64], inverse: &[f64]) -> (Vec<f64>, Option<Vec<f64>>) {
    let (p, penalty, weights) = (target.law_dim(), target.penalty, target.weights);
    let observed = target.frame.observed;
    let mut variance = vec![0.0; p];
    let mut gram = vec![0.0; p * p];
    target.visit(x, |i, residual, row| {
        let w = weights[i];
        let score = w * penalty.of(residual, observed[i])[1];
        for a in 0..p {
            let influence: f64 = (0..p).map(|k| inverse[a * p + k] * row[k]).sum::<f64>() * score;
            variance[a] += influence * influence;
            for b in 0..p {
                gram[a * p + b] += w * row[a] * row[b];
            }
        }
    });
    let errors = variance
        .into_iter()
        .map(|v| v.sqrt().max(f64::MIN_POSITIVE))
        .collect();
    (errors, linear::inverse_positive(&gram, p))
}

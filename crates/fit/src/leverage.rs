//! Which runs carry the fit: what would move, and how far, without each of them.
//!
//! # Formula
//!
//! ```text
//! hᵢ = wᵢ Jᵢᵀ(JᵀWJ)⁻¹Jᵢ                   leverage: the run's place among the others, whatever its residual
//! (JᵀWJ)⁻¹ Jᵢ wᵢ ρ'(rᵢ) / (1 − hᵢ)           who is tried: the direction and order of what goes with run i
//! (θ₍₋ᵢ₎ − θ) / se                            what is told: the optimum without run i, sought again
//! ```
//!
//! The curvature of a penalty whose corner is far inside the residuals is that of a few runs: one Newton step with it told
//! of +6.9 standard errors where the optimum without the run moves by −0.4. So the step only chooses, and with the
//! curvature of squares.
//!
//! # Source
//!
//! `cook_weisberg1982`, case deletion.

use crate::certificate::{Peak, final_penalty};
use crate::engine::Solved;
use crate::result::Leverage;
use crate::solve::{self, Aim};
use crate::target::{Memory, Target};
use crate::weights::Weights;
use isoflop_base::Estimate;
use isoflop_numerics::{linear, penalty::Penalty};
use rayon::prelude::*;

/// The ten runs without which some coefficient moves most, in its standard errors. Where there are none, or more runs than
/// a fit keeps, by one step and in sandwich errors.
pub(crate) fn leverage<'a>(
    solved: &'a Solved<'a>,
    peak: &Peak,
    coefs: &[(String, Estimate)],
) -> Vec<Leverage> {
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
        inverse: hat.clone().unwrap_or(inverse),
        errors,
        hat,
    };
    let mut found: Vec<Suspect> = Vec::with_capacity(TRIED + 1);
    target.visit(x, |run, residual, slopes| {
        let moved = lens.shift(run, residual, slopes).1.abs();
        // Of equal runs the earlier comes first.
        let at = found.partition_point(|other| other.moved.total_cmp(&moved).is_ge());
        if at < TRIED {
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
            found.truncate(TRIED);
        }
    });
    let told: Vec<f64> = coefs.iter().filter_map(|(_, e)| e.se).collect();
    let again = solved.binding.n <= REFITTED && told.iter().any(|se| *se > 0.0);
    let mut runs: Vec<Leverage> = found
        .par_iter()
        .map(|suspect| {
            let step = lens.look(suspect);
            if again {
                lens.refit(suspect, coefs, step)
            } else {
                step
            }
        })
        .collect();
    // Equal moves keep the order of the step.
    runs.sort_by(|a, b| b.shift_se.abs().total_cmp(&a.shift_se.abs()));
    runs.truncate(SHOWN);
    runs
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
/// How many are tried: the step may take another for one of the ten.
const TRIED: usize = 16;
/// Most runs of a fit that is sought again without some.
const REFITTED: usize = 20_000;

/// What it takes to judge one run.
struct Lens<'a> {
    solved: &'a Solved<'a>,
    penalty: Penalty,
    /// (JᵀWJ)⁻¹, or H⁻¹ where that cannot be had.
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

    /// The optimum without the run, and the coefficient that it moves most; the step where the search does not settle.
    fn refit(&self, suspect: &Suspect, coefs: &[(String, Estimate)], step: Leverage) -> Leverage {
        let solved = self.solved;
        let mut weights: Vec<f64> = solved.binding.weights().iter().collect();
        weights[suspect.run] = 0.0;
        let start = &solved.ends[0].outcome.x;
        let (end, _) = solve::resolve(
            solved.frame,
            Weights::from(&weights),
            solved.aim,
            solved.nat,
            start,
            solved.limits,
            Memory::new(solved.frame),
        );
        if !(end.outcome.converged || end.outcome.decrease < 1e-8) {
            return step;
        }
        let coordinates = solved.frame.bound.program().coordinates();
        let p = coordinates.len();
        let mut theta = vec![0.0; p];
        solved.frame.centre.to_law(&end.outcome.x[..p], &mut theta);
        let moves = coordinates.iter().zip(&theta).filter_map(|(c, x)| {
            let (_, estimate) = coefs.iter().find(|(name, _)| *name == c.name)?;
            let se = estimate.se.filter(|se| *se > 0.0)?;
            let shift = (c.coefficient(*x) - estimate.value) / se;
            shift.is_finite().then_some((c.name.clone(), shift))
        });
        match moves.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())) {
            Some((moves, shift_se)) => Leverage {
                moves,
                shift_se,
                ..step
            },
            None => step,
        }
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

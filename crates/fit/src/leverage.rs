//! Which runs carry the fit: what would move, and how far, without each of them.
//!
//! # Formula
//!
//! ```text
//! hᵢ = wᵢ ρ''(rᵢ) JᵢᵀH⁻¹Jᵢ                 leverage
//! θ₍₋ᵢ₎ − θ ≈ −H⁻¹ Jᵢ wᵢ ρ'(rᵢ) / (1 − hᵢ)   one Newton step after leaving run i out
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
pub(crate) fn leverage(solved: &Solved<'_>, peak: &Peak) -> Vec<Leverage> {
    if solved.aim == Aim::Absolute {
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
    let mut target = Target::new(solved.frame, &solved.binding.weights, penalty, solved.nat);
    let residuals = target.residuals(&end.outcome.x);
    let jacobian = target.jacobian(&end.outcome.x);
    let errors = standard_errors(solved, penalty, &residuals, &jacobian, &inverse, p);
    let mut found: Vec<(usize, Leverage)> = residuals
        .iter()
        .enumerate()
        .map(|(i, r)| {
            let row = &jacobian[i * p..(i + 1) * p];
            (i, one(solved, penalty, i, *r, row, &inverse, &errors))
        })
        .collect();
    found.sort_by(|a, b| {
        b.1.shift_se
            .abs()
            .total_cmp(&a.1.shift_se.abs())
            .then(a.0.cmp(&b.0))
    });
    found.into_iter().take(10).map(|(_, l)| l).collect()
}

fn one(
    solved: &Solved<'_>,
    penalty: Penalty,
    i: usize,
    r: f64,
    row: &[f64],
    inverse: &[f64],
    errors: &[f64],
) -> Leverage {
    let p = row.len();
    let w = solved.binding.weights[i];
    let [_, slope, curve, _] = penalty.at(r);
    let leverage = (w * curve * linear::quadratic(inverse, row, row)).clamp(0.0, 1.0);
    let grow = -w * slope / (1.0 - leverage).max(0.05);
    let (mut name, mut shift) = (String::new(), 0.0f64);
    for (j, c) in solved
        .frame
        .bound
        .program()
        .coordinates()
        .iter()
        .enumerate()
    {
        let move_j: f64 =
            (0..p).map(|k| inverse[j * p + k] * row[k]).sum::<f64>() * grow / errors[j];
        if move_j.is_finite() && move_j.abs() > shift.abs() {
            (name, shift) = (c.name.clone(), move_j);
        }
    }
    Leverage {
        place: solved.binding.places[i].clone(),
        leverage,
        moves: name,
        shift_se: shift,
    }
}

/// Sandwich standard errors in the solver's coordinates: the yardstick of influence for any penalty.
fn standard_errors(
    solved: &Solved<'_>,
    penalty: Penalty,
    residuals: &[f64],
    jacobian: &[f64],
    inverse: &[f64],
    p: usize,
) -> Vec<f64> {
    let mut variance = vec![0.0; p];
    for (i, r) in residuals.iter().enumerate() {
        let score = solved.binding.weights[i] * penalty.at(*r)[1];
        let row = &jacobian[i * p..(i + 1) * p];
        for (j, v) in variance.iter_mut().enumerate() {
            let influence: f64 = (0..p).map(|k| inverse[j * p + k] * row[k]).sum::<f64>() * score;
            *v += influence * influence;
        }
    }
    variance
        .into_iter()
        .map(|v| v.sqrt().max(f64::MIN_POSITIVE))
        .collect()
}

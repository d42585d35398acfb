//! Searches that stop on the way of a positive coefficient to zero. Its logarithm goes to minus infinity by steps of one,
//! each of which gains a little less; where the objective is lowest without it, it is put there.

use crate::solve::End;
use crate::target::Target;
use isoflop_numerics::minimise::{Limits, Problem as _, minimise};

/// A coefficient with a larger part in some response is not on its way to zero.
const SMALL: f64 = 0.05;
/// E-folds below which a small part is none: the rounding of a response is 1e-16 of it.
const FAR: f64 = 40.0;

/// The optimum without the coefficients that are on their way to zero; none where there are none, or where the objective
/// is not as low without them.
pub(crate) fn finish(target: &mut Target<'_>, end: &End, limits: &Limits) -> Option<End> {
    let p = target.law_dim();
    let mut x = end.outcome.x.clone();
    if x.len() != p || !end.objective.is_finite() {
        return None;
    }
    let coordinates = target.frame.bound.program().coordinates();
    let size = size_of(target);
    let mut most = vec![0.0f64; p];
    target.visit(&x, |_, _, row| {
        for (most, slope) in most.iter_mut().zip(row) {
            *most = most.max(slope.abs());
        }
    });
    let (mut g, mut c, mut m) = (vec![0.0; p], vec![0.0; p * p], vec![0.0; p * p]);
    target.model(&x, &mut g, &mut c, &mut m);
    let vanishing: Vec<usize> = (0..p)
        .filter(|j| {
            let open = coordinates[*j].log && coordinates[*j].lower == f64::NEG_INFINITY;
            open && most[*j] < SMALL * size && g[*j] > 0.0
        })
        .collect();
    if vanishing.is_empty() {
        return None;
    }
    let mut held = limits.clone();
    for j in &vanishing {
        x[*j] = (x[*j] - FAR).max(limits.lower[*j]);
        held.lower[*j] = x[*j];
        held.upper[*j] = x[*j];
    }
    let mut outcome = minimise(target, &x, &held);
    if !outcome.converged || outcome.value > end.objective {
        return None;
    }
    vanishing.iter().for_each(|j| outcome.free[*j] = false);
    Some(End {
        objective: outcome.value,
        outcome,
        active: Vec::new(),
        stationarity: 0.0,
        kinks: Vec::new(),
    })
}

/// What a part of a response is measured by: the spread of the responses on the scale of the residuals.
fn size_of(target: &Target<'_>) -> f64 {
    let observed = target.frame.observed.iter();
    let (low, high) = observed.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), y| {
        (a.min(*y), b.max(*y))
    });
    high - low
}

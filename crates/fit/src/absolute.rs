//! Least absolute deviations to the last digit: from the limit of Huber's penalty to the runs that the fit passes
//! through, and their duals.
//!
//! # Formula
//!
//! ```text
//! rᵢ = 0 for i in A        Σ_{i∉A} wᵢ sᵢ Jᵢ + Σ_{i∈A} wᵢ λᵢ Jᵢ = 0        −v ≤ λᵢ ≤ u
//! ```
//!
//! Here sᵢ is the slope of the penalty: 1 and −1 for |r| (u = v = 1), τ and τ − 1 for a quantile. These conditions are solved by Newton's method in (φ, λ). At a Huber optimum with corner δ the runs with |r| ≤ δ
//! are A, and r/δ is a first guess of λ.

use crate::solve::{End, Tilt};
use crate::target::{Frame, Target};
use isoflop_numerics::linear;
use isoflop_numerics::minimise::Outcome;

/// The corner at which Huber's penalty stands in for |r|: far below the data, far above rounding.
pub(crate) fn smallest_delta(frame: &Frame<'_>) -> f64 {
    (1e6 * frame.floor).max(f64::MIN_POSITIVE)
}

/// Finishes from a Huber optimum with corner `delta`.
pub(crate) fn finish(target: &mut Target<'_>, outcome: Outcome, delta: f64, tilt: Tilt) -> End {
    let p = target.law_dim();
    if !outcome.value.is_finite() {
        return End {
            objective: f64::NAN,
            outcome,
            active: Vec::new(),
            stationarity: f64::INFINITY,
            kinks: Vec::new(),
        };
    }
    let residuals = target.residuals(&outcome.x);
    let active: Vec<usize> = (0..residuals.len())
        .filter(|i| {
            let corner = if residuals[*i] >= 0.0 {
                tilt.up
            } else {
                tilt.down
            };
            target.weights[*i] > 0.0 && residuals[*i].abs() <= corner * delta * (1.0 + 1e-9)
        })
        .collect();
    let held = outcome.free.iter().any(|f| !f);
    // A residual of rounding size points nowhere: where the fit is exact at all runs, all duals are zero.
    let dual = |i: &usize| match residuals[*i] {
        r if r.abs() <= target.frame.floor => 0.0,
        r => r / delta,
    };
    let mut duals: Vec<f64> = active.iter().map(dual).collect();
    let mut x = outcome.x.clone();
    if !held && !active.is_empty() && active.len() <= p {
        for _ in 0..8 {
            let Some((dx, next)) = newton(target, &x, &active, &duals, tilt) else {
                break;
            };
            let size = dx.iter().fold(0.0f64, |m, d| m.max(d.abs()));
            let moved: Vec<f64> = x.iter().zip(&dx).map(|(x, d)| x + d).collect();
            if !size.is_finite()
                || size > 0.1
                || next.iter().any(|l| l.abs() > 1.5 * tilt.up.max(tilt.down))
            {
                break;
            }
            x = moved;
            duals = next;
            if size < 1e-14 {
                break;
            }
        }
    }
    conditions(target, outcome, x, active, duals, tilt)
}

/// Objective, Hessian and stationarity residual at the end.
fn conditions(
    target: &mut Target<'_>,
    mut outcome: Outcome,
    x: Vec<f64>,
    active: Vec<usize>,
    duals: Vec<f64>,
    tilt: Tilt,
) -> End {
    let p = target.law_dim();
    let residuals = target.residuals(&x);
    let objective: f64 = residuals
        .iter()
        .zip(target.weights.iter())
        .map(|(r, w)| if w > 0.0 { w * tilt.at(*r) } else { 0.0 })
        .sum();
    let q = row_duals(target, &residuals, &active, &duals, tilt);
    let weights = target.weights;
    let (mut sums, mut sizes) = (vec![0.0; p], vec![0.0; p]);
    // Curvature of the limit: the runs passed through hold the fit like rows of least squares.
    let mut hessian = vec![0.0; p * p];
    target.visit(&x, |i, _, row| {
        for j in 0..p {
            sums[j] += q[i] * row[j];
            sizes[j] += weights[i] * row[j].abs();
        }
        if active.contains(&i) {
            for a in 0..p {
                for b in 0..p {
                    hessian[a * p + b] += row[a] * row[b];
                }
            }
        }
    });
    let gradient = sums.iter().map(|sum| -sum).collect();
    let stationarity = (0..p)
        .filter(|j| outcome.free[*j] && sizes[*j] > 0.0)
        .fold(0.0f64, |most, j| most.max(sums[j].abs() / sizes[j]));
    outcome.gradient = gradient;
    outcome.hessian = hessian;
    outcome.x = x;
    outcome.value = objective;
    outcome.converged = stationarity < 1e-8 && duals.iter().all(|l| tilt.allows(*l));
    outcome.decrease = stationarity;
    End {
        outcome,
        objective,
        active: active.into_iter().zip(duals).collect(),
        stationarity,
        kinks: Vec::new(),
    }
}

/// wᵢ·sᵢ, or wᵢ·λᵢ for the runs passed through.
fn row_duals(
    target: &Target<'_>,
    residuals: &[f64],
    active: &[usize],
    duals: &[f64],
    tilt: Tilt,
) -> Vec<f64> {
    let mut q: Vec<f64> = residuals
        .iter()
        .zip(target.weights.iter())
        .map(|(r, w)| w * tilt.slope(*r))
        .collect();
    for (i, dual) in active.iter().zip(duals) {
        q[*i] = target.weights[*i] * dual;
    }
    q
}

/// One Newton step of the conditions: the change of φ and the new duals.
fn newton(
    target: &mut Target<'_>,
    x: &[f64],
    active: &[usize],
    duals: &[f64],
    tilt: Tilt,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let (p, k) = (target.law_dim(), active.len());
    let residuals = target.residuals(x);
    let q = row_duals(target, &residuals, active, duals, tilt);
    let curvature = target.weighted_hessian(x, &q);
    let weights = target.weights;
    let n = p + k;
    let mut a = vec![0.0; n * n];
    let mut b = vec![0.0; n];
    for i in 0..p {
        a[i * n..i * n + p].copy_from_slice(&curvature[i * p..(i + 1) * p]);
    }
    target.visit(x, |i, residual, row| {
        let Some(m) = active.iter().position(|at| *at == i) else {
            // The duals are solved for whole, so the right side holds the other runs only.
            for j in 0..p {
                b[j] -= q[i] * row[j];
            }
            return;
        };
        for j in 0..p {
            a[j * n + p + m] = weights[i] * row[j];
            a[(p + m) * n + j] = row[j];
        }
        b[p + m] = residual;
    });
    let solution = linear::solve_general(&a, &b)?;
    let (dx, duals) = solution.split_at(p);
    Some((dx.to_vec(), duals.to_vec()))
}

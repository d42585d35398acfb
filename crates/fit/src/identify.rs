//! What the data determine, in words: the directions in which the objective hardly rises.

use crate::certificate::{Peak, scaled_hessian};
use crate::engine::Solved;
use crate::result::{Identifiability, WeakDirection};
use isoflop_numerics::linear;

/// Eigenvalues of the scaled Hessian below this are weak enough to mention.
const WEAK: f64 = 0.02;
/// Below this the direction is open: nothing in the data closes it.
const OPEN: f64 = 1e-9;

pub(crate) fn identifiability(solved: &Solved<'_>, peak: &Peak) -> Identifiability {
    let (scaled, free) = scaled_hessian(peak);
    let pairs = linear::symmetric_eigen(&scaled, free.len());
    let condition = match (pairs.first(), pairs.last()) {
        (Some(low), Some(high)) if low.0 > 0.0 => high.0 / low.0,
        _ => f64::INFINITY,
    };
    let weak = pairs
        .iter()
        .filter(|(value, _)| *value < WEAK)
        .take(3)
        .map(|(value, vector)| direction(solved, peak, &free, *value, vector))
        .collect();
    // JSON has no infinity: an open direction is told by its eigenvalue.
    Identifiability {
        condition: if condition.is_finite() {
            condition
        } else {
            f64::MAX
        },
        weak,
    }
}

fn direction(
    solved: &Solved<'_>,
    peak: &Peak,
    free: &[usize],
    value: f64,
    vector: &[f64],
) -> WeakDirection {
    let coordinates = solved.frame.bound.program().coordinates();
    let label = |j: usize| -> String {
        match coordinates.get(j) {
            None => "ln(scale of the residuals)".to_owned(),
            Some(c) if solved.frame.centre.is_centred(j) => {
                format!("{} at the centre of the data", c.label)
            }
            Some(c) => c.label.clone(),
        }
    };
    let mut weights: Vec<(usize, f64)> = free.iter().copied().zip(vector.iter().copied()).collect();
    weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    weights.retain(|(_, w)| w.abs() > 0.15);
    let words = words(solved, peak, &weights, value);
    WeakDirection {
        eigenvalue: value,
        weights: weights.into_iter().map(|(j, w)| (label(j), w)).collect(),
        words,
    }
}

/// The direction as changes of the coefficients that a reader knows: its first one by 10 % (0.01 for an exponent), the
/// others by what goes with it.
fn words(solved: &Solved<'_>, peak: &Peak, weights: &[(usize, f64)], value: f64) -> String {
    let coordinates = solved.frame.bound.program().coordinates();
    let is_log = |j: usize| coordinates.get(j).is_none_or(|c| c.log);
    // The eigenvector is scaled to unit curvature: its weight over the root of the curvature is a change.
    let change = |j: usize, w: f64| w / peak.hessian[j * peak.dim + j].abs().sqrt();
    let Some((first, first_weight)) = weights.first() else {
        return String::new();
    };
    let step = if is_log(*first) { 1.1f64.ln() } else { 0.01 };
    let scale = step / change(*first, *first_weight);
    let moves = weights.iter().map(|(j, w)| change(*j, *w) * scale);
    if moves.into_iter().any(|moved| !moved.is_finite()) {
        // tanh(c·x^-a) at its top curves nowhere, and no step has a size.
        let name = |j: usize| {
            coordinates
                .get(j)
                .map_or("scale of the residuals", |c| c.name.as_str())
        };
        let names: Vec<&str> = weights.iter().map(|(j, _)| name(*j)).collect();
        return format!(
            "the data leave a direction open: {} can be moved and nothing that can be told changes",
            names.join(", ")
        );
    }
    let parts: Vec<String> = weights
        .iter()
        .map(|(j, w)| {
            let moved = change(*j, *w) * scale;
            let name = coordinates
                .get(*j)
                .map_or("scale of the residuals", |c| c.name.as_str());
            if is_log(*j) {
                format!("{name} {:+.1} %", 100.0 * moved.exp_m1())
            } else {
                format!("{name} {moved:+.4}")
            }
        })
        .collect();
    let centred = weights
        .iter()
        .any(|(j, _)| *j < coordinates.len() && solved.frame.centre.is_centred(*j));
    let place = if centred {
        " (amplitudes at the centre of the data)"
    } else {
        ""
    };
    if value < OPEN {
        return format!(
            "the data leave a direction open: {} together{place} changes nothing that can be told",
            parts.join(", ")
        );
    }
    format!(
        "the data tell these apart least: {} together{place} raises the objective {:.0} times less than each alone",
        parts.join(", "),
        1.0 / value
    )
}

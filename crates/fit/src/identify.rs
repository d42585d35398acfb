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
    let parts: Vec<String> = weights
        .iter()
        .map(|(j, w)| {
            // How far each coordinate goes while the others follow: the weight over the root of its own curvature.
            let own = peak.hessian[j * peak.dim + j].abs().sqrt();
            let first = weights[0].1
                / peak.hessian[weights[0].0 * peak.dim + weights[0].0]
                    .abs()
                    .sqrt();
            let rate = if own > 0.0 && first != 0.0 {
                (w / own) / first
            } else {
                0.0
            };
            format!("{} by {rate:+.3}", label(*j))
        })
        .collect();
    let words = if value < OPEN {
        format!(
            "the data leave a direction open: moving {} changes the objective by nothing that can be told",
            parts.join(", ")
        )
    } else {
        format!(
            "the data tell these apart least: moving {} together raises the objective {:.0} times less than each alone would",
            parts.join(", "),
            1.0 / value
        )
    };
    WeakDirection {
        eigenvalue: value,
        weights: weights.into_iter().map(|(j, w)| (label(j), w)).collect(),
        words,
    }
}

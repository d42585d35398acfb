//! The size of the noise before a corner is known: what a corner relative to the noise, such as `2mad`, is a multiple of.
//!
//! # Formula
//!
//! ```text
//! s = 1.4826 · median of the n − p largest |rᵢ|      r: residuals of a fit close to least absolute deviations
//! ```
//!
//! Least absolute deviations pass through p runs. Their residuals of zero say nothing of the noise, and with 20 runs and
//! five coefficients they would make it a third too small.
//!
//! # Source
//!
//! `maechler_robustbase`, `lmrob.lar`: the scale of an L1 start leaves the p smallest residuals out.

use crate::solve::{Aim, multi_start, robust_spread, solve};
use crate::target::{Frame, Memory, Target};
use crate::weights::Weights;
use isoflop_numerics::minimise::Limits;
use isoflop_numerics::penalty::Penalty;

/// Starts that are screened for the size of the noise, and how many of them are solved: a tenth of what the fit itself
/// takes, because a scale that is a few per cent off moves no estimate.
const SCREENED: usize = 128;
const SOLVED: usize = 8;
/// Distinct ends of least squares from which least absolute deviations are approached.
const ENDS: usize = 3;
/// The corner, in spreads of the residuals, at which Huber's penalty stands in for |r|.
const NEARLY_ABSOLUTE: f64 = 0.05;

/// The robust scale of the noise on the scale of the residuals; none where no start gives the law a value.
pub(crate) fn scale(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    starts: &[Vec<f64>],
    limits: &Limits,
) -> Option<f64> {
    let few = &starts[..starts.len().min(SCREENED)];
    let solved = SOLVED.min(few.len());
    let squared = Aim::Penalty(Penalty::Squared);
    let mut ends = multi_start(frame, weights, squared, 0.0, few, limits, solved);
    ends.retain(|e| e.objective.is_finite());
    ends.sort_by(|a, b| a.objective.total_cmp(&b.objective));
    ends.dedup_by(|b, a| (b.objective - a.objective).abs() <= 1e-6 * a.objective.abs());
    let mut target = Target::new(frame, weights, Penalty::Squared, 0.0);
    let p = target.law_dim();
    let mut best: Option<(f64, Vec<f64>)> = None;
    for end in ends.iter().take(ENDS) {
        let mut residuals = target.residuals(&end.outcome.x);
        let spread = robust_spread(residuals.clone());
        let delta = NEARLY_ABSOLUTE * spread;
        if delta > frame.floor {
            let aim = Aim::Penalty(Penalty::Huber { delta });
            let memory = Memory::new(frame);
            let (near, _) = solve(frame, weights, aim, 0.0, &end.outcome.x, limits, memory);
            if near.objective.is_finite() {
                residuals = target.residuals(&near.outcome.x);
            }
        }
        let pairs = residuals.iter().zip(weights.iter());
        let sum: f64 = pairs.map(|(r, w)| w * r.abs()).sum();
        if best.as_ref().is_none_or(|(least, _)| sum < *least) {
            best = Some((sum, residuals));
        }
    }
    best.map(|(_, residuals)| without_the_smallest(residuals, p))
}

/// 1.4826 × the median of |r| without the p smallest.
pub(crate) fn without_the_smallest(mut residuals: Vec<f64>, p: usize) -> f64 {
    residuals.iter_mut().for_each(|r| *r = r.abs());
    residuals.sort_unstable_by(f64::total_cmp);
    let left = residuals.len().saturating_sub(p).max(1);
    let first = residuals.len() - left;
    robust_spread(residuals[first..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_that_the_fit_passes_through_do_not_count() {
        let residuals = vec![0.0, 0.0, -3.0, 1.0, 2.0];
        assert!((without_the_smallest(residuals, 2) - 1.4826 * 2.0).abs() < 1e-12);
    }

    #[test]
    fn as_many_coefficients_as_runs_leave_the_largest_residual() {
        assert!((without_the_smallest(vec![0.5, -1.0], 4) - 1.4826).abs() < 1e-12);
    }
}

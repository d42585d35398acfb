//! Bias-corrected and accelerated bootstrap intervals.
//!
//! # Formula
//!
//! ```text
//! z₀ = Φ⁻¹(share of draws below θ̂)      a = Σ uᵢ³ / (6 (Σ uᵢ²)^{3/2})
//! ends at the percentiles Φ(z₀ + (z₀ + z)/(1 − a (z₀ + z)))    z = Φ⁻¹(tail)
//! ```
//!
//! uᵢ is the influence of run i on the coefficient, −H⁻¹ times its score: the infinitesimal jackknife.
//!
//! # Source
//!
//! `efron1987`, better bootstrap confidence intervals.

use crate::certificate::{Peak, final_penalty};
use crate::engine::Solved;
use crate::target::Target;
use isoflop_base::Interval;
use isoflop_numerics::{dist, linear};

/// The acceleration of each coordinate of the law; zero where the curvature does not say.
pub(super) fn accelerations(solved: &Solved<'_>, peak: &Peak) -> Vec<f64> {
    let p = solved.frame.bound.program().coordinates().len();
    let h: Vec<f64> = (0..p)
        .flat_map(|i| peak.hessian[i * peak.dim..i * peak.dim + p].to_vec())
        .collect();
    let Some(inverse) = linear::inverse_positive(&h, p) else {
        return vec![0.0; p];
    };
    let end = &solved.ends[0];
    let penalty = final_penalty(solved, end);
    let mut target = Target::new(solved.frame, solved.binding.weights(), penalty, solved.nat);
    let (mut squares, mut cubes) = (vec![0.0; p], vec![0.0; p]);
    let mut influence = vec![0.0; p];
    let mut in_law = vec![0.0; p];
    let origin = {
        let mut zero = vec![0.0; p];
        solved.frame.centre.to_law(&vec![0.0; p], &mut zero);
        zero
    };
    target.visit(&end.outcome.x, |i, residual, row| {
        let score = solved.binding.weights()[i] * penalty.of(residual, solved.frame.observed[i])[1];
        for j in 0..p {
            influence[j] = score * (0..p).map(|k| inverse[j * p + k] * row[k]).sum::<f64>();
        }
        solved.frame.centre.to_law(&influence, &mut in_law);
        for j in 0..p {
            let u = in_law[j] - origin[j];
            squares[j] += u * u;
            cubes[j] += u * u * u;
        }
    });
    (0..p)
        .map(|j| {
            if squares[j] > 0.0 {
                cubes[j] / (6.0 * squares[j].powf(1.5))
            } else {
                0.0
            }
        })
        .collect()
}

/// The interval of a sample of draws around `value`.
pub(super) fn interval(sample: &[f64], value: f64, acceleration: f64, level: f64) -> Interval {
    // A law that passes through all runs leaves no resample that could be certified.
    if sample.len() < 2 {
        let (lower, upper) = (f64::NAN, f64::NAN);
        return Interval {
            level,
            lower,
            upper,
        };
    }
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    // Draws on a bound equal the value: half of them count as below.
    let below = sorted.iter().filter(|x| **x < value).count() as f64
        + 0.5 * sorted.iter().filter(|x| **x == value).count() as f64;
    // A share of 0 or 1 has no quantile: half a draw is the nearest that has.
    let z0 = dist::normal_quantile((below / n).clamp(0.5 / n, 1.0 - 0.5 / n));
    let end = |tail: f64| {
        let z = z0 + dist::normal_quantile(tail);
        let moved = dist::normal_cdf(z0 + z / (1.0 - acceleration * z));
        dist::sorted_quantile(&sorted, moved)
    };
    let tail = 0.5 * (1.0 - level);
    Interval {
        level,
        lower: end(tail),
        upper: end(1.0 - tail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symmetric_sample_without_acceleration_gives_its_percentiles() {
        let sample: Vec<f64> = (0..1001).map(|i| f64::from(i) - 500.0).collect();
        let found = interval(&sample, 0.5, 0.0, 0.9);
        assert!(
            (found.lower + 450.0).abs() < 2.0 && (found.upper - 450.0).abs() < 2.0,
            "{found:?}"
        );
    }

    #[test]
    fn a_positive_acceleration_moves_both_ends_up() {
        let sample: Vec<f64> = (0..1001).map(|i| f64::from(i) - 500.0).collect();
        let (plain, moved) = (
            interval(&sample, 0.5, 0.0, 0.9),
            interval(&sample, 0.5, 0.1, 0.9),
        );
        assert!(moved.lower > plain.lower && moved.upper > plain.upper);
    }
}

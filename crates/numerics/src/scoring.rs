//! Scores of predictive distributions: CRPS, log score, interval scores, PIT and coverage.
//!
//! # Formula
//!
//! ```text
//! CRPS   ∫ (F(x) − 1{x ≥ y})² dx = 2 ∫ ρₚ(y − Q(p)) dp      ρₚ the pinball loss at probability p
//! IS_α   (u − l) + 2/α (l − y)₊ + 2/α (y − u)₊                of the interval [l, u] of level 1 − α
//! WIS    (½ |y − median| + Σₖ αₖ/2 IS_αₖ) / (K + ½)
//! PIT    F(y)
//! ```
//!
//! [`ScaledT`] is Student's t with four degrees of freedom, y ~ centre + scale · T₄, and has its CRPS in closed form:
//!
//! ```text
//! CRPS = scale · ( z(2F(z) − 1) + 2 f(z)(4 + z²)/3 − 15π/64 )      z = (y − centre)/scale
//! ```
//!
//! # Source
//!
//! Gneiting, Raftery 2007, *Strictly proper scoring rules, prediction, and estimation*; Bracher, Ray, Gneiting, Reich 2021,
//! *Evaluating epidemic forecasts in an interval format*, for WIS; Jordan, Krüger, Lerch 2019, *Evaluating probabilistic
//! forecasts with scoringRules*, for the CRPS of Student's t.

use crate::dist;

/// Scale of the t distribution for a standard deviation: its 90 % interval is that of the normal distribution.
pub const SCALE: f64 = 1.644_853_626_951 / 2.131_846_786_327;
/// Degrees of freedom.
pub const DF: f64 = 4.0;

/// Student's t with four degrees of freedom, by its centre and the standard deviation of the normal distribution that has the
/// same 90 % interval.
///
/// Held-out errors have heavier tails than residuals, whatever the law; four degrees of freedom are the customary choice where
/// their number is not estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaledT {
    /// Centre.
    pub centre: f64,
    /// Standard deviation.
    pub sd: f64,
}

impl ScaledT {
    fn z(self, y: f64) -> f64 {
        (y - self.centre) / (self.sd * SCALE)
    }

    /// Logarithm of the density at `y`: the log score.
    #[must_use]
    pub fn ln_density(self, y: f64) -> f64 {
        let z = self.z(y);
        (3.0f64 / 8.0).ln() - 2.5 * (1.0 + z * z / 4.0).ln() - (self.sd * SCALE).ln()
    }

    /// Continuous ranked probability score.
    #[must_use]
    pub fn crps(self, y: f64) -> f64 {
        let z = self.z(y);
        let q = 1.0 + z * z / 4.0;
        let density = 0.375 * q.powf(-2.5);
        let below = t4_cdf(z);
        let mean = 15.0 * std::f64::consts::PI / 64.0;
        self.sd * SCALE * (z * (2.0 * below - 1.0) + 2.0 * density * (4.0 + z * z) / 3.0 - mean)
    }

    /// Half the width of an interval.
    #[must_use]
    pub fn half(self, level: f64) -> f64 {
        self.sd * SCALE * dist::t_quantile(0.5 + 0.5 * level, DF)
    }

    /// Whether the interval of a level holds `y`.
    #[must_use]
    pub fn covers(self, level: f64, y: f64) -> bool {
        (y - self.centre).abs() <= self.half(level)
    }
}

/// Distribution function of Student's t with four degrees of freedom.
#[must_use]
pub fn t4_cdf(z: f64) -> f64 {
    let q = 1.0 + z * z / 4.0;
    0.5 + 0.375 * z / q.sqrt() * (1.0 - z * z / (12.0 * q))
}

/// Pinball loss of the quantile of a probability.
#[must_use]
pub fn pinball(quantile: f64, probability: f64, y: f64) -> f64 {
    let off = y - quantile;
    off * if off >= 0.0 {
        probability
    } else {
        probability - 1.0
    }
}

/// A distribution by its quantiles at (k − ½)/n, k = 1 … n.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles<'a>(pub &'a [f64]);

impl Quantiles<'_> {
    /// The probability of a quantile.
    #[must_use]
    pub fn probability(k: usize, n: usize) -> f64 {
        (k as f64 + 0.5) / n as f64
    }

    /// Continuous ranked probability score: the mean pinball loss of the quantiles, doubled.
    #[must_use]
    pub fn crps(self, y: f64) -> f64 {
        let n = self.0.len();
        let loss = |(k, q): (usize, &f64)| pinball(*q, Self::probability(k, n), y);
        2.0 * self.0.iter().enumerate().map(loss).sum::<f64>() / n as f64
    }

    /// The PIT of a value as a standard normal deviate: by its place among the quantiles, and beyond the outermost by its
    /// distance from the median, in that of the outermost.
    #[must_use]
    pub fn deviate(self, y: f64) -> f64 {
        let q = self.0;
        let n = q.len();
        let deviate = |k: usize| dist::normal_quantile(Self::probability(k, n));
        let outside = |k: usize| {
            let median = f64::midpoint(q[n / 2 - 1], q[n / 2]);
            deviate(k) * (y - median) / (q[k] - median)
        };
        match q.iter().position(|v| *v > y) {
            Some(0) => outside(0),
            None => outside(n - 1),
            Some(k) => {
                let share = (y - q[k - 1]) / (q[k] - q[k - 1]);
                deviate(k - 1) + share * (deviate(k) - deviate(k - 1))
            }
        }
    }

    /// Share of the distribution below `y`.
    #[must_use]
    pub fn pit(self, y: f64) -> f64 {
        dist::normal_cdf(self.deviate(y))
    }
}

/// Interval score of an interval of a level.
#[must_use]
pub fn interval_score(level: f64, (lower, upper): (f64, f64), y: f64) -> f64 {
    let miss = (lower - y).max(0.0) + (y - upper).max(0.0);
    upper - lower + 2.0 / (1.0 - level) * miss
}

/// Weighted interval score of a median and intervals, each with its level.
#[must_use]
pub fn weighted_interval_score(median: f64, intervals: &[(f64, (f64, f64))], y: f64) -> f64 {
    let one =
        |(level, ends): &(f64, (f64, f64))| 0.5 * (1.0 - level) * interval_score(*level, *ends, y);
    let sum = 0.5 * (y - median).abs() + intervals.iter().map(one).sum::<f64>();
    sum / (intervals.len() as f64 + 0.5)
}

/// The 95 % interval of a share of which `hits` of `n` were seen, by Wilson's score.
#[must_use]
pub fn wilson(hits: usize, n: usize) -> (f64, f64) {
    let z = dist::normal_quantile(0.975);
    let (n, share) = (n as f64, hits as f64 / n as f64);
    let scale = 1.0 + z * z / n;
    let middle = (share + z * z / (2.0 * n)) / scale;
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / scale;
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Root mean square.
#[must_use]
pub fn rms(errors: &[f64]) -> f64 {
    (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt()
}

/// Share of the predictions whose interval of a level holds what was observed.
#[must_use]
pub fn coverage(level: f64, predicted: &[ScaledT], observed: &dyn Fn(usize) -> f64) -> f64 {
    let inside = |(k, p): &(usize, &ScaledT)| p.covers(level, observed(*k));
    let count = predicted.iter().enumerate().filter(inside).count();
    count as f64 / predicted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const IT: ScaledT = ScaledT {
        centre: 1.0,
        sd: 0.3,
    };

    #[test]
    fn the_score_is_the_integral_of_the_squared_distance_of_distributions() {
        for y in [0.2, 1.0, 1.7] {
            // ∫ (F(t) − 1{t ≥ y})² dt by the midpoint rule, F by summing the density.
            let (mut below, mut sum, step) = (0.0, 0.0, 1e-4);
            for k in 0..400_000 {
                let t = -19.0 + (f64::from(k) + 0.5) * step;
                below += IT.ln_density(t).exp() * step;
                let ahead = f64::from(u8::from(t >= y));
                sum += (below - ahead) * (below - ahead) * step;
            }
            assert!((sum - IT.crps(y)).abs() < 2e-4, "{y}: {sum} {}", IT.crps(y));
        }
    }

    #[test]
    fn quantiles_score_as_the_distribution_that_they_are_of() {
        let n = 4000;
        let at = |k| IT.centre + IT.sd * SCALE * dist::t_quantile(Quantiles::probability(k, n), DF);
        let quantiles: Vec<f64> = (0..n).map(at).collect();
        let found = Quantiles(&quantiles);
        for y in [0.2, 0.9, 1.0, 1.7] {
            // The tails beyond the outermost quantiles, 1/8000 of the mass each, are cut: 1e-3 of the score.
            let exact = IT.crps(y);
            assert!((found.crps(y) / exact - 1.0).abs() < 1e-3, "{y}");
            assert!((found.pit(y) - t4_cdf(IT.z(y))).abs() < 1e-3, "{y}");
        }
    }

    #[test]
    fn ninety_per_cent_are_those_of_the_normal_distribution() {
        let it = ScaledT {
            centre: 0.0,
            sd: 1.0,
        };
        assert!((it.half(0.9) - 1.644_853_6).abs() < 1e-6);
        assert!(it.covers(0.9, 1.6) && !it.covers(0.9, -1.7));
        assert_eq!(coverage(0.9, &[it, it], &|k| [1.6, -1.7][k]), 0.5);
    }

    #[test]
    fn a_miss_costs_two_over_alpha_times_its_distance() {
        // Width 2, below by 1 at α = 0.2: 2 + 10 · 1.
        assert!((interval_score(0.8, (0.0, 2.0), -1.0) - 12.0).abs() < 1e-12);
        assert!((interval_score(0.8, (0.0, 2.0), 1.0) - 2.0).abs() < 1e-12);
        // (½ · 2 + 0.1 · 12) / 1.5.
        let found = weighted_interval_score(1.0, &[(0.8, (0.0, 2.0))], -1.0);
        assert!((found - 2.2 / 1.5).abs() < 1e-12, "{found}");
    }

    #[test]
    fn the_interval_of_a_share_is_wilsons() {
        // Eight of ten: 0.4902 and 0.9433 (Wilson 1927, without continuity correction).
        let (lower, upper) = wilson(8, 10);
        assert!((lower - 0.4902).abs() < 1e-4 && (upper - 0.9433).abs() < 1e-4);
    }
}

//! Scores of predictive distributions, on the scale of the comparison: ln of the response, or the response itself.
//!
//! # Formula
//!
//! ```text
//! y ~ centre + scale · T₄        Student's t with four degrees of freedom; its 90 % interval is that of a normal
//!                                distribution with standard deviation sd when scale = sd · 1.645/2.132
//! CRPS = scale · ( z(2F(z) − 1) + 2 f(z)(4 + z²)/3 − 15π/64 )      z = (y − centre)/scale
//! ```
//!
//! Held-out errors have heavier tails than residuals, whatever the law; four degrees of freedom are the customary
//! choice where their number is not estimated.
//!
//! # Source
//!
//! Jordan, Krüger, Lerch 2019, *Evaluating probabilistic forecasts with scoringRules*, for the CRPS of Student's t.

use crate::dist;

/// Scale of the t distribution for a standard deviation: the 90 % intervals agree.
pub const SCALE: f64 = 1.644_853_626_951 / 2.131_846_786_327;
/// Degrees of freedom.
pub const DF: f64 = 4.0;
/// Levels at which coverage is counted.
pub const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];

/// A predicted run: centre and standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// Its middle.
    pub centre: f64,
    /// Standard deviation, as its 90 % interval has it.
    pub sd: f64,
}

impl Predicted {
    fn z(self, y: f64) -> f64 {
        (y - self.centre) / (self.sd * SCALE)
    }

    /// ln of the density at `y`.
    pub fn ln_density(self, y: f64) -> f64 {
        let z = self.z(y);
        (3.0f64 / 8.0).ln() - 2.5 * (1.0 + z * z / 4.0).ln() - (self.sd * SCALE).ln()
    }

    /// Continuous ranked probability score.
    pub fn crps(self, y: f64) -> f64 {
        let z = self.z(y);
        let q = 1.0 + z * z / 4.0;
        let density = 0.375 * q.powf(-2.5);
        let below = below(z);
        let mean = 15.0 * std::f64::consts::PI / 64.0;
        self.sd * SCALE * (z * (2.0 * below - 1.0) + 2.0 * density * (4.0 + z * z) / 3.0 - mean)
    }

    /// Half the width of an interval.
    pub fn half(self, level: f64) -> f64 {
        self.sd * SCALE * dist::t_quantile(0.5 + 0.5 * level, DF)
    }

    /// Whether the interval of a level holds `y`.
    pub fn covers(self, level: f64, y: f64) -> bool {
        (y - self.centre).abs() <= self.half(level)
    }
}

/// Distribution function of Student's t with four degrees of freedom.
pub fn below(z: f64) -> f64 {
    let q = 1.0 + z * z / 4.0;
    0.5 + 0.375 * z / q.sqrt() * (1.0 - z * z / (12.0 * q))
}

/// Root mean square.
pub fn rms(errors: &[f64]) -> f64 {
    (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt()
}

/// Share of the predictions whose interval holds what was observed, by level.
pub fn coverage(of: &[Predicted], observed: &dyn Fn(usize) -> f64) -> Vec<(String, f64)> {
    LEVELS
        .iter()
        .map(|level| {
            let inside = |(k, p): &(usize, &Predicted)| p.covers(*level, observed(*k));
            let count = of.iter().enumerate().filter(inside).count();
            (level.to_string(), count as f64 / of.len() as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_integral_of_the_squared_distance_of_distributions() {
        let it = Predicted {
            centre: 1.0,
            sd: 0.3,
        };
        for y in [0.2, 1.0, 1.7] {
            // ∫ (F(t) − 1{t ≥ y})² dt by the midpoint rule, F by summing the density.
            let (mut below, mut sum, step) = (0.0, 0.0, 1e-4);
            for k in 0..400_000 {
                let t = -19.0 + (f64::from(k) + 0.5) * step;
                below += it.ln_density(t).exp() * step;
                let ahead = f64::from(u8::from(t >= y));
                sum += (below - ahead) * (below - ahead) * step;
            }
            assert!((sum - it.crps(y)).abs() < 2e-4, "{y}: {sum} {}", it.crps(y));
        }
    }

    #[test]
    fn ninety_per_cent_are_those_of_the_normal_distribution() {
        let it = Predicted {
            centre: 0.0,
            sd: 1.0,
        };
        assert!((it.half(0.9) - 1.644_853_6).abs() < 1e-6);
        assert!(it.covers(0.9, 1.6) && !it.covers(0.9, -1.7));
    }
}

//! How much wider a forecast has to be for each order of magnitude beyond the data, as its backtest says.
//!
//! # Formula
//!
//! ```text
//! sd² = sd²(coefficients, noise, laws) + (κ d)²          d = orders of magnitude beyond the runs fitted
//! κ   = argmax −½ (ln κ/κ₀)² + Σ over cuts of the mean over held-out runs of ln t₄(error; sd(κ))
//! ```
//!
//! All held-out runs of a cut share one fit, so a cut counts as one observation, not as many as it has runs. With few
//! cuts the prior decides: κ₀ = 0.05 a decade, what curves of published learning-curve benchmarks miss by.

use isoflop_base::Interval;
use isoflop_fit::Calibration;

use super::cuts::place;
use super::score::Predicted;
use crate::predict::PredictedPoint;

/// Widening expected before anything was seen, per order of magnitude, and the spread of its logarithm.
const EXPECTED: f64 = 0.05;
const SPREAD: f64 = 1.0;

/// A held-out run: what was predicted without widening, how far beyond, what came.
pub(crate) struct Miss {
    pub predicted: Predicted,
    pub beyond: f64,
    pub observed: f64,
}

/// κ of the misses of each cut.
pub(crate) fn widening(cuts: &[Vec<Miss>]) -> f64 {
    let score = |step: u32| -> f64 {
        let away = f64::from(step) / 20.0 - 3.0;
        let kappa = EXPECTED * away.exp();
        let prior = -0.5 * (away / SPREAD).powi(2);
        let cuts = cuts.iter().filter(|runs| !runs.is_empty());
        prior
            + cuts
                .map(|runs| {
                    let one = |m: &Miss| {
                        let wide = widened(m.predicted, kappa, m.beyond);
                        wide.ln_density(m.observed)
                    };
                    runs.iter().map(one).sum::<f64>() / runs.len() as f64
                })
                .sum::<f64>()
    };
    let best = (0..=120).max_by(|a, b| score(*a).total_cmp(&score(*b)));
    EXPECTED * (f64::from(best.unwrap_or(60)) / 20.0 - 3.0).exp()
}

/// A forecast widened for its distance.
pub(crate) fn widened(it: Predicted, kappa: f64, beyond: f64) -> Predicted {
    Predicted {
        centre: it.centre,
        sd: it.sd.hypot(kappa * beyond.max(0.0)),
    }
}

/// Half the width, on the calibration's scale, that an interval of this level gains for each order of magnitude.
pub(crate) fn half_per_decade(calibration: &Calibration, level: f64) -> f64 {
    let own = Predicted {
        centre: 0.0,
        sd: calibration.per_decade,
    };
    own.half(level)
}

/// Widens the intervals of a point that a fit with a calibration predicts. An end without a logarithm stays as it is.
pub(crate) fn widen(point: &mut PredictedPoint, calibration: &Calibration) {
    let beyond = (place(&point.at, &calibration.axis) / calibration.largest).log10();
    if beyond.is_nan() || beyond <= 0.0 {
        return;
    }
    let ln = calibration.scale == "ln";
    let forth = |y: f64| if ln { y.ln() } else { y };
    let back = |x: f64| if ln { x.exp() } else { x };
    let centre = forth(point.value);
    let own = Predicted {
        centre,
        sd: calibration.per_decade * beyond,
    };
    let wider = |interval: Interval| {
        let more = own.half(interval.level);
        let end = |was: f64, side: f64| {
            let half = side * (forth(was) - centre);
            let moved = back(centre + side * half.max(0.0).hypot(more));
            if half.is_finite() && moved.is_finite() {
                moved
            } else {
                was
            }
        };
        Interval {
            lower: end(interval.lower, -1.0),
            upper: end(interval.upper, 1.0),
            ..interval
        }
    };
    point.confidence = point.confidence.map(wider);
    point.prediction = point.prediction.map(wider);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(error: f64) -> Vec<Miss> {
        let predicted = Predicted {
            centre: 0.0,
            sd: 0.01,
        };
        (1..=10)
            .map(|k| {
                let beyond = 0.1 * f64::from(k);
                Miss {
                    predicted,
                    beyond,
                    observed: error * beyond * if k % 2 == 0 { 1.0 } else { -1.0 },
                }
            })
            .collect()
    }

    #[test]
    fn misses_that_grow_with_distance_widen_and_hits_narrow() {
        let wide = widening(&[cut(0.3), cut(0.3), cut(0.3), cut(0.3)]);
        let narrow = widening(&[cut(0.0), cut(0.0), cut(0.0), cut(0.0)]);
        assert!((0.15..0.4).contains(&wide), "{wide}");
        assert!(narrow < 0.03, "{narrow}");
        assert!((widening(&[]) - EXPECTED).abs() < 1e-12);
    }
}

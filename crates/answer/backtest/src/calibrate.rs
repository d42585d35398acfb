//! How much wider a forecast has to be for each order of magnitude beyond the data, as its backtest says.
//!
//! # Formula
//!
//! ```text
//! sd² = sd²(coefficients, noise, laws) + (κ d)²          d = orders of magnitude beyond the runs fitted
//! ln weight(κ) = −½ (ln(κ/κ₀)/τ)² + 2 Σ over cuts of the mean over held-out runs of ln t₄(error; sd(κ))
//! ```
//!
//! κ is the one number whose 90 % interval at one order of magnitude is that of the mixture over all κ with these weights: as
//! long as few cuts have spoken, what is not known of κ widens it. All held-out runs of a cut share one fit, so a cut counts
//! as two observations, not as many as it has runs.
//!
//! κ₀ = 0.045 √(change/0.22) a decade with a spread of e^0.7, where change is what the law promises for the next order of
//! magnitude on the scale of the comparison: flat curves are missed by less than steep ones, though not in proportion. For a law
//! that promises nothing κ₀ = 0.04 with a spread of e^1.5. The constants are from public curves and sweeps; what a collection
//! left out of the choice gets is in docs/extrapolation.md.

use isoflop_numerics::scoring::{SCALE, ScaledT, t4_cdf};

/// Widening expected before anything was seen, per order of magnitude, and the spread of its logarithm: of a law that does not
/// say how steep it is.
const EXPECTED: f64 = 0.04;
const SPREAD: f64 = 1.5;
/// The same of a law that promises this change for an order of magnitude.
const OF_SLOPE: f64 = 0.045;
const SLOPE: f64 = 0.22;
const SPREAD_OF_SLOPE: f64 = 0.7;
/// A promise of less is rounding, or a curve that is flat by its limit.
const FLAT: f64 = 1e-3;
/// Observations that a cut counts for.
const CUT: f64 = 2.0;
/// Steps of ln κ on either side of what is expected, and steps for one spread.
const STEPS: i32 = 60;
const STEP: f64 = 20.0;

/// A held-out run: what was predicted without widening, how far beyond, what came.
pub(crate) struct Miss {
    pub predicted: ScaledT,
    pub beyond: f64,
    pub observed: f64,
}

/// κ of the misses of each cut of a law that promises this change for an order of magnitude; without any, what is expected
/// before.
pub(crate) fn widening(cuts: &[Vec<Miss>], slope: f64) -> f64 {
    let (expected, spread) = if slope.is_finite() {
        (OF_SLOPE * (slope.max(FLAT) / SLOPE).sqrt(), SPREAD_OF_SLOPE)
    } else {
        (EXPECTED, SPREAD)
    };
    let kappas: Vec<(f64, f64)> = (-STEPS..=STEPS)
        .map(|step| {
            let away = f64::from(step) / STEP;
            let kappa = expected * (spread * away).exp();
            (kappa, -0.5 * away * away + CUT * said(cuts, kappa))
        })
        .collect();
    let top = kappas.iter().map(|k| k.1).fold(f64::NEG_INFINITY, f64::max);
    let weighed: Vec<(f64, f64)> = kappas.iter().map(|(k, w)| (*k, (w - top).exp())).collect();
    let total: f64 = weighed.iter().map(|k| k.1).sum();
    // The 90 % interval of the mixture, by bisection.
    let inside = |half: f64| {
        let of =
            |(kappa, weight): &(f64, f64)| weight * (2.0 * t4_cdf(half / (kappa * SCALE)) - 1.0);
        weighed.iter().map(of).sum::<f64>() / total
    };
    let unit = ScaledT {
        centre: 0.0,
        sd: 1.0,
    }
    .half(0.9);
    let (mut low, mut high) = (0.0, unit * kappas.last().map_or(1.0, |k| k.0));
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if inside(middle) < 0.9 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high / unit
}

/// Standard deviation for each order of magnitude beyond the data that forecasts of public curves and sweeps need, for a law that
/// no cut has judged.
#[must_use]
pub fn widening_unseen() -> f64 {
    widening(&[], f64::NAN)
}

/// What the held-out runs say of κ: the mean ln density of each cut, summed.
fn said(cuts: &[Vec<Miss>], kappa: f64) -> f64 {
    let seen = cuts.iter().filter(|runs| !runs.is_empty());
    let one = |m: &Miss| widened(m.predicted, kappa, m.beyond).ln_density(m.observed);
    seen.map(|runs| runs.iter().map(one).sum::<f64>() / runs.len() as f64)
        .sum()
}

/// A forecast widened for its distance.
pub(crate) fn widened(it: ScaledT, kappa: f64, beyond: f64) -> ScaledT {
    ScaledT {
        centre: it.centre,
        sd: it.sd.hypot(kappa * beyond.max(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(error: f64) -> Vec<Miss> {
        let predicted = ScaledT {
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
        let four = |error: f64| [cut(error), cut(error), cut(error), cut(error)];
        let wide = widening(&four(0.3), f64::NAN);
        let narrow = widening(&four(0.0), f64::NAN);
        assert!((0.15..0.4).contains(&wide), "{wide}");
        assert!(narrow < 0.03, "{narrow}");
        let unseen = widening(&[], f64::NAN);
        assert!(
            unseen > 2.0 * EXPECTED,
            "what is not known widens: {unseen}"
        );
    }

    #[test]
    fn a_law_that_promises_little_is_expected_to_miss_by_less() {
        let of = |slope: f64| widening(&[], slope);
        let ratio = of(0.4) / of(0.1);
        assert!((ratio - 2.0).abs() < 1e-9, "{ratio}");
        assert!(of(0.0) > 0.0 && of(0.0) < of(0.01));
        // What the cuts show outweighs what was promised.
        let seen = [cut(0.3), cut(0.3), cut(0.3), cut(0.3)];
        assert!(widening(&seen, 0.01) > 5.0 * of(0.01));
    }
}

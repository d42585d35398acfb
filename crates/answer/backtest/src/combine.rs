//! One forecast from several laws.
//!
//! # Formula
//!
//! ```text
//! ln vₗ    = −AICcₗ/n − ½ mean of ln(sₗ² + σₗ²) a step beyond the runs + const
//! uₗ       ∝ max(0, 1 − 5 (rₗ² − r²)/V)                         r: residuals, of the law and the smallest; V: variance of responses
//! wₗ       = 0.8 vₗ + 0.2 uₗ                                    v and u have the sum 1
//! centre   = Σ wₗ mₗ
//! sd²      = (Σ wₗ cₗ)² + (Π σₗ^wₗ)² + (Σ wₗ |mₗ − centre|)²    error of coefficients, noise, disagreement of laws
//! ```
//!
//! Means and not mean squares: a law of little weight that is far off, or that does not know its answer, counts by its weight.
//! m, s: a law's forecast and its error by the coefficients, c the same where it is at most what a law promises to change
//! from the largest runs; σ: noise. The weights are the same at every point, so that a joined forecast neither jumps nor rises
//! where no law does. Weights by held-out score (stacking) do worse: the cuts inside a curve lie in another stretch of it, and
//! the winner there is often a law that has not met the bend. The criterion counts once a run, however many runs there are,
//! because the misfit of a law is shared by its runs. Laws share u nearly alike, and one that leaves a fifth of the variance
//! unexplained that another explains has no part in it: a power of N for runs that differ in D.

use super::backtest::Forecast;
use isoflop_numerics::scoring::ScaledT;

/// Weight of Akaike's criterion, of one run.
const EVIDENCE: f64 = 1.0;
/// Weight of how well a law knows its answer beyond the runs.
const KNOWN: f64 = 0.5;
/// Share that laws have alike.
const ALIKE: f64 = 0.2;
/// How fast a law loses its part of it by the share of the variance that another explains beside it.
const UNEXPLAINED: f64 = 5.0;

/// Forecasts of several laws at the same places, joined; the noise of a run at each place; and each law's weight.
pub(crate) fn together(forecasts: &[&Forecast]) -> (Vec<ScaledT>, Vec<f64>, Vec<f64>) {
    let places = forecasts.first().map_or(0, |f| f.centre.len());
    let weights = weights(forecasts);
    let terms = || weights.iter().zip(forecasts);
    let noise: Vec<f64> = (0..places)
        .map(|i| {
            let ln: f64 = terms().map(|(w, f)| w * f.noise[i].max(1e-12).ln()).sum();
            ln.exp()
        })
        .collect();
    let joined = (0..places)
        .map(|i| {
            let centre: f64 = terms().map(|(w, f)| w * f.centre[i]).sum();
            let coefficients: f64 = terms().map(|(w, f)| w * f.bounded(i)).sum();
            let apart: f64 = terms().map(|(w, f)| w * (f.centre[i] - centre).abs()).sum();
            // An exact fit is still not known to better than rounding.
            let sd = coefficients.hypot(apart).hypot(noise[i]).max(1e-12);
            ScaledT { centre, sd }
        })
        .collect();
    (joined, noise, weights)
}

/// What a joined forecast promises to change for each order of magnitude: laws that do not say it have no part in it.
pub(crate) fn slope(forecasts: &[&Forecast], weights: &[f64]) -> f64 {
    let own = || {
        let pairs = forecasts.iter().zip(weights);
        pairs.filter(|(f, _)| f.slope.is_finite())
    };
    let total: f64 = own().map(|(_, w)| w).sum();
    own().map(|(f, w)| w * f.slope).sum::<f64>() / total
}

/// The weights of laws: the same wherever they are asked.
fn weights(forecasts: &[&Forecast]) -> Vec<f64> {
    let log: Vec<f64> = forecasts
        .iter()
        .map(|f| -EVIDENCE * f.evidence / f.runs - KNOWN * f.known)
        .collect();
    let top = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raw: Vec<f64> = log.iter().map(|l| (l - top).exp()).collect();
    let total: f64 = raw.iter().sum();
    let squares = || forecasts.iter().map(|f| f.rms.powi(2));
    let least = squares().fold(f64::INFINITY, f64::min);
    let parts: Vec<f64> = forecasts
        .iter()
        .zip(squares())
        .map(|(f, own)| {
            (1.0 - UNEXPLAINED * (own - least) / f.variance.max(own).max(f64::MIN_POSITIVE))
                .max(0.0)
        })
        .collect();
    let sum: f64 = parts.iter().sum();
    raw.iter()
        .zip(parts)
        .map(|(own, part)| (1.0 - ALIKE) * own / total + ALIKE * part / sum)
        .collect()
}

/// One law alone, held to be true.
pub(crate) fn alone(forecast: &Forecast) -> Vec<ScaledT> {
    (0..forecast.centre.len())
        .map(|i| ScaledT {
            centre: forecast.centre[i],
            sd: forecast.coefficients[i].hypot(forecast.noise[i]),
        })
        .collect()
}

/// One law alone, its coefficients' error no larger than what it promises: what is widened by distance.
pub(crate) fn bounded(forecast: &Forecast) -> Vec<ScaledT> {
    (0..forecast.centre.len())
        .map(|i| ScaledT {
            centre: forecast.centre[i],
            sd: forecast.bounded(i).hypot(forecast.noise[i]),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(centre: f64, coefficients: f64) -> Forecast {
        Forecast {
            centre: vec![centre],
            coefficients: vec![coefficients],
            noise: vec![0.01],
            last: f64::NAN,
            known: (coefficients * coefficients + 1e-4).ln(),
            slope: 0.2,
            evidence: -100.0,
            runs: 20.0,
            count: 3,
            rms: 0.01,
            variance: 0.04,
        }
    }

    #[test]
    fn laws_that_disagree_make_a_wide_forecast_between_them() {
        let (a, b) = (forecast(0.0, 0.01), forecast(1.0, 0.01));
        let (joined, _, weights) = together(&[&a, &b]);
        assert!((joined[0].centre - 0.5).abs() < 1e-12 && (weights[0] - 0.5).abs() < 1e-12);
        assert!((joined[0].sd - (0.25f64 + 2e-4).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_law_that_does_not_know_its_answer_counts_little_and_never_nothing() {
        let (sure, unsure) = (forecast(0.0, 0.01), forecast(1.0, 0.3));
        let (_, _, weights) = together(&[&sure, &unsure]);
        assert!(weights[1] < 0.15 && weights[1] >= 0.1, "{weights:?}");
    }

    #[test]
    fn a_law_that_leaves_unexplained_what_another_explains_has_no_share() {
        let (close, mut far) = (forecast(0.0, 0.01), forecast(1.0, 0.01));
        // Residuals of half the spread of the responses.
        far.rms = 0.1;
        far.evidence = close.evidence + far.runs * 100f64.ln();
        let (_, _, weights) = together(&[&close, &far]);
        // Of the equal part nothing, of the part by evidence 1/101.
        assert!(
            (weights[1] - (1.0 - ALIKE) / 101.0).abs() < 1e-12,
            "{weights:?}"
        );
    }

    #[test]
    fn an_error_of_coefficients_beyond_what_a_law_promises_is_cut_to_that() {
        let mut lost = forecast(0.5, 1.0);
        lost.last = 0.4;
        // The promised change of 0.1, and two standard deviations of a run.
        assert!((lost.bounded(0) - 0.12).abs() < 1e-12);
        lost.coefficients[0] = 0.05;
        assert!((lost.bounded(0) - 0.05).abs() < 1e-12);
    }
}

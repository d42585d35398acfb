//! One forecast from several laws.
//!
//! # Formula
//!
//! ```text
//! ln wₗ(x) = θ Sₗ − ln(sₗ(x)² + σₗ²) − AICcₗ/20 + const       AICc of at most 50 runs; Sₗ mean over the cuts, each the mean over its runs, times their number
//! centre   = Σ wₗ mₗ
//! sd²      = Σ wₗ (sₗ² + σₗ²) + Σ wₗ (mₗ − centre)²            error of coefficients, noise, disagreement of laws
//! ```
//!
//! m, s: a law's forecast and its error by the coefficients; σ: noise; S: held-out score, the mean ln t₄ after a law's
//! own widening. Weights by the held-out score alone (stacking) do worse: the cuts inside a curve lie in another stretch
//! of it, and the winner there is often a law that has not met the bend. So the score is tempered (θ = 0.1), and what
//! decides is how well a law knows its own answer at this point, and a tempered criterion of fit and simplicity. All
//! three constants are round numbers; neighbouring ones do nearly as well.

use super::backtest::Forecast;
use super::score::Predicted;

/// Weight of the held-out score, of one cut.
const HELD_OUT: f64 = 0.1;
/// Weight of Akaike's criterion.
const EVIDENCE: f64 = 0.05;
/// Runs that it counts at most: the misfit of a law is shared by its runs, so hundreds of them do not tell laws apart
/// ten times better than dozens, least of all beyond them.
const COUNTED: f64 = 50.0;

/// Forecasts of several laws at the same places, joined; the noise of a run at each place; and each law's mean weight.
pub(crate) fn together(forecasts: &[(&Forecast, f64)]) -> (Vec<Predicted>, Vec<f64>, Vec<f64>) {
    let places = forecasts.first().map_or(0, |(f, _)| f.centre.len());
    let mut mean = vec![0.0; forecasts.len()];
    let mut noise = Vec::with_capacity(places);
    let joined = (0..places)
        .map(|i| {
            // An exact fit is still not known to better than rounding.
            let own = |f: &Forecast| (f.coefficients[i].powi(2) + f.noise[i].powi(2)).max(1e-24);
            let log: Vec<f64> = forecasts
                .iter()
                .map(|(f, score)| HELD_OUT * score - own(f).ln() - EVIDENCE * counted(f))
                .collect();
            let top = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let raw: Vec<f64> = log.iter().map(|l| (l - top).exp()).collect();
            let total: f64 = raw.iter().sum();
            let weights = raw.iter().map(|w| w / total);
            let terms: Vec<(f64, &Forecast)> =
                weights.zip(forecasts).map(|(w, (f, _))| (w, *f)).collect();
            let centre: f64 = terms.iter().map(|(w, f)| w * f.centre[i]).sum();
            let spread = |(w, f): &(f64, &Forecast)| w * (own(f) + (f.centre[i] - centre).powi(2));
            let sd = terms.iter().map(spread).sum::<f64>().sqrt();
            let runs = terms.iter().map(|(w, f)| w * f.noise[i].powi(2));
            noise.push(runs.sum::<f64>().sqrt());
            for (total, (w, _)) in mean.iter_mut().zip(&terms) {
                *total += w / places as f64;
            }
            Predicted { centre, sd }
        })
        .collect();
    (joined, noise, mean)
}

/// Akaike's criterion over the runs that count.
fn counted(forecast: &Forecast) -> f64 {
    forecast.evidence * (COUNTED / forecast.runs).min(1.0)
}

/// One law alone.
pub(crate) fn alone(forecast: &Forecast) -> Vec<Predicted> {
    (0..forecast.centre.len())
        .map(|i| Predicted {
            centre: forecast.centre[i],
            sd: forecast.coefficients[i].hypot(forecast.noise[i]),
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
            evidence: -100.0,
            runs: 20.0,
            count: 3,
            rms: 0.01,
        }
    }

    #[test]
    fn laws_that_disagree_make_a_wide_forecast_between_them() {
        let (a, b) = (forecast(0.0, 0.01), forecast(1.0, 0.01));
        let (joined, _, weights) = together(&[(&a, 0.0), (&b, 0.0)]);
        assert!((joined[0].centre - 0.5).abs() < 1e-12 && (weights[0] - 0.5).abs() < 1e-12);
        assert!((joined[0].sd - (0.25f64 + 2e-4).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_law_that_does_not_know_its_answer_counts_little() {
        let (sure, unsure) = (forecast(0.0, 0.01), forecast(1.0, 0.3));
        let (joined, _, weights) = together(&[(&sure, 0.0), (&unsure, 0.0)]);
        assert!(weights[1] < 0.01 && joined[0].centre < 0.01, "{weights:?}");
    }

    #[test]
    fn a_better_held_out_score_counts_for_more() {
        let (a, b) = (forecast(0.0, 0.01), forecast(1.0, 0.01));
        let (_, _, weights) = together(&[(&a, 20.0), (&b, 0.0)]);
        assert!(weights[0] > 0.85, "{weights:?}");
    }
}

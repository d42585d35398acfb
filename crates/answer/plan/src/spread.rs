//! From values over draws to an estimate.

use isoflop_base::{Estimate, Interval};
use isoflop_numerics::dist;

/// An estimate from its best value and its values over draws. Draws without a value (NaN) are left out; those that run
/// away are infinite and open the interval. Without nine draws of ten there is no interval. An interval holds its estimate,
/// also where the draws are corrected for a bias.
pub(super) fn estimate(best: f64, sample: &[f64], level: f64, unit: &str) -> Estimate {
    let mut sorted: Vec<f64> = sample.iter().copied().filter(|x| !x.is_nan()).collect();
    let bare = Estimate {
        value: best,
        se: None,
        unit: unit.to_owned(),
        interval: None,
    };
    if sorted.len() < 2 || sorted.len() * 10 < sample.len() * 9 {
        return bare;
    }
    sorted.sort_by(f64::total_cmp);
    let finite = sorted.iter().all(|x| x.is_finite());
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let variance = sorted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    Estimate {
        se: finite.then(|| variance.sqrt()),
        interval: Some(Interval {
            level,
            lower: best.min(quantile(&sorted, 0.5 * (1.0 - level))),
            upper: best.max(quantile(&sorted, 0.5 * (1.0 + level))),
        }),
        ..bare
    }
}

/// A quantile that is infinite only when an order statistic it rests on is: ∞ − ∞ is no number.
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let found = dist::sorted_quantile(sorted, probability);
    if !found.is_nan() {
        return found;
    }
    let above = probability * (sorted.len() - 1) as f64;
    sorted[(above.ceil() as usize).min(sorted.len() - 1)]
}

/// An estimate times a number.
pub(super) fn scaled(e: &Estimate, factor: f64, unit: &str) -> Estimate {
    Estimate {
        value: e.value * factor,
        se: e.se.map(|s| s * factor.abs()),
        unit: unit.to_owned(),
        interval: e.interval.map(|i| Interval {
            level: i.level,
            lower: i.lower * factor,
            upper: i.upper * factor,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_that_run_away_open_the_interval() {
        let mut sample: Vec<f64> = (0..=90).map(f64::from).collect();
        sample.extend([f64::INFINITY; 10]);
        let e = estimate(45.0, &sample, 0.9, "FLOP");
        assert_eq!(e.se, None);
        let i = e.interval.expect("all draws have a value");
        assert!((i.lower - 5.0).abs() < 1e-12 && i.upper.is_infinite());
    }

    #[test]
    fn too_few_draws_with_a_value_give_no_interval() {
        let sample = [1.0, 2.0, 3.0, f64::NAN];
        assert_eq!(estimate(2.0, &sample, 0.9, "").interval, None);
        assert_eq!(estimate(2.0, &[], 0.9, "").interval, None);
    }
}

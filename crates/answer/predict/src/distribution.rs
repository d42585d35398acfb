//! A predicted response as a distribution, to be asked for intervals, quantiles, probabilities, scores and samples.
//!
//! # Formula
//!
//! ```text
//! sample     percentiles of draws, on the scale of the fit
//! Student    centre ± t sd, on the scale of the fit
//! logit      odds · exp(± t sd / (p (1 − p))), of a probability p
//! ```
//!
//! The distribution holds its value: a quantile below ½ lies at most there, one above ½ at least. Percentiles of draws that are
//! corrected for a bias may lie wholly beside it.

use isoflop_base::Interval;
use isoflop_numerics::dist;
use isoflop_numerics::random::Stream;
use isoflop_numerics::scoring::Quantiles;

use crate::widening::Widening;

/// Quantiles behind a score.
const QUANTILES: usize = 1000;
/// Halvings of a probability: to the rounding of a number below one.
const HALVINGS: u32 = 53;

/// A predictive distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictive {
    value: f64,
    /// Whether the shape is of the logarithm of the response.
    logarithm: bool,
    shape: Shape,
    widening: Option<Widening>,
}

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// Sorted values.
    Sample(Vec<f64>),
    /// Student's t.
    Student { centre: f64, sd: f64, df: f64 },
    /// A probability: symmetric on the logit, where it cannot leave 0 to 1.
    Logit { sd: f64, df: f64 },
}

impl Predictive {
    /// Of draws on the scale of the fit.
    pub(crate) fn sample_of(value: f64, logarithm: bool, mut draws: Vec<f64>) -> Self {
        draws.sort_by(f64::total_cmp);
        Self::new(value, logarithm, Shape::Sample(draws))
    }

    /// Of Student's t on the scale of the fit.
    pub(crate) fn student(value: f64, logarithm: bool, centre: f64, spread: (f64, f64)) -> Self {
        let (sd, df) = spread;
        Self::new(value, logarithm, Shape::Student { centre, sd, df })
    }

    /// Of a probability, with the standard deviation of the probability itself.
    pub(crate) fn logit(value: f64, (sd, df): (f64, f64)) -> Self {
        Self::new(value, false, Shape::Logit { sd, df })
    }

    fn new(value: f64, logarithm: bool, shape: Shape) -> Self {
        Self {
            value,
            logarithm,
            shape,
            widening: None,
        }
    }

    /// Widened beyond the data, as a backtest demands.
    pub(crate) fn widened(self, widening: Option<Widening>) -> Self {
        Self { widening, ..self }
    }

    /// The predicted response.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The central interval of a level between 0 and 1.
    #[must_use]
    pub fn interval(&self, level: f64) -> Interval {
        let (lower, upper) = self.ends(level);
        let held = Interval {
            level,
            lower: lower.min(self.value),
            upper: upper.max(self.value),
        };
        match &self.widening {
            Some(widening) => widening.widen(self.value, held),
            None => held,
        }
    }

    /// The quantile of a probability; not a number unless that lies between 0 and 1.
    #[must_use]
    pub fn quantile(&self, probability: f64) -> f64 {
        if !(probability > 0.0 && probability < 1.0) {
            return f64::NAN;
        }
        let central = self.interval((1.0 - 2.0 * probability).abs());
        if probability < 0.5 {
            central.lower
        } else if probability > 0.5 {
            central.upper
        } else {
            f64::midpoint(central.lower, central.upper)
        }
    }

    /// The probability of a response up to `y`.
    #[must_use]
    pub fn cdf(&self, y: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.quantile(middle) <= y {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }

    /// The continuous ranked probability score of a response, in its unit: from the quantiles at (k − ½)/1000.
    #[must_use]
    pub fn crps(&self, y: f64) -> f64 {
        let quantile = |k| self.quantile(Quantiles::probability(k, QUANTILES));
        let quantiles: Vec<f64> = (0..QUANTILES).map(quantile).collect();
        Quantiles(&quantiles).crps(y)
    }

    /// One response drawn from the distribution.
    #[must_use]
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        self.quantile(stream.open_unit())
    }

    /// Ends of the central interval of a level, before it holds the value.
    fn ends(&self, level: f64) -> (f64, f64) {
        let back = |x: f64| if self.logarithm { x.exp() } else { x };
        match &self.shape {
            Shape::Sample(sorted) => {
                let tail = 0.5 * (1.0 - level);
                (
                    back(dist::sorted_quantile(sorted, tail)),
                    back(dist::sorted_quantile(sorted, 1.0 - tail)),
                )
            }
            Shape::Student { centre, sd, df } => {
                let half = dist::t_quantile(0.5 + 0.5 * level, *df) * sd;
                (back(centre - half), back(centre + half))
            }
            Shape::Logit { sd, df } => {
                let half = dist::t_quantile(0.5 + 0.5 * level, *df) * sd;
                logit_ends(self.value, half)
            }
        }
    }
}

fn logit_ends(p: f64, half: f64) -> (f64, f64) {
    let spread = p * (1.0 - p);
    let at = |by: f64| {
        let odds = (p / (1.0 - p)) * (by / spread).exp();
        odds / (1.0 + odds)
    };
    if spread > 0.0 && (half / spread).is_finite() {
        (at(-half), at(half))
    } else {
        (p, p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_fit::{Calibration, ValueScale};

    fn student() -> Predictive {
        Predictive::student(1.0, false, 1.0, (0.3, 1e9))
    }

    #[test]
    fn quantiles_are_the_ends_of_intervals_and_the_distribution_function_inverts_them() {
        let sample =
            Predictive::sample_of(2.0, true, (0..500).map(|k| f64::from(k) / 500.0).collect());
        for it in [student(), sample, Predictive::logit(0.7, (0.05, 12.0))] {
            let wide = it.interval(0.9);
            assert!((it.quantile(0.05) - wide.lower).abs() < 1e-9);
            assert!((it.quantile(0.95) - wide.upper).abs() < 1e-9);
            for p in [0.02, 0.3, 0.77, 0.99] {
                assert!((it.cdf(it.quantile(p)) - p).abs() < 1e-6, "{it:?} {p}");
            }
        }
        assert!(student().quantile(1.0).is_nan() && student().quantile(-0.1).is_nan());
    }

    #[test]
    fn the_score_of_a_normal_distribution_is_its_closed_form() {
        // CRPS = σ (z (2Φ(z) − 1) + 2φ(z) − 1/√π), Gneiting, Raftery 2007, equation 21.
        for y in [0.4, 1.0, 1.9] {
            let z: f64 = (y - 1.0) / 0.3;
            let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let exact = 0.3
                * (z * (2.0 * dist::normal_cdf(z) - 1.0) + 2.0 * density
                    - 1.0 / std::f64::consts::PI.sqrt());
            assert!((student().crps(y) / exact - 1.0).abs() < 2e-3, "{y}");
        }
    }

    #[test]
    fn samples_follow_the_distribution() {
        let it = student();
        let mut below = 0;
        for b in 0..1000 {
            let x = it.sample(&mut Stream::new(3, "test", b));
            below += usize::from(x < it.quantile(0.25));
        }
        // A share of 0.25 of 1000 has a standard error of 13.7.
        assert!((205..=295).contains(&below), "{below}");
    }

    #[test]
    fn widening_adds_in_quadrature() {
        let calibration = Calibration {
            axis: "C".to_owned(),
            largest: 6e20,
            scale: ValueScale::Raw,
            per_decade: 0.4,
            cuts: 3,
        };
        let at = |n: f64| vec![("N".to_owned(), n), ("D".to_owned(), 1e10)];
        assert_eq!(Widening::at(&at(1e9), &calibration), None);
        let it = student().widened(Widening::at(&at(1e11), &calibration));
        // Ten times the largest run: 0.3 · 1.645 from the fit, 0.4 · 1.645 from the distance.
        let half = it.interval(0.9).upper - 1.0;
        assert!((half - 0.5 * 1.644_853_6).abs() < 1e-5, "{half}");
    }
}

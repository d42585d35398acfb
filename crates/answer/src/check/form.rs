//! Is the additive form right? A test of the exponent around both terms of a law of N and D.
//!
//! # Formula
//!
//! ```text
//! L = E + (A/N^α + B/D^β)^k                 k = 1 is the additive form
//! F = 2 (Q₁ − Q) m / s²                     Q: Huber objective on ln L with k free, Q₁: with k = 1
//! s² = Σ ψ(r)² / (n − 6),  m = share of |r| ≤ δ,  δ = 1.5 × 1.4826 × median |r|
//! p = P(F(1, n − 6) ≥ F)                    interval of k: values that the same test does not reject at 5 %
//! ```
//!
//! The likelihood-ratio test for M-estimates; for least squares it is the F test. One δ, from the fit with k free, holds for
//! every fit of the test, or their objectives could not be compared. Runs count as independent.
//!
//! k and E trade off: with k below 1 the same runs leave a lower floor. E is said over the whole interval of k, and it is not
//! identified when that range reaches zero or is wider than a quarter of the lowest loss.
//!
//! # Source
//!
//! Schrader, Hettmansperger 1980, Biometrika 67, 93, for the test; Busbridge et al. 2025, arXiv:2502.08606, for the law.

use isoflop_data::RunTable;
use isoflop_fit::{Corner, Fit, FitOptions, Objective, PenaltyKind, Scale, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_law::surface::{Powers, Surface};
use isoflop_numerics::dist;
use serde::{Deserialize, Serialize};

use crate::audit::is_surface;

/// Name of the law with the exponent, in tables.
pub(crate) const OUTER: &str = "outer-exponent";
/// Level of the interval of k.
const LEVEL: f64 = 0.95;
/// Range in which k is looked for.
const RANGE: (f64, f64) = (0.02, 5.0);
/// Fits on either side of k: halvings of a range of its logarithm.
const HALVINGS: u32 = 7;
/// Coefficients of the wider law.
const COUNT: f64 = 6.0;

/// What the runs say of the exponent around both terms, and what it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormTest {
    /// Runs.
    pub n: usize,
    /// k, the exponent around both terms.
    pub k: f64,
    /// Values of k that the runs do not reject at 5 %; an end of the range that was searched where none was rejected.
    pub interval: (f64, f64),
    /// The statistic.
    pub statistic: f64,
    /// Its p value: how often runs of the additive form would speak as loudly against it.
    pub p: f64,
    /// E of the additive form.
    pub floor_additive: f64,
    /// E with k free.
    pub floor: f64,
    /// Lowest and highest E over the interval of k.
    pub floor_range: (f64, f64),
    /// Whether the runs determine E when k is free.
    pub floor_identified: bool,
    /// β/(α + β) of the additive form: the exponent of the optimal size over compute.
    pub exponent_additive: f64,
    /// The same with k free.
    pub exponent: f64,
    /// What both forms say at budgets, from the largest run on.
    pub budgets: Vec<FormBudget>,
}

/// A compute-optimal model by both forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormBudget {
    /// Compute, as 6ND.
    pub flops: f64,
    /// Optimal parameters by the additive form.
    pub params_additive: f64,
    /// The same with k free.
    pub params: f64,
    /// Loss there by the additive form.
    pub loss_additive: f64,
    /// The same with k free.
    pub loss: f64,
}

/// The law with the exponent, for the columns of a law that is a floor plus one power of N plus one power of D; none for other
/// laws.
pub(crate) fn outer(law: &Law) -> Option<Law> {
    if !is_additive(law) {
        return None;
    }
    let column = |letter: &str| law.var(letter).map(|v| quoted(&v.column));
    let response = law.response();
    let text = format!(
        "title = \"Loss with an exponent around both terms\"\n\
         formula = \"{letter} = E + (A / N^alpha + B / D^beta)^k\"\n\
         [vars]\n\
         {letter} = {{ column = {loss}, role = \"response\" }}\n\
         N = {{ column = {params} }}\n\
         D = {{ column = {tokens} }}\n\
         [coefs]\n\
         E = {{ range = [0, inf], start = [0.5, 1, 2] }}\n\
         A = {{ range = [0, inf], start = [10, 100, 1000] }}\n\
         B = {{ range = [0, inf], start = [10, 100, 1000] }}\n\
         alpha = {{ range = [0, 3], start = [0.2, 0.5, 0.8] }}\n\
         beta = {{ range = [0, 3], start = [0.2, 0.5, 0.8] }}\n\
         k = {{ range = [{low}, {high}], start = [0.4, 1] }}\n",
        letter = response.name,
        loss = quoted(&response.column),
        params = column("N")?,
        tokens = column("D")?,
        low = RANGE.0,
        high = RANGE.1,
    );
    Law::from_toml(OUTER, "outer-exponent.toml", &text).ok()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a law is a floor, one power of N and one power of D, whatever its coefficients are.
fn is_additive(law: &Law) -> bool {
    if !is_surface(law) || !law.stages.is_empty() {
        return false;
    }
    let Ok(surface) = Surface::compile(law, &[]) else {
        return false;
    };
    // Any numbers will do: the form is that of the formula.
    let theta: Vec<f64> = (0..surface.coefs().len())
        .map(|k| 0.3 + 0.017 * k as f64)
        .collect();
    let inputs: Vec<Powers> = surface
        .inputs()
        .iter()
        .map(|letter| {
            if letter == "N" {
                Powers::first()
            } else {
                Powers::second()
            }
        })
        .collect();
    let form = surface.at(&theta, &inputs, &mut Vec::new());
    let Some(sum) = form.sum() else {
        return false;
    };
    let count = |test: fn(f64, f64) -> bool| {
        let terms = sum.terms().iter();
        terms.filter(|t| test(t.x, t.y)).count()
    };
    sum.terms().len() == 3
        && count(|x, y| x == 0.0 && y == 0.0) == 1
        && count(|x, y| x < 0.0 && y == 0.0) == 1
        && count(|x, y| x == 0.0 && y < 0.0) == 1
}

/// The test; none for laws of another form, for too few runs, and for runs without noise or with losses that have no logarithm.
#[must_use]
pub fn form_test(law: &Law, table: &RunTable, options: &FitOptions) -> Option<FormTest> {
    let study = Study::new(outer(law)?, table, options)?;
    let additive = study.at(1.0)?;
    let statistic = study.statistic(&additive);
    let root = statistic.max(0.0).sqrt();
    let p = 2.0 * (1.0 - dist::t_cdf(root, study.df));
    let (low, low_floor) = study.end(RANGE.0);
    let (high, high_floor) = study.end(RANGE.1);
    let own = coefs(&study.wide);
    let of_additive = coefs(&additive);
    let floors = [own.floor, low_floor, high_floor];
    let floor_range = (
        floors.iter().copied().fold(f64::INFINITY, f64::min),
        floors.iter().copied().fold(0.0, f64::max),
    );
    let points = &study.wide.points;
    let lowest = points
        .response
        .iter()
        .copied()
        .fold(f64::INFINITY, f64::min);
    let wide = floor_range.1 - floor_range.0 > 0.25 * lowest;
    let largest = largest(&points.inputs)?;
    let budgets = [1.0, 10.0, 100.0]
        .iter()
        .map(|times| {
            let flops = times * largest;
            let (params_additive, loss_additive) = of_additive.optimum(flops);
            let (params, loss) = own.optimum(flops);
            FormBudget {
                flops,
                params_additive,
                params,
                loss_additive,
                loss,
            }
        })
        .collect();
    Some(FormTest {
        n: study.wide.n,
        k: own.k,
        interval: (low, high),
        statistic,
        p,
        floor_additive: of_additive.floor,
        floor: own.floor,
        floor_range,
        floor_identified: !wide && floor_range.0 > 1e-3 * lowest,
        exponent_additive: of_additive.exponent(),
        exponent: own.exponent(),
        budgets,
    })
}

/// The fit with k free, and what other values of k are held against.
struct Study<'a> {
    law: Law,
    table: &'a RunTable,
    options: FitOptions,
    wide: Fit,
    delta: f64,
    /// n less the coefficients.
    df: f64,
    /// s²/m.
    scale: f64,
    best: f64,
}

impl<'a> Study<'a> {
    fn new(law: Law, table: &'a RunTable, options: &FitOptions) -> Option<Self> {
        let with = |penalty: PenaltyKind| FitOptions {
            objective: Some(Objective {
                penalty,
                scale: Scale::Ln,
            }),
            weights: options.weights.clone(),
            uncertainty: Uncertainty::None,
            seed: options.seed,
            ..FitOptions::default()
        };
        let rough = fit(&law, table, &with(PenaltyKind::Squared)).ok()?;
        let df = rough.n as f64 - COUNT;
        let spread = dist::robust_sd(&rough.points.residual);
        let level = rough
            .points
            .response
            .iter()
            .map(|y| y.abs())
            .fold(0.0, f64::max);
        // Residuals at the level of rounding are no noise, and far-out points would make any form significant.
        if df < 3.0 || spread.is_nan() || spread <= 1e-9 || level <= 0.0 {
            return None;
        }
        let delta = 1.5 * spread;
        let options = with(PenaltyKind::Huber(Corner::Fixed(delta)));
        let wide = fit(&law, table, &options).ok()?;
        let residuals = &wide.points.residual;
        let inside = residuals.iter().filter(|r| r.abs() <= delta).count();
        let psi: f64 = residuals.iter().map(|r| r.abs().min(delta).powi(2)).sum();
        let best = huber(residuals, delta);
        let scale = psi / df / (inside as f64 / wide.n as f64);
        Some(Self {
            law,
            table,
            options,
            wide,
            delta,
            df,
            scale,
            best,
        })
    }

    /// The fit with k held.
    fn at(&self, k: f64) -> Option<Fit> {
        let options = FitOptions {
            coefs: vec![format!("k = {k}")],
            ..self.options.clone()
        };
        fit(&self.law, self.table, &options).ok()
    }

    fn statistic(&self, held: &Fit) -> f64 {
        2.0 * (huber(&held.points.residual, self.delta) - self.best).max(0.0) / self.scale
    }

    /// An end of the interval of k, towards a limit, with E there.
    fn end(&self, limit: f64) -> (f64, f64) {
        let reject = dist::t_quantile(0.5 + 0.5 * LEVEL, self.df).powi(2);
        let own = coefs(&self.wide);
        let mut inside = (own.k.ln(), own.floor);
        let mut outside = limit.ln();
        match self.at(limit) {
            Some(held) if self.statistic(&held) <= reject => return (limit, coefs(&held).floor),
            _ => {}
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (inside.0 + outside);
            match self.at(middle.exp()) {
                Some(held) if self.statistic(&held) <= reject => {
                    inside = (middle, coefs(&held).floor);
                }
                _ => outside = middle,
            }
        }
        (inside.0.exp(), inside.1)
    }
}

fn huber(residuals: &[f64], delta: f64) -> f64 {
    let one = |r: &f64| {
        let a = r.abs();
        if a <= delta {
            0.5 * a * a
        } else {
            delta * (a - 0.5 * delta)
        }
    };
    residuals.iter().map(one).sum()
}

/// Coefficients of the law with the exponent.
struct Coefs {
    floor: f64,
    a: f64,
    b: f64,
    alpha: f64,
    beta: f64,
    k: f64,
}

fn coefs(fit: &Fit) -> Coefs {
    let of = |name: &str| {
        let own = fit.coefs.iter().find(|(n, _)| n == name);
        own.map_or(f64::NAN, |(_, e)| e.value)
    };
    Coefs {
        floor: of("E"),
        a: of("A"),
        b: of("B"),
        alpha: of("alpha"),
        beta: of("beta"),
        k: of("k"),
    }
}

impl Coefs {
    fn exponent(&self) -> f64 {
        self.beta / (self.alpha + self.beta)
    }

    /// Optimal parameters of a budget 6ND, and the loss there: the exponent moves the loss and not the optimum.
    fn optimum(&self, flops: f64) -> (f64, f64) {
        let total = self.alpha + self.beta;
        let ratio = (self.alpha * self.a / (self.beta * self.b)).powf(1.0 / total);
        let params = ratio * (flops / 6.0).powf(self.exponent());
        let tokens = flops / 6.0 / params;
        let inner = self.a * params.powf(-self.alpha) + self.b * tokens.powf(-self.beta);
        (params, self.floor + inner.powf(self.k))
    }
}

/// The largest 6ND among runs.
fn largest(inputs: &[(String, Vec<f64>)]) -> Option<f64> {
    let column = |letter: &str| inputs.iter().find(|(n, _)| n == letter).map(|(_, x)| x);
    let (n, d) = (column("N")?, column("D")?);
    let flops = n.iter().zip(d).map(|(n, d)| 6.0 * n * d);
    flops.reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_testkit::{Random, budgets};

    fn table(seed: u64, k: f64) -> RunTable {
        let mut rng = Random::new(seed);
        // The inner exponents make the effective ones those of Chinchilla at any k.
        let truth = |n: f64, d: f64| {
            let inner = (400.0f64).powf(1.0 / k) / n.powf(0.34 / k)
                + (410.0f64).powf(1.0 / k) / d.powf(0.28 / k);
            1.7 + inner.powf(k)
        };
        let [n, d, l] = budgets(&mut rng, truth);
        RunTable::from_columns("simulated", &[("params", &n), ("tokens", &d), ("loss", &l)])
    }

    fn law() -> Law {
        Law::builtin("chinchilla").expect("in the catalogue")
    }

    #[test]
    fn the_additive_form_is_kept_where_it_is_true_and_refused_where_it_is_not() {
        let found = |k: f64| form_test(&law(), &table(7, k), &FitOptions::default());
        let kept = found(1.0).expect("a test");
        assert!(kept.p > 0.05, "{kept:?}");
        assert!(kept.interval.0 < 1.0 && kept.interval.1 > 1.0, "{kept:?}");
        let refused = found(0.4).expect("a test");
        assert!(refused.p < 1e-3, "{refused:?}");
        assert!((0.25..0.65).contains(&refused.k), "{refused:?}");
        assert!(refused.interval.1 < 1.0, "{refused:?}");
    }

    #[test]
    fn only_a_floor_and_two_powers_are_additive() {
        assert!(outer(&law()).is_some());
        let tied = Law::builtin("chinchilla-tied").expect("in the catalogue");
        assert!(outer(&tied).is_some());
        for id in [
            "outer-exponent",
            "kaplan-lnd",
            "power-floor",
            "data-constrained",
        ] {
            let law = Law::builtin(id).expect("in the catalogue");
            assert!(outer(&law).is_none(), "{id}");
        }
    }
}

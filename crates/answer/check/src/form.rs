//! Is the additive form right? A test of the exponent around both terms of a law of N and D.
//!
//! # Formula
//!
//! ```text
//! L = E + (A/N^α + B/D^β)^k                 k = 1 is the additive form
//! F = 2 (Q₁ − Q) / λ                        Q: Huber objective on ln L with k free, Q₁: with k = 1
//! λ = Σ w² ψ(r)² / (1 − p/n) / Σ w [|r| ≤ δ],  δ = 1.5 × 1.4826 × median |r|,  n = (Σ w)² / Σ w²,  p: coefficients
//! p = P(F(1, n − p) ≥ F)                    interval of k: values that the same test does not reject at 5 %
//! ```
//!
//! The likelihood-ratio test for M-estimates; for least squares it is the F test. One δ, from the fit with k free, holds for
//! every fit of the test, or their objectives could not be compared. Runs count as independent. Without weights n is the number
//! of runs; a run of no weight counts neither in n nor in the median. Where standard deviations are given, δ is infinite and
//! w = (L/sd)², as in the fit itself, and their common factor is taken from the residuals.
//!
//! k and E trade off: with k below 1 the same runs leave a lower floor. E is said over the whole interval of k, and it is not
//! identified when that range reaches zero or is wider than a quarter of the lowest loss.
//!
//! # Source
//!
//! Schrader, Hettmansperger 1980, Biometrika 67, 93, for the test; Busbridge et al. 2025, arXiv:2502.08606, for the law.

use isoflop_data::RunTable;
use isoflop_fit::{
    Corner, Fit, FitOptions, Objective, PenaltyKind, Scale, Uncertainty, fit, used_runs,
};
use isoflop_law::surface::{Powers, Surface};
use isoflop_law::{Law, changed_coef};
use isoflop_numerics::dist;
use serde::{Deserialize, Serialize};

use crate::audit::is_surface;

/// Name of the law with the exponent, in tables.
pub(crate) const OUTER: &str = "outer-exponent";
/// Level of the interval of k.
const LEVEL: f64 = 0.95;
/// Range in which k is looked for.
const RANGE: (f64, f64) = (0.02, 5.0);
/// An end of the interval is known when it is within this share of its distance from k, on the logarithm.
const CLOSE: f64 = 5e-3;
/// Fits for an end at most.
const STEPS: u32 = 40;

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
    /// How much each run counts.
    weights: Vec<f64>,
    delta: f64,
    /// Runs that count, less the coefficients.
    df: f64,
    scale: f64,
    best: f64,
}

impl<'a> Study<'a> {
    fn new(law: Law, table: &'a RunTable, options: &FitOptions) -> Option<Self> {
        let squared = of_penalty(options, PenaltyKind::Squared);
        let rough = fit(&law, table, &squared).ok()?;
        let weights = weights(&law, table, &squared, &rough)?;
        let (sum, squares) = sums(&weights);
        let n = sum * sum / squares;
        let count = rough.joint.at.len() as f64;
        let df = n - count;
        let spread = robust_sd(&rough.points.residual, &weights);
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
        // Standard deviations say what is far out, and are those of a sum of squares.
        let known = options.sigma.is_some();
        let delta = if known { f64::INFINITY } else { 1.5 * spread };
        let (options, wide) = if known {
            (squared, rough)
        } else {
            let options = of_penalty(options, PenaltyKind::Huber(Corner::Fixed(delta)));
            let wide = fit(&law, table, &options).ok()?;
            (options, wide)
        };
        let residuals = &wide.points.residual;
        let pairs = || residuals.iter().zip(&weights);
        let inside: f64 = pairs()
            .filter(|(r, _)| r.abs() <= delta)
            .map(|(_, w)| w)
            .sum();
        let psi: f64 = pairs().map(|(r, w)| (w * r.abs().min(delta)).powi(2)).sum();
        let best = huber(residuals, &weights, delta);
        let scale = psi / (1.0 - count / n) / inside;
        (scale > 0.0 && scale.is_finite()).then_some(Self {
            law,
            table,
            options,
            wide,
            weights,
            delta,
            df,
            scale,
            best,
        })
    }

    /// The fit with k held.
    fn at(&self, k: f64) -> Option<Fit> {
        let mut coefs = self.options.coefs.clone();
        coefs.push(format!("k = {k}"));
        let options = FitOptions {
            coefs,
            ..self.options.clone()
        };
        fit(&self.law, self.table, &options).ok()
    }

    fn statistic(&self, held: &Fit) -> f64 {
        let own = huber(&held.points.residual, &self.weights, self.delta);
        2.0 * (own - self.best).max(0.0) / self.scale
    }

    /// An end of the interval of k, towards a limit, with E there. The root of the statistic grows nearly in proportion to the
    /// distance from k, so that a secant finds the end in few fits.
    fn end(&self, limit: f64) -> (f64, f64) {
        let reject = dist::t_quantile(0.5 + 0.5 * LEVEL, self.df);
        let own = coefs(&self.wide);
        let top = own.k.ln();
        let mut inside = (top, -reject, own.floor);
        let mut outside = (limit.ln(), None);
        if let Some(held) = self.at(limit) {
            let over = self.statistic(&held).sqrt() - reject;
            if over <= 0.0 {
                return (limit, coefs(&held).floor);
            }
            outside.1 = Some(over);
        }
        for step in 0..STEPS {
            let width = outside.0 - inside.0;
            if width.abs() <= CLOSE * (inside.0 - top).abs() || width.abs() < 1e-6 {
                break;
            }
            // Every third step halves, lest one end of the bracket stays where it is.
            let share = match outside.1 {
                Some(over) if step % 3 != 2 => (-inside.1 / (over - inside.1)).clamp(0.02, 0.98),
                _ => 0.5,
            };
            let middle = inside.0 + share * width;
            let held = self.at(middle.exp());
            match held.map(|h| (self.statistic(&h).sqrt() - reject, coefs(&h).floor)) {
                Some((over, floor)) if over <= 0.0 => inside = (middle, over, floor),
                Some((over, _)) => outside = (middle, Some(over)),
                None => outside = (middle, None),
            }
        }
        (inside.0.exp(), inside.2)
    }
}

/// The options of the fits of a test: a floor that the law holds is held.
fn of_penalty(options: &FitOptions, penalty: PenaltyKind) -> FitOptions {
    let floor = |change: &&String| changed_coef(change) == Some("E");
    FitOptions {
        objective: Some(Objective {
            penalty,
            scale: Scale::Ln,
        }),
        weights: options.weights.clone(),
        sigma: options.sigma.clone(),
        coefs: options.coefs.iter().filter(floor).cloned().collect(),
        uncertainty: Uncertainty::None,
        seed: options.seed,
        ..FitOptions::default()
    }
}

/// How much each run of a fit counts, in the order of its residuals; none when the columns do not say it.
fn weights(law: &Law, table: &RunTable, options: &FitOptions, fit: &Fit) -> Option<Vec<f64>> {
    let Some(name) = options.weights.as_ref().or(options.sigma.as_ref()) else {
        return Some(vec![1.0; fit.n]);
    };
    let used = used_runs(law, table, options).ok()?;
    let values = table.column(name)?.numbers()?;
    let own = used.rows.iter().map(|row| values[*row]);
    let weights: Vec<f64> = match options.sigma {
        Some(_) => own
            .zip(&used.response)
            .map(|(sd, y)| (y / sd).powi(2))
            .collect(),
        None => own.collect(),
    };
    let usable = weights.iter().all(|w| *w >= 0.0 && w.is_finite());
    (usable && weights.len() == fit.points.residual.len()).then_some(weights)
}

/// The sum of weights, and of their squares.
fn sums(weights: &[f64]) -> (f64, f64) {
    let squares = weights.iter().map(|w| w * w).sum();
    (weights.iter().sum(), squares)
}

/// 1.4826 × the median of |r|, where runs count by their weights.
fn robust_sd(residuals: &[f64], weights: &[f64]) -> f64 {
    let mut pairs: Vec<(f64, f64)> = residuals
        .iter()
        .zip(weights)
        .map(|(r, w)| (r.abs(), *w))
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * weights.iter().sum::<f64>();
    let mut below = 0.0;
    for (i, (r, w)) in pairs.iter().enumerate() {
        below += w;
        if below > half * (1.0 + 1e-12) {
            return 1.4826 * r;
        }
        // The median of an even number of alike runs lies between two of them.
        if below >= half * (1.0 - 1e-12) {
            let next = pairs.get(i + 1).map_or(*r, |p| p.0);
            return 1.4826 * 0.5 * (r + next);
        }
    }
    f64::NAN
}

fn huber(residuals: &[f64], weights: &[f64], delta: f64) -> f64 {
    let one = |(r, w): (&f64, &f64)| {
        let a = r.abs();
        w * if a <= delta {
            0.5 * a * a
        } else {
            delta * (a - 0.5 * delta)
        }
    };
    residuals.iter().zip(weights).map(one).sum()
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

    /// The ends of the interval are where the test of that k is on the edge of refusing it.
    #[test]
    fn the_interval_of_the_exponent_ends_where_the_test_turns() {
        let table = table(3, 0.6);
        let options = FitOptions::default();
        let test = form_test(&law(), &table, &options).expect("a test");
        let study = Study::new(outer(&law()).expect("additive"), &table, &options);
        let study = study.expect("runs with noise");
        let p = |k: f64| {
            let root = study.statistic(&study.at(k).expect("a fit")).sqrt();
            2.0 * (1.0 - dist::t_cdf(root, study.df))
        };
        for end in [test.interval.0, test.interval.1] {
            assert!((0.048..0.052).contains(&p(end)), "{} at {end}", p(end));
        }
    }

    /// The runs of a table, and twenty more that are far off and hardly count.
    #[test]
    fn runs_that_hardly_count_do_not_change_the_test_of_the_form() {
        let plain = table(7, 0.5);
        let numbers = |name: &str| {
            let column = plain.column(name).and_then(|c| c.numbers());
            column.expect("numbers").to_vec()
        };
        let [mut n, mut d, mut l] = ["params", "tokens", "loss"].map(numbers);
        let rows = l.len();
        let mut rng = Random::new(5);
        for k in 0..20 {
            n.push(n[k]);
            d.push(d[k]);
            l.push(l[k] * (1.0 + 0.3 * rng.normal()).abs());
        }
        let of = |good: f64, bad: f64| -> Vec<f64> {
            (0..l.len())
                .map(|i| if i < rows { good } else { bad })
                .collect()
        };
        let (w, sd) = (of(1.0, 1e-9), of(0.01, 1e4));
        let table = RunTable::from_columns(
            "simulated",
            &[
                ("params", &n),
                ("tokens", &d),
                ("loss", &l),
                ("w", &w),
                ("sd", &sd),
            ],
        )
        .keeping_copies();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-2 * b.abs();
        let weighted = FitOptions {
            weights: Some("w".to_owned()),
            ..FitOptions::default()
        };
        let alone = form_test(&law(), &plain, &FitOptions::default()).expect("a test");
        let beside = form_test(&law(), &table, &weighted).expect("a test");
        assert!(
            near(beside.interval.0, alone.interval.0),
            "{beside:?} {alone:?}"
        );
        assert!(
            near(beside.interval.1, alone.interval.1),
            "{beside:?} {alone:?}"
        );
        let by_sigma = FitOptions {
            sigma: Some("sd".to_owned()),
            ..FitOptions::default()
        };
        let beside = form_test(&law(), &table, &by_sigma).expect("a test");
        assert!(beside.p < 1e-3 && beside.interval.1 < 1.0, "{beside:?}");
        let plain_sd = RunTable::from_columns(
            "simulated",
            &[
                ("params", &n[..rows]),
                ("tokens", &d[..rows]),
                ("loss", &l[..rows]),
                ("sd", &sd[..rows]),
            ],
        );
        let alone = form_test(&law(), &plain_sd, &by_sigma).expect("a test");
        assert!(
            near(beside.interval.0, alone.interval.0),
            "{beside:?} {alone:?}"
        );
    }

    #[test]
    fn a_floor_that_is_held_is_held_in_the_test_of_the_form() {
        let options = FitOptions {
            coefs: vec!["E = 1.6".to_owned()],
            ..FitOptions::default()
        };
        let test = form_test(&law(), &table(7, 1.0), &options).expect("a test");
        assert!((test.floor - 1.6).abs() < 1e-12, "{test:?}");
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

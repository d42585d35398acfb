//! Two recipes through the same ladder: how much compute one is worth in terms of the other, and whether that grows.
//!
//! # Formula
//!
//! ```text
//! gain(C) = C′/C    with    L_a(C′) = L_b(C),    N = √(C / 6r),  D = rN
//! growth  = d ln gain / d ln C,  between the ends of the scales
//! ```
//!
//! at a ratio r of tokens to parameters that is the same for both. The laws of both ladders are fitted to all their
//! measured runs. Intervals are those of a parametric bootstrap: losses are drawn about both laws with the scatter of
//! their own runs, and everything is done again.

use isoflop::{
    At, Diagnostic, Diagnostics, FitOptions, Interval, Law, Objective, RunTable, Status,
    Uncertainty, fit,
};
use isoflop_numerics::dist::{normal_quantile, sorted_quantile};
use isoflop_numerics::random::Stream;
use serde::Serialize;

use crate::outcome::law;
use crate::plan::Plan;
use crate::records::Record;
use crate::table;

/// Scales at which the gain is told.
const SCALES: usize = 5;

/// Compute beyond which no equal loss is looked for, as a factor: a gain of that size is no measurement.
const FARTHEST: f64 = 1e9;

/// Starts of a repeated fit besides the optimum it is a resample of.
const STARTS: usize = 8;

/// What the comparison shows. `schema` is `isoflop.ladder-compare/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// `isoflop.ladder-compare/1`.
    pub schema: String,
    /// Measured runs of both ladders.
    pub runs: (usize, usize),
    /// Relative scatter of the runs about their laws.
    pub noise: (f64, f64),
    /// Tokens for each parameter.
    pub tokens_per_param: f64,
    /// The gain by scale.
    pub gains: Vec<Gain>,
    /// Change of ln gain for each unit of ln C; none when the gain has no value at an end.
    pub growth: Option<f64>,
    /// Its interval.
    pub growth_interval: Option<Interval>,
    /// What that means.
    pub verdict: GrowthVerdict,
    /// Resamples asked for, and those in which both fits reached a certified optimum.
    pub resamples: (usize, usize),
}

/// The compute of the first recipe that gives the loss of the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// Compute of the second recipe, in FLOP (6ND).
    pub flops: f64,
    /// Whether the runs of both ladders reach this scale.
    pub measured: bool,
    /// Loss of the first recipe there.
    pub loss_a: f64,
    /// Loss of the second.
    pub loss_b: f64,
    /// C′/C; none when the first recipe never gets there.
    pub gain: Option<f64>,
    /// Its interval; an open end is a share of resamples that never get there.
    pub interval: Option<Interval>,
}

/// Whether a gain changes with scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrowthVerdict {
    /// The interval of the growth lies above zero.
    Grows,
    /// It lies below zero.
    Shrinks,
    /// It holds zero, or there is none.
    CannotBeTold,
}

/// How to compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Tokens for each parameter; the geometric mean of all runs without it.
    pub tokens_per_param: Option<f64>,
    /// Resamples.
    pub resamples: usize,
    /// Seed.
    pub seed: u64,
}

/// Compares the recipes of two ladders.
///
/// # Errors
///
/// `not-comparable` when losses are not of the same held-out tokens; `no-runs`; `not-converged` without an optimum to
/// compare; those of laws and fits.
pub fn compare(
    a: (&Plan, &[Record]),
    b: (&Plan, &[Record]),
    options: &Options,
) -> Result<Comparison, Diagnostics> {
    comparable(a.0, b.0)?;
    let (a, b) = (Side::fitted(a.0, a.1)?, Side::fitted(b.0, b.1)?);
    let ratio = options
        .tokens_per_param
        .unwrap_or_else(|| mean_ratio(&a, &b));
    let (scales, reach) = scales(&a, &b);
    let curve = |side: &Side, coefs: &[(String, f64)], c: f64| side.loss_at(coefs, ratio, c);
    let gains_of = |ca: &[(String, f64)], cb: &[(String, f64)]| -> Vec<f64> {
        scales
            .iter()
            .map(|c| equal_compute(|x| curve(&a, ca, x), curve(&b, cb, *c), *c) / c)
            .collect()
    };
    let best = gains_of(&a.coefs, &b.coefs);
    let mut drawn: Vec<Vec<f64>> = Vec::new();
    for index in 0..options.resamples as u64 {
        let again = (
            a.again(&mut Stream::new(options.seed, "compare-a", index)),
            b.again(&mut Stream::new(options.seed, "compare-b", index)),
        );
        if let (Some(ca), Some(cb)) = again {
            drawn.push(gains_of(&ca, &cb));
        }
    }
    let level = a.level;
    let span = (scales[SCALES - 1] / scales[0]).ln();
    let growth_of = |gains: &[f64]| (gains[SCALES - 1] / gains[0]).ln() / span;
    let growth = Some(growth_of(&best)).filter(|g| g.is_finite());
    let growth_interval = interval(drawn.iter().map(|g| growth_of(g)), level);
    let verdict = match growth_interval {
        Some(i) if i.lower > 0.0 => GrowthVerdict::Grows,
        Some(i) if i.upper < 0.0 => GrowthVerdict::Shrinks,
        _ => GrowthVerdict::CannotBeTold,
    };
    let gains = scales.iter().enumerate().map(|(at, c)| Gain {
        flops: *c,
        measured: reach.0 <= *c * 1.0001 && *c <= reach.1 * 1.0001,
        loss_a: curve(&a, &a.coefs, *c),
        loss_b: curve(&b, &b.coefs, *c),
        gain: Some(best[at]).filter(|g| g.is_finite()),
        interval: interval(drawn.iter().map(|g| g[at]), level),
    });
    Ok(Comparison {
        schema: "isoflop.ladder-compare/1".to_owned(),
        runs: (a.losses.len(), b.losses.len()),
        noise: (a.noise, b.noise),
        tokens_per_param: ratio,
        gains: gains.collect(),
        growth,
        growth_interval,
        verdict,
        resamples: (options.resamples, drawn.len()),
    })
}

/// Percentiles; none when fewer than two draws would lie beyond each end.
fn interval(draws: impl Iterator<Item = f64>, level: f64) -> Option<Interval> {
    let mut sorted: Vec<f64> = draws.filter(|x| !x.is_nan()).collect();
    let tail = (1.0 - level) / 2.0;
    if (sorted.len() as f64) * tail < 2.0 {
        return None;
    }
    sorted.sort_by(f64::total_cmp);
    Some(Interval {
        level,
        lower: sorted_quantile(&sorted, tail),
        upper: sorted_quantile(&sorted, 1.0 - tail),
    })
}

fn comparable(a: &Plan, b: &Plan) -> Result<(), Diagnostic> {
    let own = a.template.is_some() || b.template.is_some();
    let held = |p: &Plan| (p.file.model.context, p.file.run.held_out_tokens.0 as u64);
    let what = if !own && a.file.data != b.file.data {
        "data"
    } else if !own && held(a) != held(b) {
        "context or the number of held-out tokens"
    } else if a.file.model.vocabulary != b.file.model.vocabulary {
        "vocabulary"
    } else {
        return Ok(());
    };
    Err(Diagnostic::error(
        "not-comparable",
        format!("the two ladders differ in their {what}: their losses are not of the same tokens"),
    )
    .help("compare recipes that are measured alike"))
}

/// One ladder, fitted.
struct Side {
    law: Law,
    objective: Option<Objective>,
    level: f64,
    params: Vec<f64>,
    tokens: Vec<f64>,
    losses: Vec<f64>,
    /// What the law gives for each run.
    fitted: Vec<f64>,
    coefs: Vec<(String, f64)>,
    /// Scatter of ln loss about the law.
    noise: f64,
}

impl Side {
    fn fitted(plan: &Plan, records: &[Record]) -> Result<Self, Diagnostics> {
        let section = &plan.file.fit;
        let runs: Vec<_> = table::measured(plan, records).collect();
        if runs.is_empty() {
            let found = format!(
                "no run of {} has been measured yet",
                plan.folder().display()
            );
            let help = "`isoflop ladder run` makes them";
            return Err(Diagnostic::error("no-runs", found).help(help).into());
        }
        let mut side = Self {
            law: law(&section.law)?,
            objective: section
                .objective
                .as_deref()
                .map(Objective::parse)
                .transpose()?,
            level: section.level,
            params: runs
                .iter()
                .map(|(r, _)| r.spec.shape.params() as f64)
                .collect(),
            tokens: runs
                .iter()
                .map(|(r, _)| r.spec.trained_tokens() as f64)
                .collect(),
            losses: runs.iter().map(|(_, result)| result.loss).collect(),
            fitted: Vec::new(),
            coefs: Vec::new(),
            noise: 0.0,
        };
        side.coefs = side.coefs_of(&side.losses, None)?.ok_or_else(|| {
            let found = format!(
                "the fit to {} has no certified optimum",
                plan.folder().display()
            );
            Diagnostic::error("not-converged", found).help(
                "`isoflop ladder fit` says why; more runs, or a law with fewer coefficients, help",
            )
        })?;
        side.fitted = side
            .params
            .iter()
            .zip(&side.tokens)
            .map(|(n, d)| side.loss(&side.coefs, *n, *d))
            .collect();
        let free = side.losses.len() as f64 - side.coefs.len() as f64;
        if free < 1.0 {
            let found = format!(
                "{} runs for {} coefficients",
                side.losses.len(),
                side.coefs.len()
            );
            return Err(Diagnostic::error("no-runs", found)
                .help("make more runs")
                .into());
        }
        let residuals = side
            .losses
            .iter()
            .zip(&side.fitted)
            .map(|(y, f)| (y / f).ln());
        side.noise = (residuals.map(|r| r * r).sum::<f64>() / free).sqrt();
        Ok(side)
    }

    /// Coefficients fitted to these losses; none without a certified optimum.
    fn coefs_of(
        &self,
        losses: &[f64],
        from: Option<&[(String, f64)]>,
    ) -> Result<Option<Vec<(String, f64)>>, Diagnostics> {
        let flops: Vec<f64> = self
            .params
            .iter()
            .zip(&self.tokens)
            .map(|(n, d)| 6.0 * n * d)
            .collect();
        let columns: [(&str, &[f64]); 4] = [
            ("params", &self.params),
            ("tokens", &self.tokens),
            ("flops", &flops),
            ("loss", losses),
        ];
        let runs = RunTable::from_columns("ladder", &columns).keeping_copies();
        let mut law = self.law.clone();
        let mut options = FitOptions {
            objective: self.objective.clone(),
            uncertainty: Uncertainty::None,
            ..FitOptions::default()
        };
        if let Some(from) = from {
            options.starts = Some(STARTS);
            for coef in &mut law.coefs {
                if let Some((_, x)) = from.iter().find(|(name, _)| *name == coef.name) {
                    coef.start = vec![*x];
                }
            }
        }
        let found = fit(&law, &runs, &options)?;
        let usable = found.status != Status::NotConverged;
        Ok(usable.then(|| {
            found
                .coefs
                .iter()
                .map(|(n, e)| (n.clone(), e.value))
                .collect()
        }))
    }

    /// The same fit to losses drawn about the law.
    fn again(&self, stream: &mut Stream) -> Option<Vec<(String, f64)>> {
        let losses: Vec<f64> = self
            .fitted
            .iter()
            .map(|f| f * (self.noise * normal_quantile(stream.open_unit())).exp())
            .collect();
        self.coefs_of(&losses, Some(&self.coefs)).ok().flatten()
    }

    fn loss(&self, coefs: &[(String, f64)], params: f64, tokens: f64) -> f64 {
        let known = |column: &str| match column {
            "params" => params,
            "tokens" => tokens,
            "flops" => 6.0 * params * tokens,
            _ => f64::NAN,
        };
        let inputs: Vec<(String, f64)> = self
            .law
            .vars
            .iter()
            .map(|v| (v.name.clone(), known(&v.column)))
            .collect();
        let at = At {
            coefs,
            inputs: &inputs,
            levels: &[],
        };
        self.law.value(&at).unwrap_or(f64::NAN)
    }

    fn loss_at(&self, coefs: &[(String, f64)], ratio: f64, flops: f64) -> f64 {
        let params = (flops / (6.0 * ratio)).sqrt();
        self.loss(coefs, params, ratio * params)
    }

    fn flops(&self) -> impl Iterator<Item = f64> {
        self.params
            .iter()
            .zip(&self.tokens)
            .map(|(n, d)| 6.0 * n * d)
    }
}

fn mean_ratio(a: &Side, b: &Side) -> f64 {
    let ratios = |s: &Side| -> Vec<f64> {
        s.tokens
            .iter()
            .zip(&s.params)
            .map(|(d, n)| (d / n).ln())
            .collect()
    };
    let all = [ratios(a), ratios(b)].concat();
    (all.iter().sum::<f64>() / all.len() as f64).exp()
}

/// Scales from the smallest to the largest compute that both ladders reach, in equal steps of the logarithm.
fn scales(a: &Side, b: &Side) -> (Vec<f64>, (f64, f64)) {
    let ends = |s: &Side| {
        s.flops().fold((f64::INFINITY, 0.0f64), |(low, high), c| {
            (low.min(c), high.max(c))
        })
    };
    let (ea, eb) = (ends(a), ends(b));
    let mut reach = (ea.0.max(eb.0), ea.1.min(eb.1));
    if reach.0 >= reach.1 {
        // The two do not overlap: what lies between them is told, and is measured by neither.
        reach = (reach.1, reach.0.max(reach.1 * 10.0));
    }
    let step = (reach.1 / reach.0).ln() / (SCALES - 1) as f64;
    let scales = (0..SCALES)
        .map(|i| reach.0 * (step * i as f64).exp())
        .collect();
    (scales, reach)
}

/// The compute at which a falling loss has a value: bisection on its logarithm; infinite when it never has.
fn equal_compute(loss: impl Fn(f64) -> f64, value: f64, about: f64) -> f64 {
    let (mut low, mut high) = ((about / FARTHEST).ln(), (about * FARTHEST).ln());
    if loss(high.exp()) > value || value.is_nan() {
        return f64::INFINITY;
    }
    for _ in 0..80 {
        let middle = low.midpoint(high);
        if loss(middle.exp()) > value {
            low = middle;
        } else {
            high = middle;
        }
    }
    high.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(losses: impl Fn(f64, f64) -> f64) -> Side {
        let mut grid = Vec::new();
        for n in [1e4, 3e4, 1e5, 3e5] {
            for r in [5.0, 20.0, 80.0] {
                grid.push((n, r * n));
            }
        }
        // A scatter of a thousandth that no shape of a law follows.
        let scatter = |i: usize| 1.0 + 0.001 * [1.0, -1.0, 0.4, -0.7, 0.8, -0.2, -0.9][i * 5 % 7];
        let mut side = Side {
            law: Law::builtin("chinchilla").unwrap(),
            objective: Some(Objective::parse("squared-log").unwrap()),
            level: 0.9,
            params: grid.iter().map(|g| g.0).collect(),
            tokens: grid.iter().map(|g| g.1).collect(),
            losses: grid
                .iter()
                .enumerate()
                .map(|(i, g)| losses(g.0, g.1) * scatter(i))
                .collect(),
            fitted: Vec::new(),
            coefs: Vec::new(),
            noise: 0.001,
        };
        side.coefs = side.coefs_of(&side.losses, None).unwrap().unwrap();
        side.fitted = grid
            .iter()
            .map(|(n, d)| side.loss(&side.coefs, *n, *d))
            .collect();
        side
    }

    fn base(n: f64, d: f64) -> f64 {
        1.7 + 30.0 / n.powf(0.4) + 80.0 / d.powf(0.45)
    }

    #[test]
    fn equal_compute_is_where_the_losses_are_equal() {
        let loss = |c: f64| 1.0 + 100.0 / c.powf(0.25);
        // A tenth less above the floor needs 0.9⁻⁴ times the compute.
        let value = 1.0 + 0.9 * 100.0 / 1e10f64.powf(0.25);
        let found = equal_compute(loss, value, 1e10);
        assert!((found / 1e10 * 0.9f64.powi(4) - 1.0).abs() < 1e-9);
        assert!(equal_compute(loss, 0.9, 1e10).is_infinite());
    }

    #[test]
    fn one_and_the_same_law_has_a_gain_of_one() {
        let a = side(base);
        let c = 1e11;
        let loss = a.loss_at(&a.coefs, 20.0, c);
        let same = equal_compute(|x| a.loss_at(&a.coefs, 20.0, x), loss, c);
        assert!((same / c - 1.0).abs() < 1e-9);
    }

    #[test]
    fn resamples_scatter_about_the_fit() {
        let a = side(base);
        let again: Vec<f64> = (0..20)
            .filter_map(|i| a.again(&mut Stream::new(1, "test", i)))
            .map(|coefs| a.loss_at(&coefs, 20.0, 1e11))
            .collect();
        assert!(again.len() >= 18, "{} of 20 have an optimum", again.len());
        let centre = a.loss_at(&a.coefs, 20.0, 1e11);
        assert!(again.iter().all(|x| (x / centre - 1.0).abs() < 0.01));
        assert!(again.iter().any(|x| *x > centre) && again.iter().any(|x| *x < centre));
    }
}

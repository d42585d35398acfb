//! Recipes: compute-optimal sizes read off the runs themselves, without a law for the whole surface.
//!
//! ```text
//! isoflop    runs of one budget → a curve of the loss over ln N → its minimum N*      (Approach 2)
//! envelope   runs of similar compute → the one of least loss     → its size N*        (Approach 1)
//! both       minima over budgets → N* = k C^a, D* = k C^a by the one fit
//! ```
//!
//! Every budget that gives no minimum is in the result with its reason. What the recipe itself gets wrong on this grid
//! of runs is measured by running it on losses of a fitted law, whose optimum is known; intervals hold that as well.

mod akima;
mod bias;
mod budgets;
mod curve;
mod envelope;
mod isoflop;
mod options;
mod result;
mod runs;

pub use options::{Curve, Method, Minima, RecipeOptions, Weighting};
pub use result::{Allocation, Bias, Budget, Corrected, Recipe, RecipeRun};

use crate::engine::fit;
use crate::options::{FitOptions, Objective, PenaltyKind, Scale, Uncertainty};
use crate::result::{Fit, Provenance, TableRecord};
use crate::uncertainty::percentile;
use bias::Reference;
use isoflop_base::{Diagnostic, Diagnostics, Estimate, Evidence, Interval, Note, Severity};
use isoflop_data::RunTable;
use isoflop_law::Law;
use isoflop_numerics::random::Stream;
use rayon::prelude::*;
use runs::Runs;

/// Fewer minima than this determine no line with an error.
const ENOUGH: usize = 3;

/// Reads compute-optimal sizes off a table of runs, and fits power laws to them.
///
/// # Formula
///
/// ```text
/// N*(C) = k C^a    by least squares of ln N* on ln C over the budgets with a minimum
/// ```
///
/// # Shapes and units
///
/// The table must have params, loss and two of tokens and flops (C = 6ND gives the third). N* is in params, D* in
/// tokens, C in FLOP.
///
/// # Errors
///
/// Diagnostics when columns are missing, when no run can be used, or `too-few-minima` when fewer than three budgets
/// have a minimum: its help lists every budget with the reason.
pub fn recipe(law: &Law, table: &RunTable, options: &RecipeOptions) -> Result<Recipe, Diagnostics> {
    let runs = Runs::of(table)?;
    let mut budgets = find(&runs, options);
    for loss in budgets.iter_mut().filter_map(|b| b.loss_opt.as_mut()) {
        loss.unit.clone_from(&runs.loss_unit);
    }
    let mut notes = runs.notes.clone();
    budgets::note_singles(&budgets, options, &mut notes);
    let used = budgets.iter().filter(|b| b.used()).count();
    if used < ENOUGH {
        return Err(too_few(&budgets, used).into());
    }
    let reference = Reference::new(law, &runs, options);
    let replicates = match &reference {
        Some(reference) => reference.corrected(&budgets, options),
        None => replicates(&budgets, options),
    };
    spread(&mut budgets, &replicates, options.level);
    let allocations = allocations(&budgets, &replicates, reference.is_some(), options)?;
    if options.method == Method::Envelope {
        notes.push(envelope_note());
    }
    let bias = reference.and_then(|r| r.bias(options));
    notes.extend(bias::note(bias.as_ref(), &allocations));
    Ok(Recipe {
        digest: None,
        schema: "isoflop.recipe/1".to_owned(),
        method: options.method.spelling(),
        n: runs.params.len(),
        skipped: runs.skipped.clone(),
        flops_per_param_token: runs.kappa,
        resamples: replicates.len(),
        level: options.level,
        budgets,
        allocations,
        bias,
        notes,
        provenance: provenance(law, &runs, options),
    })
}

/// Name of the table that the power laws of a recipe are fitted to; there is no such file.
pub const MINIMA: &str = "minima of the budgets";

/// What simulations say of the intervals of an envelope: docs/plan.md.
fn envelope_note() -> Note {
    warning(
        "envelope-intervals",
        "the intervals of an envelope are too short: at 95 % they held the optimal size at 100 times the compute in 80 to 92 of \
         100 simulated tables, because which bins count is decided by the same losses"
            .to_owned(),
        &[],
        "fit a law of N and D to all runs with --law",
    )
}

fn find(runs: &Runs, options: &RecipeOptions) -> Vec<Budget> {
    match options.method {
        Method::IsoFlop(curve) => isoflop::budgets(runs, curve, options),
        Method::Envelope => envelope::budgets(runs, options),
    }
}

/// What one resample gave: ln N* by budget, none where the budget has no minimum in it.
pub(crate) type Replicate = Vec<Option<[f64; 3]>>;

/// Without a law to simulate by: the same recipe on runs whose losses are those of the curves with residuals drawn anew
/// (IsoFLOP), or on runs drawn with replacement within each budget (envelope).
fn replicates(budgets: &[Budget], options: &RecipeOptions) -> Vec<Replicate> {
    (0..options.resamples as u64)
        .into_par_iter()
        .map(|replicate| {
            let mut stream = Stream::new(options.seed, "recipe", replicate);
            match options.method {
                Method::IsoFlop(curve) => isoflop::replicate(budgets, curve, options, &mut stream),
                Method::Envelope => envelope::replicate(budgets, &mut stream),
            }
        })
        .collect()
}

/// Standard errors and intervals of every minimum. A budget whose minimum vanishes in more than a tenth of the
/// resamples keeps none: what is left would be a selection.
fn spread(budgets: &mut [Budget], replicates: &[Replicate], level: f64) {
    for (i, budget) in budgets.iter_mut().enumerate() {
        let found: Vec<[f64; 3]> = replicates.iter().filter_map(|r| r[i]).collect();
        budget.lost = replicates.len() - found.len();
        if found.len() < 20 || budget.lost * 10 > replicates.len() {
            continue;
        }
        let optima = [
            &mut budget.params_opt,
            &mut budget.tokens_opt,
            &mut budget.loss_opt,
        ];
        for (k, estimate) in optima.into_iter().enumerate() {
            if let Some(estimate) = estimate {
                let sample: Vec<f64> = found.iter().map(|f| f[k]).collect();
                let (se, interval) = percentile(&sample, level);
                estimate.se = Some(se);
                estimate.interval = Some(holding(interval, estimate.value));
            }
        }
    }
}

/// An interval that holds its estimate: what is corrected for the bias of a recipe may lie wholly beside what it reads off.
fn holding(interval: Interval, value: f64) -> Interval {
    Interval {
        lower: interval.lower.min(value),
        upper: interval.upper.max(value),
        ..interval
    }
}

/// What is fitted to the minima: title, formula, columns.
const ALLOCATIONS: [(&str, &str, &str); 2] = [
    ("compute-optimal params", "N = k * C^a", "params"),
    ("compute-optimal tokens", "D = k * C^a", "tokens"),
];

fn allocations(
    budgets: &[Budget],
    replicates: &[Replicate],
    corrected: bool,
    options: &RecipeOptions,
) -> Result<Vec<Allocation>, Diagnostics> {
    let used: Vec<usize> = (0..budgets.len()).filter(|i| budgets[*i].used()).collect();
    let flops: Vec<f64> = used.iter().map(|i| budgets[*i].flops).collect();
    let weights = weights(budgets, &used, options.weighting)?;
    let mut found = Vec::new();
    for (which, (title, formula, column)) in ALLOCATIONS.into_iter().enumerate() {
        let values: Vec<f64> = used.iter().map(|i| budgets[*i].optimum(which)).collect();
        let columns: [(&str, &[f64]); 3] =
            [("flops", &flops), (column, &values), ("weight", &weights)];
        let by_weight = options.weighting == Weighting::Variance;
        let columns = &columns[..if by_weight { 3 } else { 2 }];
        let table = RunTable::from_columns(MINIMA, columns);
        // k is a size: its logarithm is what the line is straight in.
        let size = ["k in [0, inf]".to_owned()];
        let mut law = Law::from_formula(formula, &["flops", column], &[])?.with_changes(&size)?;
        law.title = title.to_owned();
        let fit_options = FitOptions {
            objective: Some(Objective {
                penalty: PenaltyKind::Squared,
                scale: Scale::Ln,
            }),
            weights: by_weight.then(|| "weight".to_owned()),
            uncertainty: Uncertainty::Covariance,
            level: options.level,
            seed: options.seed,
            ..FitOptions::default()
        };
        let mut fit = fit(&law, &table, &fit_options)?;
        let lines: Vec<(f64, f64)> = replicates
            .iter()
            .filter_map(|r| line(&flops, &used, &weights, r, which))
            .collect();
        let value = |name: &str| {
            let found = fit.coefs.iter().find(|(n, _)| n == name);
            found.map_or(f64::NAN, |(_, e)| e.value)
        };
        let spread = |pick: fn(&(f64, f64)) -> f64| {
            let sample: Vec<f64> = lines.iter().map(pick).collect();
            (sample.len() >= 20).then(|| percentile(&sample, options.level))
        };
        // Over orders of magnitude k follows from a: its distribution has no standard deviation worth a number.
        let estimate = |name: &str, spread: Option<(f64, Interval)>| Estimate {
            value: value(name),
            se: spread.map(|(se, _)| se).filter(|_| name == "a"),
            unit: String::new(),
            interval: spread.map(|(_, interval)| holding(interval, value(name))),
        };
        let corrected = corrected.then(|| Corrected {
            exponent: median(lines.iter().map(|l| l.1)),
            constant: median(lines.iter().map(|l| l.0.ln())).exp(),
        });
        let (exponent, constant) = (
            estimate("a", spread(|l| l.1)),
            estimate("k", spread(|l| l.0)),
        );
        carry(&mut fit, &lines, options);
        found.push(Allocation {
            title: title.to_owned(),
            exponent,
            constant,
            corrected: corrected.filter(|c| c.exponent.is_finite() && c.constant.is_finite()),
            fit,
        });
    }
    Ok(found)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return f64::NAN;
    }
    isoflop_numerics::dist::sorted_quantile(&sorted, 0.5)
}

/// Gives the fit through the minima the lines of all replicates as draws: what predicts or plans by it has the errors of the
/// recipe and not those of a line through points without error.
fn carry(fit: &mut Fit, lines: &[(f64, f64)], options: &RecipeOptions) {
    let coordinate = |name: &str, (k, a): &(f64, f64)| match name {
        "ln k" => Some(k.ln()),
        "k" => Some(*k),
        "a" => Some(*a),
        _ => None,
    };
    let names = &fit.joint.coordinates;
    let draws: Option<Vec<Vec<f64>>> = lines
        .iter()
        .map(|line| names.iter().map(|n| coordinate(n, line)).collect())
        .collect();
    let Some(draws) = draws.filter(|d| d.len() >= 20) else {
        return;
    };
    fit.uncertainty.method = "recipe".to_owned();
    fit.uncertainty.resamples = options.resamples;
    fit.uncertainty.certified = draws.len();
    "percentiles of the recipe run again on simulated or resampled losses"
        .clone_into(&mut fit.uncertainty.meaning);
    fit.joint.draws = draws;
}

/// Weights of the minima in the final line.
///
/// # Errors
///
/// `no-variance` when the line is to weigh by variances and a minimum has none: a minimum that resamples lose is the least
/// known, and equal weights were not what was asked.
fn weights(
    budgets: &[Budget],
    used: &[usize],
    weighting: Weighting,
) -> Result<Vec<f64>, Diagnostic> {
    if weighting == Weighting::Equal {
        return Ok(vec![1.0; used.len()]);
    }
    let variance = |i: &usize| -> Option<f64> {
        let n = budgets[*i].params_opt.as_ref()?;
        let relative = n.se? / n.value;
        (relative > 0.0).then_some(relative * relative)
    };
    let known: Vec<Option<f64>> = used.iter().map(variance).collect();
    let without = || used.iter().zip(&known).filter(|(_, v)| v.is_none());
    if without().next().is_some() {
        let mut fault = Diagnostic::error(
            "no-variance",
            format!(
                "{} of {} minima have no standard error, so the minima cannot be weighed by it",
                without().count(),
                used.len()
            ),
        );
        for (i, _) in without().take(6) {
            let budget = &budgets[*i];
            fault = fault.help(format!(
                "{:.3e} FLOP: {} of the resamples have no minimum inside the sizes trained",
                budget.flops, budget.lost
            ));
        }
        return Err(fault.help(
            "weigh them alike (--minima-weights equal), or leave those budgets out with --where",
        ));
    }
    let known: Vec<f64> = known.into_iter().flatten().collect();
    let least = known.iter().copied().fold(f64::INFINITY, f64::min);
    Ok(known.iter().map(|v| least / v).collect())
}

/// ln k and a of one resample, by weighted least squares; none when a minimum is missing from too many budgets.
fn line(
    flops: &[f64],
    used: &[usize],
    weights: &[f64],
    replicate: &Replicate,
    which: usize,
) -> Option<(f64, f64)> {
    let points: Vec<[f64; 3]> = used
        .iter()
        .zip(flops)
        .zip(weights.iter())
        .filter_map(|((i, c), w)| Some([c.ln(), replicate[*i]?[which].ln(), *w]))
        .collect();
    if points.len() < ENOUGH {
        return None;
    }
    let total: f64 = points.iter().map(|p| p[2]).sum();
    let mean = |k: usize| points.iter().map(|p| p[2] * p[k]).sum::<f64>() / total;
    let (x, y) = (mean(0), mean(1));
    let (mut xx, mut xy) = (0.0, 0.0);
    for p in &points {
        xx += p[2] * (p[0] - x) * (p[0] - x);
        xy += p[2] * (p[0] - x) * (p[1] - y);
    }
    let a = xy / xx;
    let k = (y - a * x).exp();
    (a.is_finite() && k.is_finite()).then_some((k, a))
}

fn too_few(budgets: &[Budget], used: usize) -> Diagnostic {
    let mut fault = Diagnostic::error(
        "too-few-minima",
        format!(
            "{used} of {} budgets have a minimum: a power law of the optimal size needs at least {ENOUGH}",
            budgets.len()
        ),
    );
    for budget in budgets.iter().filter(|b| !b.used()).take(12) {
        fault = fault.help(format!(
            "{:.3e} FLOP, {} runs: {}",
            budget.flops,
            budget.runs.len(),
            budget.reason
        ));
    }
    fault.help("train more sizes at each budget, on both sides of the optimum; or fit a law of N and D to all runs with --law")
}

fn provenance(law: &Law, runs: &Runs, options: &RecipeOptions) -> Provenance {
    let mut said = vec![
        ("recipe".to_owned(), options.method.spelling()),
        ("minima".to_owned(), options.minima.word().to_owned()),
        (
            "minima-weights".to_owned(),
            options.weighting.word().to_owned(),
        ),
        ("snap".to_owned(), options.snap.to_string()),
        ("resamples".to_owned(), options.resamples.to_string()),
        ("level".to_owned(), options.level.to_string()),
    ];
    said.extend(options.reader.iter().cloned());
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        tables: runs.tables.clone(),
        law_sha256: isoflop_data::sha256_hex(law.text.as_bytes()),
        seed: options.seed,
        options: said,
    }
}

/// A note with numbers.
pub(crate) fn warning(code: &str, message: String, evidence: &[(&str, f64)], advice: &str) -> Note {
    Note {
        code: code.to_owned(),
        severity: Severity::Warning,
        message,
        evidence: evidence
            .iter()
            .map(|(name, x)| ((*name).to_owned(), Evidence::Number(*x)))
            .collect(),
        advice: advice.to_owned(),
    }
}

/// The tables a table was read from.
pub(crate) fn sources(table: &RunTable) -> Vec<TableRecord> {
    table
        .sources()
        .iter()
        .map(|s| TableRecord {
            name: s.name.clone(),
            sha256: s.sha256.clone(),
            rows: s.rows,
        })
        .collect()
}

//! Fits in stages: coefficients fitted one group after the other, each on its own rows, the earlier ones held.
//!
//! # Formula
//!
//! ```text
//! stage k   minimise Σ_{i in rows k} wᵢ ρ(rᵢ)  over the coefficients of stage k
//!           those of the stages before at their optima, those of the stages after at their starts
//! errors    every resample goes through all stages: what the first stage does not know reaches the last. It is of whole
//!           runs where rows are their checkpoints, else of rows
//! ```

use std::borrow::Cow;

use crate::binding::{self, Binding, Wants};
use crate::dependence::{self, ENOUGH_GROUPS, Groups};
use crate::engine::fit_once;
use crate::options::{Dependence, FitOptions, Uncertainty};
use crate::result::{Fit, Joint, StageRecord, Status, UncertaintyRecord};
use crate::uncertainty::percentile;
use isoflop_base::{Diagnostic, Diagnostics, Estimate};
use isoflop_data::RunTable;
use isoflop_law::tape::{Coordinate, Output, Program};
use isoflop_law::{Law, Stage};
use isoflop_numerics::random::Stream;
use rayon::prelude::*;

/// Starts of a resample: the optimum of the whole lies near.
const RESAMPLE_STARTS: usize = 16;

/// Fits a law with stages.
pub(crate) fn fit(law: &Law, table: &RunTable, options: &FitOptions) -> Result<Fit, Diagnostics> {
    let resamples = match &options.uncertainty {
        Uncertainty::None => 0,
        Uncertainty::Default => 200,
        Uncertainty::Bootstrap { resamples } => *resamples,
        _ => {
            return Err(Diagnostic::error(
                "bad-uncertainty",
                "the errors of a fit in stages come from resamples that go through all of them",
            )
            .help("use --uncertainty bootstrap:N or none")
            .into());
        }
    };
    let stages = all_stages(law);
    let plain = FitOptions {
        uncertainty: Uncertainty::None,
        ..options.clone()
    };
    let (mut fit, values) = through(law, table, &stages, &plain)?;
    let wants = Wants {
        weights: None,
        sigma: None,
        clusters: None,
        positive_response: false,
        share: None,
    };
    let binding = binding::bind(law, table, &wants)?;
    let groups = groups(law, table, &binding, options);
    let members: Vec<Vec<usize>> = match &groups {
        Some(groups) => groups
            .members()
            .iter()
            .map(|runs| runs.iter().map(|i| binding.rows[*i]).collect())
            .collect(),
        None => (0..table.rows()).map(|row| vec![row]).collect(),
    };
    let unasked = options.uncertainty == Uncertainty::Default;
    let resamples = if unasked && fit.status == Status::NotConverged {
        0
    } else {
        resamples
    };
    let draws: Vec<Vec<(String, f64)>> = (0..resamples as u64)
        .into_par_iter()
        .filter_map(|replicate| {
            let mut stream = Stream::new(options.seed, "stages", replicate);
            let n = members.len();
            let drawn = (0..n).flat_map(|_| &members[stream.below(n)]);
            let mut rows: Vec<usize> = drawn.copied().collect();
            rows.sort_unstable();
            let quick = FitOptions {
                starts: Some(RESAMPLE_STARTS),
                derive: Vec::new(),
                ..plain.clone()
            };
            let drawn = table.subset(&rows).keeping_copies();
            let (end, values) = through(law, &drawn, &stages, &quick).ok()?;
            (end.status != Status::NotConverged).then_some(values)
        })
        .collect();
    fit.law.text.clone_from(&law.text);
    fit.provenance.law_sha256 = isoflop_data::sha256_hex(law.text.as_bytes());
    let program = Program::compile(law, &binding.levels, Output::Response)?;
    spread(
        &mut fit,
        program.coordinates(),
        &values,
        &draws,
        options,
        resamples,
    );
    if resamples > 0 {
        count_groups(&mut fit, groups.as_ref(), &binding, options);
    }
    Ok(fit)
}

/// Runs whose checkpoints are rows.
fn groups(law: &Law, table: &RunTable, binding: &Binding, options: &FitOptions) -> Option<Groups> {
    if options.dependence == Dependence::None {
        return None;
    }
    dependence::checkpoints(binding, &dependence::run_names(table, law))
}

/// Says what the resamples were of.
fn count_groups(fit: &mut Fit, groups: Option<&Groups>, binding: &Binding, options: &FitOptions) {
    if options.sigma.is_some() {
        fit.uncertainty.meaning += ": errors are by the scatter of the runs, and the standard deviations given only weigh \
                                    them";
    }
    let Some(groups) = groups else {
        return;
    };
    let (rows, count) = ("resamples of the runs with", groups.count);
    let of = format!(
        "resamples of the {count} groups of runs ({}) with",
        groups.of
    );
    fit.uncertainty.meaning = fit.uncertainty.meaning.replace(rows, &of);
    "cluster".clone_into(&mut fit.uncertainty.method);
    fit.notes
        .insert(0, groups.note(binding.n, fit.joint.at.len()));
    if count < ENOUGH_GROUPS {
        fit.uncertainty.caution = Some(format!(
            "these intervals are too short: resamples of groups of runs hold from {ENOUGH_GROUPS} groups on, and there are \
             {count} ({})",
            groups.of
        ));
    }
}

/// The stages of a law, the last of which fits what no stage names.
fn all_stages(law: &Law) -> Vec<Stage> {
    let mut stages = law.stages.clone();
    let left: Vec<String> = law
        .coefs
        .iter()
        .filter(|c| c.fixed.is_none() && c.tie.is_none())
        .filter(|c| !stages.iter().any(|s| s.coefs.contains(&c.name)))
        .map(|c| c.name.clone())
        .collect();
    if !left.is_empty() {
        stages.push(Stage {
            coefs: left,
            filter: None,
        });
    }
    stages
}

/// All stages once: the fit of the last with a record of each, and the values of all fitted coefficients.
fn through(
    law: &Law,
    table: &RunTable,
    stages: &[Stage],
    options: &FitOptions,
) -> Result<(Fit, Vec<(String, f64)>), Diagnostics> {
    let mut held: Vec<(String, f64)> = Vec::new();
    let mut records = Vec::new();
    let mut last = None;
    for (k, stage) in stages.iter().enumerate() {
        let mut changes: Vec<String> = held.iter().map(|(n, x)| format!("{n} = {x:e}")).collect();
        for later in stages[k + 1..].iter().flat_map(|s| &s.coefs) {
            let coef = law.coef(later);
            let start = coef.and_then(|c| c.start.first().copied());
            let Some(start) = start else {
                return Err(Diagnostic::error(
                    "no-start",
                    format!("`{later}` is fitted in a later stage and has no value before it"),
                )
                .help("give it a start in the law file: the earlier stages hold it there")
                .into());
            };
            changes.push(format!("{later} = {start:e}"));
        }
        let own = law.without_stages().with_changes(&changes)?;
        let table = match &stage.filter {
            Some(filter) => Cow::Owned(table.filtered(filter)?),
            None => Cow::Borrowed(table),
        };
        let stage_options = FitOptions {
            derive: if k + 1 == stages.len() {
                options.derive.clone()
            } else {
                Vec::new()
            },
            coefs: Vec::new(),
            ..options.clone()
        };
        let fit = fit_once(&own, table, &stage_options)?;
        for (name, estimate) in &fit.coefs {
            let plain = name.split('[').next().unwrap_or(name);
            if stage.coefs.iter().any(|c| c == plain) {
                held.push((name.clone(), estimate.value));
            }
        }
        records.push(StageRecord {
            coefs: stage.coefs.clone(),
            filter: stage.filter.clone(),
            n: fit.n,
            objective: fit.objective.value,
            status: fit.status,
            gradient: fit.certificate.gradient,
            starts_reached_best: fit.starts.reached_best,
            starts_solved: fit.starts.solved,
        });
        last = Some(fit);
    }
    let mut fit = last.expect("a law with stages has one");
    let worst = records.iter().map(|r| r.status).max_by_key(|s| match s {
        Status::Converged => 0,
        Status::Degenerate => 1,
        Status::NotConverged => 2,
    });
    fit.status = worst.unwrap_or(fit.status);
    fit.stages = records;
    Ok((fit, held))
}

/// The value of a coordinate, from the values of coefficients by name.
fn place(coordinate: &Coordinate, values: &[(String, f64)]) -> f64 {
    let value = values.iter().find(|(n, _)| *n == coordinate.name);
    let value = value.map_or(f64::NAN, |(_, x)| *x);
    if coordinate.log { value.ln() } else { value }
}

/// Puts errors from the resamples on all coefficients, and all of them into the joint draws.
fn spread(
    fit: &mut Fit,
    coordinates: &[Coordinate],
    values: &[(String, f64)],
    draws: &[Vec<(String, f64)>],
    options: &FitOptions,
    resamples: usize,
) {
    let enough = draws.len() >= 20;
    for (name, value) in values {
        let sample: Vec<f64> = draws
            .iter()
            .filter_map(|d| d.iter().find(|(n, _)| n == name).map(|(_, x)| *x))
            .collect();
        let found =
            (enough && sample.len() == draws.len()).then(|| percentile(&sample, options.level));
        if let Some((_, estimate)) = fit.coefs.iter_mut().find(|(n, _)| n == name) {
            *estimate = Estimate {
                value: *value,
                se: found.map(|(se, _)| se),
                unit: estimate.unit.clone(),
                interval: found.map(|(_, interval)| interval),
            };
        }
    }
    // Predictions read draws by the coordinates of the whole law.
    fit.joint = Joint {
        coordinates: coordinates.iter().map(|c| c.label.clone()).collect(),
        at: coordinates.iter().map(|c| place(c, values)).collect(),
        covariance: Vec::new(),
        df: None,
        draws: if enough {
            let row = |d: &Vec<(String, f64)>| coordinates.iter().map(|c| place(c, d)).collect();
            draws.iter().map(row).collect()
        } else {
            Vec::new()
        },
    };
    fit.uncertainty = UncertaintyRecord {
        method: if resamples == 0 { "none" } else { "bootstrap" }.to_owned(),
        level: options.level,
        resamples,
        certified: draws.len(),
        meaning: if resamples == 0 {
            "no uncertainty was asked for".to_owned()
        } else {
            format!(
                "percentiles of {} resamples of the runs with replacement, each taken through all stages",
                draws.len()
            )
        },
        caution: None,
    };
    for (name, value) in &mut fit.provenance.options {
        if name == "uncertainty" {
            *value = crate::spelling::uncertainty_spelling(&options.uncertainty);
        }
    }
}

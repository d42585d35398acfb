//! Runs recorded step by step that turned up again and stayed up: they diverged.

use std::collections::BTreeMap;

use isoflop_base::{Evidence, Note, Severity};

use super::{literal, quoted, written};
use crate::accounting::count;
use crate::column::Column;
use crate::resolve::Found;
use crate::roles::squash;
use crate::table::{RunTable, note};

/// Names of columns that count steps, squashed, after the last dot or slash.
const STEPS: &[&str] = &[
    "step",
    "steps",
    "iteration",
    "iterations",
    "iter",
    "globalstep",
    "trainstep",
];
/// Names of columns that tell runs apart, squashed.
const RUNS: &[&str] = &["run", "runid", "runname"];
/// Points that a run needs.
const FEWEST: usize = 6;
/// Runs that are named.
const NAMED: usize = 3;

/// A run that diverged.
struct Diverged {
    run: String,
    /// First step from which on the loss has lost half of what it had gained.
    step: f64,
    loss: f64,
    first: f64,
    lowest: f64,
    /// Step of the lowest loss.
    sane: f64,
    rows: usize,
}

pub(super) fn check(table: &RunTable) -> Option<Note> {
    let step = table.columns().find(|c| {
        let last = c.name.rsplit(['.', '/']).next().unwrap_or_default();
        c.numbers().is_some() && STEPS.contains(&squash(last).as_str())
    })?;
    let Found::One(loss, _) = table.find("L", "loss") else {
        return None;
    };
    let runs = runs(table, step)?;
    let diverged: Vec<Diverged> = runs
        .iter()
        .filter_map(|(run, rows)| diverged(run, rows, step, &loss))
        .collect();
    let worst = diverged.first()?;
    let severity = if diverged.len() == runs.len() {
        Severity::Error
    } else {
        Severity::Warning
    };
    let named: Vec<String> = diverged.iter().take(NAMED).map(|d| told(d, step)).collect();
    let subject = if runs.len() == 1 {
        "the run".to_owned()
    } else {
        format!("{} of {}", diverged.len(), count(runs.len(), "run"))
    };
    let nans =
        nan_iterations(table).map_or(String::new(), |n| format!("; {n} NaN iterations reported"));
    let message = format!("{subject} diverged: {}{nans}", named.join("; "));
    let mut found = note("diverged-run", severity, message, Some(worst.rows));
    found.evidence = vec![
        ("runs".to_owned(), Evidence::Number(diverged.len() as f64)),
        ("step".to_owned(), Evidence::Number(worst.step)),
        ("lowest".to_owned(), Evidence::Number(worst.lowest)),
    ];
    found.advice = if runs.len() == 1 {
        format!(
            "leave the run out of scaling fits; what came before is kept with --where '{} <= {}'",
            written(&step.name),
            literal(worst.sane)
        )
    } else {
        "leave these runs out with --where".to_owned()
    };
    Some(found)
}

fn told(diverged: &Diverged, step: &Column) -> String {
    let run = if diverged.run.is_empty() {
        String::new()
    } else {
        format!("{}, ", diverged.run)
    };
    let start = if diverged.loss > diverged.first {
        format!("is above its starting value {:.4}", diverged.first)
    } else {
        format!("has lost half of the way from {:.4}", diverged.first)
    };
    format!(
        "{run}from about {} {} on the loss ({:.4}) {start}; the last sane value is {:.4} at {}",
        quoted(&step.name),
        diverged.step,
        diverged.loss,
        diverged.lowest,
        diverged.sane
    )
}

/// Rows by run: by a column that names runs, else one run per source whose steps ascend.
fn runs(table: &RunTable, step: &Column) -> Option<BTreeMap<String, Vec<usize>>> {
    let steps = step.numbers()?;
    let name = table
        .columns()
        .find(|c| RUNS.contains(&squash(&c.name).as_str()));
    let mut runs: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in (0..table.rows()).filter(|r| !steps[*r].is_nan()) {
        let run = match name {
            Some(column) => column.text(row)?,
            None if table.sources.len() > 1 => table.source_of(row).to_owned(),
            None => String::new(),
        };
        runs.entry(run).or_default().push(row);
    }
    if name.is_none() {
        let ascend = |rows: &Vec<usize>| rows.windows(2).all(|w| steps[w[0]] < steps[w[1]]);
        return runs.values().all(ascend).then_some(runs);
    }
    for rows in runs.values_mut() {
        rows.sort_by(|a, b| steps[*a].total_cmp(&steps[*b]).then(a.cmp(b)));
    }
    Some(runs)
}

fn diverged(run: &str, rows: &[usize], step: &Column, loss: &Column) -> Option<Diverged> {
    let (steps, losses) = (step.numbers()?, loss.numbers()?);
    let points: Vec<usize> = rows
        .iter()
        .copied()
        .filter(|r| losses[*r].is_finite())
        .collect();
    if points.len() < FEWEST {
        return None;
    }
    let first = losses[points[0]];
    let at = |i: usize| losses[points[i]];
    let lowest = (0..points.len()).min_by(|a, b| at(*a).total_cmp(&at(*b)))?;
    let level = at(lowest) + (first - at(lowest)) / 2.0;
    if first <= at(lowest) * 1.05 {
        return None;
    }
    let below = (lowest..points.len()).rev().find(|i| at(*i) <= level)?;
    let onset = below + 1;
    // A single bad point at the end is a spike.
    if onset + 1 >= points.len() {
        return None;
    }
    Some(Diverged {
        run: run.to_owned(),
        step: steps[points[onset]],
        loss: at(onset),
        first,
        lowest: at(lowest),
        sane: steps[points[lowest]],
        rows: rows.len(),
    })
}

/// Iterations whose loss was not a number, where the table counts them.
fn nan_iterations(table: &RunTable) -> Option<f64> {
    let column = table
        .columns()
        .find(|c| squash(&c.name).contains("naniterations"))?;
    let total: f64 = column.numbers()?.iter().filter(|x| x.is_finite()).sum();
    (total > 0.0).then_some(total)
}

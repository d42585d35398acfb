//! Tables of runs exported from Weights & Biases: states that do not tell which runs are complete, perplexities.

use isoflop_base::{Note, Severity};

use super::{quoted, written};
use crate::accounting::count;
use crate::column::{Column, Values};
use crate::resolve::Found;
use crate::table::{RunTable, note};

/// Columns that such a table has.
const MARKS: [&str; 3] = ["Name", "State", "Runtime"];
/// States of runs that ended by themselves.
const ENDED: [&str; 4] = ["finished", "completed", "complete", "success"];
/// Last parts of names of a step that was reached, and of the steps that were planned.
const REACHED: &[&str] = &["step", "_step", "global_step"];
const PLANNED: &[&str] = &["steps", "max_steps", "total_steps", "num_steps"];

pub(super) fn check(table: &RunTable) -> Vec<Note> {
    let mut notes = Vec::new();
    if MARKS.iter().all(|name| table.column(name).is_some()) {
        notes.extend(states(table));
    }
    notes.extend(perplexities(table));
    notes
}

/// How many runs are in which state, and how many reached the step that was planned; nothing where all ended as planned.
fn states(table: &RunTable) -> Option<Note> {
    let Values::Text { codes, levels } = &table.column(MARKS[1])?.values else {
        return None;
    };
    let mut counts: Vec<(usize, &str)> = levels
        .iter()
        .zip(0u32..)
        .map(|(level, code)| (codes.iter().filter(|c| **c == code).count(), level.as_str()))
        .filter(|(n, _)| *n > 0)
        .collect();
    counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let ended = |state: &str| ENDED.contains(&state.to_lowercase().as_str());
    let unfinished: usize = counts.iter().filter(|(_, s)| !ended(s)).map(|c| c.0).sum();
    let listed: Vec<String> = counts.iter().map(|(n, s)| format!("{s} {n}")).collect();
    let mut message = format!("states of the runs: {}", listed.join(", "));
    let mut advice = String::new();
    let mut short = 0;
    if let (Some(reached), Some(planned)) = (ending_in(table, REACHED), ending_in(table, PLANNED)) {
        let (a, b) = (reached.numbers()?, planned.numbers()?);
        short = a
            .iter()
            .zip(b)
            .filter(|(a, b)| falls_short(**a, **b))
            .count();
        message += &format!(
            "; {} reaches {} in {} of {}, so {} alone does not tell which runs are complete",
            quoted(&reached.name),
            quoted(&planned.name),
            table.rows() - short,
            count(table.rows(), "run"),
            quoted(MARKS[1])
        );
        advice = format!(
            "keep the complete runs with --where '{} >= {} - 1'",
            written(&reached.name),
            written(&planned.name)
        );
    }
    if unfinished + short == 0 {
        return None;
    }
    let mut found = note(
        "wandb-states",
        Severity::Warning,
        message,
        Some(table.rows()),
    );
    found.advice = advice;
    Some(found)
}

/// Whether a run stopped before the step that was planned. A counter that starts at zero ends one short.
fn falls_short(reached: f64, planned: f64) -> bool {
    reached + 1.0 < planned
}

fn ending_in<'a>(table: &'a RunTable, names: &[&str]) -> Option<&'a Column> {
    table.columns().find(|c| {
        let last = c.name.rsplit(['/', '.']).next().unwrap_or_default();
        c.numbers().is_some() && names.contains(&last)
    })
}

/// Columns of perplexities, where no column is a loss.
fn perplexities(table: &RunTable) -> Option<Note> {
    if !matches!(table.find("L", "loss"), Found::No) {
        return None;
    }
    let is_one = |c: &&Column| {
        let mut parts = c.name.split(['/', '.', '_', ' ']);
        c.numbers().is_some()
            && parts.any(|p| {
                let p = p.to_lowercase();
                p == "ppl" || p == "perplexity"
            })
    };
    let columns: Vec<&Column> = table.columns().filter(is_one).collect();
    let first = columns.first()?;
    let names: Vec<String> = columns.iter().map(|c| quoted(&c.name)).collect();
    let message = format!(
        "perplexities by their names, not losses: {}",
        names.join(", ")
    );
    let mut found = note("perplexities", Severity::Info, message, None);
    found.advice = format!(
        "take the logarithm: --let 'loss = ln({})'",
        written(&first.name)
    );
    Some(found)
}

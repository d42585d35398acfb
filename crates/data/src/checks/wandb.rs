//! Tables of runs exported from trackers: states that do not tell which runs are complete, perplexities.

use isoflop_base::{Note, Severity};

use super::{Scene, quoted, written};
use crate::accounting::count;
use crate::column::{Column, Values};
use crate::resolve::Found;
use crate::select::Need;
use crate::states;
use crate::table::{RunTable, note};

pub(super) fn check(table: &RunTable) -> Vec<Note> {
    let mut notes = Vec::from_iter(unfinished(table));
    notes.extend(perplexities(table));
    notes
}

/// How many runs of the table are in which state, where some have not finished and are there all the same; and how many
/// reached the step that was planned.
fn unfinished(table: &RunTable) -> Option<Note> {
    let column = states::column(table)?;
    let Values::Text { codes, levels } = &column.values else {
        return None;
    };
    let mut counts: Vec<(usize, &str)> = levels
        .iter()
        .zip(0u32..)
        .map(|(level, code)| (codes.iter().filter(|c| **c == code).count(), level.as_str()))
        .filter(|(runs, _)| *runs > 0)
        .collect();
    let unfinished = counts.iter().any(|(_, level)| states::is_unfinished(level));
    let mut short = false;
    counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let listed: Vec<String> = counts.iter().map(|(n, s)| format!("{s} {n}")).collect();
    let mut message = format!("states of the runs: {}", listed.join(", "));
    let mut advice = String::new();
    if let (Some((reached, planned)), Some(complete)) =
        (states::steps(table), states::complete(table))
    {
        let complete = complete.iter().filter(|c| **c).count();
        short = complete < table.rows();
        message += &format!(
            "; {} reaches {} in {complete} of {}, so {} alone does not tell which runs are complete",
            quoted(&reached.name),
            quoted(&planned.name),
            count(table.rows(), "run"),
            quoted(&column.name)
        );
        advice = format!(
            "keep the complete runs with --where '{} >= {} - 1'",
            written(&reached.name),
            written(&planned.name)
        );
    }
    if !unfinished && !short {
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

/// Columns of perplexities, where no column is a loss.
fn perplexities(table: &RunTable) -> Option<Note> {
    if !matches!(table.find("L", "loss"), Found::No) {
        return None;
    }
    let is_one = |c: &&Column| c.numbers().is_some() && is_perplexity(&c.name);
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

/// Whether a column is one of perplexities by its name.
fn is_perplexity(name: &str) -> bool {
    name.split(['/', '.', '_', ' ']).any(|part| {
        let part = part.to_lowercase();
        part == "ppl" || part == "perplexity"
    })
}

/// A column of perplexities that was taken for the loss of a law.
pub(super) fn perplexity_as_loss(scene: &Scene<'_>) -> Option<Note> {
    let is_one = |need: &&Need| {
        need.kind.is_response() && need.role == Some("loss") && is_perplexity(&need.column.name)
    };
    let need = scene.needs.iter().find(is_one)?;
    let message = format!(
        "{} holds perplexities by its name, and was taken for the loss: a law of loss is one of the logarithm",
        quoted(&need.column.name)
    );
    let mut found = note("perplexity-as-loss", Severity::Warning, message, None);
    found.advice = format!(
        "fit the loss in nats: --let 'loss = ln({})'",
        written(&need.column.name)
    );
    Some(found)
}

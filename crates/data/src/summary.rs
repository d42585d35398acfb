//! Nested exports that hold a run's history and, beside it, a summary that repeats its last point.

use std::sync::Arc;

use isoflop_base::{Note, Severity};

use crate::accounting::count;
use crate::column::Column;
use crate::table::{RunTable, note};

/// First part of the names of summaries.
const SUMMARIES: &[&str] = &["summary", "_summary", "summary_metrics"];

/// Of several columns that could be meant, the one whose last point in every run all others repeat.
pub(crate) fn history_of(
    table: &RunTable,
    columns: &[&Arc<Column>],
) -> Option<(Arc<Column>, Note)> {
    let is_summary = |c: &Arc<Column>| {
        let first = c.name.split(['.', '/']).next().unwrap_or_default();
        SUMMARIES.contains(&first)
    };
    let (summaries, histories): (Vec<&Arc<Column>>, Vec<&Arc<Column>>) =
        columns.iter().copied().partition(|c| is_summary(c));
    let [history] = histories.as_slice() else {
        return None;
    };
    let runs = last_rows(table);
    let repeats = |summary: &Arc<Column>| {
        let (short, long) = (summary.numbers()?, history.numbers()?);
        let same = |row: &usize| short[*row] == long[*row];
        runs.iter().all(same).then_some(())
    };
    // One row per run would make any two equal columns a history and its summary.
    if runs.len() == table.rows() || !summaries.iter().all(|s| repeats(s).is_some()) {
        return None;
    }
    let names: Vec<String> = summaries.iter().map(|c| format!("`{}`", c.name)).collect();
    let message = format!(
        "{} repeats the last point of `{}` in all of {}: the history is used",
        names.join(", "),
        history.name,
        count(runs.len(), "run")
    );
    let found = note("summary-repeats", Severity::Info, message, Some(runs.len()));
    Some((Arc::clone(history), found))
}

/// The last row of every line of the sources; a line of nested objects is one run.
fn last_rows(table: &RunTable) -> Vec<usize> {
    let rows = table.rows();
    (0..rows)
        .filter(|r| *r + 1 == rows || table.places.get(*r) != table.places.get(*r + 1))
        .collect()
}

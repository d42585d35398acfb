//! What the numbers of a table say about each other: sizes, tokens and compute that cannot all be right, losses
//! on several scales, runs that diverged. A finding is a note with its rows and, where there is one, the option
//! that corrects it; nothing is changed by itself.

mod compute;
mod history;
mod impossible;
mod inputs;
mod loss;
mod surface;
mod tokens;
mod units;
mod wandb;

use std::sync::Arc;

use isoflop_base::{Diagnostic, Note};

pub use impossible::impossible_count;

use crate::column::Column;
use crate::resolve::Found;
use crate::select::{Need, NeedKind};
use crate::table::RunTable;

/// Checks that need no law: on a table as it was read.
pub(crate) fn of_table(table: &RunTable) -> Vec<Note> {
    let mut notes = wandb::check(table);
    notes.extend(history::check(table));
    notes
}

/// Checks on the rows that a fit takes: what must be said, and what no fit may be made of.
pub(crate) fn of_selection(
    table: &RunTable,
    needs: &[Need],
    rows: &[usize],
) -> (Vec<Note>, Vec<Diagnostic>) {
    if table.examined {
        return (Vec::new(), Vec::new());
    }
    let scene = Scene::new(table, needs, rows);
    let mut faults = impossible::check(&scene);
    if !faults.is_empty() {
        return (Vec::new(), faults);
    }
    let mut notes = compute::check(&scene);
    if notes.is_empty() {
        notes.extend(tokens::check(&scene));
    }
    faults.extend(impossible::systematic(&scene, &mut notes));
    notes.extend(loss::check(&scene));
    notes.extend(wandb::perplexity_as_loss(&scene));
    notes.extend(inputs::check(&scene));
    (notes, faults)
}

/// A table, the rows taken from it, and the columns that mean something to every table of runs.
pub(crate) struct Scene<'a> {
    table: &'a RunTable,
    needs: &'a [Need],
    rows: &'a [usize],
    params: Option<Arc<Column>>,
    tokens: Option<Arc<Column>>,
    flops: Option<Arc<Column>>,
    /// The measured number, if it is a loss.
    loss: Option<&'a Need>,
}

impl<'a> Scene<'a> {
    fn new(table: &'a RunTable, needs: &'a [Need], rows: &'a [usize]) -> Self {
        let role = |letter: &str, name: &str| numbers_of(table, needs, letter, name);
        let loss = role("L", "loss");
        // In a table of x and y the first may be any of the three, and is none of them more than another.
        let counts = [role("N", "params"), role("D", "tokens"), role("C", "flops")];
        let alone = |k: usize| {
            let own = counts[k].clone()?;
            let same = counts.iter().flatten().filter(|c| c.name == own.name);
            (same.count() == 1).then_some(own)
        };
        Self {
            table,
            needs,
            rows,
            params: alone(0),
            tokens: alone(1),
            flops: alone(2),
            loss: needs.iter().find(|n| {
                n.kind.is_response() && loss.as_ref().is_some_and(|l| l.name == n.column.name)
            }),
        }
    }

    /// Whether the fit uses a column.
    fn uses(&self, column: &Column) -> bool {
        self.needs.iter().any(|n| n.column.name == column.name)
    }

    /// The inputs of the fit that are numbers.
    fn inputs(&self) -> impl Iterator<Item = &'a Need> {
        self.needs
            .iter()
            .filter(|n| matches!(n.kind, NeedKind::Number | NeedKind::Positive))
    }

    /// How many of the rows, in words: `120 of 240 rows`.
    fn share(&self, rows: &[usize]) -> String {
        format!("{} of {} rows", rows.len(), self.rows.len())
    }
}

/// The column of a role, preferably as the fit uses it, where gaps are filled.
fn numbers_of(table: &RunTable, needs: &[Need], letter: &str, name: &str) -> Option<Arc<Column>> {
    let found = match table.find_named(letter, name) {
        Found::One(found, _) => found,
        Found::Many(_) => return None,
        // `x` of a table `x,y` may be any input: it is the one that the law takes it for.
        Found::No => {
            let own = needs.iter().find(|n| n.role == Some(name))?;
            Arc::clone(&own.column)
        }
    };
    let used = needs.iter().find(|n| n.column.name == found.name);
    let column = used.map_or(found, |n| Arc::clone(&n.column));
    column.numbers().is_some().then_some(column)
}

/// A column name as an expression writes it.
fn written(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain {
        name.to_owned()
    } else {
        format!("`{name}`")
    }
}

/// A column as an expression that gives its numbers in ones: what its header scales, it writes without the scale.
fn in_ones(column: &Column) -> String {
    let name = written(&column.name);
    if column.header_factor == 1.0 {
        name
    } else {
        format!("{name}*{}", literal(column.header_factor))
    }
}

/// A column name as a message shows it.
fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// The middle value; NaN of nothing.
fn median(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    values.sort_unstable_by(f64::total_cmp);
    f64::midpoint(values[(n - 1) / 2], values[n / 2])
}

/// A round number between two positive ones: a power of ten if there is one, else two digits of the middle.
fn between(low: f64, high: f64) -> f64 {
    let middle = f64::midpoint(low.log10(), high.log10());
    let power = 10f64.powf(middle.round());
    if low < power && power < high {
        return power;
    }
    let exact = 10f64.powf(middle);
    let rounded = format!("{exact:.1e}").parse().unwrap_or(exact);
    if low < rounded && rounded < high {
        rounded
    } else {
        exact
    }
}

/// A number for an expression: `1e5`, `3.4`.
fn literal(value: f64) -> String {
    if (0.01..1e4).contains(&value.abs()) {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_number_is_found_between_two() {
        assert_eq!(between(16_183.0, 4.4e7), 1e6);
        assert_eq!(between(2.713, 4.177), 3.4);
        assert_eq!(
            between(2.0, 2.01),
            10f64.powf(f64::midpoint(2f64.log10(), 2.01f64.log10()))
        );
        assert_eq!(
            (literal(1e5), literal(3.4)),
            ("1e5".to_owned(), "3.4".to_owned())
        );
    }

    #[test]
    fn names_with_signs_are_written_in_backquotes() {
        assert_eq!(written("n_params"), "n_params");
        assert_eq!(written("eval/loss"), "`eval/loss`");
        assert_eq!(written("2x"), "`2x`");
    }
}

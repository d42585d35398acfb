//! `--map`, `--let` and `--where` on a table that was read.

mod eval;
mod value;

use std::sync::Arc;

use isoflop_base::{Diagnostic, Diagnostics, Severity, closest};
use isoflop_formula::{parse_assignment, parse_expr};

use crate::accounting::Account;
use crate::column::{CellFault, Column, FaultKind, Values};
use crate::options::ReadOptions;
use crate::resolve::listed;
use crate::table::{RunTable, note};
use eval::Evaluator;
use value::{Truth, Value};

/// Reason of the rows for which `--where` is false.
const LEFT_OUT: &str = "left out by --where";

/// Applies the options in the order map, let, where.
pub(crate) fn apply(mut table: RunTable, options: &ReadOptions) -> Result<RunTable, Diagnostics> {
    let mut faults = Diagnostics::default();
    table.map.clone_from(&options.map);
    table.copies = options.copies;
    for text in &options.lets {
        if let Err(found) = define(&mut table, text) {
            faults.0.extend(found.0);
        }
    }
    faults.0.splice(
        0..0,
        options
            .map
            .iter()
            .filter_map(|pair| check_map(&table, pair)),
    );
    // Places are those of the file: they are looked up before any row is left out.
    let table = if options.without.is_empty() {
        table
    } else {
        match table.without(&options.without) {
            Ok(kept) => kept,
            Err(found) => {
                faults.0.extend(found.0);
                return Err(faults);
            }
        }
    };
    if let Some(text) = &options.filter {
        match filter(table, text) {
            Ok(kept) if faults.0.is_empty() => return Ok(kept),
            Ok(_) => {}
            Err(found) => faults.0.extend(found.0),
        }
        return Err(faults);
    }
    if faults.0.is_empty() {
        Ok(table)
    } else {
        Err(faults)
    }
}

fn check_map(table: &RunTable, (role, column): &(String, String)) -> Option<Diagnostic> {
    if table.column(column).is_some() {
        return None;
    }
    let message = format!(
        "`--map {role}={column}`: there is no column `{column}` in {}",
        table.source_names()
    );
    let mut fault = Diagnostic::error("unknown-column", message);
    if let Some(near) = closest(column, table.columns().map(|c| c.name.as_str())) {
        fault = fault.help(format!("did you mean `--map {role}={near}`?"));
    }
    let names: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
    Some(fault.help(format!("the columns are {}", listed(&names))))
}

/// Adds the column of one `--let`.
fn define(table: &mut RunTable, text: &str) -> Result<(), Diagnostics> {
    let (name, expr) = parse_assignment(text, "<let>")?;
    let mut evaluator = Evaluator::new(table, "<let>", text);
    let value = evaluator.evaluate(&expr)?;
    let column = column_of(&name, value, &evaluator);
    let notes = evaluator.into_notes();
    table.add_notes(notes);
    if let Some(at) = table.columns.iter().position(|c| c.name == name) {
        let message = format!("`--let` replaced the column `{name}`");
        table.add_notes(vec![note("column-replaced", Severity::Info, message, None)]);
        table.columns[at] = Arc::new(column);
    } else {
        table.columns.push(Arc::new(column));
    }
    table.defined.push(name);
    Ok(())
}

/// The value as a column. A number that does not exist is missing where an input is, and NaN otherwise.
fn column_of(name: &str, value: Value, evaluator: &Evaluator<'_>) -> Column {
    let rows = evaluator.rows();
    match value {
        Value::Text(column) => Column {
            name: name.to_owned(),
            ..Column::clone(&column)
        },
        Value::Literal(text) => Column::new(
            name,
            Values::Text {
                codes: vec![0; rows],
                levels: vec![text],
            },
        ),
        Value::Truth(truths) => Column::new(
            name,
            Values::Bool((0..rows).map(|r| truths.at(r).known()).collect()),
        ),
        Value::Number(numbers) => {
            let values: Vec<f64> = (0..rows).map(|r| numbers.at(r)).collect();
            let faults = (0..rows)
                .filter(|r| values[*r].is_nan())
                .filter_map(|row| fault_of(row, evaluator))
                .collect();
            let mut column = Column::new(name, Values::Number(values));
            column.faults = faults;
            column
        }
    }
}

fn fault_of(row: usize, evaluator: &Evaluator<'_>) -> Option<CellFault> {
    match evaluator.blame(row) {
        Some((_, column)) => column.fault(row).cloned(),
        None => Some(CellFault {
            row,
            text: "NaN".to_owned(),
            kind: FaultKind::Nan,
        }),
    }
}

/// Keeps the rows for which the condition is true.
pub(crate) fn filter(mut table: RunTable, text: &str) -> Result<RunTable, Diagnostics> {
    let expr = parse_expr(text, "<where>")?;
    let mut evaluator = Evaluator::new(&table, "<where>", text);
    let truths = evaluator.condition(&expr)?;
    let mut account: Account = table.account.clone();
    let mut kept = Vec::new();
    for row in 0..table.rows() {
        match truths.at(row) {
            Truth::Yes => kept.push(row),
            Truth::No => account.skip(LEFT_OUT, None, || table.place(row)),
            Truth::Unknown => {
                let (why, column) = match evaluator.blame(row) {
                    Some((name, column)) => (
                        format!("`{name}` {}", column.trouble(row).unwrap_or_default()),
                        Some(name),
                    ),
                    None => ("it has no value there".to_owned(), None),
                };
                let reason = format!("--where could not be decided: {why}");
                account.skip(&reason, column, || table.place(row));
            }
        }
    }
    let notes = evaluator.into_notes();
    table.keep(&kept);
    table.account = account;
    table.add_notes(notes);
    Ok(table)
}

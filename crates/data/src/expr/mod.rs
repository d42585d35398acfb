//! `--map`, `--let` and `--where` on a table that was read.

mod eval;
mod value;

use std::sync::Arc;

use isoflop_base::{Diagnostic, Diagnostics, Severity, closest};
use isoflop_formula::{parse_assignment, parse_expr};

use crate::accounting::Account;
use crate::column::{CellFault, Column, FaultKind, Values};
use crate::options::ReadOptions;
use crate::resolve::{Found, listed};
use crate::roles::role_of;
use crate::table::{RunTable, note};
use crate::{best, states};
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
    let unknown = options
        .map
        .iter()
        .filter_map(|pair| check_map(&table, pair));
    let asked: Vec<Diagnostic> = unknown.chain(map_twice(&options.map)).collect();
    faults.0.splice(0..0, asked);
    for unit in &options.units {
        faults.0.extend(set_unit(&mut table, unit).err());
    }
    // Places are those of the file: they are looked up before any row is left out.
    if !options.without.is_empty() {
        table = match table.without(&options.without) {
            Ok(kept) => kept,
            Err(found) => {
                faults.0.extend(found.0);
                return Err(faults);
            }
        };
    }
    if let Some(text) = &options.filter {
        table = match filter(table, text) {
            Ok(kept) => kept,
            Err(found) => {
                faults.0.extend(found.0);
                return Err(faults);
            }
        };
    }
    if !faults.0.is_empty() {
        return Err(faults);
    }
    states::leave_out(&mut table);
    if !options.best_of.is_empty() {
        best::keep(&mut table, &options.best_of)?;
    }
    Ok(table)
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

/// A role that two maps speak of, by one name or by two.
fn map_twice(map: &[(String, String)]) -> Option<Diagnostic> {
    let meant = |key: &str| role_of(key).map_or(key.to_owned(), |role| role.name.to_owned());
    let (at, (second, column)) = map
        .iter()
        .enumerate()
        .find(|(at, (key, _))| map[..*at].iter().any(|(k, _)| meant(k) == meant(key)))?;
    let first = map[..at].iter().find(|(k, _)| meant(k) == meant(second))?;
    let message = format!(
        "`--map {}={}` and `--map {second}={column}` both say which column is {}",
        first.0,
        first.1,
        meant(second)
    );
    Some(Diagnostic::error("mapped-twice", message).help("keep one of them"))
}

/// Says which unit a column is in: `--unit loss=bits/byte`.
fn set_unit(table: &mut RunTable, (name, unit): &(String, String)) -> Result<(), Diagnostic> {
    let column = match table.find(name, name) {
        Found::One(column, _) => column,
        _ => {
            let message = format!(
                "`--unit {name}={unit}`: there is no column `{name}` in {}",
                table.source_names()
            );
            let names: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
            return Err(Diagnostic::error("unknown-column", message)
                .help(format!("the columns are {}", listed(&names))));
        }
    };
    let Some(at) = table.columns.iter().position(|c| c.name == column.name) else {
        return Ok(());
    };
    let mut changed = Column::clone(&table.columns[at]);
    changed.notes.retain(|n| n.code != "loss-unit");
    changed.unit.clone_from(unit);
    table.columns[at] = Arc::new(changed);
    Ok(())
}

/// Adds the column of one `--let`.
fn define(table: &mut RunTable, text: &str) -> Result<(), Diagnostics> {
    let (name, expr) = parse_assignment(text, "<let>")?;
    let mut evaluator = Evaluator::new(table, "<let>", text);
    let value = evaluator.evaluate(&expr)?;
    let column = column_of(&name, value, &evaluator);
    let (notes, used) = evaluator.into_notes();
    table.add_notes(notes);
    table.used.extend(used);
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
    let (notes, used) = evaluator.into_notes();
    table.keep(&kept);
    table.account = account;
    table.add_notes(notes);
    table.used.extend(used);
    Ok(table)
}

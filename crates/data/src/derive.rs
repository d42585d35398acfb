//! Values that a table does not state but implies: compute from size and tokens, tokens from compute and
//! size, the size of a run from its other rows.

use std::collections::HashMap;
use std::sync::Arc;

use isoflop_base::{Note, Severity};

use crate::accounting::count;
use crate::column::{Column, Values};
use crate::header::Header;
use crate::resolve::Found;
use crate::roles::{Match, Role, role_of, squash};
use crate::table::{RunTable, note};

/// FLOP per parameter and token of dense training, forward and backward (`kaplan2020`, section 2.1).
const FLOPS_PER_PARAM_TOKEN: f64 = 6.0;

/// Names of columns that tell runs apart, squashed.
const RUN_NAMES: &[&str] = &["run", "runid", "runname"];

/// A formula for a role from two other roles.
struct Rule {
    role: &'static str,
    needs: [&'static str; 2],
    formula: &'static str,
    unit: &'static str,
    value: fn(f64, f64) -> f64,
}

const RULES: &[Rule] = &[
    Rule {
        role: "flops",
        needs: ["params", "tokens"],
        formula: "6*params*tokens",
        unit: "FLOP",
        value: |params, tokens| FLOPS_PER_PARAM_TOKEN * params * tokens,
    },
    Rule {
        role: "tokens",
        needs: ["flops", "params"],
        formula: "flops/(6*params)",
        unit: "tokens",
        value: |flops, params| flops / (FLOPS_PER_PARAM_TOKEN * params),
    },
];

/// The column of a role that the table does not have, computed from two that it has. A cell whose inputs
/// are missing is missing.
pub(crate) fn whole_column(table: &RunTable, role: &Role) -> Option<(Column, Note)> {
    let rule = RULES.iter().find(|r| r.role == role.name)?;
    let (first, second) = inputs(table, rule)?;
    // A guessed budget does not stand against a column that is called after tokens.
    if guessed(rule.needs[0], &first) && !called_after(table, role).is_empty() {
        return None;
    }
    let values = first
        .numbers()?
        .iter()
        .zip(second.numbers()?)
        .map(|(a, b)| (rule.value)(*a, *b))
        .collect();
    let mut column = Column::new(rule.role, Values::Number(values));
    rule.unit.clone_into(&mut column.unit);
    let message = format!(
        "{} computed as {} from `{}` and `{}`",
        rule.role, rule.formula, first.name, second.name
    );
    let mut note = note(
        "derived-column",
        Severity::Info,
        message,
        Some(table.rows()),
    );
    note.advice = format!(
        "if the table has it under another name, say so with `--map {}=COLUMN`",
        rule.role
    );
    Some((column, note))
}

/// Whether a column plays a role by a name that can mean other things as well.
fn guessed(role: &str, column: &Column) -> bool {
    role_of(role).is_some_and(|r| r.fits(&Header::parse(&column.name).base) == Some(Match::Weak))
}

/// Columns of numbers that have the word of a role in their names, though not as its name.
pub(crate) fn called_after<'a>(table: &'a RunTable, role: &Role) -> Vec<&'a str> {
    let word = match role.name {
        "tokens" => "tok",
        "flops" => "flop",
        _ => return Vec::new(),
    };
    // What is said of one token, or of the tokenizer, is no count of them.
    let other = [
        "per", "tokeni", "vocab", "batch", "seq", "max", "sec", "loss",
    ];
    let columns = table.columns().filter(|c| c.numbers().is_some());
    columns
        .map(|c| c.name.as_str())
        .filter(|name| {
            let squashed = squash(name);
            squashed.contains(word) && !other.iter().any(|o| squashed.contains(o))
        })
        .collect()
}

/// The column with its gaps filled where the table implies the value; none when nothing was filled.
pub(crate) fn fill_gaps(table: &RunTable, role: &Role, column: &Column) -> Option<(Column, Note)> {
    let numbers = column.numbers()?;
    let gaps: Vec<usize> = (0..numbers.len())
        .filter(|r| numbers[*r].is_nan() && column.is_gap(*r))
        .collect();
    let (filled, how) = if role.name == "params" {
        let how = "from other rows of the same run".to_owned();
        (from_same_run(table, numbers, &gaps)?, how)
    } else {
        let rule = RULES.iter().find(|r| r.role == role.name)?;
        (by_rule(table, rule, &gaps)?, format!("as {}", rule.formula))
    };
    if filled.is_empty() {
        return None;
    }
    let rows: Vec<usize> = filled.iter().map(|(row, _)| *row).collect();
    let mut values = numbers.to_vec();
    for (row, value) in filled {
        values[row] = value;
    }
    let message = format!(
        "`{}` filled {how} in {} ({})",
        column.name,
        count(rows.len(), "row"),
        table.list_places(&rows)
    );
    let mut column = column.clone();
    column.values = Values::Number(values);
    Some((
        column,
        note("filled-cells", Severity::Info, message, Some(rows.len())),
    ))
}

/// Values for gaps from the two columns of a rule, where both are there.
fn by_rule(table: &RunTable, rule: &Rule, gaps: &[usize]) -> Option<Vec<(usize, f64)>> {
    let (first, second) = inputs(table, rule)?;
    let (first, second) = (first.numbers()?, second.numbers()?);
    let value = |row: &usize| (*row, (rule.value)(first[*row], second[*row]));
    let sound = |(_, x): &(usize, f64)| x.is_finite() && *x > 0.0;
    Some(gaps.iter().map(value).filter(sound).collect())
}

fn inputs(table: &RunTable, rule: &Rule) -> Option<(Arc<Column>, Arc<Column>)> {
    let found = |name: &str| match table.find_named(name, name) {
        Found::One(column, _) if column.numbers().is_some() => Some(column),
        _ => None,
    };
    Some((found(rule.needs[0])?, found(rule.needs[1])?))
}

/// Values for gaps in runs whose other rows all have the same value.
fn from_same_run(table: &RunTable, numbers: &[f64], gaps: &[usize]) -> Option<Vec<(usize, f64)>> {
    let run = table
        .columns()
        .find(|c| RUN_NAMES.contains(&squash(&c.name).as_str()))?;
    let mut known: HashMap<String, Option<f64>> = HashMap::new();
    for (row, value) in numbers.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
        if let Some(name) = run.text(row) {
            let agreed = known.entry(name).or_insert(Some(*value));
            *agreed = agreed.filter(|a| a == value);
        }
    }
    let value = |row: &usize| known.get(&run.text(*row)?).copied().flatten();
    Some(
        gaps.iter()
            .filter_map(|row| value(row).map(|v| (*row, v)))
            .collect(),
    )
}

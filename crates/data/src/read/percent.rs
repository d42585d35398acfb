//! Scores in one column as `86.4%`, `0.864` and `86.4`: all become fractions of 1.

use isoflop_base::Severity;

use crate::accounting::count;
use crate::column::{CellFault, Column, FaultKind, Values};
use crate::table::note;

/// Brings a column with percent signs in some cells to fractions: a plain number above 1 is a percentage,
/// and one above 100 is none.
///
/// Without a percent sign nothing tells percentages from other numbers, and nothing is changed.
pub(super) fn normalise(column: &mut Column, signed: &[usize]) {
    let Values::Number(values) = &mut column.values else {
        return;
    };
    if signed.is_empty() {
        return;
    }
    let (mut fractions, mut percents, mut rejected) = (0, 0, 0);
    for (row, value) in values.iter_mut().enumerate() {
        if value.is_nan() || signed.binary_search(&row).is_ok() {
            continue;
        }
        if *value > 100.0 {
            column.faults.push(CellFault {
                row,
                text: value.to_string(),
                kind: FaultKind::AboveHundred,
            });
            *value = f64::NAN;
            rejected += 1;
        } else if *value > 1.0 {
            *value /= 100.0;
            percents += 1;
        } else {
            fractions += 1;
        }
    }
    if percents + rejected == 0 {
        return;
    }
    column.faults.sort_by_key(|f| f.row);
    let mut message = format!(
        "`{}` mixes {} with a percent sign, {} up to 1 and {} up to 100: all are read as fractions of 1",
        column.name,
        count(signed.len(), "cell"),
        count(fractions, "plain number"),
        count(percents, "plain number")
    );
    if rejected > 0 {
        message += &format!(", {} above 100% rejected", count(rejected, "cell"));
    }
    column.notes.push(note(
        "mixed-percent",
        Severity::Warning,
        message,
        Some(fractions + percents + signed.len()),
    ));
}

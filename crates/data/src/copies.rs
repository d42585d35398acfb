//! Rows that repeat an earlier row in every cell: a run recorded twice, or a measurement repeated.

use isoflop_base::{Note, Severity};

use crate::accounting::{Account, count};
use crate::column::Values;
use crate::options::Copies;
use crate::select::{Need, number};
use crate::table::{RunTable, note};

/// A measured number with this many digits does not come out twice by chance.
const DIGITS_OF_A_MEASUREMENT: usize = 6;

/// Takes the copies of a precise response out of `rows` and counts them; other copies stay. Both are noted.
pub(crate) fn leave_out(
    table: &RunTable,
    needs: &[Need],
    rows: &mut Vec<usize>,
    account: &mut Account,
) -> Vec<Note> {
    let response = needs.iter().find(|n| n.kind.is_response());
    let exact = |row: &usize| {
        table.copies == Copies::Once
            && response.is_some_and(|n| digits(number(&n.column, *row)) >= DIGITS_OF_A_MEASUREMENT)
    };
    let (mut left_out, kept): (Vec<usize>, Vec<usize>) =
        copies(table, rows).into_iter().partition(exact);
    let labelled: Vec<usize> = relabelled(table, needs, rows)
        .into_iter()
        .filter(|row| exact(row) && left_out.binary_search(row).is_err())
        .collect();
    rows.retain(|row| left_out.binary_search(row).is_err());
    for row in &left_out {
        let reason = "row is an exact copy of an earlier row";
        account.skip(reason, None, || table.place(*row));
    }
    rows.retain(|row| labelled.binary_search(row).is_err());
    for row in &labelled {
        let reason = "row is an earlier one under another label";
        account.skip(reason, None, || table.place(*row));
    }
    let counted_once = tell(
        table,
        &left_out,
        "copied-rows",
        Severity::Warning,
        "counted once",
    );
    left_out.clone_from(&labelled);
    let same_numbers = (!left_out.is_empty()).then(|| {
        let message = format!(
            "{} equal to an earlier one in every number and not in its labels, counted once ({}): --copies keep counts all",
            count(left_out.len(), "row"),
            table.list_places(&left_out)
        );
        note("relabelled-rows", Severity::Warning, message, Some(left_out.len()))
    });
    let repeated = tell(
        table,
        &kept,
        "repeated-rows",
        Severity::Info,
        "kept as repeated measurements",
    );
    counted_once
        .into_iter()
        .chain(same_numbers)
        .chain(repeated)
        .collect()
}

/// Rows that equal an earlier one of `rows` in all numbers and in what the fit needs, and differ in labels, ascending: one
/// checkpoint that a table has under two names. Two numbers beside the response must be alike at least.
fn relabelled(table: &RunTable, needs: &[Need], rows: &[usize]) -> Vec<usize> {
    let needed = |name: &str| needs.iter().any(|n| n.column.name == name);
    let (texts, others): (Vec<_>, Vec<_>) = table
        .columns
        .iter()
        .partition(|c| matches!(c.values, Values::Text { .. }) && !needed(&c.name));
    let numbers = others.iter().filter(|c| c.numbers().is_some()).count();
    if texts.is_empty() || numbers < 3 {
        return Vec::new();
    }
    let order = alike(rows, |row| others.iter().map(move |c| c.bits(row)));
    let mut found = Vec::new();
    for group in order.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > 1) {
        for (at, (_, row)) in group.iter().enumerate() {
            let same = |(_, earlier): &(u64, usize)| {
                others.iter().all(|c| c.bits(*earlier) == c.bits(*row))
            };
            if group[..at].iter().any(same) {
                found.push(*row);
            }
        }
    }
    found.sort_unstable();
    found
}

fn tell(
    table: &RunTable,
    rows: &[usize],
    code: &str,
    severity: Severity,
    fate: &str,
) -> Option<Note> {
    (!rows.is_empty()).then(|| {
        let message = format!(
            "{} equal to an earlier one in every cell, {fate} ({})",
            count(rows.len(), "row"),
            table.list_places(rows)
        );
        note(code, severity, message, Some(rows.len()))
    })
}

/// Rows that equal an earlier one of `rows` in every column, ascending.
fn copies(table: &RunTable, rows: &[usize]) -> Vec<usize> {
    let order = alike(rows, |row| table.columns.iter().map(move |c| c.bits(row)));
    let mut copies = Vec::new();
    for group in order.chunk_by(|a, b| a.0 == b.0).filter(|g| g.len() > 1) {
        let mut distinct: Vec<usize> = Vec::new();
        for (_, row) in group {
            if distinct
                .iter()
                .any(|earlier| same_cells(table, *earlier, *row))
            {
                copies.push(*row);
            } else {
                distinct.push(*row);
            }
        }
    }
    copies.sort_unstable();
    copies
}

/// Rows whose cells may equal those of another, with a hash of them, in order of hash and row: most tables have none, and
/// then a number a row is all it takes.
pub(crate) fn alike<B: Iterator<Item = u64>>(
    rows: &[usize],
    bits: impl Fn(usize) -> B,
) -> Vec<(u64, usize)> {
    // FNV-1a, by words.
    let mixed = |hash: u64, bits: u64| {
        (hash ^ bits)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    };
    let hash = |row: usize| bits(row).fold(0xcbf2_9ce4_8422_2325, mixed);
    let mut seen: Vec<u64> = rows.iter().map(|row| hash(*row)).collect();
    seen.sort_unstable();
    let pairs = seen.windows(2).filter(|pair| pair[0] == pair[1]);
    let mut twice: Vec<u64> = pairs.map(|pair| pair[0]).collect();
    drop(seen);
    twice.dedup();
    if twice.is_empty() {
        return Vec::new();
    }
    let mut order: Vec<(u64, usize)> = rows
        .iter()
        .map(|row| (hash(*row), *row))
        .filter(|(hash, _)| twice.binary_search(hash).is_ok())
        .collect();
    order.sort_unstable();
    order
}

fn same_cells(table: &RunTable, a: usize, b: usize) -> bool {
    table
        .columns
        .iter()
        .all(|c| c.bits(a) == c.bits(b) && c.trouble(a) == c.trouble(b))
}

/// Significant digits of a number in its shortest form.
fn digits(value: f64) -> usize {
    let text = format!("{value:e}");
    let mantissa = text.split('e').next().unwrap_or_default();
    mantissa.bytes().filter(u8::is_ascii_digit).count()
}

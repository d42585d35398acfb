//! `--best-of`: of the runs of one cell of a sweep, the one with the lowest loss.

use isoflop_base::{Diagnostic, Severity};

use crate::accounting::count;
use crate::copies::alike;
use crate::resolve::{Found, listed};
use crate::table::{RunTable, note};

/// Keeps the row of lowest loss among the rows that are equal in the named columns; the others are counted. Rows without a
/// loss, or with one that is not above zero where others are, stay: they are counted where the loss is needed.
pub(crate) fn keep(table: &mut RunTable, names: &[String]) -> Result<(), Diagnostic> {
    let mut columns = Vec::new();
    for name in names {
        match table.find(name, name) {
            Found::One(column, _) => columns.push(column),
            _ => {
                let message = format!(
                    "`--best-of {}`: there is no column `{name}`",
                    names.join(",")
                );
                let known: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
                return Err(Diagnostic::error("unknown-column", message)
                    .help(format!("the columns are {}", listed(&known))));
            }
        }
    }
    let loss = table.resolve_response("L", "loss")?.column;
    let Some(losses) = loss.numbers() else {
        let message = format!("`{}` holds no numbers: --best-of needs a loss", loss.name);
        return Err(
            Diagnostic::error("not-a-loss", message).help("say which one it is: --map loss=COLUMN")
        );
    };
    // A failed run that logged a loss of 0 or -1 is not the best of its cell.
    let positive = losses.iter().any(|l| l.is_finite() && *l > 0.0);
    let is_loss = |loss: f64| loss.is_finite() && (loss > 0.0 || !positive);
    let rows: Vec<usize> = (0..table.rows()).filter(|r| is_loss(losses[*r])).collect();
    let key = |row: usize| columns.iter().map(move |c| c.bits(row));
    let order = alike(&rows, key);
    let mut worse = Vec::new();
    for group in order.chunk_by(|a, b| a.0 == b.0 && key(a.1).eq(key(b.1))) {
        let best = group.iter().map(|(_, row)| *row).min_by(|a, b| {
            let order = losses[*a].total_cmp(&losses[*b]);
            order.then(a.cmp(b))
        });
        worse.extend(
            group
                .iter()
                .map(|(_, row)| *row)
                .filter(|row| Some(*row) != best),
        );
    }
    worse.sort_unstable();
    let reason = format!("not the lowest {} of its {}", loss.name, names.join(", "));
    let mut account = table.account.clone();
    for row in &worse {
        account.skip(&reason, None, || table.place(*row));
    }
    let kept: Vec<usize> = (0..table.rows())
        .filter(|r| worse.binary_search(r).is_err())
        .collect();
    let message = format!(
        "of the runs of each {} the one of lowest `{}` is used: {} left out",
        names.join(", "),
        loss.name,
        count(worse.len(), "row")
    );
    table.keep(&kept);
    table.account = account;
    let used = columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    table.used.extend(used);
    table.add_notes(vec![note(
        "best-of",
        Severity::Info,
        message,
        Some(worse.len()),
    )]);
    Ok(())
}

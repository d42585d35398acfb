//! The words of what goes with a prediction: its record in a ledger, and how it moves with a coefficient.

use isoflop_document::doc::{Block, Document, Table};
use isoflop_document::number::plain;
use isoflop_document::phrase::human;

use crate::profile::Profile;

/// Says that predictions were put on record.
pub fn add_record(doc: &mut Document, file: &str, names: &[String]) {
    doc.paragraph(format!(
        "Recorded in {file} as {}. When the run is done: isoflop check {file} --truth RUNS.",
        names.join(", ")
    ));
}

/// Adds how predictions move with one coefficient.
pub fn add_profile(doc: &mut Document, profile: &Profile) {
    let coef = &profile.coef;
    doc.heading(format!("How the prediction moves with {coef}"));
    let named: Vec<String> = profile
        .points
        .iter()
        .map(|p| {
            p.at.iter()
                .map(|(n, x)| format!("{n}={}", human(*x)))
                .collect::<Vec<_>>()
                .join(", ")
        })
        .collect();
    let mut heads = vec![format!(">{coef}"), ">objective above the best".to_owned()];
    heads.extend(named.iter().map(|n| format!(">{n}")));
    let mut table = Table::with_columns(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    table.rows = profile
        .rows
        .iter()
        .map(|row| {
            let rise = row.rise.map_or_else(
                || "cannot be fitted".to_owned(),
                |r| format!("{:.2}%", 100.0 * r),
            );
            let mut cells = vec![plain(row.value, 5), rise];
            cells.extend((0..named.len()).map(|i| {
                row.predicted
                    .get(i)
                    .map_or_else(String::new, |x| plain(*x, 5))
            }));
            cells
        })
        .collect();
    doc.push(Block::Table(table));
    let spans = named.iter().enumerate().filter_map(|(i, name)| {
        let (low, high) = profile.span(i)?;
        Some(format!(
            "at {name} it goes from {} to {}",
            plain(low, 5),
            plain(high, 5)
        ))
    });
    doc.paragraph(format!(
        "{coef} fixed at values over {}, the other coefficients fitted again: {}.",
        profile.range,
        spans.collect::<Vec<_>>().join("; ")
    ));
}

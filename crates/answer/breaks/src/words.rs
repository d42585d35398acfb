//! Breaks in words.

use isoflop_document::doc::{Block, Document, Table};
use isoflop_document::number::plain;

use crate::Breaks;

/// Adds the tests for breaks.
pub fn breaks(doc: &mut Document, found: &Breaks) {
    doc.heading("Breaks");
    doc.paragraph(found.verdict.clone());
    let mut table = Table::with_columns(&[
        ">breaks",
        ">against",
        ">p",
        ">statistic",
        ">noise sd",
        ">correlation",
    ]);
    table.rows = found
        .tests
        .iter()
        .map(|t| {
            vec![
                t.breaks.to_string(),
                t.against.to_string(),
                format!("{:.3} ({} curves)", t.p, t.simulations),
                plain(t.statistic, 3),
                number(t.sd),
                format!("{:.2}", t.correlation),
            ]
        })
        .collect();
    doc.push(Block::Table(table));
    if found.places.is_empty() {
        return;
    }
    let mut table =
        Table::with_columns(&[">place of the break", "interval, 95 %", "inside the points"]);
    table.rows = found
        .places
        .iter()
        .map(|p| {
            let interval = p
                .interval
                .map(|i| format!("[{}, {}]", plain(i.lower, 3), plain(i.upper, 3)));
            vec![
                plain(p.at, 3),
                interval.unwrap_or_else(|| "unknown".to_owned()),
                if p.inside { "yes" } else { "no" }.to_owned(),
            ]
        })
        .collect();
    doc.push(Block::Table(table));
}

fn number(x: f64) -> String {
    if x.abs() < 1e-9 {
        "0".to_owned()
    } else if x.abs() < 0.001 {
        format!("{x:.1e}")
    } else {
        format!("{x:.4}")
    }
}

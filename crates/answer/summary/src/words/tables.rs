//! The words of the tables that come with the program.

use serde::Serialize;

use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::number::count;

/// A table that comes with the program, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableSummary {
    /// Name, used wherever a file could be.
    pub name: String,
    /// Rows.
    pub rows: usize,
    /// Column names.
    pub columns: Vec<String>,
    /// What it is and where it comes from.
    pub description: String,
}

/// The tables that come with the program.
#[must_use]
pub fn tables_document(tables: &[TableSummary]) -> Document {
    let mut doc = Document::new("Tables that come with the program");
    let mut table = Table::with_columns(&["name", ">rows", "columns", "what it is"]);
    doc.frame = Frame::with_columns(&["name", "rows", "columns", "description"]);
    for t in tables {
        table.rows.push(vec![
            t.name.clone(),
            count(t.rows),
            t.columns.join(", "),
            t.description.clone(),
        ]);
        let cells = [
            t.name.clone(),
            t.rows.to_string(),
            t.columns.join(" "),
            t.description.clone(),
        ];
        doc.frame
            .rows
            .push(cells.into_iter().map(Value::Text).collect());
    }
    doc.push(Block::Table(table));
    if let Some(first) = tables.first() {
        doc.heading("Next");
        doc.push(Block::Code(vec![
            format!("isoflop fit {} --law chinchilla", first.name),
            format!("isoflop data show {} > runs.csv", first.name),
        ]));
    }
    doc
}

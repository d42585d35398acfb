//! The public face of the crate on files as users have them.

mod accounting;
mod bad_files;
mod content;
mod dates;
mod dialects;
mod expressions;
mod json_lines;
mod large;
mod messy;
mod names;
mod packed;
#[cfg(feature = "parquet")]
mod parquet_files;
mod people;
mod properties;
mod robust;
mod selection;
mod tables;

use isoflop_base::Diagnostics;
use isoflop_data::{Input, Need, NeedKind, ReadOptions, RunTable, Selection, read};
use isoflop_testkit::testdata;

fn named(name: &str, text: impl AsRef<[u8]>) -> Input {
    Input::Reader {
        name: name.to_owned(),
        bytes: text.as_ref().to_vec(),
    }
}

#[track_caller]
fn csv(text: &str) -> RunTable {
    with(text, &ReadOptions::default())
}

#[track_caller]
fn with(text: &str, options: &ReadOptions) -> RunTable {
    match read(&[named("runs.csv", text)], options) {
        Ok(table) => table,
        Err(faults) => panic!("the table is fine, got: {faults}"),
    }
}

#[track_caller]
fn file(path: &str) -> RunTable {
    match read(&[Input::Path(testdata(path))], &ReadOptions::default()) {
        Ok(table) => table,
        Err(faults) => panic!("{path} is fine, got: {faults}"),
    }
}

/// Everything a diagnostic says, as one text.
fn told(faults: &Diagnostics) -> String {
    let mut text = String::new();
    for fault in &faults.0 {
        text += &format!("{fault}\n");
        if let Some(e) = &fault.excerpt {
            let indent = " ".repeat(e.text[..e.span.start].chars().count());
            let marks = "^".repeat(e.text[e.span.start..e.span.end].chars().count().max(1));
            text += &format!("  | {}\n  | {indent}{marks} {}\n", e.text, e.label);
        }
        for help in &fault.help {
            text += &format!("  = {help}\n");
        }
    }
    text
}

#[track_caller]
fn refused(inputs: &[Input], options: &ReadOptions) -> String {
    match read(inputs, options) {
        Ok(table) => panic!("a refusal was expected, {} rows were read", table.rows()),
        Err(faults) => told(&faults),
    }
}

#[track_caller]
fn numbers<'a>(table: &'a RunTable, column: &str) -> &'a [f64] {
    table
        .column(column)
        .and_then(|c| c.numbers())
        .expect("a column of numbers")
}

/// Needs of a law of params and tokens, or of others, for the loss.
#[track_caller]
fn select(table: &RunTable, roles: &[(&str, &str)]) -> Selection {
    let needs: Vec<Need> = roles
        .iter()
        .map(|(letter, column)| {
            let kind = match *letter {
                "L" => NeedKind::PositiveResponse,
                "score" => NeedKind::Response,
                "release" => NeedKind::Number,
                _ => NeedKind::Positive,
            };
            match table.resolve(letter, column) {
                Ok(found) => Need::new(&found, kind).label(*column),
                Err(fault) => panic!("the column is there, got: {fault}"),
            }
        })
        .collect();
    table.select(&needs)
}

const CHINCHILLA: &[(&str, &str)] = &[("N", "params"), ("D", "tokens"), ("L", "loss")];

/// The note of this code, with its advice, without folders.
#[track_caller]
fn said(notes: &[isoflop_base::Note], code: &str) -> String {
    let found = notes.iter().find(|n| n.code == code);
    let note = found.unwrap_or_else(|| panic!("no {code} among {:?}", note_codes(notes)));
    let folder = testdata("").display().to_string();
    let mut text = format!("{:?}: {}", note.severity, note.message);
    if !note.advice.is_empty() {
        text += &format!("\n  = {}", note.advice);
    }
    text.replace(&folder, "")
}

fn note_codes(notes: &[isoflop_base::Note]) -> Vec<&str> {
    notes.iter().map(|n| n.code.as_str()).collect()
}

//! JSON Lines: one object per line, nested objects flattened with dots.
//!
//! An array of objects (`"history": [{…}, {…}]`) becomes one row per element, which repeats the cells
//! beside it, and so does a line that is an array of objects. Any other line that is not an object is skipped and
//! counted. `NaN` and `Infinity`, which the format does not have, are read where a number may stand.

use std::io::{self, BufRead, BufReader};

use isoflop_base::{DecimalMark, Diagnostic, Severity};
use serde_json::{Map, Value};

use super::builder::{Builder, Restart};
use super::encoding;
use super::input::{Loaded, cannot_read};
use super::scan;
use crate::accounting::count;
use crate::table::note;

/// Reads one source into the builder.
///
/// # Errors
///
/// Only if the source is not text; bad lines are skipped and counted.
pub(super) fn read(source: &Loaded, builder: &mut Builder) -> Result<Option<Restart>, Diagnostic> {
    encoding::text(source)?;
    let mut text = BufReader::new(source.reader()?);
    let (mut line, mut number, mut blank) = (String::new(), 0, 0);
    while next_line(&mut text, &mut line).map_err(|e| cannot_read(&source.name, &e))? {
        let line = line.as_str();
        number += 1;
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        let parsed = serde_json::from_str::<Value>(line)
            // What is left to report is the fault of the line as it is.
            .or_else(|error| serde_json::from_str(&scan::readable(line)).map_err(|_| error));
        match parsed {
            Ok(Value::Array(elements))
                if !elements.is_empty() && elements.iter().all(Value::is_object) =>
            {
                for object in elements.iter().filter_map(Value::as_object) {
                    if let restart @ Some(_) = push_object(object, number, builder) {
                        return Ok(restart);
                    }
                }
            }
            Ok(Value::Object(object)) => {
                if let restart @ Some(_) = push_object(&object, number, builder) {
                    return Ok(restart);
                }
            }
            Ok(other) => {
                let reason = format!("line is {}, not an object", kind(&other));
                builder.skip_row(&reason, number, None);
            }
            Err(error) => {
                let reason = format!("line is not valid JSON ({})", reason(&error));
                builder.skip_row(&reason, number, Some(characters(line, error.column())));
            }
        }
    }
    if blank > 0 {
        let message = format!("{} of {} left out", count(blank, "blank line"), source.name);
        builder.note(note("blank-lines", Severity::Info, message, Some(blank)));
    }
    Ok(None)
}

/// Reads a line without its end into `line`; says whether there was one.
fn next_line(text: &mut impl BufRead, line: &mut String) -> io::Result<bool> {
    line.clear();
    let found = text.read_line(line)? > 0;
    if line.ends_with('\n') {
        line.pop();
        if line.ends_with('\r') {
            line.pop();
        }
    }
    Ok(found)
}

/// The error without its place, which is reported as a place.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// A column in bytes, from 1, as a column in characters.
fn characters(line: &str, column: usize) -> usize {
    let bytes = line.as_bytes();
    let before = &bytes[..column.saturating_sub(1).min(bytes.len())];
    String::from_utf8_lossy(before).chars().count() + 1
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// One row, or one per element of the object's array of objects.
pub(super) fn push_object(
    object: &Map<String, Value>,
    line: usize,
    builder: &mut Builder,
) -> Option<Restart> {
    let mut flat = Vec::new();
    let mut lists = Vec::new();
    flatten("", object, &mut flat, &mut lists);
    // Two arrays of objects would have to be paired up; only a single one has a plain meaning.
    let [(list_name, elements)] = lists.as_slice() else {
        push_row(&flat, &[], builder);
        return builder.end_row(line);
    };
    for element in *elements {
        let mut inner = Vec::new();
        if let Value::Object(element) = element {
            flatten(list_name, element, &mut inner, &mut Vec::new());
        }
        push_row(&flat, &inner, builder);
        if let restart @ Some(_) = builder.end_row(line) {
            return restart;
        }
    }
    None
}

/// The names of the columns that an object has cells of.
pub(super) fn names(object: &Map<String, Value>) -> Vec<String> {
    let mut flat = Vec::new();
    flatten("", object, &mut flat, &mut Vec::new());
    flat.into_iter().map(|(name, _)| name).collect()
}

/// A cell's column name and value.
type Cells<'a> = Vec<(String, &'a Value)>;

/// Collects the cells of an object and, apart, its arrays of objects.
fn flatten<'a>(
    prefix: &str,
    object: &'a Map<String, Value>,
    flat: &mut Cells<'a>,
    lists: &mut Vec<(String, &'a [Value])>,
) {
    for (key, value) in object {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Object(inner) => flatten(&name, inner, flat, lists),
            Value::Array(elements)
                if !elements.is_empty() && elements.iter().all(Value::is_object) =>
            {
                lists.push((name, elements));
            }
            _ => flat.push((name, value)),
        }
    }
}

fn push_row(outer: &Cells<'_>, inner: &[(String, &Value)], builder: &mut Builder) {
    for (name, value) in outer.iter().chain(inner) {
        let column = builder.column(name);
        match value {
            Value::Null => {}
            Value::Number(number) => builder.number(column, number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => match scan::unmarked(text) {
                Some(number) => builder.number(column, number),
                None => builder.quoted(column, text),
            },
            Value::Bool(truth) => builder.cell(
                column,
                if *truth { "true" } else { "false" },
                DecimalMark::Point,
            ),
            Value::Array(_) | Value::Object(_) => {
                builder.cell(column, &value.to_string(), DecimalMark::Point)
            }
        }
    }
}

//! JSON documents: an array of objects, or an object that holds one (`"log_history": [{…}, {…}]`), indented or not.
//!
//! An element is a row, at the line where it begins; what stands beside the array is repeated in each row. An object of
//! lists of one length (`{"tokens": […], "loss": […]}`) is a table by columns, an object of objects one row for each.
//! Of several documents one after another every object and every element of a list is a row.

use isoflop_base::{Diagnostic, Note, Severity};
use serde_json::{Map, Value};

use super::builder::{Builder, Restart};
use super::encoding;
use super::input::Loaded;
use super::jsonl;
use super::scan::{self, Part};
use crate::table::note;

/// Whether a text is one document rather than a line for each object: it begins as one, and its first line is no whole
/// object.
pub(super) fn is_document(text: &str) -> bool {
    let text = text.trim_start();
    let line = text.lines().next().unwrap_or_default();
    if let Some(rest) = text.strip_prefix('[') {
        let next = rest.trim_start().chars().next();
        return next.is_some_and(|c| "{[]\"".contains(c));
    }
    if !text.starts_with('{') {
        return false;
    }
    let bytes = text.as_bytes();
    // The object ends with the text, and holds a list or other objects: on one line it is a document as well.
    let whole = scan::end_of_value(bytes, 0).map(|end| scan::skip_space(bytes, end));
    let alone = whole == Some(bytes.len());
    let first: Result<Value, _> = serde_json::from_str(&scan::readable(line));
    match first {
        Ok(Value::Object(object)) => alone && holds_rows(&object),
        Ok(_) => false,
        Err(_) => text.lines().nth(1).is_some() && (alone || line.trim() == "{"),
    }
}

/// Whether an object is a table by columns or by names of rows.
fn holds_rows(object: &Map<String, Value>) -> bool {
    by_columns(object).is_some() || by_names(object)
}

/// Reads one source into the builder.
///
/// # Errors
///
/// If the source is not text or holds no rows; elements that cannot be read are skipped and counted.
pub(super) fn read(source: &Loaded, builder: &mut Builder) -> Result<Option<Restart>, Diagnostic> {
    let text = encoding::text(source)?;
    let start = scan::skip_space(text.as_bytes(), 0);
    let mut document = Document {
        text,
        name: &source.name,
        outer: Vec::new(),
        lists: Vec::new(),
        line: (0, 1),
    };
    let whole = scan::end_of_value(text.as_bytes(), start);
    let next = whole.map_or(text.len(), |end| scan::skip_space(text.as_bytes(), end));
    if next < text.len() {
        return document.stream(start, builder);
    }
    if text.as_bytes().get(start) == Some(&b'[') {
        return document.rows(start, builder);
    }
    let object: Option<Map<String, Value>> = whole
        .and_then(|end| text.get(start..end))
        .and_then(|text| serde_json::from_str(&scan::readable(text)).ok());
    if let Some(object) = object.as_ref().filter(|o| holds_rows(o)) {
        return Ok(document.whole(object, start, builder));
    }
    document.look("", start, 0);
    match document.lists.as_slice() {
        [one] => {
            let at = *one;
            document.rows(at, builder)
        }
        [] => match object {
            Some(object) => Ok(jsonl::push_object(
                &object,
                document.line_of(start),
                builder,
            )),
            None => Err(damaged(source, text)),
        },
        several => Err(Diagnostic::error(
            "many-lists",
            format!(
                "{} holds {} lists of objects, and only one can be the table",
                source.name,
                several.len()
            ),
        )
        .help(
            "write the list that is meant to a file of its own, for example with `jq '.runs' FILE`",
        )),
    }
}

fn damaged(source: &Loaded, text: &str) -> Diagnostic {
    let error = serde_json::from_str::<Value>(&scan::readable(text)).err();
    let place = error.as_ref().map_or(String::new(), |e| {
        format!(" at {}:{}:{}", source.name, e.line(), e.column())
    });
    let why = error.map_or(String::new(), |e| format!(" ({})", jsonl::reason(&e)));
    Diagnostic::error(
        "not-json",
        format!("{} is no JSON document{place}{why}", source.name),
    )
    .help("a file that is still being written has no end yet; one object per line is read as JSON Lines")
}

/// A document that is being looked through.
struct Document<'a> {
    text: &'a str,
    name: &'a str,
    /// Cells beside the list.
    outer: Vec<(String, Value)>,
    /// Where lists of objects begin.
    lists: Vec<usize>,
    /// A byte and its line, up to which lines were counted.
    line: (usize, usize),
}

/// How deep objects are looked into for lists.
const DEPTH: usize = 32;

impl Document<'_> {
    /// Collects the lists of objects and the cells beside them.
    fn look(&mut self, prefix: &str, at: usize, depth: usize) {
        let bytes = self.text.as_bytes();
        let Some(members) = scan::members(bytes, at).filter(|_| depth < DEPTH) else {
            return;
        };
        for (key, value) in members {
            let key: String = serde_json::from_str(&self.text[key.0..key.1]).unwrap_or_default();
            let name = if prefix.is_empty() {
                key
            } else {
                format!("{prefix}.{key}")
            };
            let inside = scan::skip_space(bytes, value.0 + 1);
            match (bytes.get(value.0), bytes.get(inside)) {
                (Some(b'{'), _) => self.look(&name, value.0, depth + 1),
                (Some(b'['), Some(b'{')) => self.lists.push(value.0),
                _ => {
                    let part = &self.text[value.0..value.1];
                    if let Ok(value) = serde_json::from_str(&scan::readable(part)) {
                        self.outer.push((name, value));
                    }
                }
            }
        }
    }

    /// Values one after another, as `jq .` writes them: the elements of lists are rows, and so is an object.
    fn stream(
        &mut self,
        start: usize,
        builder: &mut Builder,
    ) -> Result<Option<Restart>, Diagnostic> {
        let bytes = self.text.as_bytes();
        let mut at = start;
        while at < bytes.len() {
            let end = scan::end_of_value(bytes, at);
            let behind = end.unwrap_or(bytes.len()).max(at + 1);
            let restart = if bytes[at] == b'[' {
                self.rows(at, builder)?
            } else {
                self.object(at, end, builder)
            };
            if restart.is_some() {
                return Ok(restart);
            }
            at = scan::skip_space(bytes, behind);
            // A comma between values says nothing that their ends do not.
            if bytes.get(at) == Some(&b',') {
                at = scan::skip_space(bytes, at + 1);
            }
        }
        Ok(None)
    }

    /// The object at `at` of a stream, as a row; anything else is skipped and counted.
    fn object(&mut self, at: usize, end: Option<usize>, builder: &mut Builder) -> Option<Restart> {
        let line = self.line_of(at);
        let Some(end) = end else {
            builder.skip_row("the document ends within this element", line, None);
            builder.note(self.cut());
            return None;
        };
        match self.element((at, end.max(at + 1))) {
            Ok(Value::Object(object)) => return jsonl::push_object(&object, line, builder),
            Ok(other) => {
                let reason = format!("element is {}, not an object", jsonl::kind(&other));
                builder.skip_row(&reason, line, None);
            }
            Err(why) => {
                builder.skip_row(&format!("element is not valid JSON ({why})"), line, None);
            }
        }
        None
    }

    fn cut(&self) -> Note {
        let message = format!(
            "{} ends before its list does: it may still be written",
            self.name
        );
        note("cut-document", Severity::Warning, message, None)
    }

    /// Which names of cells beside the list its elements have as well, in any of them: a final `loss` is no loss of the
    /// elements that lack one.
    fn inner_names(&self, parts: &[Part]) -> Vec<String> {
        let mut names = Vec::new();
        if self.outer.is_empty() {
            return names;
        }
        for part in parts {
            let Ok(Value::Object(object)) = self.element(*part) else {
                continue;
            };
            for name in jsonl::names(&object) {
                if self.outer.iter().any(|(own, _)| *own == name) && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// One row for each element of the list at `at`.
    fn rows(&mut self, at: usize, builder: &mut Builder) -> Result<Option<Restart>, Diagnostic> {
        let (parts, ends) = scan::elements(self.text.as_bytes(), at);
        let inner_names = self.inner_names(&parts);
        for (k, part) in parts.iter().enumerate() {
            let line = self.line_of(part.0);
            let last_cut = !ends && k + 1 == parts.len();
            match self.element(*part) {
                Ok(Value::Object(object)) => {
                    let row = self.with_outer(object, &inner_names);
                    if let restart @ Some(_) = jsonl::push_object(&row, line, builder) {
                        return Ok(restart);
                    }
                }
                Ok(other) => {
                    let reason = format!("element is {}, not an object", jsonl::kind(&other));
                    builder.skip_row(&reason, line, None);
                }
                Err(_) if last_cut => {
                    builder.skip_row("the document ends within this element", line, None);
                }
                Err(why) => {
                    builder.skip_row(&format!("element is not valid JSON ({why})"), line, None)
                }
            }
        }
        if !ends && !parts.is_empty() {
            builder.note(self.cut());
        }
        Ok(None)
    }

    fn element(&self, part: Part) -> Result<Value, String> {
        let text = self.text.get(part.0..part.1).unwrap_or_default();
        serde_json::from_str(&scan::readable(text)).map_err(|e| jsonl::reason(&e))
    }

    /// An element with what stands beside the list; what has a name of the elements is said to be the document's.
    fn with_outer(&self, object: Map<String, Value>, inner: &[String]) -> Map<String, Value> {
        let mut row = Map::new();
        for (name, value) in &self.outer {
            let name = if inner.contains(name) {
                format!("document.{name}")
            } else {
                name.clone()
            };
            row.insert(name, value.clone());
        }
        row.extend(object);
        row
    }

    /// A table by columns or by names.
    fn whole(
        &mut self,
        object: &Map<String, Value>,
        at: usize,
        builder: &mut Builder,
    ) -> Option<Restart> {
        let line = self.line_of(at);
        if let Some(rows) = by_columns(object) {
            for row in 0..rows {
                let cells: Map<String, Value> = object
                    .iter()
                    .map(|(name, column)| {
                        let cell = column.as_array().and_then(|c| c.get(row));
                        (name.clone(), cell.unwrap_or(column).clone())
                    })
                    .collect();
                if let restart @ Some(_) = jsonl::push_object(&cells, line, builder) {
                    return restart;
                }
            }
            return None;
        }
        let rows = if numbered(object) {
            transposed(object)
        } else {
            let named = object.iter().map(|(name, row)| {
                let mut row = row.as_object().cloned().unwrap_or_default();
                row.entry("name")
                    .or_insert_with(|| Value::from(name.as_str()));
                row
            });
            named.collect()
        };
        for row in rows {
            if let restart @ Some(_) = jsonl::push_object(&row, line, builder) {
                return restart;
            }
        }
        None
    }

    /// The line of a byte. Bytes are asked for in order.
    fn line_of(&mut self, at: usize) -> usize {
        let (from, line) = self.line;
        let more = self.text.as_bytes().get(from..at).unwrap_or_default();
        let line = line + more.iter().filter(|b| **b == b'\n').count();
        self.line = (at.max(from), line);
        line
    }
}

/// Whether the keys of all objects are numbers of rows.
fn numbered(object: &Map<String, Value>) -> bool {
    let mut keys = object
        .values()
        .filter_map(Value::as_object)
        .flat_map(Map::keys);
    keys.all(|k| k.parse::<u64>().is_ok())
}

/// `{"tokens": {"0": 1e9, "1": 2e9}, "loss": {…}}`, as pandas writes a table: rows by their number.
fn transposed(object: &Map<String, Value>) -> Vec<Map<String, Value>> {
    // A column may lack cells that another has.
    let mut keys: Vec<&String> = object
        .values()
        .filter_map(Value::as_object)
        .flat_map(Map::keys)
        .collect();
    keys.sort_by_key(|key| (key.parse::<u64>().unwrap_or(u64::MAX), *key));
    keys.dedup();
    keys.into_iter()
        .map(|key| {
            let cells = object.iter();
            cells
                .filter_map(|(name, column)| Some((name.clone(), column.get(key)?.clone())))
                .collect()
        })
        .collect()
}

/// The number of rows of an object of lists of one length, at least two of them.
fn by_columns(object: &Map<String, Value>) -> Option<usize> {
    let lists: Vec<&Vec<Value>> = object.values().filter_map(Value::as_array).collect();
    let rows = lists.first()?.len();
    let scalar = |v: &Value| !v.is_object() && !v.is_array();
    let alike = lists
        .iter()
        .all(|l| l.len() == rows && l.iter().all(scalar));
    let others = object.values().all(|v| v.is_array() || scalar(v));
    (lists.len() > 1 && rows > 1 && alike && others).then_some(rows)
}

/// Whether an object holds objects of cells alone, which have names in common.
fn by_names(object: &Map<String, Value>) -> bool {
    let rows: Vec<&Map<String, Value>> = object.values().filter_map(Value::as_object).collect();
    let scalar = |row: &&Map<String, Value>| row.values().all(|v| !v.is_object() && !v.is_array());
    let Some(first) = rows.iter().max_by_key(|row| row.len()) else {
        return false;
    };
    // Columns by the numbers of their rows may have few in common, where cells are missing.
    let of_rows = first.len() > 1 && numbered(object);
    let alike = |r: &&Map<String, Value>| {
        r.len() > 1 && r.keys().filter(|k| first.contains_key(*k)).count() * 2 > r.len()
    };
    rows.len() == object.len()
        && rows.len() > 1
        && rows.iter().all(scalar)
        && (of_rows || rows.iter().all(alike))
}

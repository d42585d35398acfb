//! The words of two laws side by side, and of why they cannot stand there.

use crate::{ComparedLaw, LawComparison};

use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::number::plain;

use isoflop_document::phrase::human;

/// What a comparison of two laws says.
#[must_use]
pub fn law_comparison_document(found: &LawComparison) -> Document {
    let [a, b] = &found.laws;
    let (first, second) = names(a, b);
    let mut doc = Document::new(format!("{first} and {second}"));
    doc.frame = frame(found, &first, &second);
    if found.reasons.is_empty() {
        doc.paragraph("They count alike: their numbers may be compared.");
    } else {
        doc.paragraph("They may not be compared.");
        for reason in &found.reasons {
            doc.paragraph(reason.clone());
        }
    }
    doc.push(Block::Table(conventions(found, &first, &second)));
    if !found.reasons.is_empty() {
        return doc;
    }
    if !found.coefs.is_empty() {
        doc.heading("Coefficients");
        doc.push(Block::Formula(a.formula.clone()));
        doc.push(Block::Table(coefs(found, &first, &second)));
    }
    if !found.at.is_empty() {
        doc.heading("Values");
        let mut pairs: Vec<(String, String)> = found
            .at
            .iter()
            .map(|(name, x)| (name.clone(), human(*x)))
            .collect();
        pairs.push((first, value(a)));
        pairs.push((second, value(b)));
        if let (Some(x), Some(y)) = (a.value, b.value) {
            pairs.push(("difference".to_owned(), plain(y - x, 4)));
        }
        doc.push(Block::KeyValues(pairs));
    }
    doc
}

/// The names of both laws, with the variant where the names are the same or a variant is not the main one.
fn names(a: &ComparedLaw, b: &ComparedLaw) -> (String, String) {
    let name = |law: &ComparedLaw| {
        if law.variant.is_empty() || (law.variant == "paper" && a.id != b.id) {
            law.id.clone()
        } else {
            format!("{}:{}", law.id, law.variant)
        }
    };
    (name(a), name(b))
}

/// Formula and conventions in two columns.
fn conventions(found: &LawComparison, first: &str, second: &str) -> Table {
    let [a, b] = &found.laws;
    let mut table = Table::with_columns(&["", first, second]);
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut add = |key: &str, ours: String, theirs: String| {
        table.rows.push(vec![key.to_owned(), ours, theirs]);
    };
    add("formula", one_line(&a.formula), one_line(&b.formula));
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in a.conventions.iter().chain(&b.conventions) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let words = |law: &ComparedLaw, key: &str| {
        let found = law.conventions.iter().find(|(k, _)| k == key);
        found.map_or_else(|| "not said".to_owned(), |(_, words)| words.clone())
    };
    for key in keys {
        add(key, words(a, key), words(b, key));
    }
    table
}

fn coefs(found: &LawComparison, first: &str, second: &str) -> Table {
    let mut table = Table::with_columns(&["", &format!(">{first}"), &format!(">{second}")]);
    for coef in &found.coefs {
        let cell = |k: usize| match (coef.values[k], coef.errors[k]) {
            (Some(x), Some(error)) => format!("{} ± {}", plain(x, 6), plain(error, 4)),
            (Some(x), None) => plain(x, 6),
            (None, _) => String::new(),
        };
        table.rows.push(vec![coef.name.clone(), cell(0), cell(1)]);
    }
    table
}

fn value(law: &ComparedLaw) -> String {
    let (name, unit) = &law.response;
    match law.value {
        Some(x) => format!("{name} = {} {unit}", plain(x, 6))
            .trim_end()
            .to_owned(),
        None => "no published values".to_owned(),
    }
}

fn frame(found: &LawComparison, first: &str, second: &str) -> Frame {
    let mut frame = Frame::with_columns(&["name", first, second]);
    for coef in &found.coefs {
        let cells = coef.values.map(Value::from);
        let name = Value::Text(coef.name.clone());
        frame.rows.push([vec![name], cells.to_vec()].concat());
    }
    if !found.at.is_empty() && found.reasons.is_empty() {
        let cells = [&found.laws[0], &found.laws[1]].map(|law| Value::from(law.value));
        let name = Value::Text(found.laws[0].response.0.clone());
        frame.rows.push([vec![name], cells.to_vec()].concat());
    }
    frame
}

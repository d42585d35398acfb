//! The words of a law: formula, variables, coefficients, published values, source; and lists of laws.

use isoflop_law::{Coef, Law, Prior, Variant};

use super::words::{last_step, quantity, shell};
use crate::doc::{Block, Document, Frame, Table, Value};
use crate::number::plain;

/// What a law says about itself.
#[must_use]
pub fn law_document(law: &Law) -> Document {
    let mut doc = Document::new(format!("{} ({})", law.title, law.id));
    doc.push(Block::Formula(law.formula_text.clone()));
    doc.heading("Variables");
    let mut vars = Table::with_columns(&["name", "column", "unit", "role", "meaning"]);
    for v in &law.vars {
        vars.rows.push(vec![
            v.name.clone(),
            v.column.clone(),
            v.unit.clone(),
            v.role.word().into(),
            v.doc.clone(),
        ]);
    }
    doc.push(Block::Table(vars.without_empty_columns()));
    doc.heading("Coefficients");
    let mut coefs = Table::with_columns(&["name", "range", "unit", "constraint", "meaning"]);
    for c in &law.coefs {
        coefs.rows.push(vec![
            indexed_name(c),
            range(c),
            c.unit.clone(),
            constraint(c),
            c.doc.clone(),
        ]);
    }
    doc.push(Block::Table(coefs.without_empty_columns()));
    published(&mut doc, law);
    about(&mut doc, law);
    doc.frame = coefs_frame(law);
    doc
}

fn published(doc: &mut Document, law: &Law) {
    if law.variants.is_empty() {
        return;
    }
    doc.heading("Published values");
    let names: Vec<&str> = law.coefs.iter().map(|c| c.name.as_str()).collect();
    let mut heads = vec!["variant".to_owned()];
    heads.extend(names.iter().map(|n| format!(">{n}")));
    let mut table = Table::with_columns(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for variant in &law.variants {
        let mut row = vec![variant.name.clone()];
        row.extend(
            names
                .iter()
                .map(|n| published_value(variant, n).map_or_else(String::new, |x| plain(x, 6))),
        );
        table.rows.push(row);
    }
    doc.push(Block::Table(table.without_empty_columns()));
    let sources: Vec<(String, String)> = law
        .variants
        .iter()
        .map(|v| {
            let parts: Vec<String> = [&v.source, &v.note]
                .into_iter()
                .map(|s| flowing(s))
                .filter(|s| !s.is_empty())
                .collect();
            (v.name.clone(), parts.join("; "))
        })
        .filter(|(_, text)| !text.is_empty())
        .collect();
    if !sources.is_empty() {
        doc.push(Block::KeyValues(sources));
    }
}

fn about(doc: &mut Document, law: &Law) {
    let objective = law.objective.clone().unwrap_or_default();
    let checks = match law.checks.len() {
        0 => String::new(),
        n => format!(
            "{} in the law file, run in the test suite",
            crate::number::counted(n, "value")
        ),
    };
    let pairs: Vec<(String, String)> = [
        ("source", flowing(&law.source)),
        ("trust", law.trust.clone()),
        ("note", flowing(&law.note)),
        ("fitted by", objective),
        ("checked by", checks),
        ("tags", law.tags.join(", ")),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    if !pairs.is_empty() {
        doc.heading("About");
        doc.push(Block::KeyValues(pairs));
    }
    doc.heading("Next");
    doc.push(Block::Code(vec![format!(
        "isoflop fit runs.csv --law {}",
        shell(&law.id)
    )]));
}

/// Text without the line breaks of the law file; the renderer breaks lines where they must be.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn indexed_name(c: &Coef) -> String {
    if c.index.is_empty() {
        c.name.clone()
    } else {
        format!("{}[{}]", c.name, c.index.join(", "))
    }
}

fn range(c: &Coef) -> String {
    format!("{} to {}", plain(c.lower, 4), plain(c.upper, 4))
}

fn constraint(c: &Coef) -> String {
    let mut parts = Vec::new();
    if let Some(value) = c.fixed {
        parts.push(format!("fixed at {}", plain(value, 6)));
    }
    if let Some((tie, _)) = &c.tie {
        parts.push(format!("= {tie}"));
    }
    match c.prior {
        Some(Prior::Normal { mean, sd }) => {
            parts.push(format!("prior {} ± {}", plain(mean, 4), plain(sd, 2)))
        }
        Some(Prior::LogNormal { mean_ln, sd_ln }) => {
            parts.push(format!(
                "prior ln {} ± {}",
                plain(mean_ln, 4),
                plain(sd_ln, 2)
            ));
        }
        None => {}
    }
    parts.join(", ")
}

fn published_value(variant: &Variant, name: &str) -> Option<f64> {
    variant
        .coefs
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, x)| *x)
}

fn coefs_frame(law: &Law) -> Frame {
    let mut frame = Frame::with_columns(&["name", "unit", "lower", "upper", "meaning"]);
    for c in &law.coefs {
        frame.rows.push(vec![
            Value::Text(indexed_name(c)),
            Value::Text(c.unit.clone()),
            Value::Number(c.lower),
            Value::Number(c.upper),
            Value::Text(c.doc.clone()),
        ]);
    }
    frame
}

/// Laws, one a line. `search` is the word that was looked for, empty for all.
#[must_use]
pub fn laws_document(laws: &[Law], search: &str) -> Document {
    let mut doc = Document::new(if search.is_empty() {
        "Laws".to_owned()
    } else {
        format!("Laws with “{search}”")
    });
    doc.frame = Frame::with_columns(&["id", "title", "formula", "tags"]);
    if laws.is_empty() {
        doc.paragraph(format!(
            "No law of the catalogue mentions “{search}”; `isoflop laws list` shows all."
        ));
        return doc;
    }
    let mut table = Table::with_columns(&["id", "title", "formula"]);
    for law in laws {
        let formula = flowing(&law.formula_text);
        table.rows.push(vec![
            law.id.clone(),
            law.title.clone(),
            last_step(&law.formula_text),
        ]);
        let cells = [
            law.id.clone(),
            law.title.clone(),
            formula,
            law.tags.join(" "),
        ];
        doc.frame
            .rows
            .push(cells.into_iter().map(Value::Text).collect());
    }
    doc.push(Block::Table(table));
    doc.push(Block::Code(vec![format!(
        "isoflop laws show {}",
        laws[0].id
    )]));
    doc
}

/// The value of a law at given coefficients and inputs.
#[must_use]
pub fn evaluation_document(
    law: &Law,
    coefs: &[(String, f64)],
    at: &[(String, f64)],
    value: f64,
) -> Document {
    let mut doc = Document::new(format!("{} ({})", law.title, law.id));
    doc.push(Block::Formula(law.formula_text.clone()));
    let unit = |name: &str| {
        law.vars
            .iter()
            .find(|v| v.name == name)
            .map_or("", |v| v.unit.as_str())
    };
    let (name, response_unit) = (law.response().name.as_str(), law.response().unit.as_str());
    let exact = if response_unit.is_empty() {
        format!("{value}")
    } else {
        format!("{value} {response_unit}")
    };
    let mut pairs: Vec<(String, String)> = at
        .iter()
        .map(|(n, x)| (n.clone(), quantity(*x, unit(n))))
        .collect();
    pairs.extend(coefs.iter().map(|(n, x)| (n.clone(), plain(*x, 12))));
    pairs.push((name.to_owned(), exact));
    doc.push(Block::KeyValues(pairs));
    doc.frame = Frame::with_columns(&["name", "value"]);
    for (n, x) in at
        .iter()
        .chain(coefs)
        .map(|(n, x)| (n.as_str(), *x))
        .chain([(name, value)])
    {
        doc.frame
            .rows
            .push(vec![Value::Text(n.to_owned()), Value::Number(x)]);
    }
    doc
}

//! The words of a law: formula, variables, coefficients, published values, source; and lists of laws.

use isoflop_base::{Note, Severity};
use isoflop_law::{Coef, Law, Prior, VarRole, Variant};
use isoflop_predict::carried::impossible_inputs;

use super::phrases::{last_step, quantity};
use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::number::plain;
use isoflop_document::phrase::shell;

/// What a law says about itself; `named` is how it was named on the command line, a name, a file or a formula.
#[must_use]
pub fn law_document(law: &Law, named: &str) -> Document {
    let mut doc = Document::new(format!("{} ({})", law.title, law.id));
    doc.push(Block::Formula(law.formula_text.clone()));
    doc.heading("Variables");
    let mut vars = Table::with_columns(&["name", "column", "unit", "role", "domain", "meaning"]);
    for v in &law.vars {
        vars.rows.push(vec![
            v.name.clone(),
            v.column.clone(),
            v.unit.clone(),
            v.role.word().into(),
            v.domain.map_or_else(String::new, interval),
            v.doc.clone(),
        ]);
    }
    doc.push(Block::Table(vars.without_empty_columns()));
    conventions(&mut doc, law);
    if law.coefs.is_empty() {
        about(&mut doc, law, named);
        return doc;
    }
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
    about(&mut doc, law, named);
    doc.frame = coefs_frame(law);
    doc
}

/// What the letters count in the paper.
fn conventions(doc: &mut Document, law: &Law) {
    let said = law.conventions.said();
    if !said.is_empty() {
        doc.heading("What the letters count");
        let pairs = said.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
        doc.push(Block::KeyValues(pairs.collect()));
    }
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
                .map(|n| pick(&variant.coefs, n).map_or_else(String::new, |x| plain(x, 6))),
        );
        table.rows.push(row);
    }
    doc.push(Block::Table(table.without_empty_columns()));
    doc.detail(|doc| uncertainty(doc, law));
    let sources: Vec<(String, String)> = law
        .variants
        .iter()
        .map(|v| (v.name.clone(), variant_words(v)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    if !sources.is_empty() {
        doc.detail(|doc| doc.push(Block::KeyValues(sources)));
    }
}

/// Published standard errors and intervals.
fn uncertainty(doc: &mut Document, law: &Law) {
    let mut table = Table::with_columns(&["variant", "coefficient", ">error", "interval", "level"]);
    for variant in &law.variants {
        for coef in &law.coefs {
            let error = pick(&variant.errors, &coef.name);
            let ends = pick(&variant.intervals, &coef.name);
            if error.is_none() && ends.is_none() {
                continue;
            }
            table.rows.push(vec![
                variant.name.clone(),
                coef.name.clone(),
                error.map_or_else(String::new, |x| plain(x, 6)),
                ends.map_or_else(String::new, interval),
                ends.map_or_else(String::new, |_| variant.level.clone()),
            ]);
        }
    }
    if !table.rows.is_empty() {
        doc.push(Block::Table(table.without_empty_columns()));
    }
}

/// Source, trust, note and own conventions of a variant, on one line.
fn variant_words(variant: &Variant) -> String {
    let trust = match variant.trust.as_str() {
        "" => String::new(),
        trust => format!("trust: {trust}"),
    };
    let said = variant.conventions.said().into_iter();
    let said = said.map(|(key, words)| format!("{key}: {words}"));
    [flowing(&variant.source), trust, flowing(&variant.note)]
        .into_iter()
        .chain(said)
        .filter(|s| !s.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

fn pick<T: Copy>(pairs: &[(String, T)], name: &str) -> Option<T> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, x)| *x)
}

fn interval((lower, upper): (f64, f64)) -> String {
    format!("{} to {}", plain(lower, 6), plain(upper, 6))
}

fn about(doc: &mut Document, law: &Law, named: &str) {
    let objective = law.objective.clone().unwrap_or_default();
    let checks = match law.checks.len() {
        0 => String::new(),
        n => format!(
            "{} in the law file, run in the test suite",
            isoflop_document::number::counted(n, "value")
        ),
    };
    let pairs: Vec<(String, String)> = [
        ("source", flowing(&law.source)),
        ("key", law.key.clone()),
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
    let next = if law.coefs.is_empty() {
        let values: Vec<String> = inputs(law).iter().map(|n| format!("{n}=…")).collect();
        format!("isoflop laws eval {} {}", shell(named), values.join(" "))
    } else {
        format!("isoflop fit runs.csv --law {}", shell(named))
    };
    doc.push(Block::Code(vec![next]));
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

/// Accounting conventions, one a line, with what each needs.
#[must_use]
pub fn flops_document(laws: &[Law]) -> Document {
    let mut doc = Document::new("Accounting conventions");
    doc.frame = Frame::with_columns(&["convention", "title", "gives", "needs"]);
    let mut table = Table::with_columns(&["convention", "gives", "needs", "title"]);
    for law in laws {
        let needs = inputs(law).join(" ");
        let gives = law.response();
        let gives = match gives.unit.as_str() {
            "" => gives.name.clone(),
            unit => format!("{} ({unit})", gives.name),
        };
        table.rows.push(vec![
            law.id.clone(),
            gives.clone(),
            needs.clone(),
            law.title.clone(),
        ]);
        let cells = [law.id.clone(), law.title.clone(), gives, needs];
        let cells = cells.into_iter().map(Value::Text);
        doc.frame.rows.push(cells.collect());
    }
    doc.push(Block::Table(table));
    doc.push(Block::Code(vec![
        "isoflop flops --convention 6nd N=70B D=1.4T".to_owned(),
    ]));
    doc
}

/// Letters of the inputs.
fn inputs(law: &Law) -> Vec<&str> {
    law.vars
        .iter()
        .filter(|v| v.role == VarRole::Input)
        .map(|v| v.name.as_str())
        .collect()
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
    // Every digit, since this is what a reader checks against another program.
    let digits = match value.abs() {
        0.0 | 1e-4..1e15 => format!("{value}"),
        _ => format!("{value:e}"),
    };
    let exact = format!("{digits} {response_unit}").trim_end().to_owned();
    let mut pairs: Vec<(String, String)> = at
        .iter()
        .map(|(n, x)| (n.clone(), quantity(*x, unit(n))))
        .collect();
    pairs.extend(coefs.iter().map(|(n, x)| (n.clone(), plain(*x, 12))));
    pairs.push((name.to_owned(), exact));
    doc.push(Block::KeyValues(pairs));
    // The value of the formula is right at any numbers, so that this is a warning.
    let notes: Vec<Note> = impossible_inputs(at, |name| Some(unit(name).to_owned()))
        .into_iter()
        .map(|note| Note {
            severity: Severity::Warning,
            ..note
        })
        .collect();
    if !notes.is_empty() {
        doc.push(Block::Notes(notes));
    }
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

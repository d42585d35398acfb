//! JSON of laws and of what has no type of its own: one document with a `schema` each.

use isoflop_fit::Fit;
use isoflop_law::{Conventions, Law};
use isoflop_predict::Prediction;
use isoflop_predict::verdict::{EntropyCheck, Verdict};
use serde_json::{Map, Value, json};

use crate::words::TableSummary;

/// A law as `isoflop.law/1`.
#[must_use]
pub fn law(law: &Law) -> Value {
    let mut fields = Map::new();
    fields.insert("schema".into(), json!("isoflop.law/1"));
    if let Value::Object(summary) = law_fields(law) {
        fields.extend(summary);
    }
    Value::Object(fields)
}

/// Laws as `isoflop.laws/1`.
#[must_use]
pub fn laws(laws: &[Law]) -> Value {
    json!({"schema": "isoflop.laws/1", "laws": laws.iter().map(law_fields).collect::<Vec<_>>()})
}

/// Predictions of several fits of one file as `isoflop.predictions/1`.
#[must_use]
pub fn predictions(predictions: &[(String, Prediction)]) -> Value {
    let one =
        |(part, prediction): &(String, Prediction)| json!({"part": part, "prediction": prediction});
    json!({"schema": "isoflop.predictions/1", "predictions": predictions.iter().map(one).collect::<Vec<_>>()})
}

fn law_fields(law: &Law) -> Value {
    let vars: Vec<Value> = law
        .vars
        .iter()
        .map(|v| json!({"name": v.name, "column": v.column, "unit": v.unit, "role": v.role.word(), "doc": v.doc,
                   "domain": v.domain}))
        .collect();
    let coefs: Vec<Value> = law
        .coefs
        .iter()
        .map(|c| {
            json!({"name": c.name, "unit": c.unit, "doc": c.doc, "lower": c.lower, "upper": c.upper, "index": c.index,
                   "fixed": c.fixed, "tie": c.tie.as_ref().map(|(text, _)| text)})
        })
        .collect();
    let variants: Vec<Value> = law
        .variants
        .iter()
        .map(|v| {
            let ends = |(name, (lower, upper)): &(String, (f64, f64))| (name.clone(), json!([lower, upper]));
            let intervals: Map<String, Value> = v.intervals.iter().map(ends).collect();
            json!({"name": v.name, "coefs": object(&v.coefs), "errors": object(&v.errors), "intervals": intervals,
                   "level": v.level, "source": v.source, "key": v.key, "trust": v.trust,
                   "conventions": said(&v.conventions), "note": v.note})
        })
        .collect();
    json!({
        "id": law.id, "title": law.title, "formula": law.formula_text, "vars": vars, "coefs": coefs,
        "variants": variants, "objective": law.objective, "source": law.source, "key": law.key,
        "trust": law.trust, "conventions": said(&law.conventions), "note": law.note, "tags": law.tags, "text": law.text,
    })
}

fn said(conventions: &Conventions) -> Value {
    let said = conventions.said().into_iter();
    Value::Object(
        said.map(|(key, words)| (key.to_owned(), json!(words)))
            .collect(),
    )
}

/// The value of a law as `isoflop.evaluation/1`.
#[must_use]
pub fn evaluation(law: &Law, coefs: &[(String, f64)], at: &[(String, f64)], value: f64) -> Value {
    json!({"schema": "isoflop.evaluation/1", "law": law.id, "formula": law.formula_text, "coefs": object(coefs),
           "at": object(at), "value": value})
}

/// The tables that come with the program as `isoflop.data/1`.
#[must_use]
pub fn tables(tables: &[TableSummary]) -> Value {
    json!({"schema": "isoflop.data/1", "tables": tables})
}

/// The demonstration as `isoflop.demo/2`: the fit, the held-out runs with what was said of them, and E beside its truth.
#[must_use]
pub fn demo(data: &str, fit: &Fit, held_out: &[Verdict], entropy: Option<&EntropyCheck>) -> Value {
    json!({"schema": "isoflop.demo/2", "data": data, "fit": fit, "held_out": held_out, "entropy": entropy})
}

fn object(pairs: &[(String, f64)]) -> Value {
    Value::Object(
        pairs
            .iter()
            .map(|(name, x)| (name.clone(), json!(x)))
            .collect(),
    )
}

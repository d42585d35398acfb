//! The catalogue against an independent record of published laws: every value that the record gives, by the reference
//! evaluator and by the tape, and the coefficients that it states.

mod names;

use std::collections::BTreeMap;

use crate::places::{Coefs, Compiled, Rows, laws};
use isoflop_law::tape::Output;
use isoflop_law::{At, Law};
use names::{Place, place, renamed};
use toml::{Table, Value};

/// Largest relative difference from a value of the record.
const SAME: f64 = 1e-12;

/// Derived rows that no formula of one value gives: argument of a maximum, sum over generations, counts of samples,
/// sums over a schedule.
const LATER: [&str; 6] = [
    "kumar-2024-optimal-bits",
    "gerstgrasser-2024-accumulate-finite",
    "passk-unbiased",
    "schaeffer-2025-beta-passk",
    "tissue-2024-S1",
    "tissue-2024-S2",
];

/// Derived rows whose law is found by another name, with the variant that is meant.
const DERIVED: [(&str, &str, &str); 17] = [
    ("optimal-tokens", "chinchilla-tokens", ""),
    ("optimal-ratio", "chinchilla-ratio", ""),
    ("frontier-loss", "chinchilla-frontier", ""),
    (
        "tableA3-approach3-flop",
        "chinchilla-compute",
        "hoffmann-unrounded",
    ),
    ("devries-2023-overhead", "harm-overhead", "paper"),
    ("sardana-2023-elasticity-ratio", "lifetime-balance", ""),
    ("alabdulmohsin-2022-m4", "m4", ""),
    ("gao-2022-bon-peak", "best-of-n-peak", ""),
    ("gao-2022-rl-peak", "rl-peak", ""),
    ("growth-doubling-months", "growth-doubling", ""),
    ("growth-oom-per-year", "growth-decades", ""),
    ("growth-from-doubling", "growth-from-doubling", ""),
    ("deepseek-2024-6N1-over-M", "deepseek-6n-body", ""),
    ("deepseek-2024-6N2-over-M", "deepseek-6n-total", ""),
    ("ye-2024-mixing", "mixing-three", ""),
    ("ludziejewski-2025-mu", "joint-experts-exponent", "paper"),
    ("ludziejewski-2025-m", "joint-experts-scale", "paper"),
];

#[test]
fn every_value_of_the_record_comes_out() {
    let record = Record::read();
    let rows = record.golden("golden");
    assert!(rows.len() >= 363, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let key = text(row, "law");
        let variant = row
            .get("variant")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let place = place(key, variant);
        let law = record.law(key, &place);
        let coefs = record.coefs(key, &law, &place);
        let wanted = (place.response)(number(&row["value"]));
        wrong.extend(gaps(&law, coefs, inputs(key, row), wanted));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_derived_value_comes_out_or_is_listed() {
    let record = Record::read();
    let rows = record.golden("derived");
    let mut wrong = Vec::new();
    let mut later = 0;
    for row in &rows {
        let (id, variant) = text(row, "id")
            .split_once('/')
            .unwrap_or((text(row, "id"), ""));
        if LATER.contains(&id) {
            later += 1;
            continue;
        }
        let found = DERIVED.iter().find(|(theirs, _, _)| *theirs == id);
        let (_, ours, of) = found.unwrap_or_else(|| panic!("{id} has no law"));
        let law = Law::builtin(ours).expect(ours);
        let of = if variant.is_empty() { of } else { variant };
        let coefs = law.variant(of).map(|v| v.coefs.clone()).unwrap_or_default();
        wrong.extend(gaps(&law, coefs, inputs(id, row), number(&row["value"])));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((rows.len(), later), (69, 12));
}

#[test]
fn every_formula_of_the_record_is_a_law_of_the_catalogue() {
    let record = Record::read();
    let keys: Vec<&String> = record
        .laws
        .iter()
        .filter(|(_, law)| law.contains_key("expr"))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(keys.len(), 127);
    for key in keys {
        let place = place(key, "");
        let law = record.law(key, &place);
        // What follows by algebra needs no witness.
        if law.trust != "identity" {
            assert_eq!(law.trust, text(&record.laws[key], "trust"), "{key}");
        }
    }
}

#[test]
fn keys_of_the_catalogue_are_told_apart() {
    let mut keys = Vec::new();
    for law in laws() {
        keys.push(law.key.clone());
        keys.extend(law.variants.iter().map(|v| v.key.clone()));
    }
    keys.retain(|k| !k.is_empty());
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert!(all >= 127 && keys.len() == all, "{} of {all}", keys.len());
}

#[test]
fn published_errors_and_intervals_are_those_of_the_record() {
    let record = Record::read();
    let mut compared = 0;
    for (key, theirs) in &record.laws {
        if !theirs.contains_key("expr") {
            continue;
        }
        for (variant, stated) in stated(theirs) {
            let place = place(key, variant);
            let law = record.law(key, &place);
            let Some(ours) = law.variant(&place.variant(&law)) else {
                continue;
            };
            for (name, error) in of(stated, "se").filter(|(name, _)| *name != "ln_k") {
                let name = renamed(key, name);
                let found = ours.errors.iter().find(|(n, _)| *n == name.0);
                assert_eq!(found.map(|f| f.1), Some(number(error)), "{key} {}", name.0);
                compared += 1;
            }
            for (name, ends) in of(stated, "ci").filter(|(name, _)| *name != "level") {
                let name = renamed(key, name);
                let ends: Vec<f64> = ends
                    .as_array()
                    .expect("two ends")
                    .iter()
                    .map(number)
                    .collect();
                let found = ours.intervals.iter().find(|(n, _)| *n == name.0);
                assert_eq!(
                    found.map(|f| f.1),
                    Some((ends[0], ends[1])),
                    "{key} {}",
                    name.0
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 30, "{compared}");
}

/// The record: laws by name and rows of values.
struct Record {
    laws: BTreeMap<String, Table>,
    values: Table,
}

impl Record {
    fn read() -> Self {
        let values: Table = include_str!("golden/record.toml")
            .parse()
            .unwrap_or_else(|e| panic!("record.toml: {e}"));
        let mut laws = BTreeMap::new();
        for law in values["law"].as_array().expect("laws") {
            let law = law.as_table().expect("a law").clone();
            laws.insert(text(&law, "id").to_owned(), law);
        }
        Self { laws, values }
    }

    fn golden(&self, key: &str) -> Vec<&Table> {
        let rows = self.values[key].as_array().expect("rows");
        rows.iter().filter_map(Value::as_table).collect()
    }

    fn law(&self, key: &str, place: &Place) -> Law {
        let id = if place.law.is_empty() { key } else { place.law };
        Law::builtin(id).unwrap_or_else(|e| panic!("{key}: {e}"))
    }

    /// Our published coefficients; for a law without any, the starting values that the record evaluates it at.
    fn coefs(&self, key: &str, law: &Law, place: &Place) -> Coefs {
        if let Some(variant) = law.variant(&place.variant(law)) {
            return variant.coefs.clone();
        }
        let theirs = &self.laws[key];
        of(theirs, "params")
            .chain(of(theirs, "start"))
            .filter_map(|(name, x)| {
                let (name, _) = renamed(key, name);
                law.coef(&name).map(|_| (name, number(x)))
            })
            .collect()
    }
}

/// Where our law, by either evaluator, does not give the wanted value.
fn gaps(law: &Law, mut coefs: Coefs, at: Vec<(String, f64)>, wanted: f64) -> Vec<String> {
    let (own, inputs): (Vec<_>, Vec<_>) = at.into_iter().partition(|(n, _)| law.coef(n).is_some());
    coefs.retain(|(n, _)| own.iter().all(|(o, _)| o != n));
    coefs.extend(own);
    let point = At {
        coefs: &coefs,
        inputs: &inputs,
        levels: &[],
    };
    let value = law
        .value(&point)
        .unwrap_or_else(|e| panic!("{}: {e}", law.id));
    let rows = Rows {
        inputs: inputs.iter().map(|(n, x)| (n.clone(), vec![*x])).collect(),
        levels: Vec::new(),
        count: 1,
    };
    let compiled = Compiled::new(law, &rows, Output::Response);
    let mut out = [0.0];
    let theta = compiled.theta(&coefs);
    compiled
        .bind(&rows)
        .evaluate(&mut compiled.program.workspace(), &theta, &mut out);
    [("reference", value), ("tape", out[0])]
        .into_iter()
        // A value of zero leaves the rounding of the terms that cancel.
        .filter(|(_, x)| {
            let gap = (x - wanted).abs();
            gap.is_nan() || gap > SAME * if wanted == 0.0 { 1.0 } else { wanted.abs() }
        })
        .map(|(by, x)| format!("{} by {by}: {x} for {wanted} at {inputs:?}", law.id))
        .collect()
}

/// The inputs of a row under our names and in our units; vectors are numbered from one.
fn inputs(key: &str, row: &Table) -> Vec<(String, f64)> {
    let mut out = Vec::new();
    for (name, value) in of(row, "inputs") {
        match value {
            Value::Array(list) => out.extend(
                list.iter()
                    .enumerate()
                    .map(|(i, x)| (format!("{name}{}", i + 1), number(x))),
            ),
            one => {
                let (name, factor) = renamed(key, name);
                out.push((name, number(one) * factor));
            }
        }
    }
    names::as_run(key, out)
}

/// A law of the record and its variants, each with its own name.
fn stated(law: &Table) -> Vec<(&str, &Table)> {
    let variants = law.get("variant").and_then(Value::as_array);
    let mut all = vec![("", law)];
    for variant in variants.into_iter().flatten().filter_map(Value::as_table) {
        all.push((text(variant, "id"), variant));
    }
    all
}

fn of<'a>(law: &'a Table, key: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let table = law.get(key).and_then(Value::as_table);
    table.into_iter().flatten().map(|(k, v)| (k.as_str(), v))
}

fn text<'a>(table: &'a Table, key: &str) -> &'a str {
    table[key].as_str().expect("a text")
}

fn number(value: &Value) -> f64 {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|i| i as f64))
        .expect("a number")
}

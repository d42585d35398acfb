//! What a law file says beyond the law: published coefficient sets and the values that must come out.

use crate::conventions;
use crate::document::{Document, Entry, Section, bytes};
use crate::file::{bounds, did_you_mean};
use crate::law::{Check, Law, VarRole, Variant};

const VARIANT_KEYS: [&str; 10] = [
    "name",
    "source",
    "key",
    "trust",
    "note",
    "coefs",
    "errors",
    "intervals",
    "level",
    "conventions",
];

/// Where a check evaluates the law.
#[derive(Default)]
struct Point {
    at: Vec<(String, f64)>,
    levels: Vec<(String, String)>,
}

pub(crate) fn variant<'a>(doc: &mut Document<'a>, section: &Section<'a>, law: &Law) -> Variant {
    doc.check_keys(section, &VARIANT_KEYS);
    let name = doc.words(section, "name");
    if name.is_empty() {
        doc.fault("missing-key", "a variant needs a `name`", section.span, "");
    }
    let coefs = coef_values(doc, section, "coefs", law);
    for coef in law
        .coefs
        .iter()
        .filter(|c| c.fixed.is_none() && c.tie.is_none() && c.index.is_empty())
    {
        if !coefs.iter().any(|(n, _)| *n == coef.name) {
            let message = format!("variant `{name}` gives no value for `{}`", coef.name);
            doc.fault("missing-coefficient", message, section.span, "");
        }
    }
    Variant {
        name,
        coefs,
        errors: coef_values(doc, section, "errors", law),
        intervals: intervals(doc, section, law),
        level: doc.words(section, "level"),
        source: doc.words(section, "source"),
        key: doc.words(section, "key"),
        trust: doc.words(section, "trust"),
        conventions: conventions::read(doc, section),
        note: doc.words(section, "note"),
    }
}

/// The numbers under `key`, each of a declared coefficient; `"E[c4]"` names one level.
fn coef_values<'a>(
    doc: &mut Document<'a>,
    section: &Section<'a>,
    key: &str,
    law: &Law,
) -> Vec<(String, f64)> {
    let values = doc.section(section, key, key);
    let mut out = Vec::new();
    for entry in &values.entries {
        declared(doc, entry, law);
        if let Some(value) = doc.as_number(entry) {
            out.push((entry.key.clone(), value));
        }
    }
    out
}

fn intervals<'a>(
    doc: &mut Document<'a>,
    section: &Section<'a>,
    law: &Law,
) -> Vec<(String, (f64, f64))> {
    let values = doc.section(section, "intervals", "intervals");
    let mut out = Vec::new();
    for entry in &values.entries {
        declared(doc, entry, law);
        out.extend(bounds(doc, &values, &entry.key).map(|ends| (entry.key.clone(), ends)));
    }
    out
}

/// A fault when the law has no coefficient of that name.
fn declared<'a>(doc: &mut Document<'a>, entry: &Entry<'a>, law: &Law) {
    let plain = entry.key.split('[').next().unwrap_or(&entry.key);
    if law.coef(plain).is_none() {
        let help = did_you_mean(plain, law.coefs.iter().map(|c| c.name.as_str()));
        doc.fault(
            "unknown-coefficient",
            format!("the law has no coefficient `{plain}`"),
            entry.key_span,
            &help,
        );
    }
}

pub(crate) fn check<'a>(doc: &mut Document<'a>, section: &Section<'a>, law: &Law) -> Option<Check> {
    let response = law.response().name.clone();
    doc.check_keys(section, &["variant", "coefs", "at", "tolerance", &response]);
    let variant = doc.words(section, "variant");
    if !variant.is_empty() && law.variant(&variant).is_none() {
        let at = section
            .get("variant")
            .map_or(section.span, |e| bytes(&e.value.span()));
        let help = did_you_mean(&variant, law.variants.iter().map(|v| v.name.as_str()));
        doc.fault(
            "unknown-variant",
            format!("the law has no variant `{variant}`"),
            at,
            &help,
        );
    }
    let coefs = coef_values(doc, section, "coefs", law);
    let Point { at, levels } = inputs(doc, section, law);
    if section.get(&response).is_none() {
        let message = format!("a check needs the expected response, as `{response} = …`");
        doc.fault("missing-key", message, section.span, "");
    }
    Some(Check {
        variant,
        coefs,
        at,
        levels,
        value: doc.number(section, &response)?,
        tolerance: doc.number(section, "tolerance").unwrap_or(Check::TOLERANCE),
    })
}

/// Input values, and the level of each index.
fn inputs<'a>(doc: &mut Document<'a>, section: &Section<'a>, law: &Law) -> Point {
    let values = doc.section(section, "at", "at");
    let mut point = Point::default();
    for entry in &values.entries {
        match law.var(&entry.key).map(|v| v.role) {
            Some(VarRole::Input) => point
                .at
                .extend(doc.as_number(entry).map(|x| (entry.key.clone(), x))),
            Some(VarRole::Index) => point.levels.extend(
                doc.text(&values, &entry.key)
                    .map(|(level, _)| (entry.key.clone(), level)),
            ),
            _ => {
                let inputs = law
                    .vars
                    .iter()
                    .filter(|v| v.role != VarRole::Response)
                    .map(|v| v.name.as_str());
                let help = did_you_mean(&entry.key, inputs);
                doc.fault(
                    "unknown-variable",
                    format!("the law has no input `{}`", entry.key),
                    entry.key_span,
                    &help,
                );
            }
        }
    }
    for var in law.vars.iter().filter(|v| v.role != VarRole::Response) {
        if values.get(&var.name).is_none() {
            doc.fault(
                "missing-input",
                format!("this check gives no value for `{}`", var.name),
                section.span,
                "",
            );
        }
    }
    point
}

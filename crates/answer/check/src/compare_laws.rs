//! Two published laws side by side, or why they cannot stand there.
//!
//! Numbers of two papers mean the same only if both count model size, data, compute and loss alike. So the conventions
//! are compared first, and coefficients and values are shown only when nothing keeps the laws apart. Coefficients are
//! paired by name only between laws of one formula: `alpha` of another formula is another thing.

use isoflop_base::{Diagnostic, Diagnostics, closest};
use isoflop_law::{At, Law, VarRole, comparable};
use serde::Serialize;

/// Two laws side by side. `schema` is `isoflop.laws-compare/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LawComparison {
    /// `isoflop.laws-compare/1`.
    pub schema: String,
    /// The two laws.
    pub laws: [ComparedLaw; 2],
    /// What keeps them apart; empty when they may be compared.
    pub reasons: Vec<String>,
    /// Coefficients of both, when the formula is one and the laws may be compared.
    pub coefs: Vec<ComparedCoef>,
    /// The point at which the values were taken, by letter.
    #[serde(with = "isoflop_fit::as_map")]
    pub at: Vec<(String, f64)>,
}

/// One of two laws.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedLaw {
    /// Name in the catalogue.
    pub id: String,
    /// The published coefficient set that speaks for it; empty when it has none.
    pub variant: String,
    /// One line in words.
    pub title: String,
    /// The formula as written.
    pub formula: String,
    /// What its letters count, by key.
    #[serde(with = "isoflop_fit::as_map")]
    pub conventions: Vec<(String, String)>,
    /// Name and unit of the response.
    pub response: (String, String),
    /// Its value at the point; none without a point, and when the laws may not be compared.
    pub value: Option<f64>,
}

/// A coefficient that two laws share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedCoef {
    /// Name in the formula.
    pub name: String,
    /// Published value in each law.
    pub values: [Option<f64>; 2],
    /// Published standard error in each law.
    pub errors: [Option<f64>; 2],
}

/// Compares two laws, each by its first published coefficient set, at a point when one is given. Names of the point
/// are letters or columns; a law takes of it what it has inputs for.
///
/// # Errors
///
/// Diagnostics `unknown-name` for a name that neither law has and `missing-input` for an input without a value. All
/// faults are collected. Laws that may not be compared are no error: see [`LawComparison::reasons`].
pub fn compare_laws(a: &Law, b: &Law, at: &[(String, f64)]) -> Result<LawComparison, Diagnostics> {
    let [a, b] = [a, b].map(speaking);
    let reasons = comparable(&a, &b).err().unwrap_or_default();
    let mut values = [None; 2];
    if reasons.is_empty() && !at.is_empty() {
        values = evaluate(&a, &b, at)?;
    }
    let one_formula = a.formula == b.formula;
    let coefs = if reasons.is_empty() && one_formula {
        paired(&a, &b)
    } else {
        Vec::new()
    };
    let [value_a, value_b] = values;
    Ok(LawComparison {
        schema: "isoflop.laws-compare/1".to_owned(),
        laws: [compared(&a, value_a), compared(&b, value_b)],
        reasons,
        coefs,
        at: at.to_vec(),
    })
}

/// The law as its first variant states it.
fn speaking(law: &Law) -> Law {
    law.variants
        .first()
        .and_then(|first| law.as_published(&first.name))
        .unwrap_or_else(|| law.clone())
}

fn compared(law: &Law, value: Option<f64>) -> ComparedLaw {
    let response = law.response();
    let conventions = law.conventions.said().into_iter();
    ComparedLaw {
        id: law.id.clone(),
        variant: law
            .variants
            .first()
            .map(|v| v.name.clone())
            .unwrap_or_default(),
        title: law.title.clone(),
        formula: law.formula_text.clone(),
        conventions: conventions
            .map(|(key, words)| (key.to_owned(), words.to_owned()))
            .collect(),
        response: (response.name.clone(), response.unit.clone()),
        value,
    }
}

fn paired(a: &Law, b: &Law) -> Vec<ComparedCoef> {
    let find = |pairs: &[(String, f64)], name: &str| {
        pairs.iter().find(|(n, _)| n == name).map(|(_, x)| *x)
    };
    a.coefs
        .iter()
        .map(|coef| {
            let of = |law: &Law, pick: fn(&isoflop_law::Variant) -> &[(String, f64)]| {
                law.variants.first().and_then(|v| find(pick(v), &coef.name))
            };
            let value = |law: &Law| of(law, |v| &v.coefs).or(law.coef(&coef.name)?.fixed);
            ComparedCoef {
                name: coef.name.clone(),
                values: [a, b].map(value),
                errors: [a, b].map(|law| of(law, |v| &v.errors)),
            }
        })
        .collect()
}

/// The values of both laws at one point.
fn evaluate(a: &Law, b: &Law, at: &[(String, f64)]) -> Result<[Option<f64>; 2], Diagnostics> {
    let mut faults = Diagnostics::default();
    let columns = columns(a, b, at, &mut faults);
    let values = [a, b].map(|law| value(law, &columns, &mut faults));
    if faults.0.is_empty() {
        Ok(values)
    } else {
        Err(faults)
    }
}

/// The point by columns, so that two laws with other letters for one thing share it.
fn columns(a: &Law, b: &Law, at: &[(String, f64)], faults: &mut Diagnostics) -> Vec<(String, f64)> {
    let inputs = || {
        [a, b]
            .into_iter()
            .flat_map(|law| &law.vars)
            .filter(|v| v.role == VarRole::Input)
    };
    let mut columns = Vec::new();
    for (name, x) in at {
        let found = inputs()
            .find(|v| v.name == *name)
            .or_else(|| inputs().find(|v| v.column == *name));
        if let Some(var) = found {
            columns.push((var.column.clone(), *x));
            continue;
        }
        let message = format!("neither {} nor {} has an input `{name}`", a.id, b.id);
        let mut fault = Diagnostic::error("unknown-name", message);
        if let Some(near) = closest(name, inputs().map(|v| v.name.as_str())) {
            fault = fault.help(format!("did you mean `{near}`?"));
        }
        faults.0.push(fault);
    }
    columns
}

fn value(law: &Law, columns: &[(String, f64)], faults: &mut Diagnostics) -> Option<f64> {
    let coefs = &law.variants.first()?.coefs;
    let mut inputs = Vec::new();
    for var in law.vars.iter().filter(|v| v.role == VarRole::Input) {
        match columns.iter().find(|(column, _)| *column == var.column) {
            Some((_, x)) => inputs.push((var.name.clone(), *x)),
            None => {
                let message = format!("{} needs a value for {}", law.id, var.name);
                let fault = Diagnostic::error("missing-input", message)
                    .help(format!("add {}=…, {}", var.name, var.doc));
                if !faults.0.contains(&fault) {
                    faults.0.push(fault);
                }
            }
        }
    }
    let at = At {
        coefs,
        inputs: &inputs,
        levels: &[],
    };
    law.value(&at).ok().filter(|x| x.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(id: &str) -> Law {
        Law::builtin(id).expect("in the catalogue")
    }

    fn at(pairs: &[(&str, f64)]) -> Vec<(String, f64)> {
        pairs.iter().map(|(n, x)| ((*n).to_owned(), *x)).collect()
    }

    #[test]
    fn two_sets_of_one_law_stand_side_by_side() {
        let point = at(&[("N", 7e10), ("tokens", 1.4e12)]);
        let found = compare_laws(&law("besiroglu-2024"), &law("hoffmann-2022-a3"), &point)
            .expect("one point");
        assert_eq!(found.reasons, Vec::<String>::new());
        let by_hand = 1.69 + 406.4 / 7e10f64.powf(0.34) + 410.7 / 1.4e12f64.powf(0.28);
        let value = found.laws[1].value.expect("a value");
        assert!((value - by_hand).abs() < 1e-12);
        let alpha = found.coefs.iter().find(|c| c.name == "alpha");
        let alpha = alpha.expect("a coefficient of both");
        assert_eq!(alpha.values, [Some(0.3478), Some(0.34)]);
        assert_eq!(alpha.errors, [Some(0.02), None]);
    }

    #[test]
    fn laws_kept_apart_show_no_numbers() {
        let point = at(&[("N", 1e9), ("D", 1e10)]);
        let found = compare_laws(&law("kaplan-ln"), &law("chinchilla"), &point).expect("an answer");
        assert_eq!(found.reasons.len(), 3, "{:?}", found.reasons);
        assert!(found.coefs.is_empty() && found.laws.iter().all(|l| l.value.is_none()));
    }

    #[test]
    fn coefficients_of_another_formula_are_not_paired() {
        let point = at(&[("N", 1e9), ("D", 1e11), ("U", 1e10)]);
        let found = compare_laws(&law("chinchilla-tied"), &law("data-constrained"), &point)
            .expect("one corpus and one way to count");
        assert_eq!(found.reasons, Vec::<String>::new());
        assert!(found.coefs.is_empty());
        let [fresh, repeated] = found.laws.map(|l| l.value.expect("a value"));
        assert!(
            repeated > fresh,
            "ten epochs are worth less than new tokens"
        );
    }

    #[test]
    fn all_faults_of_a_point_are_reported() {
        let point = at(&[("N", 1e9), ("X", 1.0)]);
        let chinchilla = law("chinchilla");
        let faults = compare_laws(&chinchilla, &chinchilla, &point).expect_err("no D, and an X");
        let codes: Vec<_> = faults.0.iter().map(|f| f.code).collect();
        assert_eq!(codes, ["unknown-name", "missing-input"]);
    }
}

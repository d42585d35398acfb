//! What published coefficients say at points: values without intervals, because no source prints what intervals need.

use isoflop_base::{Diagnostic, Diagnostics, Note, Severity, closest};
use isoflop_law::{At, Law, VarRole};

use crate::carried::impossible_inputs;
use crate::predict::{Point, PredictedPoint, Prediction};
use crate::variant::{no_variant, rounding_notes};

/// Predicts the response at points by a published coefficient set: the first of the law without a name.
///
/// # Errors
///
/// Diagnostics `no-published-values`, `unknown-variant`, `unknown-input`, `missing-input`, `no-value`; all faults of all
/// points are collected.
pub fn predict_published(
    law: &Law,
    variant: Option<&str>,
    points: &[Point],
) -> Result<Prediction, Diagnostics> {
    let chosen = match variant {
        Some(name) => law.variant(name),
        None => law.variants.first(),
    };
    let Some(chosen) = chosen else {
        return Err(no_variant(law, variant).into());
    };
    let mut faults = Diagnostics::default();
    let mut answers = Vec::new();
    for point in points {
        match answer(law, &chosen.coefs, point) {
            Ok(answer) => answers.push(answer),
            Err(more) => faults.0.extend(more),
        }
    }
    if !faults.0.is_empty() {
        return Err(faults);
    }
    let mut notes = rounding_notes(law, chosen, variant.is_some());
    let unit = |name: &str| {
        let var = law.vars.iter().find(|v| v.name == name);
        var.map(|v| v.unit.clone())
    };
    for point in &answers {
        notes.extend(impossible_inputs(&point.at, unit));
    }
    notes.push(Note {
        code: "published-coefficients".to_owned(),
        severity: Severity::Info,
        message: format!(
            "the coefficients are those of {}:{}, and there is no interval: their source does not bring the errors with their \
             correlations, nor the runs that would say how far a point lies beyond them",
            law.id, chosen.name
        ),
        evidence: Vec::new(),
        advice: format!(
            "fit the law to runs for an interval; `isoflop laws show {}` says on which range it was fitted",
            law.id
        ),
    });
    Ok(Prediction {
        schema: "isoflop.predict/1".to_owned(),
        formula: law.formula_text.trim().to_owned(),
        unit: law.response().unit.clone(),
        method: format!("published coefficients, {}:{}", law.id, chosen.name),
        points: answers,
        laws: Vec::new(),
        notes,
    })
}

fn answer(
    law: &Law,
    coefs: &[(String, f64)],
    point: &Point,
) -> Result<PredictedPoint, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut at: Vec<(String, f64)> = Vec::new();
    for (name, value) in &point.at {
        let inputs = || law.vars.iter().filter(|v| v.role == VarRole::Input);
        let own = inputs().find(|v| v.name == *name || v.column == *name);
        match own {
            Some(var) if !value.is_finite() || (var.positive && *value <= 0.0) => {
                let message = format!("{} = {value} is no value that the law takes", var.name);
                faults.push(Diagnostic::error("bad-input", message));
            }
            Some(var) => at.push((var.name.clone(), *value)),
            None => {
                let message = format!("the law has no input `{name}`");
                let mut fault = Diagnostic::error("unknown-input", message);
                let known = inputs().flat_map(|v| [v.name.as_str(), v.column.as_str()]);
                if let Some(near) = closest(name, known) {
                    fault = fault.help(format!("did you mean `{near}`?"));
                }
                let letters: Vec<&str> = inputs().map(|v| v.name.as_str()).collect();
                faults.push(fault.help(format!("its inputs are {}", letters.join(", "))));
            }
        }
    }
    let given = |name: &str| {
        at.iter().any(|(n, _)| n == name) || point.levels.iter().any(|(n, _)| n == name)
    };
    for var in law.vars.iter().filter(|v| v.role != VarRole::Response) {
        if !given(&var.name) && faults.is_empty() {
            let message = format!("the law needs {} ({})", var.name, var.column);
            let fault = Diagnostic::error("missing-input", message);
            faults.push(fault.help(format!("give it: --at …,{}=VALUE", var.name)));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let asked = At {
        coefs,
        inputs: &at,
        levels: &point.levels,
    };
    let none = |why: String| {
        let message = format!("the law {} has no value at this point{why}", law.id);
        vec![Diagnostic::error("no-value", message).help(
            "look at the ranges with `isoflop laws show`; coefficients without a published value can be given to `isoflop \
             laws eval`",
        )]
    };
    match law.value(&asked) {
        Ok(value) if !value.is_nan() => Ok(PredictedPoint {
            at,
            levels: point.levels.clone(),
            value,
            confidence: None,
            prediction: None,
            beyond: Vec::new(),
        }),
        Ok(_) => Err(none(String::new())),
        Err(why) => Err(none(format!(": {why}"))),
    }
}

//! What must be said of every answer: what its fit says of itself, and of inputs that no run can have.

use isoflop_base::{Evidence, Note, Severity};
use isoflop_data::impossible_count;
use isoflop_fit::{Fit, Status};

/// Warnings of a fit about how well its coefficients, and with them its intervals, are determined.
const OF_THE_COEFFICIENTS: [&str; 7] = [
    "bound-hit",
    "no-covariance",
    "no-profile",
    "few-clusters",
    "rare-optimum",
    "tied-inputs",
    "uncertified-resamples",
];

/// The notes of a fit that an answer repeats. `answer` names it: `plan`, `prediction`.
#[must_use]
pub fn notes(fit: &Fit, answer: &str) -> Vec<Note> {
    let mut out: Vec<Note> = status(fit, answer).into_iter().collect();
    out.extend(fit.carried_notes().cloned());
    let own = fit.notes.iter().filter(|n| {
        n.severity == Severity::Warning && OF_THE_COEFFICIENTS.contains(&n.code.as_str())
    });
    out.extend(own.cloned());
    out
}

fn status(fit: &Fit, answer: &str) -> Option<Note> {
    match fit.status {
        Status::Converged => None,
        Status::Degenerate => {
            let open = fit.notes.iter().find(|n| n.code == "open-direction");
            let evidence =
                open.map(|n| ("direction".to_owned(), Evidence::Text(n.message.clone())));
            let which = open.map_or(String::new(), |n| {
                format!(
                    " ({})",
                    n.message
                        .trim_start_matches("the data leave a direction open: ")
                )
            });
            Some(Note {
                code: "degenerate-fit".to_owned(),
                severity: Severity::Warning,
                message: format!(
                    "the runs of the fit do not determine its coefficients{which}: away from the runs this {answer} \
                     and its intervals are not determined"
                ),
                evidence: evidence.into_iter().collect(),
                advice: "fix or tie one of these coefficients, or add runs that separate them"
                    .to_owned(),
            })
        }
        Status::NotConverged => Some(Note {
            code: "not-converged".to_owned(),
            severity: Severity::Error,
            message: format!("the fit did not converge: this {answer} is not that of its law"),
            evidence: Vec::new(),
            advice: "fit again first".to_owned(),
        }),
    }
}

/// Says which inputs of a point are no counts: a model of 15 parameters, typed for one of 15 billion. `unit` tells the unit
/// of an input.
#[must_use]
pub fn impossible_inputs(at: &[(String, f64)], unit: impl Fn(&str) -> Option<String>) -> Vec<Note> {
    let one = |(name, x): &(String, f64)| {
        let role = match unit(name)?.as_str() {
            "params" => "params",
            "tokens" => "tokens",
            flops if flops.starts_with("FLOP") => "flops",
            _ => return None,
        };
        let why = impossible_count(role, *x)?;
        Some(Note {
            code: "impossible-number".to_owned(),
            severity: Severity::Error,
            message: format!("{name} = {x}: {why}"),
            evidence: vec![(name.clone(), Evidence::Number(*x))],
            advice: "numbers are written with their scale, such as 70B or 1.4T".to_owned(),
        })
    };
    at.iter().filter_map(one).collect()
}

/// The same for points of a fit, whose own runs say what is possible.
pub(crate) fn impossible<'a>(
    fit: &Fit,
    points: impl Iterator<Item = &'a [(String, f64)]>,
) -> Vec<Note> {
    let mut out: Vec<Note> = Vec::new();
    for at in points {
        let below = |name: &str| {
            let range = fit.ranges.iter().find(|r| r.name == name)?;
            let x = at.iter().find(|(n, _)| n == name)?.1;
            (x < range.min).then(|| range.unit.clone())
        };
        for note in impossible_inputs(at, below) {
            if !out.contains(&note) {
                out.push(note);
            }
        }
    }
    out
}

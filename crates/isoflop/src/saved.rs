//! Saved fits: `fit.json` back into a [`Fit`], with a diagnostic that points into the file when it is not one.

use isoflop_answer::plan::{Given, PlanLaw};
use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Span};
use isoflop_fit::recipe::Allocation;
use isoflop_fit::{Fit, Fits, Recipe};
use serde::Deserialize;

/// The schema this version reads.
const SCHEMA: &str = "isoflop.fit/1";

/// The schema of recipes.
const RECIPE: &str = "isoflop.recipe/1";

/// The schema of fits by group.
const FITS: &str = "isoflop.fits/1";

/// Reads a fit that was written with `--json` or `-o fit.json`.
///
/// # Errors
///
/// - `not-json` when the text is not JSON, with line and column.
/// - `wrong-schema` when it is JSON of another kind.
/// - `broken-fit` when a field is missing or of the wrong type.
pub fn fit_from_json(text: &str, file: &str) -> Result<Fit, Diagnostics> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|e| at("not-json", "this is not JSON".to_owned(), text, file, &e))?;
    match value.get("schema").and_then(serde_json::Value::as_str) {
        Some(SCHEMA) => {}
        found => {
            let found = found.map_or_else(|| "no schema".to_owned(), |s| format!("schema {s}"));
            let fault = Diagnostic::error(
                "wrong-schema",
                format!("{file} has {found}, a saved fit has {SCHEMA}"),
            );
            return Err(fault
                .help("save a fit with `isoflop fit RUNS --law LAW -o fit.json`")
                .into());
        }
    }
    serde_json::from_str(text).map_err(|e| {
        at(
            "broken-fit",
            "this saved fit lacks a field or holds one of the wrong type".to_owned(),
            text,
            file,
            &e,
        )
    })
}

/// Laws to plan with: that of a saved fit; those of all groups of saved fits; of a saved recipe the power law through its
/// compute-optimal sizes.
///
/// # Errors
///
/// As [`fit_from_json`]; `no-allocation` for a recipe that found too few minima; `no-fits` for groups without a fit; those
/// of [`PlanLaw::of_fit`](crate::plan::PlanLaw::of_fit).
pub fn plan_laws_from_json(
    name: &str,
    text: &str,
    given: &Given,
) -> Result<Vec<PlanLaw>, Diagnostics> {
    let schema = serde_json::from_str::<Schema>(text).map(|s| s.schema);
    match schema.as_deref() {
        Ok(RECIPE) => {
            let recipe: Recipe = document(name, text, "recipe")?;
            let sizes = |a: &&Allocation| a.fit.law.formula.starts_with('N');
            match recipe.allocations.iter().find(sizes) {
                Some(allocation) => Ok(vec![PlanLaw::of_fit(name, &allocation.fit, given)?]),
                None => Err(Diagnostic::error(
                    "no-allocation",
                    format!(
                        "{name}: the recipe found too few minima for a law of the optimal size"
                    ),
                )
                .help("its notes say why; a surface law uses all runs")
                .into()),
            }
        }
        Ok(FITS) => {
            let fits: Fits = document(name, text, "set of fits")?;
            let mut laws = Vec::new();
            for group in &fits.groups {
                if let Some(fit) = &group.fit {
                    laws.push(PlanLaw::of_fit(
                        &format!("{} {}", fits.column, group.group),
                        fit,
                        given,
                    )?);
                }
            }
            if laws.is_empty() {
                let message = format!("{name}: no group of {} has a fit", fits.column);
                return Err(Diagnostic::error("no-fits", message).into());
            }
            Ok(laws)
        }
        _ => Ok(vec![PlanLaw::of_fit(
            name,
            &fit_from_json(text, name)?,
            given,
        )?]),
    }
}

/// A saved result of a known schema.
fn document<T: serde::de::DeserializeOwned>(
    name: &str,
    text: &str,
    what: &str,
) -> Result<T, Diagnostics> {
    serde_json::from_str(text).map_err(|e| {
        let message = format!("this saved {what} lacks a field or holds one of the wrong type");
        at("broken-fit", message, text, name, &e)
    })
}

/// Only what a document says it is.
#[derive(Deserialize)]
struct Schema {
    schema: String,
}

fn at(
    code: &'static str,
    message: String,
    text: &str,
    file: &str,
    e: &serde_json::Error,
) -> Diagnostics {
    let start: usize = text
        .split_inclusive('\n')
        .take(e.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let place = start + e.column().saturating_sub(1);
    // serde_json ends every message with the place, which the excerpt shows better.
    let label = e.to_string();
    let label = label
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut excerpt = Excerpt::of(file, text, Span::new(place, place + 1), label);
    if excerpt.text.len() > 160 {
        excerpt = shortened(excerpt);
    }
    Diagnostic::error(code, message).at(excerpt).into()
}

/// A long line cut to the neighbourhood of the mark: a fit saved without line breaks is one line of megabytes.
fn shortened(mut e: Excerpt) -> Excerpt {
    let floor = |mut at: usize| {
        while !e.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let from = floor(e.span.start.saturating_sub(60));
    let to = floor((e.span.end + 60).min(e.text.len()));
    e.span = Span::new(e.span.start - from, e.span.end - from);
    e.text = e.text[from..to].to_owned();
    e
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_point_into_the_file() {
        let cases = [
            ("{\n  \"schema\": oops}", "not-json", Some((2, 13))),
            ("{\"schema\": \"isoflop.predict/1\"}", "wrong-schema", None),
            ("[1, 2]", "wrong-schema", None),
            (
                "{\n\"schema\": \"isoflop.fit/1\",\n\"law\": 3}",
                "broken-fit",
                Some((3, 8)),
            ),
        ];
        for (text, code, place) in cases {
            let faults = fit_from_json(text, "fit.json").expect_err("the text is no fit");
            assert_eq!(faults.0[0].code, code, "{text}");
            assert_eq!(
                faults.0[0].excerpt.as_ref().map(|e| (e.line, e.column)),
                place,
                "{text}"
            );
        }
    }
}

//! Saved fits: `fit.json` back into a [`Fit`], with a diagnostic that points into the file when it is not one.

use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Note, Severity, Span, closest};
use isoflop_fit::{Fit, Fits, Recipe, UNSEALED};
use isoflop_plan::{Given, PlanLaw};
use isoflop_predict::unsound;
use serde::Deserialize;

use crate::reload::of_group;
use crate::usable::unusable;

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
/// - `broken-fit` when a field is missing or of the wrong type, when the fit was edited after it was saved, and when its
///   parts do not fit together.
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
    let fit: Fit = document(file, text, "fit")?;
    whole(fit, file, "the fit")
}

/// A fit that was read, when it is as it was written and its parts fit together.
fn whole(mut fit: Fit, file: &str, what: &str) -> Result<Fit, Diagnostics> {
    let digest = fit.digest.take();
    unedited(digest.as_deref(), &fit.own_digest(), file, what)?;
    let faults = unsound(&fit);
    if faults.is_empty() {
        if digest.is_none() {
            fit.notes.push(unsealed());
        }
        return Ok(fit);
    }
    let faults = faults.into_iter().map(|why| {
        let message = format!("the parts of {what} in {file} do not fit together: {why}");
        Diagnostic::error("broken-fit", message).help("fit again and save the result")
    });
    Err(Diagnostics(faults.collect()))
}

/// Refuses a result that does not have the digest it carries. One without a digest was saved by an earlier version.
fn unedited(carried: Option<&str>, own: &str, file: &str, what: &str) -> Result<(), Diagnostics> {
    if carried.is_none_or(|digest| digest == own) {
        return Ok(());
    }
    let message = format!(
        "{what} in {file} was edited after it was saved: its content does not have the digest it carries"
    );
    Err(Diagnostic::error("broken-fit", message)
        .help("fit again and save the result; to hold or bound a coefficient use --coef, as in --coef 'E = 1.7'")
        .into())
}

fn unsealed() -> Note {
    Note {
        code: UNSEALED.to_owned(),
        severity: Severity::Warning,
        message: "the saved fit carries no digest, as those of earlier versions: whether it was edited cannot be told"
            .to_owned(),
        evidence: Vec::new(),
        advice: "fit again and save the result".to_owned(),
    }
}

/// Fits of a saved result, each with the name of its part: of a fit the fit itself without a name, of fits by group those of
/// all groups, of a recipe its power laws of the optimal `params` and `tokens`. With `part` only that one.
///
/// # Errors
///
/// As [`fit_from_json`]; `no-allocation` for a recipe that found too few minima, `no-fits` for groups without a fit,
/// `unknown-part` for a part that the result does not have.
pub fn fits_from_json(
    name: &str,
    text: &str,
    part: Option<&str>,
) -> Result<Vec<(String, Fit)>, Diagnostics> {
    let schema = serde_json::from_str::<Schema>(text).map(|s| s.schema);
    let (parts, what) = match schema.as_deref() {
        Ok(RECIPE) => (recipe_parts(name, document(name, text, "recipe")?)?, "law"),
        Ok(FITS) => (
            group_parts(name, document(name, text, "set of fits")?)?,
            "group",
        ),
        _ => {
            let fit = fit_from_json(text, name)?;
            return match part {
                None => Ok(vec![(String::new(), fit)]),
                Some(part) => Err(Diagnostic::error(
                    "unknown-part",
                    format!("{name} holds one fit and no group `{part}`"),
                )
                .into()),
            };
        }
    };
    let Some(wanted) = part else {
        return Ok(parts);
    };
    let names: Vec<String> = parts.iter().map(|(n, _)| n.clone()).collect();
    let own: Vec<(String, Fit)> = parts.into_iter().filter(|(n, _)| n == wanted).collect();
    if own.is_empty() {
        let message = format!("{name} has no {what} `{wanted}` with a fit");
        let mut fault = Diagnostic::error("unknown-part", message);
        if let Some(near) = closest(wanted, names.iter().map(String::as_str)) {
            fault = fault.help(format!("did you mean `{name}:{near}`?"));
        }
        return Err(fault.help(format!("it has {}", listed(&names))).into());
    }
    Ok(own)
}

/// The one fit of a saved result, or of one of its parts.
///
/// # Errors
///
/// As [`fits_from_json`]; `many-fits` that names the parts when there are several.
pub fn one_fit_from_json(name: &str, text: &str, part: Option<&str>) -> Result<Fit, Diagnostics> {
    let mut parts = fits_from_json(name, text, part)?;
    if parts.len() > 1 {
        let names: Vec<String> = parts.iter().map(|(n, _)| n.clone()).collect();
        let message = format!("{name} holds {} fits, and one is needed", parts.len());
        return Err(Diagnostic::error("many-fits", message)
            .help(format!("name one as {name}:{}", names[0]))
            .help(format!("it has {}", listed(&names)))
            .into());
    }
    match parts.pop() {
        Some((_, fit)) => Ok(fit),
        None => Err(Diagnostic::error("no-fits", format!("{name} holds no fit")).into()),
    }
}

/// Names of parts, the first of many.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

fn recipe_parts(name: &str, mut recipe: Recipe) -> Result<Vec<(String, Fit)>, Diagnostics> {
    let digest = recipe.digest.take();
    unedited(digest.as_deref(), &recipe.own_digest(), name, "the recipe")?;
    let mut notes = recipe.notes;
    notes.extend(digest.is_none().then(unsealed));
    let parts: Vec<(String, Fit)> = recipe
        .allocations
        .into_iter()
        .map(|allocation| {
            let sizes = allocation.fit.law.formula.starts_with('N');
            let part = if sizes { "params" } else { "tokens" };
            let mut fit = whole(
                allocation.fit,
                name,
                &format!("the law of {}", allocation.title),
            )?;
            // What the recipe says of its bias is true of every answer by its laws.
            let own = notes.iter().filter(|n| {
                n.code.starts_with("recipe-bias")
                    || n.severity == Severity::Error
                    || n.code == UNSEALED
            });
            fit.notes.extend(own.cloned());
            Ok((part.to_owned(), fit))
        })
        .collect::<Result<_, Diagnostics>>()?;
    if parts.is_empty() {
        let message =
            format!("{name}: the recipe found too few minima for a law of the optimal size");
        return Err(Diagnostic::error("no-allocation", message)
            .help("its notes say why; a surface law uses all runs")
            .into());
    }
    Ok(parts)
}

fn group_parts(name: &str, mut fits: Fits) -> Result<Vec<(String, Fit)>, Diagnostics> {
    let digest = fits.digest.take();
    unedited(
        digest.as_deref(),
        &fits.own_digest(),
        name,
        "the set of fits",
    )?;
    let groups = fits.groups.into_iter();
    let fitted = groups.filter_map(|g| Some((g.group, g.fit?)));
    let parts: Vec<(String, Fit)> = fitted
        .map(|(group, fit)| {
            let mut fit = whole(fit, name, &format!("the fit of {} {group}", fits.column))?;
            let own = of_group(&fit);
            if own.is_some_and(|own| own != (fits.column.as_str(), group.as_str())) {
                let message = format!("{name}: the fit under {group} is that of another group");
                return Err(Diagnostic::error("broken-fit", message)
                    .help("fit again and save the result")
                    .into());
            }
            fit.notes.extend(digest.is_none().then(unsealed));
            Ok((group, fit))
        })
        .collect::<Result<_, Diagnostics>>()?;
    if parts.is_empty() {
        let message = format!("{name}: no group of {} has a fit", fits.column);
        return Err(Diagnostic::error("no-fits", message).into());
    }
    Ok(parts)
}

/// Laws to plan with: that of a saved fit; those of all groups of saved fits, or of one; of a saved recipe the power law
/// through its compute-optimal sizes.
///
/// # Errors
///
/// As [`fits_from_json`]; `unusable-fit` for a fit that must not be used; those of [`PlanLaw::of_fit`](crate::plan::PlanLaw::of_fit).
pub fn plan_laws_from_json(
    name: &str,
    text: &str,
    part: Option<&str>,
    given: &Given,
) -> Result<Vec<PlanLaw>, Diagnostics> {
    let schema = serde_json::from_str::<Schema>(text).map(|s| s.schema);
    let is_recipe = schema.as_deref().is_ok_and(|s| s == RECIPE);
    // A budget is shared out by the sizes or by the tokens; both together would ask the same twice.
    let part = part.or(is_recipe.then_some("params"));
    fits_from_json(name, text, part)?
        .iter()
        .map(|(part, fit)| {
            let called = if part.is_empty() || is_recipe {
                name.to_owned()
            } else {
                format!("{name}:{part}")
            };
            if let Some(fault) = unusable(&called, fit) {
                return Err(fault.into());
            }
            PlanLaw::of_fit(&called, fit, given)
        })
        .collect()
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

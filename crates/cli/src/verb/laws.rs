//! `isoflop laws`: the catalogue.

use isoflop::report::{
    evaluation_document, json, law_comparison_document, law_document, laws_document,
};
use isoflop::{At, Diagnostic, Diagnostics, Law, VarRole, catalogue, closest, compare_laws};

use crate::args::LawsCommand;
use crate::at;
use crate::law_ref::{self, LawRef};
use crate::output::{Failure, Output};

pub(crate) fn run(said: Option<LawsCommand>, output: &Output) -> Result<(), Failure> {
    match said.unwrap_or(LawsCommand::List) {
        LawsCommand::List => list("", output),
        LawsCommand::Search { word } => list(&word, output),
        LawsCommand::Show { law: named } => {
            let law = one_set(&named)?;
            let (id, _) = law_ref::with_variant(&named);
            output.show(&law_document(&law, id), || json::text(&json::law(&law)))
        }
        LawsCommand::Eval {
            law,
            values,
            variant,
        } => {
            let (id, own) = law_ref::with_variant(&law);
            if let (Some(a), Some(b)) = (own, variant.as_deref())
                && a != b
            {
                let message = format!("two variants are named: {a} and {b}");
                return Err(Diagnostic::error("two-variants", message).into());
            }
            let law = LawRef::parse(id).load(None, &[])?;
            evaluate(&law, &values, own.or(variant.as_deref()), output)
        }
        LawsCommand::Compare { a, b, values } => compare(&a, &b, &values, output),
    }
}

fn compare(a: &str, b: &str, said: &[String], output: &Output) -> Result<(), Failure> {
    let (a, b) = (one_set(a)?, one_set(b)?);
    let found = compare_laws(&a, &b, &point(said)?)?;
    output.show(&law_comparison_document(&found), || json::text(&found))?;
    if found.reasons.is_empty() {
        Ok(())
    } else {
        Err(Failure::SaysNo)
    }
}

/// A law, or one of its published sets for `NAME:VARIANT`.
fn one_set(text: &str) -> Result<Law, Diagnostics> {
    let (id, Some(variant)) = law_ref::with_variant(text) else {
        return LawRef::parse(text).load(None, &[]);
    };
    let law = LawRef::parse(id).load(None, &[])?;
    published(&law, Some(variant))?;
    Ok(law.as_published(variant).unwrap_or(law))
}

fn point(said: &[String]) -> Result<Vec<(String, f64)>, Diagnostics> {
    let mut point = Vec::new();
    let mut faults = Diagnostics::default();
    for text in said {
        match at::pairs(text) {
            Ok(pairs) => {
                pairs
                    .into_iter()
                    .for_each(|(name, value)| match at::number(&name, &value) {
                        Ok(x) => point.push((name, x)),
                        Err(fault) => faults.0.push(fault),
                    })
            }
            Err(fault) => faults.0.push(fault),
        }
    }
    if faults.0.is_empty() {
        Ok(point)
    } else {
        Err(faults)
    }
}

fn list(word: &str, output: &Output) -> Result<(), Failure> {
    let wanted = word.to_lowercase();
    let mut laws = Vec::new();
    for (id, text) in catalogue() {
        // The whole law file is searched: name, title, formula, tags, source and note are all in it.
        if id.contains(&wanted) || text.to_lowercase().contains(&wanted) {
            laws.push(Law::builtin(id)?);
        }
    }
    output.show(&laws_document(&laws, word), || {
        json::text(&json::laws(&laws))
    })
}

/// Values typed on the command line, sorted into what they are.
#[derive(Default)]
struct Values {
    inputs: Vec<(String, f64)>,
    coefs: Vec<(String, f64)>,
    levels: Vec<(String, String)>,
}

/// Shows the value of a law at the values that were typed.
pub(crate) fn evaluate(
    law: &Law,
    said: &[String],
    variant: Option<&str>,
    output: &Output,
) -> Result<(), Failure> {
    let mut values = sorted(law, said)?;
    for (name, x) in published(law, variant)? {
        if !values.coefs.iter().any(|(n, _)| n == name) {
            values.coefs.push((name.clone(), *x));
        }
    }
    let at = At {
        coefs: &values.coefs,
        inputs: &values.inputs,
        levels: &values.levels,
    };
    let value = law.value(&at).map_err(|e| missing(law, &e.to_string()))?;
    if value.is_nan() {
        return Err(Diagnostic::error("no-value", format!("the law {} has no value at this point", law.id))
            .help("look at the ranges with `isoflop laws show`; a logarithm or root of a negative number is one cause")
            .into());
    }
    let doc = evaluation_document(law, &values.coefs, &values.inputs, value);
    output.show(&doc, || {
        json::text(&json::evaluation(law, &values.coefs, &values.inputs, value))
    })
}

fn sorted(law: &Law, said: &[String]) -> Result<Values, Diagnostics> {
    let mut values = Values::default();
    let mut faults = Diagnostics::default();
    for text in said {
        match at::pairs(text) {
            Ok(pairs) => pairs.iter().for_each(|(name, value)| {
                if let Err(fault) = place(law, name, value, &mut values) {
                    faults.0.push(fault);
                }
            }),
            Err(fault) => faults.0.push(fault),
        }
    }
    if faults.0.is_empty() {
        Ok(values)
    } else {
        Err(faults)
    }
}

/// Puts a value where its name belongs: input by letter or column, index, or coefficient (`E[c4]` too).
fn place(law: &Law, name: &str, value: &str, values: &mut Values) -> Result<(), Diagnostic> {
    let var = law
        .vars
        .iter()
        .find(|v| v.name == name)
        .or_else(|| law.vars.iter().find(|v| v.column == name));
    match var {
        Some(v) if v.role == VarRole::Index => {
            values.levels.push((v.name.clone(), value.to_owned()))
        }
        Some(v) if v.role == VarRole::Input => values
            .inputs
            .push((v.name.clone(), at::number(name, value)?)),
        Some(v) => {
            let message = format!(
                "{} is what the law {} gives, it cannot be set",
                v.name, law.id
            );
            return Err(Diagnostic::error("sets-response", message));
        }
        None if law.coef(name.split('[').next().unwrap_or(name)).is_some() => {
            values
                .coefs
                .push((name.to_owned(), at::number(name, value)?));
        }
        None => {
            let known = || {
                law.vars
                    .iter()
                    .map(|v| v.name.as_str())
                    .chain(law.coefs.iter().map(|c| c.name.as_str()))
            };
            let mut fault = Diagnostic::error(
                "unknown-name",
                format!("the law {} has no `{name}`", law.id),
            );
            if let Some(near) = closest(name, known()) {
                fault = fault.help(format!("did you mean `{near}`?"));
            }
            return Err(fault.help(format!(
                "its names are {}",
                known().collect::<Vec<_>>().join(", ")
            )));
        }
    }
    Ok(())
}

fn published<'a>(law: &'a Law, variant: Option<&str>) -> Result<&'a [(String, f64)], Diagnostic> {
    let Some(name) = variant else {
        return Ok(law.variants.first().map_or(&[], |v| v.coefs.as_slice()));
    };
    if let Some(variant) = law.variant(name) {
        return Ok(&variant.coefs);
    }
    let names: Vec<&str> = law.variants.iter().map(|v| v.name.as_str()).collect();
    let mut fault = Diagnostic::error(
        "unknown-variant",
        format!("the law {} has no variant `{name}`", law.id),
    );
    if let Some(near) = closest(name, names.iter().copied()) {
        fault = fault.help(format!("did you mean `{near}`?"));
    }
    Err(if names.is_empty() {
        fault.help("it has no published values: give every coefficient, as in E=1.7")
    } else {
        fault.help(format!("its variants are {}", names.join(", ")))
    })
}

fn missing(law: &Law, why: &str) -> Diagnostic {
    let inputs: Vec<String> = law
        .vars
        .iter()
        .filter(|v| v.role != VarRole::Response)
        .map(|v| format!("{}=…", v.name))
        .collect();
    Diagnostic::error(
        "no-value",
        format!("the law {} cannot be evaluated: {why}", law.id),
    )
    .help(format!(
        "give {} and every coefficient without a published value",
        inputs.join(" ")
    ))
}

//! `isoflop predict`: what will a larger run give?

use isoflop::report::{add_profile, add_record, json, prediction_document, predictions_document};
use isoflop::{
    Candidate, Diagnostic, Diagnostics, Fit, Input, Law, Note, ProfiledPrediction, Severity,
    Uncertainty, fit, predict, predict_published, predict_through, predict_together, profile,
    unusable, unusable_notes,
};

use crate::args::PredictArgs;
use crate::at;
use crate::candidates::{Candidates, candidates};
use crate::law_ref::{self, LawRef};
use crate::output::{Failure, Output};
use crate::request::{FitRequest, maps_are_used};
use crate::saved_ref::SavedRef;
use crate::verb::check::backtest_options;
use crate::verb::fit::used;
use crate::verb::ledger;

pub(crate) fn run(said: PredictArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    if !said.backtest.laws.is_empty() {
        return joined(&said, seed, output);
    }
    let fits = match (&said.law, said.inputs.as_slice()) {
        (Some(law), inputs) => {
            let fit = FitRequest::new(inputs, law, &said.how, seed)?.run()?;
            vec![(String::new(), fit)]
        }
        (None, inputs) => {
            let named = only(inputs, "give --law to fit the tables first")?;
            said.how.are_idle(said.at_file.is_some())?;
            if let Some((law, variant)) = published(named) {
                return by_published(&said, &law?, variant, output);
            }
            let fits = SavedRef::parse(named).fits()?;
            fits.iter()
                .try_for_each(|(_, fit)| spare_tables(fit, output))?;
            fits
        }
    };
    for (part, fit) in &fits {
        let name = if part.is_empty() { "the fit" } else { part };
        used(unusable(name, fit))?;
    }
    match fits.as_slice() {
        [(_, fit)] => one(&said, fit, output),
        several => all(&said, several, output),
    }
}

/// The prediction of one fit.
fn one(said: &PredictArgs, fit: &Fit, output: &Output) -> Result<(), Failure> {
    let inner = said.through.as_deref();
    let inner = inner.map(|file| saved_fit(file, output)).transpose()?;
    if let (Some(file), Some(inner)) = (&said.through, &inner) {
        used(unusable(file, inner))?;
    }
    let asked = inner.as_ref().unwrap_or(fit);
    let points = at::asked(&said.at, said.at_file.as_deref(), &said.how.map, asked)?;
    let prediction = match &inner {
        Some(inner) => predict_through(fit, inner, &points, said.how.level)?,
        None => predict(fit, &points, said.how.level)?,
    };
    if let Some(path) = &said.record {
        ledger::record(path, fit, &points, &said.name, said.date.as_deref())?;
    }
    let mut doc = prediction_document(&prediction);
    if let Some(path) = &said.record {
        add_record(&mut doc, &path.display().to_string(), &said.name);
    }
    let doubt = unusable_notes("the prediction", &prediction.notes);
    let Some(coef) = &said.profile else {
        output.show(&doc, || json::text(&prediction))?;
        return used(doubt);
    };
    let profile = profile(fit, coef, &points)?;
    add_profile(&mut doc, &profile);
    let both = ProfiledPrediction {
        prediction,
        profile,
    };
    output.show(&doc, || json::text(&both))?;
    used(doubt)
}

/// The predictions of several fits of one file, group by group.
fn all(said: &PredictArgs, fits: &[(String, Fit)], output: &Output) -> Result<(), Failure> {
    let options = [
        ("--record", said.record.is_some()),
        ("--profile", said.profile.is_some()),
        ("--through", said.through.is_some()),
    ];
    if let Some((option, _)) = options.iter().find(|(_, given)| *given) {
        let message = format!("{option} needs one fit, and this file holds {}", fits.len());
        return Err(Diagnostic::error("many-fits", message)
            .help(format!("name one as FILE.json:{}", fits[0].0))
            .into());
    }
    let mut predictions = Vec::new();
    let mut faults = Diagnostics::default();
    for (part, fit) in fits {
        let found = at::asked(&said.at, said.at_file.as_deref(), &said.how.map, fit)
            .and_then(|points| predict(fit, &points, said.how.level));
        match found {
            Ok(prediction) => predictions.push((part.clone(), prediction)),
            Err(more) => faults.0.extend(more.0.into_iter().map(|mut fault| {
                fault.message = format!("{part}: {}", fault.message);
                fault
            })),
        }
    }
    if !faults.0.is_empty() {
        return Err(faults.into());
    }
    output.show(&predictions_document(&predictions), || {
        json::text(&json::predictions(&predictions))
    })?;
    let doubts = predictions
        .iter()
        .find_map(|(part, p)| unusable_notes(&format!("the prediction of {part}"), &p.notes));
    used(doubts)
}

/// A law of the catalogue or a law file with published values, where the words name no saved fit.
fn published(named: &str) -> Option<(Result<Law, Diagnostics>, Option<&str>)> {
    let saved = SavedRef::parse(named);
    let table = std::path::Path::new(named).exists() && !named.to_lowercase().ends_with(".toml");
    if saved.is_saved() || table {
        return None;
    }
    let (id, variant) = law_ref::with_variant(named);
    Some((LawRef::parse(id).load(None, &[]), variant))
}

fn by_published(
    said: &PredictArgs,
    law: &Law,
    variant: Option<&str>,
    output: &Output,
) -> Result<(), Failure> {
    let options = [
        ("--record", said.record.is_some()),
        ("--profile", said.profile.is_some()),
        ("--through", said.through.is_some()),
        ("--at-file", said.at_file.is_some()),
    ];
    if let Some((option, _)) = options.iter().find(|(_, given)| *given) {
        let message = format!(
            "{option} needs a saved fit, and {} is a published law",
            law.id
        );
        return Err(Diagnostic::error("needs-fit", message)
            .help("fit the law to runs with `isoflop fit`, and give the saved fit")
            .into());
    }
    let points = at::of_law(&said.at, law)?;
    let prediction = predict_published(law, variant, &points)?;
    output.show(&prediction_document(&prediction), || {
        json::text(&prediction)
    })?;
    used(unusable_notes("the prediction", &prediction.notes))
}

/// Several laws at once, widened as their backtest asks.
fn joined(said: &PredictArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let request = FitRequest::new(&said.inputs, "", &said.how, seed)?;
    let table = request.table()?;
    let Candidates { laws, left_out } = candidates(&said.backtest.laws, &table, request.options())?;
    let all: Vec<&Law> = laws.iter().map(|(_, law)| law).collect();
    maps_are_used(&table, &all)?;
    // The points are named as the fit of the first law that can be fitted names its inputs.
    let mut quick = request.options().clone();
    quick.uncertainty = Uncertainty::None;
    let fits = laws.iter().map(|(_, law)| fit(law, &table, &quick));
    let mut faults = None;
    let mut named = None;
    for found in fits {
        match found {
            Ok(found) => {
                named = Some(found);
                break;
            }
            Err(why) => {
                faults.get_or_insert(why);
            }
        }
    }
    let Some(named) = named else {
        let why = left_out.first();
        let why = why.map_or(String::new(), |(law, why)| format!("{law}: {why}"));
        let none = Diagnostic::error("no-law", "no law of --laws can be fitted to these runs");
        return Err(faults.unwrap_or_else(|| none.help(why).into()).into());
    };
    let points = at::asked(&said.at, said.at_file.as_deref(), &said.how.map, &named)?;
    let candidates: Vec<Candidate<'_>> = laws
        .iter()
        .map(|(name, law)| Candidate { name, law })
        .collect();
    let how = backtest_options(&said.backtest);
    let mut prediction = predict_together(&candidates, &table, request.options(), &how, &points)?;
    let unfit = left_out.into_iter().map(|(law, why)| Note {
        code: "law-left-out".to_owned(),
        severity: Severity::Info,
        message: format!("{law} has no part in the prediction: {why}"),
        evidence: Vec::new(),
        advice: String::new(),
    });
    prediction.notes.extend(unfit);
    output.show(&prediction_document(&prediction), || {
        json::text(&prediction)
    })?;
    used(unusable_notes("the prediction", &prediction.notes))
}

/// The one saved fit that is needed where no law says how to fit tables.
pub(crate) fn only<'a>(inputs: &'a [String], advice: &str) -> Result<&'a str, Diagnostic> {
    match inputs {
        [file] => Ok(file),
        _ => Err(Diagnostic::error(
            "many-fits",
            "one saved fit is needed, several inputs were given",
        )
        .help(advice)),
    }
}

/// A saved fit, none of whose tables is to be written over.
pub(crate) fn saved_fit(file: &str, output: &Output) -> Result<Fit, Diagnostics> {
    let fit = SavedRef::parse(file).fit()?;
    spare_tables(&fit, output)?;
    Ok(fit)
}

/// The tables of a saved fit may be read again.
fn spare_tables(fit: &Fit, output: &Output) -> Result<(), Diagnostics> {
    let tables = fit.provenance.tables.iter();
    let tables: Vec<Input> = tables.map(|t| Input::Path(t.name.clone().into())).collect();
    output.spare(&tables)
}

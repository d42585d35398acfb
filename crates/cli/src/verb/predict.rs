//! `isoflop predict`: what will a larger run give?

use std::io::Read as _;

use isoflop::report::{add_profile, add_record, json, prediction_document};
use isoflop::{
    Candidate, Diagnostic, Diagnostics, Fit, Note, ProfiledPrediction, Severity, Uncertainty, fit,
    fit_from_json, predict, predict_through, predict_together, profile,
};

use crate::args::PredictArgs;
use crate::at;
use crate::candidates::{Candidates, candidates};
use crate::output::{Failure, Output, cannot_read};
use crate::request::FitRequest;
use crate::verb::check::backtest_options;
use crate::verb::ledger;

pub(crate) fn run(said: PredictArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    if !said.backtest.laws.is_empty() {
        return joined(&said, seed, output);
    }
    let fit = match (&said.law, said.inputs.as_slice()) {
        (Some(law), inputs) => FitRequest::new(inputs, law, &said.how, seed)?.run()?,
        (None, inputs) => saved_fit(only(inputs, "give --law to fit the tables first")?)?,
    };
    let inner = said.through.as_deref().map(saved_fit).transpose()?;
    let asked = inner.as_ref().unwrap_or(&fit);
    let points = at::asked(&said.at, said.at_file.as_deref(), &said.how.map, asked)?;
    let prediction = match &inner {
        Some(inner) => predict_through(&fit, inner, &points, said.how.level)?,
        None => predict(&fit, &points, said.how.level)?,
    };
    if let Some(path) = &said.record {
        ledger::record(path, &fit, &points, &said.name, said.date.as_deref())?;
    }
    let mut doc = prediction_document(&prediction);
    if let Some(path) = &said.record {
        add_record(&mut doc, &path.display().to_string(), &said.name);
    }
    let Some(coef) = &said.profile else {
        return output.show(&doc, || json::text(&prediction));
    };
    let profile = profile(&fit, coef, &points)?;
    add_profile(&mut doc, &profile);
    let both = ProfiledPrediction {
        prediction,
        profile,
    };
    output.show(&doc, || json::text(&both))
}

/// Several laws at once, widened as their backtest asks.
fn joined(said: &PredictArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let request = FitRequest::new(&said.inputs, "", &said.how, seed)?;
    let table = request.table()?;
    let Candidates { laws, left_out } = candidates(&said.backtest.laws, &table, request.options())?;
    let Some((_, first)) = laws.first() else {
        let why = left_out
            .first()
            .map_or(String::new(), |(law, why)| format!("{law}: {why}"));
        return Err(
            Diagnostic::error("no-law", "no law of --laws can be fitted to these runs")
                .help(why)
                .into(),
        );
    };
    // The points are named as the fit of the first law names its inputs.
    let mut quick = request.options().clone();
    quick.uncertainty = Uncertainty::None;
    let points = at::asked(
        &said.at,
        said.at_file.as_deref(),
        &said.how.map,
        &fit(first, &table, &quick)?,
    )?;
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
    Ok(())
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

pub(crate) fn saved_fit(file: &str) -> Result<Fit, Diagnostics> {
    let text = saved_text(file)?;
    fit_from_json(&text, file).map_err(|mut faults| {
        if let Some(fault) = faults.0.first_mut().filter(|f| f.code == "not-json") {
            fault
                .help
                .push("for a table of runs, say which law with --law".into());
        }
        faults
    })
}

/// The text of a saved result; `-` is standard input.
pub(crate) fn saved_text(file: &str) -> Result<String, Diagnostics> {
    let bytes = if file == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    } else {
        std::fs::read(file)
    };
    let bytes = bytes.map_err(|e| cannot_read(file, &e))?;
    String::from_utf8(bytes).map_err(|_| not_a_fit(file, "it is not UTF-8 text").into())
}

fn not_a_fit(file: &str, why: &str) -> Diagnostic {
    Diagnostic::error("not-json", format!("{file} is not a saved fit: {why}"))
        .help("for a table of runs, say which law with --law")
}

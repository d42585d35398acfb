//! `isoflop predict`: what will a larger run give?

use std::io::Read as _;

use isoflop::report::{json, prediction_document};
use isoflop::{Diagnostic, Diagnostics, Fit, fit_from_json, predict, predict_through};

use crate::args::PredictArgs;
use crate::at;
use crate::output::{Failure, Output, cannot_read};
use crate::request::FitRequest;

pub(crate) fn run(said: PredictArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let fit = match (&said.law, said.inputs.as_slice()) {
        (Some(law), inputs) => FitRequest::new(inputs, law, &said.how, seed)?.run()?,
        (None, [file]) => saved_fit(file)?,
        (None, _) => {
            return Err(Diagnostic::error(
                "many-fits",
                "one saved fit is needed, several inputs were given",
            )
            .help("give --law to fit the tables first")
            .into());
        }
    };
    let inner = said.through.as_deref().map(saved_fit).transpose()?;
    let asked = inner.as_ref().unwrap_or(&fit);
    let mut points = Vec::new();
    let mut faults = Diagnostics::default();
    for text in &said.at {
        match at::point(text, asked) {
            Ok(point) => points.push(point),
            Err(more) => faults.0.extend(more.0),
        }
    }
    if let Some(file) = &said.at_file {
        match at::points_of_file(file, &said.how.map, asked) {
            Ok(more) => points.extend(more),
            Err(more) => faults.0.extend(more.0),
        }
    }
    if !faults.0.is_empty() {
        return Err(faults.into());
    }
    let prediction = match &inner {
        Some(inner) => predict_through(&fit, inner, &points, said.how.level)?,
        None => predict(&fit, &points, said.how.level)?,
    };
    output.show(&prediction_document(&prediction), || {
        json::text(&prediction)
    })
}

pub(crate) fn saved_fit(file: &str) -> Result<Fit, Diagnostics> {
    let text = saved_text(file)?;
    fit_from_json(&text, file).map_err(|mut faults| {
        if let Some(fault) = faults.0.first_mut().filter(|f| f.code == "not-json") {
            fault
                .help
                .push("to predict from a table, say which law with --law".into());
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
        .help("to predict from a table, say which law with --law")
}

//! `isoflop report`: the page that people share.

use isoflop::plan::Given;
use isoflop::report::{json, story_document};
use isoflop::{
    Diagnostic, Diagnostics, Fit, Reloaded, StoryCheck, StoryOptions, fit, parse_quantity, reload,
    story,
};

use crate::args::ReportArgs;
use crate::output::{Failure, Output};
use crate::request::FitRequest;
use crate::verb::predict::saved_fit;

pub(crate) fn run(said: ReportArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let usual = StoryOptions::default();
    let options = StoryOptions {
        name: match (&said.law, said.inputs.as_slice()) {
            (None, [file]) if file != "-" => file.clone(),
            _ => usual.name,
        },
        compute: said.compute.as_deref().map(budget).transpose()?,
        given: given(&said.at)?,
        check: if said.no_check {
            StoryCheck::Without("they were not asked for (--no-check)".to_owned())
        } else {
            StoryCheck::Whole
        },
    };
    let (fit, of) = subject(&said, seed)?;
    let found = story(fit, &of, &options)?;
    output.show(&story_document(&found), || json::text(&found))
}

/// The fit and what it was made of.
fn subject(said: &ReportArgs, seed: u64) -> Result<(Fit, Reloaded), Diagnostics> {
    match (&said.law, said.inputs.as_slice()) {
        (Some(law), inputs) => {
            let request = FitRequest::new(inputs, law, &said.how, seed)?;
            let (law, table) = request.load()?;
            let fit = fit(&law, &table, request.options())?;
            let of = Reloaded {
                law,
                table: Ok(table),
                changed: Vec::new(),
                options: request.options().clone(),
            };
            Ok((fit, of))
        }
        (None, [file]) => {
            let saved = saved_fit(file)?;
            let of = reload(&saved)?;
            Ok((saved, of))
        }
        (None, _) => Err(Diagnostic::error(
            "many-fits",
            "one saved fit is needed, several inputs were given",
        )
        .help("give --law to fit the tables first")
        .into()),
    }
}

fn budget(text: &str) -> Result<f64, Diagnostic> {
    let fault = |why: String| {
        Diagnostic::error("bad-number", format!("`compute {text}`: {why}"))
            .help("a budget is written like 5.76e23 or 40 PF-days")
    };
    let found = parse_quantity(text).map_err(|why| fault(why.to_string()))?;
    match found.unit.as_deref() {
        None | Some("FLOP") if found.value > 0.0 && found.value.is_finite() => Ok(found.value),
        None | Some("FLOP") => Err(fault("it is not above zero".to_owned())),
        Some(unit) => Err(fault(format!("{unit} is no unit of compute"))),
    }
}

/// Values that are numbers, and levels that are not.
fn given(at: &[String]) -> Result<Given, Diagnostic> {
    let mut out = Given::default();
    for piece in at.iter().flat_map(|text| text.split(',')) {
        let Some((name, value)) = piece.split_once('=') else {
            let fault = Diagnostic::error("bad-value", format!("`--at {piece}` names no value"));
            return Err(fault.help("write it like --at U=1T or --at corpus=c4"));
        };
        let name = name.trim().to_owned();
        match parse_quantity(value) {
            Ok(q) => out.at.push((name, q.value)),
            Err(_) => out.levels.push((name, value.trim().to_owned())),
        }
    }
    Ok(out)
}

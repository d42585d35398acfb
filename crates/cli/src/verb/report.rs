//! `isoflop report`: the page that people share.

use isoflop::report::{json, story_document};
use isoflop::{
    Diagnostic, Diagnostics, Fit, PlanSpec, Reloaded, StoryCheck, StoryOptions, fit,
    parse_quantity, reload, story,
};

use crate::args::ReportArgs;
use crate::output::{Failure, Output};
use crate::request::FitRequest;
use crate::verb::predict::saved_fit;

pub(crate) fn run(said: ReportArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let values = PlanSpec {
        at: said.at.clone(),
        ..PlanSpec::default()
    };
    let mut options = StoryOptions {
        compute: said.compute.as_deref().map(budget).transpose()?,
        given: values.given()?,
        ..StoryOptions::default()
    };
    let request = match (&said.law, said.inputs.as_slice()) {
        (Some(law), inputs) => Some(FitRequest::new(inputs, law, &said.how, seed)?),
        (None, [file]) => {
            if file != "-" {
                options.name.clone_from(file);
            }
            None
        }
        (None, _) => {
            return Err(Diagnostic::error(
                "many-fits",
                "one saved fit is needed, several inputs were given",
            )
            .help("give --law to fit the tables first")
            .into());
        }
    };
    let found = if said.no_check {
        let fit = match &request {
            Some(request) => request.run()?,
            None => saved_fit(&said.inputs[0])?,
        };
        let why = "they were not asked for (--no-check)".to_owned();
        story(fit, StoryCheck::Without(why), &options)?
    } else {
        let (fit, of) = match &request {
            Some(request) => fitted(request)?,
            None => {
                let saved = saved_fit(&said.inputs[0])?;
                let of = reload(&saved)?;
                (saved, of)
            }
        };
        story(fit, StoryCheck::Whole(&of), &options)?
    };
    output.show(&story_document(&found), || json::text(&found))
}

/// The fit that is asked for, and what it was made of.
fn fitted(request: &FitRequest) -> Result<(Fit, Reloaded), Diagnostics> {
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

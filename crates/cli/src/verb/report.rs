//! `isoflop report`: the page that people share.

use isoflop::report::{json, name_law_file, story_document, story_summary};
use isoflop::{
    Diagnostic, Diagnostics, Fit, PlanSpec, Reloaded, StoryCheck, StoryOptions, UNSAVED, fit,
    parse_quantity, reload, story, unusable,
};

use crate::args::ReportArgs;
use crate::output::{Failure, Output};
use crate::request::{FitRequest, maps_are_used};
use crate::verb::fit::used;
use crate::verb::predict::{only, saved_fit};

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
    let unchecked = || StoryCheck::Without("they were not asked for (--no-check)".to_owned());
    let mut law_file = None;
    let found = if let Some(law) = &said.law {
        let request = FitRequest::new(&said.inputs, law, &said.how, seed)?;
        law_file = request.law_file().map(str::to_owned);
        if said.no_check {
            story(request.run()?, unchecked(), &options)?
        } else {
            let (fit, of) = fitted(&request)?;
            story(fit, StoryCheck::Whole(&of), &options)?
        }
    } else {
        let file = only(&said.inputs, "give --law to fit the tables first")?;
        said.how.are_idle(false)?;
        let name = if file == "-" { UNSAVED } else { file };
        options.saved = Some(name.to_owned());
        let saved = saved_fit(file, output)?;
        if said.no_check {
            story(saved, unchecked(), &options)?
        } else {
            let of = reload(&saved)?;
            story(saved, StoryCheck::Whole(&of), &options)?
        }
    };
    let mut doc = story_document(&found);
    if let Some(path) = &law_file {
        name_law_file(&mut doc, &found.fit.law.id, path);
    }
    output.show_pages(&story_summary(&found), &doc, || json::text(&found))?;
    used(unusable("the fit", &found.fit))
}

/// The fit that is asked for, and what it was made of.
fn fitted(request: &FitRequest) -> Result<(Fit, Reloaded), Diagnostics> {
    let (law, table) = request.load()?;
    maps_are_used(&table, &[&law])?;
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

//! `isoflop fit`: what law do my runs follow?

use isoflop::report::{
    Document, fit_document, fits_document, json, name_law_file, name_saved, recipe_document,
    story_document,
};
use isoflop::{
    Diagnostic, Fit, StoryCheck, StoryOptions, story, unusable, unusable_group, unusable_recipe,
};

use crate::args::FitArgs;
use crate::output::{Failure, Output};
use crate::request::{self, FitRequest};

pub(crate) fn run(said: FitArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    if let Some(spelling) = &said.recipe {
        let found = request::run_recipe(&said, spelling, seed)?;
        output.show(&recipe_document(&found), || json::text(&found))?;
        return used(unusable_recipe("the recipe", &found));
    }
    let law = said.law.as_deref().unwrap_or_default();
    let request = FitRequest::new(&said.inputs, law, &said.how, seed)?;
    if let Some(column) = &said.group {
        let fits = request.run_groups(column)?;
        output.show(&fits_document(&fits), || json::text(&fits))?;
        return used(unusable_group(&fits));
    }
    let fit = request.run()?;
    let page = || {
        let check = StoryCheck::Without(LEFT_OUT.to_owned());
        let how = StoryOptions {
            saved: output.json_file(),
            ..StoryOptions::default()
        };
        let found = story(fit.clone(), check, &how)?;
        Ok(named(story_document(&found), &fit, &request))
    };
    let mut doc = named(fit_document(&fit), &fit, &request);
    if let Some(path) = output.json_file() {
        name_saved(&mut doc, &path);
    }
    output.show_with_page(&doc, page, || json::text(&fit))?;
    used(unusable("the fit", &fit))
}

/// What was shown is no success when it must not be used.
pub(crate) fn used(fault: Option<Diagnostic>) -> Result<(), Failure> {
    fault.map_or(Ok(()), |fault| Err(fault.into()))
}

/// A document whose commands name the law file that was given.
pub(crate) fn named(mut doc: Document, fit: &Fit, request: &FitRequest) -> Document {
    if let Some(path) = request.law_file() {
        name_law_file(&mut doc, &fit.law.id, path);
    }
    doc
}

/// Both fit the law many times again.
const LEFT_OUT: &str = "`isoflop report` adds them, from the table or from a saved fit";

//! `isoflop fit`: what law do my runs follow?

use isoflop::report::{fit_document, fits_document, json, recipe_document, story_document};
use isoflop::{Reloaded, StoryCheck, StoryOptions, fit, story};

use crate::args::FitArgs;
use crate::output::{Failure, Output};
use crate::request::{self, FitRequest};

pub(crate) fn run(said: FitArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    if let Some(spelling) = &said.recipe {
        let found = request::run_recipe(&said, spelling, seed)?;
        return output.show(&recipe_document(&found), || json::text(&found));
    }
    let law = said.law.as_deref().unwrap_or_default();
    let request = FitRequest::new(&said.inputs, law, &said.how, seed)?;
    if let Some(column) = &said.group {
        let fits = request.run_groups(column)?;
        return output.show(&fits_document(&fits), || json::text(&fits));
    }
    if !output.wants_page() {
        // Without a page nothing needs the table after its columns are bound, and large ones fill the memory.
        let fit = request.run()?;
        return output.show(&fit_document(&fit), || json::text(&fit));
    }
    let (law, table) = request.load()?;
    let fit = fit(&law, &table, request.options())?;
    let page = || {
        let of = Reloaded {
            law,
            table: Ok(table),
            changed: Vec::new(),
            options: request.options().clone(),
        };
        let options = StoryOptions {
            check: StoryCheck::Without(LEFT_OUT.to_owned()),
            ..StoryOptions::default()
        };
        Ok(story_document(&story(fit.clone(), &of, &options)?))
    };
    output.show_with_page(&fit_document(&fit), page, || json::text(&fit))
}

/// Both fit the law many times again.
const LEFT_OUT: &str = "`isoflop report` adds them, from the table or from a saved fit";

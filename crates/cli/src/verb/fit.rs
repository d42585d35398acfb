//! `isoflop fit`: what law do my runs follow?

use isoflop::report::{fit_document, fits_document, json, recipe_document, story_document};
use isoflop::{StoryCheck, StoryOptions, story};

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
    let fit = request.run()?;
    let page = || {
        let check = StoryCheck::Without(LEFT_OUT.to_owned());
        let how = StoryOptions {
            saved: output.json_file(),
            ..StoryOptions::default()
        };
        let found = story(fit.clone(), check, &how)?;
        Ok(story_document(&found))
    };
    output.show_with_page(&fit_document(&fit), page, || json::text(&fit))
}

/// Both fit the law many times again.
const LEFT_OUT: &str = "`isoflop report` adds them, from the table or from a saved fit";

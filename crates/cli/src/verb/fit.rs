//! `isoflop fit`: what law do my runs follow?

use isoflop::report::{fit_document, fits_document, json, recipe_document};

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
    output.show(&fit_document(&fit), || json::text(&fit))
}

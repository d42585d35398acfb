//! `isoflop fit`: what law do my runs follow?

use isoflop::report::{fit_document, fits_document, json};

use crate::args::FitArgs;
use crate::output::{Failure, Output};
use crate::request::FitRequest;

pub(crate) fn run(said: FitArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let request = FitRequest::new(&said.inputs, &said.law, &said.how, seed)?;
    if let Some(column) = &said.group {
        let fits = request.run_groups(column)?;
        return output.show(&fits_document(&fits), || json::text(&fits));
    }
    let fit = request.run()?;
    output.show(&fit_document(&fit), || json::text(&fit))
}

//! `isoflop fit`: what law do my runs follow?

use isoflop::report::{fit_document, json};

use crate::args::FitArgs;
use crate::output::{Failure, Output};
use crate::request::FitRequest;

pub(crate) fn run(said: FitArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let fit = FitRequest::new(&said.inputs, &said.law, &said.how, seed)?.run()?;
    output.show(&fit_document(&fit), || json::text(&fit))
}

//! The command line: a thin face over the library `isoflop`. It reads words, calls, and shows documents.

mod args;
mod at;
mod candidates;
mod closed;
mod law_ref;
mod output;
mod plan_args;
mod request;
mod saved_ref;
mod spare;
mod verb;
mod whole;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
use output::{Failure, Output};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return output::show_usage(&usage),
    };
    if let Command::Trainer { spec } = &cli.command {
        return isoflop_ladder::trainer_process(spec);
    }
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output::show_failure(failure),
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let output = Output::new(&cli.global, spare::written(&cli))?;
    output.spare(&spare::inputs(&cli.command))?;
    if let Some(threads) = cli.global.threads {
        isoflop::set_threads(threads)?;
    }
    let seed = cli.global.seed;
    match cli.command {
        Command::Fit(said) => verb::fit::run(said, seed, &output),
        Command::Predict(said) => verb::predict::run(said, seed, &output),
        Command::Check(said) => verb::check::run(said, seed, &output),
        Command::Plan(said) => verb::plan::run(*said, seed, &output),
        Command::Report(said) => verb::report::run(*said, seed, &output),
        Command::Verify(said) => verb::verify::run(&said, &output),
        Command::Laws(said) => verb::laws::run(said.command, &output),
        Command::Flops(said) => verb::flops::run(&said, &output),
        Command::Data(said) => verb::data::run(said.command, &output),
        Command::Demo => verb::demo::run(seed, &output),
        Command::Ladder(said) => verb::ladder::run(said.command, seed, &output),
        Command::Trainer { .. } => Ok(()),
    }
}

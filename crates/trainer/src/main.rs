//! `isoflop-trainer SPEC.json`: one run as a process of its own. The program `isoflop` has the same as a hidden verb.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    isoflop_trainer::process(&args.next().unwrap_or_else(|| "-".to_owned()))
}

//! How far forecasts can be trusted, on real runs: writes docs/extrapolation.md.
//!
//! ```sh
//! cargo run --release -p isoflop --example extrapolation -- DATA [OUT.md]
//! ```
//!
//! DATA is the folder of public runs. Some minutes on two cores.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

mod backtests;
mod choice;
mod curves;
mod null;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(data) = arguments.first().map(Path::new) else {
        eprintln!("usage: extrapolation DATA [OUT.md]");
        return ExitCode::from(2);
    };
    let mut text = String::from(
        "# How far can it be trusted?\n\nWritten by `cargo run --release -p isoflop --example extrapolation -- DATA`. \
         Errors are root mean squares of ln(predicted/observed): 0.01 is one per cent.\n",
    );
    curves::write(&mut text, data);
    backtests::write(&mut text, data);
    null::write(&mut text);
    choice::write(&mut text);
    match arguments.get(1) {
        Some(out) => std::fs::write(out, text).expect("the report can be written"),
        None => println!("{text}"),
    }
    ExitCode::SUCCESS
}

/// A table in Markdown.
fn table(text: &mut String, columns: &[&str], rows: &[Vec<String>]) {
    let _ = writeln!(text, "\n| {} |", columns.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(columns.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
}

//! Size and power of the test for breaks on simulated curves: writes docs/breaks.md.
//!
//! ```sh
//! cargo run --release -p isoflop --example breaks -- CURVES [OUT.md]
//! ```
//!
//! CURVES is how many curves of each kind are simulated. A second a curve, more for those with a break.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::fmt::Write as _;
use std::process::ExitCode;

use isoflop::{FitOptions, RunTable, breaks};
use isoflop_testkit::Random;
use rayon::prelude::*;

/// Points of a curve, in equal steps of ln x.
const POINTS: usize = 20;
/// Curves that the test simulates for each of these.
const SIMULATIONS: usize = 99;
/// Standard deviation of ln y.
const NOISE: f64 = 0.01;

/// A kind of curve: how it is called, its formula, its value at x, and how many breaks it has.
struct Kind {
    name: &'static str,
    formula: &'static str,
    truth: fn(f64) -> f64,
    breaks: usize,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "falling to a floor",
        formula: "0.5 + 3 x^-0.4",
        truth: |x| 0.5 + 3.0 * x.powf(-0.4),
        breaks: 0,
    },
    Kind {
        name: "rising to a ceiling",
        formula: "1 - 0.8 x^-0.3",
        truth: |x| 1.0 - 0.8 * x.powf(-0.3),
        breaks: 0,
    },
    Kind {
        name: "rising without end",
        formula: "0.2 x^0.35",
        truth: |x| 0.2 * x.powf(0.35),
        breaks: 0,
    },
    Kind {
        name: "falling, steeper from 1,000 on",
        formula: "3 x^-0.1 (1 + (x/1000)^2)^-0.2",
        truth: |x| 3.0 * x.powf(-0.1) * (1.0 + (x / 1e3).powi(2)).powf(-0.2),
        breaks: 1,
    },
    Kind {
        name: "rising, flatter from 1,000 on",
        formula: "0.1 x^0.4 (1 + (x/1000)^2)^-0.15",
        truth: |x| 0.1 * x.powf(0.4) * (1.0 + (x / 1e3).powi(2)).powf(-0.15),
        breaks: 1,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(curves) = arguments.first().and_then(|a| a.parse::<u64>().ok()) else {
        eprintln!("usage: breaks CURVES [OUT.md]");
        return ExitCode::from(2);
    };
    let text = page(curves);
    match arguments.get(1) {
        Some(out) => std::fs::write(out, text).expect("the page can be written"),
        None => println!("{text}"),
    }
    ExitCode::SUCCESS
}

fn page(curves: u64) -> String {
    let mut text = format!(
        "# How often does the test for breaks err?\n\nWritten by `cargo run --release -p isoflop --example breaks -- {curves}`: \
         {curves} simulated curves of each kind, {POINTS} points from 1 to 1e6 in equal steps of ln x, independent noise of \
         {:.0} % of y, and what `isoflop check --breaks {SIMULATIONS}` finds in them. The nominal level is 5 %; the error given \
         is the binomial one.\n\n| curve | formula | breaks | found none | found one | found more |\n|---|---|---|---|---|---|\n",
        100.0 * NOISE
    );
    for (k, kind) in KINDS.iter().enumerate() {
        let found: Vec<usize> = (0..curves)
            .into_par_iter()
            .map(|replicate| found(kind, 1 + replicate + 10_000 * k as u64))
            .collect();
        let share = |test: fn(usize) -> bool| {
            let n = found.len() as f64;
            let p = found.iter().filter(|f| test(**f)).count() as f64 / n;
            format!(
                "{:.0} ± {:.0} %",
                100.0 * p,
                100.0 * (p * (1.0 - p) / n).sqrt()
            )
        };
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {} | {} |",
            kind.name,
            kind.formula,
            kind.breaks,
            share(|f| f == 0),
            share(|f| f == 1),
            share(|f| f > 1),
        );
    }
    text
}

/// Breaks found in one simulated curve.
fn found(kind: &Kind, seed: u64) -> usize {
    let mut random = Random::new(seed);
    let last = (POINTS - 1) as f64;
    let x: Vec<f64> = (0..POINTS)
        .map(|i| 10f64.powf(6.0 * i as f64 / last))
        .collect();
    let y: Vec<f64> = x
        .iter()
        .map(|x| (kind.truth)(*x) * (NOISE * random.normal()).exp())
        .collect();
    let table = RunTable::from_columns("simulated", &[("x", &x), ("y", &y)]);
    breaks(&table, &FitOptions::default(), SIMULATIONS)
        .unwrap_or_else(|e| panic!("{}: {e}", kind.name))
        .found
}

//! `isoflop demo`: simulated runs, the law that made them, and the law that is found.

use isoflop::report::{demo_document, json};
use isoflop::{
    At, Diagnostic, FitOptions, Law, Point, ReadOptions, Uncertainty, datasets, fit, predict, read,
};

use crate::output::{Failure, Output};

/// Enough resamples for an interval whose ends do not move in the digits shown.
const RESAMPLES: usize = 1000;

/// A model ten times larger than any of the runs, on the usual ratio of tokens to parameters.
const LARGER: [(&str, f64); 2] = [("N", 2e10), ("D", 4e11)];

pub(crate) fn run(seed: u64, output: &Output) -> Result<(), Failure> {
    let Some(set) = datasets().iter().find(|s| !s.truth.is_empty()) else {
        return Err(
            Diagnostic::error("no-data", "no simulated table comes with the program").into(),
        );
    };
    let runs = read(&[set.input()], &ReadOptions::default())?;
    let law = Law::builtin(set.law)?;
    let uncertainty = Uncertainty::Bootstrap {
        resamples: RESAMPLES,
    };
    let fitted = fit(
        &law,
        &runs,
        &FitOptions {
            uncertainty,
            seed,
            ..FitOptions::default()
        },
    )?;
    let at: Vec<(String, f64)> = LARGER.iter().map(|(n, x)| ((*n).to_owned(), *x)).collect();
    let truth: Vec<(String, f64)> = set
        .truth
        .iter()
        .map(|(n, x)| ((*n).to_owned(), *x))
        .collect();
    let true_value = law
        .value(&At {
            coefs: &truth,
            inputs: &at,
            levels: &[],
        })
        .map_err(|e| Diagnostic::error("no-value", e.to_string()))?;
    let prediction = predict(
        &fitted,
        &[Point {
            at,
            levels: Vec::new(),
        }],
        fitted.uncertainty.level,
    )?;
    let next = vec![
        format!("isoflop fit {} --law {} --plot", set.name, set.law),
        format!(
            "isoflop fit {} --law {} -o fit.json -o fit.svg",
            set.name, set.law
        ),
        "isoflop predict fit.json --at N=70B,D=1.4T".to_owned(),
        "isoflop laws list".to_owned(),
    ];
    let doc = demo_document(&fitted, &truth, &prediction, &[true_value], next);
    output.show(&doc, || {
        json::text(&json::demo(&fitted, &truth, &prediction, &[true_value]))
    })
}

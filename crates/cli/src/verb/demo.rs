//! `isoflop demo`: the law of small measured runs, what it says of larger ones, and what those are.

use isoflop::report::{DemoWords, demo_document, json};
use isoflop::{DEMO_FIT, DataSet, Demo, Diagnostic, LadderSource, datasets, demo};

use crate::output::{Failure, Output};

pub(crate) fn run(seed: u64, output: &Output) -> Result<(), Failure> {
    let found = datasets().iter().find_map(|s| Some((s, s.ladder?)));
    let Some((set, source)) = found else {
        return Err(
            Diagnostic::error("no-data", "no measured ladder comes with the program").into(),
        );
    };
    let Demo {
        fit,
        held_out,
        entropy,
    } = demo(set, seed)?;
    let said = DemoWords {
        runs: set.description.to_owned(),
        limits: source.limits.to_owned(),
        next: next(set, &source),
    };
    let doc = demo_document(&fit, &held_out, entropy.as_ref(), said);
    output.show(&doc, || {
        json::text(&json::demo(set.name, &fit, &held_out, entropy.as_ref()))
    })
}

/// The same fit by hand, and what else there is to try.
fn next(set: &DataSet, source: &LadderSource) -> Vec<String> {
    let options = DEMO_FIT.map(|(name, value)| format!("--{name} {value}"));
    vec![
        format!(
            "isoflop fit {} --law {} --where '{}' {} -o fit.json -o fit.svg",
            set.name,
            set.law,
            source.fitted,
            options.join(" ")
        ),
        "isoflop predict fit.json --at N=1M,D=20M".to_owned(),
        format!("isoflop check {} --law {}", set.name, set.law),
        "isoflop ladder new --minutes 10 && isoflop ladder run".to_owned(),
    ]
}

//! `isoflop demo`: the law of small measured runs, what it says of larger ones, and what those are.

use isoflop::report::{DemoWords, demo_document, json};
use isoflop::{DataSet, Diagnostic, STORY_FIT, Story, datasets, story};

use crate::output::{Failure, Output};

/// What a ladder of this size can show.
const LIMITS: &str = "On two processor cores a law of small models can be made and tested: how the loss falls with \
     size and tokens over three orders of magnitude of compute, and whether that goes on a little way beyond. Nothing \
     is shown about large models or natural text: the language is made up, and its exponents are those of this language \
     and this recipe.";

pub(crate) fn run(seed: u64, output: &Output) -> Result<(), Failure> {
    let Some(set) = datasets().iter().find(|s| s.ladder.is_some()) else {
        return Err(
            Diagnostic::error("no-data", "no measured ladder comes with the program").into(),
        );
    };
    let Story {
        fit,
        held_out,
        entropy,
    } = story(set, seed)?;
    let said = DemoWords {
        runs: set.description.to_owned(),
        limits: LIMITS.to_owned(),
        next: next(set),
    };
    let doc = demo_document(&fit, &held_out, entropy.as_ref(), said);
    output.show(&doc, || {
        json::text(&json::demo(set.name, &fit, &held_out, entropy.as_ref()))
    })
}

/// The same fit by hand, and what else there is to try.
fn next(set: &DataSet) -> Vec<String> {
    let options: Vec<String> = STORY_FIT
        .iter()
        .map(|(name, value)| {
            if value.contains(' ') {
                format!("--{name} '{value}'")
            } else {
                format!("--{name} {value}")
            }
        })
        .collect();
    vec![
        format!(
            "isoflop fit {} --law {} {} -o fit.json -o fit.svg",
            set.name,
            set.law,
            options.join(" ")
        ),
        "isoflop predict fit.json --at N=1M,D=20M".to_owned(),
        format!("isoflop check {} --law {}", set.name, set.law),
        "isoflop ladder new --minutes 10 && isoflop ladder run".to_owned(),
    ]
}

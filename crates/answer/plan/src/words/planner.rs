//! The words of a plan that the reader moves.

use crate::{LiveLaw, LivePlan};
use isoflop_base::Diagnostics;
use isoflop_document::doc::{Block, Control, Document, Output, OutputGroup, Widget};
use isoflop_document::number::counted;
use isoflop_document::phrase::shell;
use serde_json::{Map, json};

use super::plan::{intervals, plan_words};

/// What a slider moves: name in the script, label, unit, the words for its modes.
type Slider = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const SLIDERS: [Slider; 4] = [
    ("compute", "Budget", "FLOP", &[]),
    (
        "serve",
        "Traffic",
        "tokens",
        &[("off", "not counted"), ("on", "counted")],
    ),
    (
        "unique",
        "Unique data",
        "tokens",
        &[("off", "no limit"), ("on", "at most")],
    ),
    (
        "size",
        "Size",
        "params",
        &[
            ("off", "free"),
            ("max_params", "at most"),
            ("params", "exactly"),
        ],
    ),
];

const PLAIN: [Output; 6] = [
    ("params", "Params N*", "params"),
    ("tokens", "Tokens D*", "tokens"),
    ("tokens_per_param", "Tokens per param", ""),
    ("loss", "Loss", ""),
    ("flops", "Compute spent", "FLOP"),
    ("epochs", "Passes over the data", ""),
];

const SERVING: [Output; 7] = [
    ("params", "Params", "params"),
    ("tokens", "Tokens", "tokens"),
    ("tokens_per_param", "Tokens per param", ""),
    ("training_flops", "Training", "FLOP"),
    ("serving_flops", "Serving", "FLOP"),
    ("lifetime", "Both", ""),
    ("saved", "Saved", ""),
];

/// Adds a section with a plan that the reader moves, or the sentence why there is none.
pub fn add_planner(doc: &mut Document, live: Result<LivePlan, Diagnostics>) {
    doc.heading("Another budget, another plan");
    doc.push(planner(live, None));
}

/// A plan that the reader moves, or the sentence why there is none. `first` is a command that its own needs before it.
pub fn planner(live: Result<LivePlan, Diagnostics>, first: Option<String>) -> Block {
    match live {
        Ok(live) => Block::Widget(Box::new(widget(&live, first.as_deref()))),
        Err(faults) => {
            let why: Vec<&str> = faults.0.iter().map(|d| d.message.as_str()).collect();
            Block::Paragraph(format!("There is no plan to move: {}.", why.join("; ")))
        }
    }
}

/// The form of a plan with the data that its script solves.
fn widget(live: &LivePlan, first: Option<&str>) -> Widget {
    let control = |(name, label, unit, modes): Slider| Control {
        name,
        label,
        unit,
        modes,
        range: range(name, live),
    };
    Widget {
        title: "Move the budget, the traffic, the data or the size".to_owned(),
        without_scripts: "Without scripts nothing moves here; the command below gives the plan.",
        choices: live.laws.iter().map(|law| law.name.clone()).collect(),
        choice_label: "Law",
        controls: SLIDERS.into_iter().map(control).collect(),
        groups: vec![
            OutputGroup {
                name: "plain",
                title: "Cheapest to train",
                outputs: &PLAIN,
            },
            OutputGroup {
                name: "serving",
                title: "Cheapest over its life, at the same loss",
                outputs: &SERVING,
            },
        ],
        data: payload(live, first),
        command: command_line(live, first),
    }
}

/// Ends of a slider, as powers of ten: from below the runs to what is planned anywhere.
fn range(name: &str, live: &LivePlan) -> (f64, f64) {
    let (letter, usual, said) = match name {
        "compute" => ("C", (18.0, 27.0), Some(live.start.compute)),
        "serve" => ("D", (9.0, 16.0), live.start.serve),
        "unique" => ("D", (8.0, 14.0), live.start.unique),
        _ => (
            "N",
            (7.0, 13.0),
            live.start.params.or(live.start.max_params),
        ),
    };
    let runs = live
        .laws
        .iter()
        .flat_map(|law| &law.ranges)
        .filter(|(n, ..)| *n == letter)
        .flat_map(|(_, low, high)| [*low, *high]);
    let (low, high) =
        runs.chain(said)
            .filter(|x| *x > 0.0 && x.is_finite())
            .fold(usual, |(low, high), x| {
                let at = x.log10();
                (at.floor().min(low), at.ceil().max(high))
            });
    (low, high)
}

/// The data of the script.
fn payload(live: &LivePlan, first: Option<&str>) -> String {
    let words: Map<String, serde_json::Value> = plan_words()
        .iter()
        .map(|(name, text)| ((*name).to_owned(), json!(text)))
        .collect();
    let about: Vec<String> = live.laws.iter().map(|law| about(law, live.level)).collect();
    json!({"plan": live, "words": words, "about": about, "first": first}).to_string()
}

/// Where the numbers of a law come from, in words for those who move it.
fn about(law: &LiveLaw, level: f64) -> String {
    let first = if law.draws.len() < law.draws_in_all {
        format!(", here the first {}", law.draws.len())
    } else {
        String::new()
    };
    let runs = law.runs.map_or_else(String::new, |n| {
        format!(", fitted to {}", counted(n, "run"))
    });
    let intervals = match intervals(level, &law.spread) {
        none if none.starts_with("none: ") => none.replacen("none: ", "No intervals: ", 1),
        some => format!("Intervals: {some}{first}"),
    };
    format!(
        "Law: {}{runs}. {intervals}. Compute: {} ({}).",
        law.name, law.convention.formula, law.convention.name
    )
}

/// The command that gives the plan where its sliders start.
fn command_line(live: &LivePlan, first: Option<&str>) -> String {
    let start = &live.start;
    let mut words = live
        .laws
        .first()
        .map_or_else(Vec::new, |law| law.command.clone());
    let options = [
        ("--compute", Some(start.compute)),
        ("--serve", start.serve),
        ("--unique", start.unique),
        ("--params", start.params),
        ("--max-params", start.max_params),
    ];
    for (option, value) in options {
        if let Some(x) = value {
            words.extend([option.to_owned(), exact(x)]);
        }
    }
    let words: Vec<String> = words.iter().map(|w| shell(w)).collect();
    let first = first.map_or_else(String::new, |first| format!("{first} && "));
    first + &words.join(" ")
}

/// The shortest text that reads back as the same number.
fn exact(x: f64) -> String {
    let (plain, short) = (format!("{x}"), format!("{x:e}"));
    if plain.len() > 12 || (plain.ends_with("0000") && short.len() < plain.len()) {
        short
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_command_survive_a_shell() {
        for (word, said) in [
            ("fit.json", "fit.json"),
            ("C = 6*N*D", "'C = 6*N*D'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
        ] {
            assert_eq!(shell(word), said);
        }
        for (x, said) in [
            (1e24, "1e24"),
            (5.76e23, "5.76e23"),
            (8e9, "8e9"),
            (2048.0, "2048"),
        ] {
            assert_eq!(exact(x), said);
        }
    }
}

//! A plan that the reader moves, in a page: the form, its answers, and the data that the script beside it solves.
//!
//! The script runs the steps of the law itself; nothing is evaluated as code, so the page's policy can forbid that.

use std::fmt::Write as _;

use serde_json::{Map, json};

use super::escape::escaped;
use crate::build::{about, command_line, plan_words};
use crate::doc::{Block, Document, Planner};

const STYLE: &str = include_str!("../../page/planner.css");
const SCRIPTS: [&str; 3] = [
    include_str!("../../page/law.js"),
    include_str!("../../page/plan.js"),
    include_str!("../../page/planner.js"),
];

/// Step of a slider in orders of magnitude: an arrow key moves by an eighth.
const STEP: f64 = 0.05;

/// A control: its name in the script, what it moves, the unit, and the words for its modes.
struct Control {
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    modes: &'static [(&'static str, &'static str)],
}

const CONTROLS: [Control; 4] = [
    Control {
        name: "compute",
        label: "Budget",
        unit: "FLOP",
        modes: &[],
    },
    Control {
        name: "serve",
        label: "Traffic",
        unit: "tokens",
        modes: &[("off", "not counted"), ("on", "counted")],
    },
    Control {
        name: "unique",
        label: "Unique data",
        unit: "tokens",
        modes: &[("off", "no limit"), ("on", "at most")],
    },
    Control {
        name: "size",
        label: "Size",
        unit: "params",
        modes: &[
            ("off", "free"),
            ("max_params", "at most"),
            ("params", "exactly"),
        ],
    },
];

/// Answers: name in the script, label, unit.
type Answer = (&'static str, &'static str, &'static str);

const PLAIN: [Answer; 6] = [
    ("params", "Params N*", "params"),
    ("tokens", "Tokens D*", "tokens"),
    ("tokens_per_param", "Tokens per param", ""),
    ("loss", "Loss", ""),
    ("flops", "Compute spent", "FLOP"),
    ("epochs", "Passes over the data", ""),
];

const SERVING: [Answer; 7] = [
    ("params", "Params", "params"),
    ("tokens", "Tokens", "tokens"),
    ("tokens_per_param", "Tokens per param", ""),
    ("training_flops", "Training", "FLOP"),
    ("serving_flops", "Serving", "FLOP"),
    ("lifetime", "Both", ""),
    ("saved", "Saved", ""),
];

/// The style of planners; nothing for a document without one.
pub(super) fn style(doc: &Document) -> &'static str {
    let any = doc.blocks.iter().any(|b| matches!(b, Block::Planner(_)));
    if any { STYLE } else { "" }
}

/// The scripts of planners; nothing without one.
pub(super) fn scripts(planners: usize) -> String {
    if planners == 0 {
        return String::new();
    }
    format!("<script>{}</script>\n", SCRIPTS.concat())
}

/// One planner; `k` makes its names its own.
pub(super) fn section(out: &mut String, planner: &Planner, k: usize) {
    let _ = writeln!(
        out,
        "<section class=\"planner\" aria-labelledby=\"planner{k}\">\n<h3 id=\"planner{k}\">{}</h3>\n\
         <noscript><p>Without scripts nothing moves here; the command below gives the plan.</p></noscript>\n\
         <p class=\"sentence\"></p><div class=\"unseen\" role=\"status\" aria-live=\"polite\" aria-atomic=\"true\"></div>\n\
         <form hidden autocomplete=\"off\">\n{}<div class=\"controls\">",
        escaped(&planner.title),
        choice(planner, k),
    );
    for control in &CONTROLS {
        write_control(out, control, planner, k);
    }
    let _ = writeln!(out, "</div>");
    group(out, "plain", "Cheapest to train", &PLAIN, k);
    group(
        out,
        "serving",
        "Cheapest over its life, at the same loss",
        &SERVING,
        k,
    );
    let _ = writeln!(
        out,
        "<ul class=\"small\" data-notes hidden></ul>\n<div class=\"planner-chart\" hidden></div>\n<p class=\"small\" data-show=\"about\"></p>\n</form>\n\
         <div class=\"command\"><code data-command>{}</code><button type=\"button\" data-copy>Copy the command</button>\
         <span role=\"status\" data-copied></span></div>\n\
         <script type=\"application/json\">{}</script>\n</section>",
        escaped(&command_line(planner)),
        payload(planner)
    );
}

/// The law, where there are several.
fn choice(planner: &Planner, k: usize) -> String {
    let laws = &planner.live.laws;
    if laws.len() < 2 {
        return String::new();
    }
    let mut out = format!(
        "<p><label for=\"planner{k}-law\">Law</label> <select id=\"planner{k}-law\" data-law>"
    );
    for (i, law) in laws.iter().enumerate() {
        let _ = write!(out, "<option value=\"{i}\">{}</option>", escaped(&law.name));
    }
    out.push_str("</select></p>\n");
    out
}

fn write_control(out: &mut String, control: &Control, planner: &Planner, k: usize) {
    let Control {
        name, label, unit, ..
    } = control;
    let id = format!("planner{k}-{name}");
    let mut mode = String::new();
    if !control.modes.is_empty() {
        let _ = write!(mode, "<select aria-label=\"{label}: how\">");
        for (value, words) in control.modes {
            let _ = write!(mode, "<option value=\"{value}\">{words}</option>");
        }
        mode.push_str("</select>");
    }
    let (low, high) = range(name, planner);
    let _ = writeln!(
        out,
        "<div class=\"control\" data-control=\"{name}\" data-unit=\"{unit}\" role=\"group\" aria-labelledby=\"{id}-label\">\
         <div class=\"head\"><label id=\"{id}-label\" for=\"{id}\">{label}</label><span class=\"entry\">{mode}\
         <input type=\"text\" id=\"{id}\" inputmode=\"text\" spellcheck=\"false\" aria-describedby=\"{id}-fault {id}-unit\"> \
         <span id=\"{id}-unit\">{unit}</span></span></div>\
         <input type=\"range\" min=\"{low}\" max=\"{high}\" step=\"{STEP}\" aria-label=\"{label}, {unit}\">\
         <p class=\"fault\" id=\"{id}-fault\" hidden>Not a number above zero, such as 70B, 1.4T or 5.76e23.</p></div>",
    );
}

/// Ends of a slider, as powers of ten: from below the runs to what is planned anywhere.
fn range(name: &str, planner: &Planner) -> (f64, f64) {
    let live = &planner.live;
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

fn group(out: &mut String, name: &str, title: &str, answers: &[Answer], k: usize) {
    let hidden = if name == "plain" { "" } else { " hidden" };
    let _ = writeln!(
        out,
        "<div data-group=\"{name}\" role=\"group\" aria-labelledby=\"planner{k}-{name}\"{hidden}>\
         <h4 id=\"planner{k}-{name}\">{title}</h4><div class=\"cards\">"
    );
    let inputs: Vec<String> = CONTROLS
        .iter()
        .map(|c| format!("planner{k}-{}", c.name))
        .collect();
    for (key, label, unit) in answers {
        // The sentence above speaks for all of them: each by itself would talk over the others.
        let _ = writeln!(
            out,
            "<div class=\"card\"><span class=\"name\">{label}</span><output for=\"{}\" aria-live=\"off\" \
             data-quantity=\"{key}\" data-unit=\"{unit}\" aria-label=\"{label}\"><span class=\"value\"></span> \
             <span class=\"unit\"></span> <span class=\"interval\"></span> <span class=\"beyond\"></span></output></div>",
            inputs.join(" ")
        );
    }
    let _ = writeln!(out, "</div></div>");
}

/// The data of the script. A `<` inside a string could close the element, so none is left.
fn payload(planner: &Planner) -> String {
    let live = &planner.live;
    let words: Map<String, serde_json::Value> = plan_words()
        .iter()
        .map(|(name, text)| ((*name).to_owned(), json!(text)))
        .collect();
    let about: Vec<String> = live.laws.iter().map(|law| about(law, live.level)).collect();
    json!({"plan": live, "words": words, "about": about, "first": planner.first})
        .to_string()
        .replace('<', "\\u003c")
}

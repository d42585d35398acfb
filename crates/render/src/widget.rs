//! A form that the reader moves, in a page: its controls, its outputs, and the data that the script beside it solves.
//!
//! The script runs the steps of the law itself; nothing is evaluated as code, so the page's policy can forbid that.

use std::fmt::Write as _;

use isoflop_document::doc::{Block, Control, Document, OutputGroup, Widget};

use super::escape::escaped;

const STYLE: &str = include_str!("../page/planner.css");
const SCRIPTS: [&str; 3] = [
    include_str!("../page/law.js"),
    include_str!("../page/plan.js"),
    include_str!("../page/planner.js"),
];

/// Step of a slider in orders of magnitude: an arrow key moves by an eighth.
const STEP: f64 = 0.05;

/// The style of forms; nothing for a document without one.
pub(super) fn style(doc: &Document) -> &'static str {
    let any = doc.blocks.iter().any(|b| matches!(b, Block::Widget(_)));
    if any { STYLE } else { "" }
}

/// The scripts of forms; nothing without one.
pub(super) fn scripts(widgets: usize) -> String {
    if widgets == 0 {
        return String::new();
    }
    format!("<script>{}</script>\n", SCRIPTS.concat())
}

/// One form; `k` makes its names its own.
pub(super) fn section(out: &mut String, widget: &Widget, k: usize) {
    let _ = writeln!(
        out,
        "<section class=\"planner\" aria-labelledby=\"planner{k}\">\n<h3 id=\"planner{k}\">{}</h3>\n\
         <noscript><p>{}</p></noscript>\n\
         <p class=\"sentence\"></p><div class=\"unseen\" role=\"status\" aria-live=\"polite\" aria-atomic=\"true\"></div>\n\
         <form hidden autocomplete=\"off\">\n{}<div class=\"controls\">",
        escaped(&widget.title),
        escaped(widget.without_scripts),
        choice(widget, k),
    );
    for control in &widget.controls {
        write_control(out, control, k);
    }
    let _ = writeln!(out, "</div>");
    for (i, outputs) in widget.groups.iter().enumerate() {
        group(out, widget, outputs, i > 0, k);
    }
    let _ = writeln!(
        out,
        "<ul class=\"small\" data-notes hidden></ul>\n<div class=\"planner-chart\" hidden></div>\n<p class=\"small\" data-show=\"about\"></p>\n</form>\n\
         <div class=\"command\"><code data-command>{}</code><button type=\"button\" data-copy>Copy the command</button>\
         <span role=\"status\" data-copied></span></div>\n\
         <script type=\"application/json\">{}</script>\n</section>",
        escaped(&widget.command),
        // A `<` inside a string could close the element, so none is left.
        widget.data.replace('<', "\\u003c")
    );
}

/// What to choose from, where there are several.
fn choice(widget: &Widget, k: usize) -> String {
    if widget.choices.len() < 2 {
        return String::new();
    }
    let mut out = format!(
        "<p><label for=\"planner{k}-law\">{}</label> <select id=\"planner{k}-law\" data-law>",
        widget.choice_label
    );
    for (i, name) in widget.choices.iter().enumerate() {
        let _ = write!(out, "<option value=\"{i}\">{}</option>", escaped(name));
    }
    out.push_str("</select></p>\n");
    out
}

fn write_control(out: &mut String, control: &Control, k: usize) {
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
    let (low, high) = control.range;
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

/// Outputs that belong together; those that come and go start hidden.
fn group(out: &mut String, widget: &Widget, outputs: &OutputGroup, comes: bool, k: usize) {
    let OutputGroup {
        name,
        title,
        outputs,
    } = outputs;
    let hidden = if comes { " hidden" } else { "" };
    let _ = writeln!(
        out,
        "<div data-group=\"{name}\" role=\"group\" aria-labelledby=\"planner{k}-{name}\"{hidden}>\
         <h4 id=\"planner{k}-{name}\">{title}</h4><div class=\"cards\">"
    );
    let inputs: Vec<String> = widget
        .controls
        .iter()
        .map(|c| format!("planner{k}-{}", c.name))
        .collect();
    for (key, label, unit) in *outputs {
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

//! A static figure as SVG, byte for byte the same for the same document.

mod frame;
mod marks;

use std::fmt::Write as _;

use super::colour::hex;
use super::escape::escaped_text;
use frame::Frame;
use isoflop_document::doc::{Document, Mark, Naming, Panel, Plot, Series};
use marks::symbol;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 76.0;
const TOP: f64 = 64.0;
const PANEL: f64 = 150.0;
const GAP: f64 = 54.0;
/// Room on the right for a legend or for names at the ends of lines.
const WORDS: f64 = 168.0;
const MARGIN: f64 = 24.0;

/// The first picture of the document; none when it has no picture.
#[must_use]
pub fn svg(doc: &Document) -> Option<String> {
    doc.plots().next().map(|plot| figure(plot, ""))
}

/// A figure whose names begin with `prefix`, so that a page can hold several.
pub(super) fn figure(plot: &Plot, prefix: &str) -> String {
    let (frames, height) = layout(plot);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"{prefix}title {prefix}desc\" \
         font-family=\"system-ui, 'Segoe UI', Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#222\">"
    );
    let _ = writeln!(
        out,
        "<title id=\"{prefix}title\">{}</title>",
        escaped_text(&plot.title)
    );
    let _ = writeln!(
        out,
        "<desc id=\"{prefix}desc\">{}</desc>",
        escaped_text(&plot.description)
    );
    let _ = writeln!(
        out,
        "<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>"
    );
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"26\" font-size=\"15\" font-weight=\"600\">{}</text>",
        escaped_text(&shortened(&plot.title, 90))
    );
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"46\" fill=\"#555\" font-family=\"ui-monospace, Menlo, Consolas, monospace\">{}</text>",
        escaped_text(&shortened(&plot.subtitle, 100))
    );
    for (i, (panel, frame)) in plot.panels.iter().zip(&frames).enumerate() {
        axes(&mut out, panel, frame);
        marks::marks(&mut out, panel, frame, &format!("{prefix}panel{i}"));
    }
    legend(&mut out, plot);
    out.push_str("</svg>\n");
    out
}

/// Where each panel stands, and the height of the whole.
fn layout(plot: &Plot) -> (Vec<Frame>, f64) {
    let across = plot.across();
    let right = if words_on_the_right(plot) {
        WORDS
    } else {
        MARGIN
    };
    let cell = (WIDTH - right + MARGIN) / across as f64;
    let mut frames = Vec::new();
    let mut top = TOP;
    for row in plot.panels.chunks(across) {
        let tall = row.iter().map(|p| p.height).fold(0.0, f64::max) * PANEL;
        for (k, panel) in row.iter().enumerate() {
            let left = LEFT + cell * k as f64;
            frames.push(Frame::new(panel, left, top, cell - LEFT - MARGIN, tall));
        }
        top += tall + GAP;
    }
    (frames, top + 2.0)
}

fn words_on_the_right(plot: &Plot) -> bool {
    let ends = |s: &Series| s.naming == Naming::End && !s.label.is_empty();
    !entries(plot).is_empty() || plot.panels.iter().flat_map(|p| &p.series).any(ends)
}

fn axes(out: &mut String, panel: &Panel, frame: &Frame) {
    let (left, right, bottom) = (frame.left, frame.left + frame.width, frame.bottom());
    let _ = writeln!(out, "<g stroke=\"#e4e4e4\" stroke-width=\"1\">");
    let across = frame.x.ticks(((frame.width / 88.0) as usize).clamp(3, 7));
    let up = frame.y.ticks(if panel.height > 1.5 { 7 } else { 4 });
    for tick in across.iter().filter(|t| !t.label.is_empty()) {
        let x = frame.left_of(tick.at);
        let _ = writeln!(out, "<path d=\"M{x:.2} {:.2}V{bottom:.2}\"/>", frame.top);
    }
    for tick in up.iter().filter(|t| !t.label.is_empty()) {
        let y = frame.top_of(tick.at);
        let _ = writeln!(out, "<path d=\"M{left:.2} {y:.2}H{right:.2}\"/>");
    }
    out.push_str("</g>\n<g stroke=\"#555\" stroke-width=\"1\" fill=\"none\">\n");
    let _ = writeln!(
        out,
        "<path d=\"M{left:.2} {:.2}V{bottom:.2}H{right:.2}\"/>",
        frame.top
    );
    for tick in &across {
        let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
        let x = frame.left_of(tick.at);
        let _ = writeln!(out, "<path d=\"M{x:.2} {bottom:.2}v{length}\"/>");
    }
    for tick in &up {
        let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
        let y = frame.top_of(tick.at);
        let _ = writeln!(out, "<path d=\"M{left:.2} {y:.2}h-{length}\"/>");
    }
    out.push_str("</g>\n");
    for tick in across.iter().filter(|t| !t.label.is_empty()) {
        let (x, y) = (frame.left_of(tick.at), bottom + 19.0);
        let _ = writeln!(
            out,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" text-anchor=\"middle\">{}</text>",
            tick.label
        );
    }
    for tick in up.iter().filter(|t| !t.label.is_empty()) {
        let (x, y) = (left - 10.0, frame.top_of(tick.at) + 4.0);
        let _ = writeln!(
            out,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" text-anchor=\"end\">{}</text>",
            tick.label
        );
    }
    let (middle, below) = (f64::midpoint(left, right), bottom + 38.0);
    let most = (frame.width / 7.0) as usize;
    let _ = writeln!(
        out,
        "<text x=\"{middle:.2}\" y=\"{below:.2}\" text-anchor=\"middle\" font-weight=\"600\">{}</text>",
        escaped_text(&shortened(&panel.x.label, most.max(12)))
    );
    let (aside, centre) = (left - 56.0, frame.top + frame.height / 2.0);
    let _ = writeln!(
        out,
        "<text transform=\"translate({aside:.2} {centre:.2}) rotate(-90)\" text-anchor=\"middle\" font-weight=\"600\">{}</text>",
        escaped_text(&shortened(
            &panel.y.label,
            ((frame.height / 6.5) as usize).max(12)
        ))
    );
}

/// One entry a label, in order of first appearance.
fn entries(plot: &Plot) -> Vec<&Series> {
    let mut entries: Vec<&Series> = Vec::new();
    for series in plot.panels.iter().flat_map(|p| &p.series) {
        let named = series.naming == Naming::Legend && !series.label.is_empty();
        if !named {
            continue;
        }
        // Dots say more of a kind than its line: their shape is its own.
        match entries.iter_mut().find(|e| e.label == series.label) {
            Some(known) if known.mark != Mark::Dots && series.mark == Mark::Dots => *known = series,
            Some(_) => {}
            None => entries.push(series),
        }
    }
    entries
}

fn legend(out: &mut String, plot: &Plot) {
    let entries = entries(plot);
    let x = WIDTH - WORDS + 20.0;
    let mut y = TOP + 12.0;
    if !plot.legend.is_empty() && !entries.is_empty() {
        let _ = writeln!(
            out,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-weight=\"600\">{}</text>",
            escaped_text(&shortened(&plot.legend, 24))
        );
        y += 20.0;
    }
    for entry in entries {
        let sample = match entry.mark {
            Mark::Dots => symbol(entry, (x + 5.0, y - 4.0), 4.5),
            Mark::Line => format!(
                "<path d=\"M{:.2} {:.2}h14\" stroke=\"{}\" stroke-width=\"1.8\"{}/>",
                x - 2.0,
                y - 4.0,
                hex(entry.colour),
                marks::dash(entry)
            ),
            Mark::Band => format!(
                "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"14\" height=\"9\" fill=\"{}\" fill-opacity=\"0.2\"/>",
                x - 2.0,
                y - 9.0,
                hex(entry.colour)
            ),
        };
        let _ = writeln!(
            out,
            "{sample}<text x=\"{:.2}\" y=\"{y:.2}\">{}</text>",
            x + 16.0,
            escaped_text(&shortened(&entry.label, 22))
        );
        y += 19.0;
    }
}

/// At most `most` characters, the last one an ellipsis when some are left out.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

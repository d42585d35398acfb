//! A static figure as SVG, byte for byte the same for the same document.

use std::fmt::Write as _;

use super::colour::hex;
use super::scale::{Scale, Tick};
use crate::doc::{Document, Guide, Mark, Panel, Plot, Series};

const WIDTH: f64 = 860.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 168.0;
const TOP: f64 = 64.0;
const PANEL: f64 = 150.0;
const GAP: f64 = 54.0;

/// The first picture of the document; none when it has no picture.
#[must_use]
pub fn svg(doc: &Document) -> Option<String> {
    doc.plots().next().map(|plot| figure(plot, ""))
}

/// Where a panel stands.
struct Frame {
    top: f64,
    height: f64,
    x: Scale,
    y: Scale,
}

impl Frame {
    fn left_of(&self, share: f64) -> f64 {
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn top_of(&self, share: f64) -> f64 {
        self.top + (1.0 - share) * self.height
    }

    fn point(&self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        Some((
            self.left_of(self.x.place(x)?),
            self.top_of(self.y.place(y)?),
        ))
    }
}

/// A figure whose names begin with `prefix`, so that a page can hold several.
pub(super) fn figure(plot: &Plot, prefix: &str) -> String {
    let mut frames = Vec::new();
    let mut top = TOP;
    for panel in &plot.panels {
        let (x, y) = Scale::of_panel(panel);
        let height = PANEL * panel.height;
        frames.push(Frame { top, height, x, y });
        top += height + GAP;
    }
    let height = top + 2.0;
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
        escaped(&plot.title)
    );
    let _ = writeln!(
        out,
        "<desc id=\"{prefix}desc\">{}</desc>",
        escaped(&plot.description)
    );
    let _ = writeln!(
        out,
        "<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>"
    );
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"26\" font-size=\"15\" font-weight=\"600\">{}</text>",
        escaped(&shortened(&plot.title, 90))
    );
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"46\" fill=\"#555\" font-family=\"ui-monospace, Menlo, Consolas, monospace\">{}</text>",
        escaped(&shortened(&plot.subtitle, 100))
    );
    for (i, (panel, frame)) in plot.panels.iter().zip(&frames).enumerate() {
        axes(&mut out, panel, frame);
        marks(&mut out, panel, frame, &format!("{prefix}panel{i}"));
    }
    legend(&mut out, plot);
    out.push_str("</svg>\n");
    out
}

fn axes(out: &mut String, panel: &Panel, frame: &Frame) {
    let (right, bottom) = (WIDTH - RIGHT, frame.top + frame.height);
    let _ = writeln!(out, "<g stroke=\"#e4e4e4\" stroke-width=\"1\">");
    let (across, up) = (
        frame.x.ticks(7),
        frame.y.ticks(if panel.height > 1.5 { 7 } else { 4 }),
    );
    let major = |ticks: &[Tick]| {
        ticks
            .iter()
            .filter(|t| !t.label.is_empty())
            .map(|t| t.at)
            .collect::<Vec<_>>()
    };
    for x in major(&across).into_iter().map(|at| frame.left_of(at)) {
        let _ = writeln!(out, "<path d=\"M{x:.2} {:.2}V{bottom:.2}\"/>", frame.top);
    }
    for y in major(&up).into_iter().map(|at| frame.top_of(at)) {
        let _ = writeln!(out, "<path d=\"M{LEFT:.2} {y:.2}H{right:.2}\"/>");
    }
    out.push_str("</g>\n<g stroke=\"#555\" stroke-width=\"1\" fill=\"none\">\n");
    let _ = writeln!(
        out,
        "<path d=\"M{LEFT:.2} {:.2}V{bottom:.2}H{right:.2}\"/>",
        frame.top
    );
    for tick in &across {
        let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
        let _ = writeln!(
            out,
            "<path d=\"M{:.2} {bottom:.2}v{length}\"/>",
            frame.left_of(tick.at)
        );
    }
    for tick in &up {
        let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT:.2} {:.2}h-{length}\"/>",
            frame.top_of(tick.at)
        );
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
        let (x, y) = (LEFT - 10.0, frame.top_of(tick.at) + 4.0);
        let _ = writeln!(
            out,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" text-anchor=\"end\">{}</text>",
            tick.label
        );
    }
    let (middle, below) = (f64::midpoint(LEFT, right), bottom + 38.0);
    let _ = writeln!(
        out,
        "<text x=\"{middle:.2}\" y=\"{below:.2}\" text-anchor=\"middle\" font-weight=\"600\">{}</text>",
        escaped(&panel.x.label)
    );
    let centre = frame.top + frame.height / 2.0;
    let _ = writeln!(
        out,
        "<text transform=\"translate(20 {centre:.2}) rotate(-90)\" text-anchor=\"middle\" font-weight=\"600\">{}</text>",
        escaped(&panel.y.label)
    );
}

fn marks(out: &mut String, panel: &Panel, frame: &Frame, clip: &str) {
    let _ = writeln!(
        out,
        "<clipPath id=\"{clip}\"><rect x=\"{LEFT}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\"/></clipPath>\n\
         <g clip-path=\"url(#{clip})\">",
        frame.top,
        WIDTH - LEFT - RIGHT,
        frame.height
    );
    guide(out, panel, frame);
    for series in &panel.series {
        let places: Vec<(f64, f64)> = series
            .points
            .iter()
            .filter_map(|&p| frame.point(p))
            .collect();
        match series.mark {
            Mark::Line => line(out, series, &places),
            Mark::Dots => dots(out, series, &places),
        }
    }
    out.push_str("</g>\n");
}

fn guide(out: &mut String, panel: &Panel, frame: &Frame) {
    let right = WIDTH - RIGHT;
    let path = match panel.guide {
        Guide::None => return,
        Guide::Zero => frame
            .y
            .place(0.0)
            .map(|at| format!("M{LEFT:.2} {:.2}H{right:.2}", frame.top_of(at))),
        Guide::Diagonal => Some(format!(
            "M{LEFT:.2} {:.2}L{right:.2} {:.2}",
            frame.top_of(0.0),
            frame.top_of(1.0)
        )),
    };
    if let Some(path) = path {
        let _ = writeln!(
            out,
            "<path d=\"{path}\" stroke=\"#555\" stroke-width=\"1.2\" stroke-dasharray=\"5 4\"/>"
        );
    }
}

fn line(out: &mut String, series: &Series, places: &[(f64, f64)]) {
    let mut path = String::new();
    for (i, (x, y)) in places.iter().enumerate() {
        let _ = write!(path, "{}{x:.2} {y:.2}", if i == 0 { "M" } else { "L" });
    }
    let _ = writeln!(
        out,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>",
        hex(series.colour)
    );
}

fn dots(out: &mut String, series: &Series, places: &[(f64, f64)]) {
    let _ = writeln!(
        out,
        "<g fill=\"{}\" fill-opacity=\"0.75\" stroke=\"#fff\" stroke-width=\"0.6\">",
        hex(series.colour)
    );
    for (x, y) in places {
        let _ = writeln!(out, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"3.6\"/>");
    }
    out.push_str("</g>\n");
}

/// One entry a label, in order of first appearance in the first panel.
fn legend(out: &mut String, plot: &Plot) {
    let mut entries: Vec<&Series> = Vec::new();
    for series in plot.panels.iter().take(1).flat_map(|p| &p.series) {
        if !series.label.is_empty() && !entries.iter().any(|e| e.label == series.label) {
            entries.push(series);
        }
    }
    let x = WIDTH - RIGHT + 20.0;
    let mut y = TOP + 12.0;
    if !plot.legend.is_empty() && !entries.is_empty() {
        let _ = writeln!(
            out,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-weight=\"600\">{}</text>",
            escaped(&plot.legend)
        );
        y += 20.0;
    }
    for entry in entries {
        let _ = writeln!(
            out,
            "<circle cx=\"{:.2}\" cy=\"{:.2}\" r=\"4.5\" fill=\"{}\"/><text x=\"{:.2}\" y=\"{y:.2}\">{}</text>",
            x + 5.0,
            y - 4.0,
            hex(entry.colour),
            x + 16.0,
            escaped(&entry.label)
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

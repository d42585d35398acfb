//! What is drawn between the axes: bands, lines, dots with error bars, names.

use std::fmt::Write as _;

use super::frame::Frame;
use super::{hex, shortened};
use crate::escape::escaped_text;
use isoflop_document::doc::{Colour, Guide, Look, Mark, Naming, Panel, Series};

/// Panels of more dots than this draw each series as one path: smaller, and without the white rim that keeps few dots apart.
const MANY: usize = 400;

pub(super) fn marks(out: &mut String, panel: &Panel, frame: &Frame, clip: &str) {
    let _ = writeln!(
        out,
        "<clipPath id=\"{clip}\"><rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\"/></clipPath>\n\
         <g clip-path=\"url(#{clip})\">",
        frame.left, frame.top, frame.width, frame.height
    );
    guide(out, panel, frame);
    let dotted = panel.series.iter().filter(|s| s.mark == Mark::Dots);
    let many = dotted.map(|s| s.points.len()).sum::<usize>() > MANY;
    for series in &panel.series {
        match series.mark {
            Mark::Band => band(out, series, frame),
            Mark::Line => {
                if !series.ends.is_empty() {
                    band(out, series, frame);
                }
                line(out, series, frame);
            }
            Mark::Dots => {
                bars(out, series, frame);
                dots(out, series, frame, many);
            }
        }
    }
    out.push_str("</g>\n");
    names(out, panel, frame);
}

fn guide(out: &mut String, panel: &Panel, frame: &Frame) {
    let (left, right) = (frame.left, frame.left + frame.width);
    let path = match panel.guide {
        Guide::None => return,
        Guide::Zero => frame
            .y
            .place(0.0)
            .map(|at| format!("M{left:.2} {:.2}H{right:.2}", frame.top_of(at))),
        Guide::Diagonal => Some(format!(
            "M{left:.2} {:.2}L{right:.2} {:.2}",
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

/// The area between the ends; where the ends have no place, it is interrupted.
fn band(out: &mut String, series: &Series, frame: &Frame) {
    let places: Vec<Option<(f64, f64, f64)>> = series
        .points
        .iter()
        .zip(&series.ends)
        .map(|(&(x, _), &(low, high))| {
            (low.is_finite() && high.is_finite())
                .then(|| frame.ends(x, (low, high)))
                .flatten()
        })
        .collect();
    for piece in places.split(Option::is_none) {
        let piece: Vec<(f64, f64, f64)> = piece.iter().flatten().copied().collect();
        if piece.len() < 2 {
            continue;
        }
        let mut path = String::from("M");
        for (k, (x, low, _)) in piece.iter().enumerate() {
            let _ = write!(path, "{}{x:.2} {low:.2}", if k == 0 { "" } else { "L" });
        }
        for (x, _, high) in piece.iter().rev() {
            let _ = write!(path, "L{x:.2} {high:.2}");
        }
        let _ = writeln!(
            out,
            "<path d=\"{path}Z\" fill=\"{}\" fill-opacity=\"0.16\"/>",
            hex(series.colour)
        );
    }
}

fn line(out: &mut String, series: &Series, frame: &Frame) {
    let mut path = String::new();
    let mut pen_up = true;
    for &point in &series.points {
        match frame.anywhere(point) {
            Some((x, y)) => {
                let _ = write!(path, "{}{x:.2} {y:.2}", if pen_up { "M" } else { "L" });
                pen_up = false;
            }
            None => pen_up = true,
        }
    }
    let (width, strength) = match series.look {
        Look::Faint => (1.2, " stroke-opacity=\"0.55\""),
        _ => (1.8, ""),
    };
    let _ = writeln!(
        out,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{}{strength}/>",
        hex(series.colour),
        dash(series)
    );
}

/// Broken lines for what is open; kinds without order differ in their dashes.
pub(super) fn dash(series: &Series) -> &'static str {
    match (series.look, series.colour) {
        (Look::Open, _) => " stroke-dasharray=\"6 4\"",
        (_, Colour::Category(k)) => match k % 4 {
            0 => "",
            1 => " stroke-dasharray=\"8 3\"",
            2 => " stroke-dasharray=\"2 3\"",
            _ => " stroke-dasharray=\"8 3 2 3\"",
        },
        _ => "",
    }
}

fn bars(out: &mut String, series: &Series, frame: &Frame) {
    let mut path = String::new();
    for (&(x, _), &ends) in series.points.iter().zip(&series.ends) {
        if let Some((x, low, high)) = frame.ends(x, ends) {
            let _ = write!(path, "M{x:.2} {low:.2}V{high:.2}");
        }
    }
    if !path.is_empty() {
        let _ = writeln!(
            out,
            "<path d=\"{path}\" stroke=\"{}\" stroke-width=\"1.2\" stroke-opacity=\"0.6\"/>",
            hex(series.colour)
        );
    }
}

fn dots(out: &mut String, series: &Series, frame: &Frame, many: bool) {
    let places: Vec<(f64, f64)> = series
        .points
        .iter()
        .filter_map(|&p| frame.point(p))
        .collect();
    if many {
        let mut path = String::new();
        for (x, y) in &places {
            let _ = write!(path, "M{x:.1} {y:.1}h0");
        }
        let _ = writeln!(
            out,
            "<path d=\"{path}\" stroke=\"{}\" stroke-width=\"5\" stroke-linecap=\"round\" stroke-opacity=\"0.7\"/>",
            hex(series.colour)
        );
        return;
    }
    let strength = if series.look == Look::Faint {
        "0.3"
    } else {
        "0.75"
    };
    let _ = writeln!(
        out,
        "<g fill=\"{}\" fill-opacity=\"{strength}\" stroke=\"#fff\" stroke-width=\"0.6\">",
        hex(series.colour)
    );
    for place in places {
        let _ = writeln!(out, "{}", symbol(series, place, 3.6));
    }
    out.push_str("</g>\n");
}

/// The symbol of a series at a place, as large as a circle of radius `r`. An open one is drawn by its outline.
pub(super) fn symbol(series: &Series, (x, y): (f64, f64), r: f64) -> String {
    let colour = hex(series.colour);
    let paint = match series.look {
        Look::Open => format!(" fill=\"#fff\" stroke=\"{colour}\" stroke-width=\"1.4\""),
        // Inside a group the paint of dots is the group's; in the legend there is none.
        _ if r > 4.0 => format!(" fill=\"{colour}\""),
        _ => String::new(),
    };
    let kind = match series.colour {
        Colour::Category(k) => k % 6,
        _ => 0,
    };
    let path = match kind {
        0 => return format!("<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{r}\"{paint}/>"),
        1 => triangle(x, y, 1.25 * r),
        2 => square(x, y, 0.89 * r),
        3 => diamond(x, y, 1.25 * r),
        4 => triangle(x, y, -1.25 * r),
        _ => plus(x, y, r),
    };
    format!("<path d=\"{path}\"{paint}/>")
}

fn triangle(x: f64, y: f64, r: f64) -> String {
    format!(
        "M{x:.2} {:.2}l{:.2} {:.2}h{:.2}z",
        y - r,
        0.866 * r.abs(),
        1.5 * r,
        -1.732 * r.abs()
    )
}

fn square(x: f64, y: f64, r: f64) -> String {
    let side = 2.0 * r;
    format!("M{:.2} {:.2}h{side:.2}v{side:.2}h-{side:.2}z", x - r, y - r)
}

fn diamond(x: f64, y: f64, r: f64) -> String {
    format!(
        "M{x:.2} {:.2}l{r:.2} {r:.2}l-{r:.2} {r:.2}l-{r:.2} -{r:.2}z",
        y - r
    )
}

fn plus(x: f64, y: f64, r: f64) -> String {
    let (a, b) = (0.45 * r, 0.75 * r);
    format!(
        "M{:.2} {:.2}h{:.2}v{b:.2}h{b:.2}v{:.2}h-{b:.2}v{b:.2}h-{:.2}v-{b:.2}h-{b:.2}v-{:.2}h{b:.2}z",
        x - a,
        y - a - b,
        2.0 * a,
        2.0 * a,
        2.0 * a,
        2.0 * a
    )
}

/// Distance in pixels at which nothing touches a name on a line.
const CLEAR: f64 = 26.0;

/// Where a name on a line stands: clear of what is taken, near the middle. The dot of a run between two digits made 2.3
/// read 2:3.
fn clear_place(line: &[(f64, f64)], taken: &[(f64, f64)]) -> Option<(f64, f64)> {
    let middle = 0.5 * line.len() as f64;
    let merit = |k: usize| {
        let (x, y) = line[k];
        let nearest = taken
            .iter()
            .map(|(a, b)| (a - x).hypot(b - y))
            .fold(CLEAR, f64::min);
        nearest - 4.0 * (k as f64 - middle).abs() / middle.max(1.0)
    };
    let inner = line.len() / 20..line.len() - line.len() / 20;
    let best = inner.max_by(|a, b| merit(*a).total_cmp(&merit(*b)))?;
    Some(line[best])
}

/// Names at the ends of lines, pushed apart where they would touch, and names on lines.
fn names(out: &mut String, panel: &Panel, frame: &Frame) {
    let mut ends: Vec<(f64, f64, &Series)> = Vec::new();
    let dots = panel.series.iter().filter(|s| s.mark == Mark::Dots);
    let dots = dots.flat_map(|s| &s.points);
    let mut taken: Vec<(f64, f64)> = dots.filter_map(|&p| frame.point(p)).collect();
    for series in &panel.series {
        let mut places = series.points.iter().filter_map(|&p| frame.point(p));
        match series.naming {
            Naming::End => {
                if let Some((x, y)) = places.next_back() {
                    ends.push((x, y, series));
                }
            }
            Naming::On => {
                let places: Vec<(f64, f64)> = places.collect();
                if let Some((x, y)) = clear_place(&places, &taken) {
                    taken.push((x, y));
                    let _ = writeln!(
                        out,
                        "<text x=\"{x:.2}\" y=\"{:.2}\" text-anchor=\"middle\" font-size=\"11\" fill=\"{}\" stroke=\"#fff\" \
                         stroke-width=\"4\" paint-order=\"stroke\">{}</text>",
                        y + 4.0,
                        hex(series.colour),
                        escaped_text(&shortened(&series.label, 24))
                    );
                }
            }
            Naming::Legend | Naming::Hidden => {}
        }
    }
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let reach = |series: &Series| 8.0 + 6.6 * series.label.chars().count().min(22) as f64;
    let mut placed: Vec<(f64, f64, f64)> = Vec::new();
    for (x, y, series) in ends {
        let mut y = y;
        for &(left, top, width) in &placed {
            let beside = x >= left + width || left >= x + reach(series);
            if (y - top).abs() < 13.0 && !beside {
                y = top + 13.0;
            }
        }
        placed.push((x, y, reach(series)));
        let _ = writeln!(
            out,
            "<text x=\"{:.2}\" y=\"{:.2}\" fill=\"{}\">{}</text>",
            x + 7.0,
            y + 4.0,
            hex(series.colour),
            escaped_text(&shortened(&series.label, 22))
        );
    }
}

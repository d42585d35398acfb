//! The pictures of a law of size and data: IsoFLOP curves, and the surface with the compute-optimal path.

use isoflop_fit::Fit;
use isoflop_plan::outline::{Outline, PathPoint};

use super::contour::{contour, levels};
use isoflop_document::doc::{
    Axis, AxisScale, Colour, Guide, Look, Mark, Naming, Panel, Plot, Series,
};
use isoflop_document::number::{counted, percent, plain};
use isoflop_document::phrase::{capitalised, human};
use isoflop_summary::words::picture::{input_label, response_label, response_scale};

/// Lines of equal value on the surface.
const LEVELS: usize = 9;
/// The colour of the compute-optimal path wherever it is drawn.
const PATH: Colour = Colour::Category(1);
const PATH_NAME: &str = "compute-optimal";

/// Response against size, a curve a budget, with the runs of each and the minima; none without a curve.
pub(super) fn isoflop(fit: &Fit, outline: &Outline) -> Option<Plot> {
    let sizes = column(fit, &outline.params)?;
    let seen = |row: &usize| (sizes[*row], fit.points.response[*row]);
    let shown = outline.budgets.iter().flat_map(|b| &b.runs);
    let dots = shown.clone().count();
    let minima: Vec<&PathPoint> = outline
        .budgets
        .iter()
        .filter_map(|b| b.minimum.as_ref())
        .collect();
    let highest = shown
        .map(|row| seen(row).1)
        .chain(minima.iter().map(|m| m.loss))
        .fold(f64::NEG_INFINITY, f64::max);
    let last = outline.budgets.len().saturating_sub(1).max(1) as f64;
    let mut series = Vec::new();
    for (k, budget) in outline.budgets.iter().enumerate() {
        let colour = Colour::Ramp(k as f64 / last);
        let curve = budget.curve.iter().copied();
        // The arms of a curve far above all runs would flatten the rest.
        let curve: Vec<(f64, f64)> = curve
            .filter(|p| p.1 <= highest + 0.04 * highest.abs())
            .collect();
        let label = format!("{} FLOP", human(budget.flops));
        series.push(Series::new(label, Mark::Line, colour, curve).named(Naming::End));
    }
    for (k, budget) in outline.budgets.iter().enumerate() {
        let colour = Colour::Ramp(k as f64 / last);
        let points = budget.runs.iter().map(seen).collect();
        let label = format!("{} FLOP", human(budget.flops));
        let dots = Series::new(label, Mark::Dots, colour, points);
        series.push(dots.named(Naming::Hidden).of_runs(budget.runs.clone()));
    }
    let best: Vec<(f64, f64)> = minima.iter().map(|m| (m.params, m.loss)).collect();
    series.push(Series::new(PATH_NAME, Mark::Line, PATH, best.clone()).looking(Look::Open));
    series.push(Series::new(PATH_NAME, Mark::Dots, PATH, best));
    if outline.budgets.is_empty() {
        return None;
    }
    let how = if outline.made_at_budgets {
        "the runs lie at these budgets"
    } else {
        "the runs were not made at budgets, so these are spread over their range"
    };
    Some(Plot {
        title: "IsoFLOP curves".to_owned(),
        description: format!(
            "{} against {} at fixed training compute C = 6ND: the law as lines, runs within {} of a budget as dots ({how}), \
             the smallest value of each line marked. {dots} of {} are shown{}.{}",
            capitalised(&response_label(fit)),
            outline.params,
            percent(outline.tolerance),
            counted(sizes.len(), "run"),
            if outline.held.is_empty() {
                ""
            } else {
                ": those at the values and names that are held"
            },
            held(outline),
        ),
        columns: 1,
        panels: vec![Panel {
            x: axis(fit, &outline.params),
            y: Axis {
                label: response_label(fit),
                scale: response_scale(fit),
            },
            height: 2.4,
            guide: Guide::None,
            series,
        }],
        ..Plot::default()
    })
}

/// Lines of equal response over size and data, the runs, and the compute-optimal path.
pub(super) fn surface(fit: &Fit, outline: &Outline) -> Option<Plot> {
    let surface = &outline.surface;
    let levels = levels(surface, LEVELS);
    let last = levels.len().saturating_sub(1).max(1) as f64;
    let mut series: Vec<Series> = levels
        .iter()
        .enumerate()
        .map(|(k, &level)| {
            let colour = Colour::Ramp(k as f64 / last);
            let line = contour(surface, level);
            Series::new(plain(level, 3), Mark::Line, colour, line).named(Naming::On)
        })
        .filter(|s| s.points.len() > 1)
        .collect();
    if series.is_empty() {
        return None;
    }
    let (sizes, data) = (column(fit, &outline.params)?, column(fit, &outline.tokens)?);
    let runs: Vec<(f64, f64)> = sizes.iter().copied().zip(data.iter().copied()).collect();
    let rows = (0..runs.len()).collect();
    series.push(Series::new("runs", Mark::Dots, Colour::Ink, runs).of_runs(rows));
    let within = |all: &[f64], x: f64| all.first() <= Some(&x) && all.last() >= Some(&x);
    let path = outline
        .path
        .iter()
        .filter(|p| within(&surface.params, p.params) && within(&surface.tokens, p.tokens))
        .map(|p| (p.params, p.tokens))
        .collect();
    series.push(Series::new(PATH_NAME, Mark::Line, PATH, path));
    Some(Plot {
        title: "The surface of the law".to_owned(),
        description: format!(
            "Lines of equal {} over {} and {}, to a factor of three beyond the runs; dots are the runs, the line across \
             is the compute-optimal path: the best use of each amount of compute, C = 6ND.{}",
            response_label(fit),
            outline.params,
            outline.tokens,
            held(outline)
        ),
        columns: 1,
        panels: vec![Panel {
            x: axis(fit, &outline.params),
            y: axis(fit, &outline.tokens),
            height: 2.8,
            guide: Guide::None,
            series,
        }],
        ..Plot::default()
    })
}

fn axis(fit: &Fit, letter: &str) -> Axis {
    Axis {
        label: input_label(fit, letter),
        scale: AxisScale::Log,
    }
}

fn column<'a>(fit: &'a Fit, letter: &str) -> Option<&'a [f64]> {
    let found = fit.points.inputs.iter().find(|(n, _)| n == letter);
    found.map(|(_, values)| values.as_slice())
}

/// What the picture holds fixed; empty when that is nothing.
fn held(outline: &Outline) -> String {
    if outline.held.is_empty() {
        return String::new();
    }
    format!(
        " Held at the median of the runs, names as most runs have them: {}.",
        listed(&outline.held)
    )
}

/// `corpus = c4, batch = 512`; long names are cut.
pub(super) fn listed(held: &[(String, String)]) -> String {
    let cut = |text: &str| -> String {
        if text.chars().count() > 40 {
            text.chars().take(39).chain(['…']).collect()
        } else {
            text.to_owned()
        }
    };
    let all: Vec<String> = held
        .iter()
        .map(|(name, value)| format!("{} = {}", cut(name), cut(value)))
        .collect();
    all.join(", ")
}

//! The picture of a fit: runs with fitted curves above, residuals below; no law is treated specially.
//!
//! With at most two quantities that vary, the curves are drawn over the wider one and coloured by the other.
//! With more, no single curve passes through the runs, so observed is drawn against fitted instead.

use isoflop_fit::{Fit, Status};

use super::curve::{Bands, Group, curves};
use super::phrases::{last_step, residual_scale};
use isoflop_document::doc::{Axis, AxisScale, Colour, Guide, Mark, Panel, Plot, Series};
use isoflop_document::number::{counted, percent, plain};
use isoflop_document::phrase::{capitalised, human};

/// More distinct values than this are gathered into [`BINS`] groups.
const MOST_GROUPS: usize = 10;
const BINS: usize = 6;
/// More levels than this cannot be told apart by colour and shape.
const MOST_LEVELS: usize = 7;

/// What the horizontal axis shows.
enum Horizontal {
    /// An input, by position.
    Input(usize),
    /// The fitted response.
    Fitted,
}

/// The picture of a fit; none when the fit does not carry its runs.
pub(super) fn fit_plot(fit: &Fit) -> Option<Plot> {
    let view = View::of(fit)?;
    let (axis, upper) = view.law_panel(fit, Bands::None);
    let places = match view.horizontal {
        Horizontal::Input(input) => &fit.points.inputs[input].1,
        Horizontal::Fitted => &fit.points.fitted,
    };
    let lower = residual_panel(axis, places, fit, &view.groups);
    let below = "; below, residuals of the fit around zero";
    Some(Plot {
        description: description(fit, &upper, &view.legend, below),
        panels: vec![upper, lower],
        ..view.plot(fit)
    })
}

/// The runs with the law and its band; none when the fit does not carry its runs.
pub fn law_plot(fit: &Fit) -> Option<Plot> {
    let view = View::of(fit)?;
    // Bands of a fit that did not converge fill the picture and mean nothing.
    let bands = if fit.status == Status::NotConverged {
        Bands::None
    } else {
        Bands::Law
    };
    let (_, panel) = view.law_panel(fit, bands);
    let banded = panel.series.iter().any(|s| !s.ends.is_empty());
    let band = if banded {
        format!(
            "; bands are {} intervals of the law itself",
            percent(fit.uncertainty.level)
        )
    } else {
        String::new()
    };
    Some(Plot {
        title: "The runs and the law".to_owned(),
        subtitle: last_step(&fit.law.formula),
        description: description(fit, &panel, &view.legend, &band),
        panels: vec![panel],
        ..view.plot(fit)
    })
}

/// The residuals against every quantity that varies and against the fitted response; none without runs.
pub fn residual_plot(fit: &Fit) -> Option<Plot> {
    let view = View::of(fit)?;
    let points = &fit.points;
    let mut panels: Vec<Panel> = points
        .inputs
        .iter()
        .filter(|(_, values)| log_width(values) > 0.0)
        .map(|(name, values)| {
            let x = Axis {
                label: input_label(fit, name),
                scale: scale_of(values),
            };
            residual_panel(x, values, fit, &view.groups)
        })
        .collect();
    let fitted = Axis {
        label: format!("fitted {}", response_label(fit)),
        scale: response_scale(fit),
    };
    panels.push(residual_panel(fitted, &points.fitted, fit, &view.groups));
    for panel in &mut panels {
        panel.y.label = format!("residual, {}", residual_scale(&fit.objective));
    }
    Some(Plot {
        title: "Residuals".to_owned(),
        subtitle: String::new(),
        description: format!(
            "{} against each quantity that varies and against the fitted response. A law that fits leaves no trend: \
             a slope or a bend here is something that it misses.",
            capitalised(&residual_scale(&fit.objective))
        ),
        columns: panels.len().min(3),
        panels,
        ..view.plot(fit)
    })
}

/// How the runs are best seen: over which quantity, and in which groups.
struct View {
    horizontal: Horizontal,
    legend: String,
    groups: Vec<Group>,
}

impl View {
    fn of(fit: &Fit) -> Option<Self> {
        let points = &fit.points;
        if points.response.is_empty() {
            return None;
        }
        let varying: Vec<usize> = (0..points.inputs.len())
            .filter(|&i| log_width(&points.inputs[i].1) > 0.0)
            .collect();
        let levels = points
            .levels
            .iter()
            .position(|(_, names)| names.iter().any(|n| *n != names[0]));
        let (horizontal, by) = match (varying.as_slice(), levels) {
            (&[only], _) => (Horizontal::Input(only), None),
            (&[a, b], None) => {
                let width = |i: usize| log_width(&points.inputs[i].1);
                if width(b) >= width(a) {
                    (Horizontal::Input(b), Some(a))
                } else {
                    (Horizontal::Input(a), Some(b))
                }
            }
            _ => (Horizontal::Fitted, None),
        };
        let (legend, groups) = match (by, levels) {
            (Some(input), _) => (
                input_label(fit, &points.inputs[input].0),
                by_number(&points.inputs[input]),
            ),
            (None, Some(column)) => (
                points.levels[column].0.clone(),
                by_level(&points.levels[column]),
            ),
            (None, None) => (String::new(), vec![everything(points.response.len())]),
        };
        Some(Self {
            horizontal,
            legend,
            groups,
        })
    }

    fn law_panel(&self, fit: &Fit, bands: Bands) -> (Axis, Panel) {
        match self.horizontal {
            Horizontal::Input(input) => over_input(fit, input, &self.groups, bands),
            Horizontal::Fitted => observed_against_fitted(fit, &self.groups),
        }
    }

    /// A plot of this view without panels.
    fn plot(&self, fit: &Fit) -> Plot {
        Plot {
            title: if fit.law.title.is_empty() {
                fit.law.id.clone()
            } else {
                fit.law.title.clone()
            },
            subtitle: last_step(&fit.law.formula),
            legend: self.legend.clone(),
            columns: 1,
            ..Plot::default()
        }
    }
}

fn description(fit: &Fit, upper: &Panel, legend: &str, more: &str) -> String {
    let law = if upper.guide == Guide::Diagonal {
        "the diagonal"
    } else {
        "lines"
    };
    let colours = if legend.is_empty() {
        String::new()
    } else {
        let lines = upper.series.iter().any(|s| s.mark == Mark::Line);
        let ranges = upper.series.iter().any(|s| s.label.contains(" to "));
        let middle = if lines && ranges {
            " (the line of a range is that of its middle run)"
        } else {
            ""
        };
        format!(", coloured by {legend}{middle}")
    };
    format!(
        "{} over {}: {} as dots, the fitted law as {law}{colours}{more}.",
        capitalised(&response_label(fit)),
        upper.x.label,
        counted(fit.n, "run"),
    )
}

fn over_input(fit: &Fit, input: usize, groups: &[Group], bands: Bands) -> (Axis, Panel) {
    let points = &fit.points;
    let (name, xs) = &points.inputs[input];
    let axis = Axis {
        label: input_label(fit, name),
        scale: scale_of(xs),
    };
    // Runs of many kinds gathered in one group share no line.
    let own: Vec<Group> = groups.iter().filter(|g| !g.gathered).cloned().collect();
    let mut series = curves(fit, input, &own, bands);
    series.extend(groups.iter().map(|group| dots(group, xs, &points.response)));
    let y = Axis {
        label: response_label(fit),
        scale: response_scale(fit),
    };
    (
        axis.clone(),
        Panel {
            x: axis,
            y,
            height: 2.6,
            guide: Guide::None,
            series,
        },
    )
}

fn observed_against_fitted(fit: &Fit, groups: &[Group]) -> (Axis, Panel) {
    let points = &fit.points;
    let scale = response_scale(fit);
    let axis = Axis {
        label: format!("fitted {}", response_label(fit)),
        scale,
    };
    let y = Axis {
        label: format!("observed {}", response_label(fit)),
        scale,
    };
    let series = groups
        .iter()
        .map(|group| dots(group, &points.fitted, &points.response))
        .collect();
    (
        axis.clone(),
        Panel {
            x: axis,
            y,
            height: 2.6,
            guide: Guide::Diagonal,
            series,
        },
    )
}

fn residual_panel(x: Axis, places: &[f64], fit: &Fit, groups: &[Group]) -> Panel {
    Panel {
        x,
        y: Axis {
            label: "residual".into(),
            scale: AxisScale::Linear,
        },
        height: 1.0,
        guide: Guide::Zero,
        series: groups
            .iter()
            .map(|group| dots(group, places, &fit.points.residual))
            .collect(),
    }
}

fn dots(group: &Group, xs: &[f64], ys: &[f64]) -> Series {
    let place = |&row: &usize| Some((row, (*xs.get(row)?, *ys.get(row)?)));
    let (runs, points) = group.rows.iter().filter_map(place).unzip();
    Series::new(group.label.clone(), Mark::Dots, group.colour, points).of_runs(runs)
}

/// ln(largest / smallest) of positive values, else the plain width: above zero when the values differ.
fn log_width(values: &[f64]) -> f64 {
    let (low, high) = ends(values);
    if low > 0.0 {
        (high / low).ln()
    } else {
        high - low
    }
}

fn ends(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        })
}

/// Logarithmic for positive values that span at least a factor of three: years stay linear, sizes do not.
pub(super) fn scale_of(values: &[f64]) -> AxisScale {
    let (low, high) = ends(values);
    if low > 0.0 && high / low >= 3.0 {
        AxisScale::Log
    } else {
        AxisScale::Linear
    }
}

/// The scale on which the response of the runs is drawn.
#[must_use]
pub fn response_scale(fit: &Fit) -> AxisScale {
    let (low, _) = ends(&fit.points.response);
    let (fitted, _) = ends(&fit.points.fitted);
    if low > 0.0 && fitted > 0.0 {
        AxisScale::Log
    } else {
        AxisScale::Linear
    }
}

fn everything(rows: usize) -> Group {
    Group {
        label: String::new(),
        colour: Colour::Category(0),
        rows: (0..rows).collect(),
        gathered: false,
    }
}

/// A group for each level; beyond [`MOST_LEVELS`] the most frequent have their own and the rest share one.
fn by_level((_, names): &(String, Vec<String>)) -> Vec<Group> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let mut levels: Vec<(&str, usize)> = sorted
        .chunk_by(|a, b| a == b)
        .map(|same| (same[0], same.len()))
        .collect();
    let mut rest = Vec::new();
    if levels.len() > MOST_LEVELS {
        levels.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        rest = levels.split_off(MOST_LEVELS - 1);
        levels.sort_unstable();
        rest.sort_unstable();
    }
    let rows = |wanted: &dyn Fn(&str) -> bool| {
        let all = 0..names.len();
        all.filter(|&row| wanted(&names[row])).collect::<Vec<_>>()
    };
    let mut groups: Vec<Group> = levels
        .iter()
        .enumerate()
        .map(|(i, (level, _))| Group {
            label: (*level).to_owned(),
            colour: Colour::Category(i),
            rows: rows(&|name| name == *level),
            gathered: false,
        })
        .collect();
    if !rest.is_empty() {
        groups.push(Group {
            label: format!("{} others, fewer runs each", rest.len()),
            colour: Colour::Ink,
            rows: rows(&|name| {
                rest.binary_search_by(|(level, _)| (*level).cmp(name))
                    .is_ok()
            }),
            gathered: true,
        });
    }
    groups
}

fn by_number((_, values): &(String, Vec<f64>)) -> Vec<Group> {
    let mut distinct: Vec<f64> = values.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() > MOST_GROUPS {
        return by_bin(values);
    }
    let last = (distinct.len() - 1).max(1);
    distinct
        .iter()
        .enumerate()
        .map(|(i, &value)| Group {
            label: human(value),
            colour: Colour::Ramp(share(i, last)),
            rows: (0..values.len())
                .filter(|&row| values[row] == value)
                .collect(),
            gathered: false,
        })
        .collect()
}

/// Groups of equal width, in logarithms for positive values; empty ones are left out.
fn by_bin(values: &[f64]) -> Vec<Group> {
    let (low, high) = ends(values);
    let at = |v: f64| if low > 0.0 { v.ln() } else { v };
    let back = |t: f64| if low > 0.0 { t.exp() } else { t };
    let edge = |bin: usize| back(at(low) + share(bin, BINS) * (at(high) - at(low)));
    let bin_of = |v: f64| (1..BINS).filter(|&bin| v >= edge(bin)).count();
    (0..BINS)
        .map(|bin| Group {
            label: format!("{} to {}", human(edge(bin)), human(edge(bin + 1))),
            colour: Colour::Ramp(share(bin, BINS - 1)),
            rows: (0..values.len())
                .filter(|&row| bin_of(values[row]) == bin)
                .collect(),
            gathered: false,
        })
        .filter(|group| !group.rows.is_empty())
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "both are numbers of groups or bins, far below 2^53"
)]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// `tokens D`, with the unit when the column does not say it already.
pub fn input_label(fit: &Fit, name: &str) -> String {
    match fit.ranges.iter().find(|r| r.name == name) {
        Some(r) => label(&r.column, name, &r.unit),
        None => name.to_owned(),
    }
}

/// Name and unit of the response, as the law file says; its left side when the law cannot be read.
pub fn response_label(fit: &Fit) -> String {
    match fit
        .law
        .parse()
        .ok()
        .as_ref()
        .map(isoflop_law::Law::response)
    {
        Some(v) => label(&v.column, &v.name, &v.unit),
        None => fit
            .law
            .formula
            .split('=')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned(),
    }
}

/// Column, letter and unit, each said once.
fn label(column: &str, letter: &str, unit: &str) -> String {
    let name = match column {
        "" => letter.to_owned(),
        same if same == letter => letter.to_owned(),
        _ => format!("{column} {letter}"),
    };
    if unit.is_empty() || unit == column {
        name
    } else {
        format!("{name} ({unit})")
    }
}

/// Residuals as a strip of bars within ±4 robust standard deviations; none when there is nothing to show.
pub(super) fn strip(residuals: &[f64], sd: f64) -> Option<String> {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const WIDTH: usize = 25;
    let reach = 4.0 * sd;
    if residuals.is_empty() || !(reach > 0.0 && reach.is_finite()) {
        return None;
    }
    let mut counts = [0usize; WIDTH];
    let mut beyond = 0;
    for &r in residuals {
        let bin = (1..WIDTH)
            .filter(|&bin| r >= reach * (2.0 * share(bin, WIDTH) - 1.0))
            .count();
        if r.abs() <= reach {
            counts[bin] += 1
        } else {
            beyond += 1
        }
    }
    let tallest = counts.iter().copied().max().filter(|&c| c > 0)?;
    let bars: String = counts
        .iter()
        .map(|&c| {
            if c == 0 {
                ' '
            } else {
                BARS[(c * (BARS.len() - 1)).div_ceil(tallest)]
            }
        })
        .collect();
    let rest = if beyond == 0 {
        String::new()
    } else {
        format!(", {} beyond", counted(beyond, "run"))
    };
    Some(format!(
        "{} │{bars}│ {}{rest}",
        plain(-reach, 2),
        plain(reach, 2)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strip_is_tallest_in_the_middle_and_counts_outliers() {
        let residuals = [0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 9.0];
        let strip = strip(&residuals, 1.0).expect("there are residuals");
        assert!(
            strip.starts_with("-4 │") && strip.ends_with("│ 4, 1 run beyond"),
            "{strip}"
        );
        assert_eq!(strip.chars().filter(|c| *c == '█').count(), 1);
    }

    #[test]
    fn many_values_are_gathered_and_no_run_is_lost() {
        let values: Vec<f64> = (0..50).map(|i| 1e6 * 1.2f64.powi(i)).collect();
        let groups = by_number(&("N".into(), values));
        assert!(groups.len() <= BINS);
        assert_eq!(groups.iter().map(|g| g.rows.len()).sum::<usize>(), 50);
    }

    #[test]
    fn years_are_linear_and_sizes_logarithmic() {
        assert_eq!(scale_of(&[2015.0, 2024.0]), AxisScale::Linear);
        assert_eq!(scale_of(&[1e6, 1e9]), AxisScale::Log);
    }
}

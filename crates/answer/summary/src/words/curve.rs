//! The fitted law as a line over one input, the other inputs held where the runs of the group are.

use isoflop_fit::Fit;
use isoflop_law::{At, Law};
use isoflop_predict::{Point, predict};

use isoflop_document::doc::{Colour, Mark, Series};

/// Places at which a line is evaluated.
const STEPS: u32 = 64;

/// Runs drawn in one colour.
#[derive(Clone)]
pub(super) struct Group {
    /// Name in the legend.
    pub label: String,
    /// Colour.
    pub colour: Colour,
    /// Rows of [`isoflop_fit::Points`].
    pub rows: Vec<usize>,
    /// Whether it gathers runs of many kinds.
    pub gathered: bool,
}

/// The lines of groups over one input, each over the range of its runs, with the interval of the law where it is asked for
/// and the fit has one; none for a group without width or where the law has no value.
pub(super) fn curves(fit: &Fit, input: usize, groups: &[Group], bands: Bands) -> Vec<Series> {
    let Ok(law) = fit.law.parse() else {
        return Vec::new();
    };
    let lines: Vec<(&Group, Vec<Point>)> = groups
        .iter()
        .filter_map(|group| Some((group, line(fit, input, group)?)))
        .collect();
    let all: Vec<Point> = lines.iter().flat_map(|(_, line)| line.clone()).collect();
    let said = match bands {
        Bands::Law => predict(fit, &all, fit.uncertainty.level).ok(),
        Bands::None => None,
    };
    let mut ends = said
        .iter()
        .flat_map(|p| &p.points)
        .map(|p| p.confidence.map(|i| (i.lower, i.upper)));
    let mut out = Vec::new();
    for (group, line) in lines {
        let own: Vec<Option<(f64, f64)>> = ends.by_ref().take(line.len()).collect();
        let mut series = evaluated(fit, &law, input, group, &line);
        // A band needs its ends at every place of the line.
        let own: Option<Vec<(f64, f64)>> = own.into_iter().collect();
        if let Some(own) = own.filter(|own| own.len() == series.points.len()) {
            series = series.between(own);
        }
        if series.points.len() > 1 {
            out.push(series);
        }
    }
    out
}

/// Whether lines carry the interval of the law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bands {
    /// They do.
    Law,
    /// They do not, which is quicker.
    None,
}

/// The points of a group's line.
fn line(fit: &Fit, input: usize, group: &Group) -> Option<Vec<Point>> {
    let mut at: Vec<(String, f64)> = fit
        .points
        .inputs
        .iter()
        .map(|(name, values)| Some((name.clone(), middle(values, &group.rows)?)))
        .collect::<Option<_>>()?;
    let first = *group.rows.first()?;
    let names = fit.points.levels.iter();
    let levels: Vec<(String, String)> = names
        .map(|(name, names)| (name.clone(), names[first].clone()))
        .collect();
    let places = places(&fit.points.inputs[input].1, &group.rows)?.into_iter();
    Some(
        places
            .map(|x| {
                at[input].1 = x;
                Point {
                    at: at.clone(),
                    levels: levels.clone(),
                }
            })
            .collect(),
    )
}

fn evaluated(fit: &Fit, law: &Law, input: usize, group: &Group, line: &[Point]) -> Series {
    let coefs: Vec<(String, f64)> = fit
        .coefs
        .iter()
        .map(|(name, e)| (name.clone(), e.value))
        .collect();
    let value = |point: &Point| {
        let y = law.value(&At {
            coefs: &coefs,
            inputs: &point.at,
            levels: &point.levels,
        });
        let y = y.ok().filter(|y| y.is_finite())?;
        Some((point.at[input].1, y))
    };
    let points = line.iter().filter_map(value).collect();
    Series::new(group.label.clone(), Mark::Line, group.colour, points)
}

/// The median of the group's values.
fn middle(values: &[f64], rows: &[usize]) -> Option<f64> {
    let mut own: Vec<f64> = rows
        .iter()
        .filter_map(|&row| values.get(row).copied())
        .collect();
    own.sort_by(f64::total_cmp);
    own.get(own.len() / 2).copied()
}

/// Places between the smallest and the largest value of the group, evenly in the logarithm where it exists.
fn places(values: &[f64], rows: &[usize]) -> Option<Vec<f64>> {
    let own = || rows.iter().filter_map(|&row| values.get(row).copied());
    let (low, high) = (
        own().fold(f64::INFINITY, f64::min),
        own().fold(f64::NEG_INFINITY, f64::max),
    );
    let share = |i: u32| f64::from(i) / f64::from(STEPS);
    let at = |i: u32| match low > 0.0 {
        true => low * (high / low).powf(share(i)),
        false => low + (high - low) * share(i),
    };
    (low < high).then(|| (0..=STEPS).map(at).collect())
}

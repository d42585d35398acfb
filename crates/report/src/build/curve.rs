//! The fitted law as a line over one input, the other inputs held where the runs of the group are.

use isoflop_fit::Fit;
use isoflop_law::{At, Law};

use super::picture::Group;
use crate::doc::{Mark, Series};

/// Places at which a line is evaluated.
const STEPS: u32 = 64;

/// The law inside a fit; none when its text is not a law file.
pub(super) fn law_of(fit: &Fit) -> Option<Law> {
    Law::from_toml(&fit.law.id, &fit.law.id, &fit.law.text).ok()
}

/// The line of a group over the range of its runs; none when it has no width or the law no value there.
pub(super) fn curve(fit: &Fit, law: &Law, input: usize, group: &Group) -> Option<Series> {
    let coefs: Vec<(String, f64)> = fit
        .coefs
        .iter()
        .map(|(name, e)| (name.clone(), e.value))
        .collect();
    let mut inputs: Vec<(String, f64)> = fit
        .points
        .inputs
        .iter()
        .map(|(name, values)| Some((name.clone(), middle(values, &group.rows)?)))
        .collect::<Option<_>>()?;
    let first = *group.rows.first()?;
    let levels: Vec<(String, String)> = fit
        .points
        .levels
        .iter()
        .map(|(name, names)| (name.clone(), names[first].clone()))
        .collect();
    let points: Vec<(f64, f64)> = places(&fit.points.inputs[input].1, &group.rows)?
        .into_iter()
        .filter_map(|x| {
            inputs[input].1 = x;
            let y = law
                .value(&At {
                    coefs: &coefs,
                    inputs: &inputs,
                    levels: &levels,
                })
                .ok()?;
            y.is_finite().then_some((x, y))
        })
        .collect();
    (points.len() > 1).then(|| Series::new(group.label.clone(), Mark::Line, group.colour, points))
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

//! The fitted law as a line: through the fitted values of the runs of a group, in order.

use isoflop_fit::Fit;
use isoflop_law::Law;

use super::picture::Group;
use crate::doc::{Mark, Series};

/// The law inside a fit; none when its text is not a law file.
pub(super) fn law_of(_fit: &Fit) -> Option<Law> {
    None
}

/// The line of a group over one input; none for fewer than two places.
pub(super) fn curve(fit: &Fit, input: usize, group: &Group) -> Option<Series> {
    let xs = &fit.points.inputs[input].1;
    let mut points: Vec<(f64, f64)> = group.rows.iter().map(|&row| (xs[row], fit.points.fitted[row])).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.dedup();
    (points.len() > 1).then(|| Series { label: group.label.clone(), mark: Mark::Line, colour: group.colour, points })
}

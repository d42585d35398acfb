//! The rules, in the order in which they are asked.

mod bounds;
mod checkpoints;
mod corner;
mod duplicates;
mod embeddings;
mod epochs;
mod fitted;
mod freedom;
mod grid;
mod identified;
mod influence;
mod intervals;
mod irreducible;
mod last_layer;
mod optimum;
mod outliers;
mod reach;
mod record;
mod residuals;
mod rounding;
mod rungs;
mod scales;
mod schedule;
mod settings;
mod sizes;
mod skipped;
mod sources;
mod span;
mod starts;
mod units;

pub(crate) use irreducible::floor_of;

use super::rule::{EXACT, NO_YARDSTICK};

pub(crate) use super::rule::Rule;

/// Rules about the runs. When one of them finds an error, the fit means nothing, and the rules about it are not asked.
pub(crate) const OF_RUNS: &[Rule] = &[
    fitted::RULE,
    units::RULE,
    scales::RULE,
    skipped::RULE,
    sizes::RULE,
    span::RULE,
    freedom::RULE,
    checkpoints::RULE,
    schedule::RULE,
    settings::RULE,
    duplicates::RULE,
    epochs::RULE,
    last_layer::RULE,
];

/// Rules about the fit.
pub(crate) const OF_FIT: &[Rule] = &[
    sources::RULE,
    embeddings::RULE,
    optimum::RULE,
    starts::RULE,
    bounds::RULE,
    identified::RULE,
    irreducible::RULE,
    corner::RULE,
    outliers::RULE,
    influence::RULE,
    rungs::RULE,
    residuals::RULE,
    grid::RULE,
    intervals::RULE,
    rounding::RULE,
    reach::RULE,
    record::RULE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rules_are_unique() {
        let mut names: Vec<&str> = OF_RUNS.iter().chain(OF_FIT).map(|r| r.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

//! What a plan holds when nothing is said: other inputs at their median, the levels that most runs share.

use isoflop_fit::Fit;
use isoflop_law::{Law, VarRole};

use super::convention::Given;

/// What a plan holds when nothing is said: other inputs at their median, unique tokens left open, the levels that most runs
/// share.
#[must_use]
pub fn usual(fit: &Fit) -> Given {
    let Ok(law) = fit.law.parse() else {
        return Given::default();
    };
    let mut out = typical(fit, &law, &Given::default());
    out.levels = usual_levels(&fit.points.levels);
    out
}

/// What is given, and for inputs that a plan neither moves nor is given the median of the runs.
pub(crate) fn typical(fit: &Fit, law: &Law, given: &Given) -> Given {
    let mut out = given.clone();
    for var in law.vars.iter().filter(|v| v.role == VarRole::Input) {
        let alone = Law {
            vars: vec![var.clone()],
            ..law.clone()
        };
        if super::convention::roles(&alone, given).is_ok() {
            continue;
        }
        let points = fit.points.inputs.iter().find(|(n, _)| *n == var.name);
        if let Some((name, values)) = points
            && let Some(middle) = middle(values)
        {
            out.at.push((name.clone(), middle));
        }
    }
    out
}

/// The lower median: an element of the runs, not a mean of two, for half an expert is none.
pub(crate) fn middle(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len().max(1) - 1) / 2).copied()
}

/// Levels of one or several indexes that occur together.
pub(crate) struct Combination {
    /// A level of each index.
    pub levels: Vec<(String, String)>,
    /// How many runs have them.
    pub runs: usize,
    /// The first of these.
    pub first: usize,
}

/// The levels that so many runs have, in order of their names.
pub(crate) fn combinations(indexes: &[&(String, Vec<String>)], runs: usize) -> Vec<Combination> {
    let tuple = |row: usize| indexes.iter().map(move |(_, all)| all[row].as_str());
    let mut rows: Vec<usize> = (0..runs).collect();
    // The sort is stable, so the first row of a group is its first run.
    rows.sort_by(|a, b| tuple(*a).cmp(tuple(*b)));
    rows.chunk_by(|a, b| tuple(*a).eq(tuple(*b)))
        .map(|group| Combination {
            levels: indexes
                .iter()
                .map(|(name, all)| (name.clone(), all[group[0]].clone()))
                .collect(),
            runs: group.len(),
            first: group[0],
        })
        .collect()
}

/// The levels that most runs share; of equally frequent ones the first by name.
pub(crate) fn usual_levels(levels: &[(String, Vec<String>)]) -> Vec<(String, String)> {
    let indexes: Vec<&(String, Vec<String>)> = levels.iter().collect();
    let runs = indexes.first().map_or(0, |(_, all)| all.len());
    let all = combinations(&indexes, runs).into_iter();
    // Of equals the last is the largest, so the order is turned.
    all.rev()
        .max_by_key(|c| c.runs)
        .map_or_else(Vec::new, |c| c.levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_most_runs_are_held() {
        let names = |all: &[&str]| all.iter().map(ToString::to_string).collect();
        let levels = vec![
            ("corpus".to_owned(), names(&["b", "a", "a", "b", "a"])),
            ("site".to_owned(), names(&["x", "x", "x", "x", "y"])),
        ];
        let usual = usual_levels(&levels);
        assert_eq!(usual[0], ("corpus".to_owned(), "a".to_owned()));
        assert_eq!(usual[1], ("site".to_owned(), "x".to_owned()));
        assert!(usual_levels(&[]).is_empty());
    }
}

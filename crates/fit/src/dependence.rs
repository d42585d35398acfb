//! Runs that are not independent: checkpoints of one run, seeds of one cell. They share what the law does not explain,
//! and counted one by one they shrink every interval without adding to what is known.
//!
//! # Formula
//!
//! ```text
//! checkpoints   rows of one name (run, run_id, …) that differ in some inputs and agree in others, the size of the model
//!               among them
//! cells         rows that agree in all inputs, where their residuals are alike: [`crate::cells`]
//! ```
//!
//! # Source
//!
//! `cameron_miller2015`, a practitioner's guide to cluster-robust inference.

use crate::binding::Binding;
use isoflop_base::{Evidence, Note, Severity};
use isoflop_data::{RunTable, role_name};
use isoflop_law::Law;
use std::collections::BTreeMap;

/// Columns that name a run, as they are spelled without capitals and separators.
const NAMES: [&str; 8] = [
    "run",
    "runid",
    "runname",
    "rundir",
    "experimentid",
    "trialid",
    "id",
    "name",
];
/// Share of the rows that must lie in groups for groups to matter.
pub(crate) const MANY: f64 = 0.2;
/// Tables of more rows are not searched: that takes longer than their fit.
pub(crate) const MOST: usize = 1_000_000;
/// From this many groups on their bootstrap holds; below it the corrected covariance of their scores does.
pub(crate) const ENOUGH_GROUPS: usize = 30;
/// With fewer groups than this beyond the coefficients nothing is known of how groups vary.
pub(crate) const FEW_GROUPS: usize = 10;

/// Groups of runs that hang together.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// Group of each run.
    pub codes: Vec<usize>,
    pub count: usize,
    /// What they are, for messages: "by `run_id`", "equal inputs".
    pub of: String,
    /// Why they count as such.
    pub why: String,
    /// Known from the residuals alone: no column names them.
    pub inferred: bool,
}

impl Groups {
    /// Groups by a column that the user named.
    pub fn named(codes: &[usize], column: &str) -> Self {
        let labels: Vec<u32> = codes.iter().map(|code| *code as u32).collect();
        Self {
            why: "as asked".to_owned(),
            ..coded(&labels, column)
        }
    }

    /// Rows of each group.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.count];
        for (row, code) in self.codes.iter().enumerate() {
            members[*code].push(row);
        }
        members
    }

    /// What is said first where the covariance of least squares was asked for by name: it takes every row as
    /// independent, and that is what NIST certifies and other programs print.
    pub fn not_counted(&self, n: usize) -> Note {
        Note {
            code: "alike-rows".to_owned(),
            severity: Severity::Warning,
            message: format!(
                "the {n} rows are not independent: they are {} groups ({}), {}; the covariance of least squares, asked for \
                 by name, counts rows all the same, and its errors are too small",
                self.count, self.of, self.why
            ),
            evidence: vec![
                ("rows".to_owned(), Evidence::Number(n as f64)),
                ("groups".to_owned(), Evidence::Number(self.count as f64)),
            ],
            advice: "to count groups, leave the method out or take `--uncertainty sandwich`; if the rows are independent, \
                     say --independent"
                .to_owned(),
        }
    }

    /// What is said first.
    pub fn note(&self, n: usize, p: usize) -> Note {
        let few = self.count < FEW_GROUPS.max(p + 2);
        Note {
            code: "dependent-runs".to_owned(),
            severity: Severity::Warning,
            message: format!(
                "the {n} rows are not independent: they are {} groups ({}), {}; all errors and intervals count groups, not rows{}",
                self.count,
                self.of,
                self.why,
                if few {
                    ", and so few groups say little of how groups vary"
                } else {
                    ""
                }
            ),
            evidence: vec![
                ("rows".to_owned(), Evidence::Number(n as f64)),
                ("groups".to_owned(), Evidence::Number(self.count as f64)),
            ],
            advice: if few {
                "add independent runs, and read the intervals as a lower bound of the uncertainty"
                    .to_owned()
            } else {
                "to count other groups, name their column (--uncertainty cluster:COLUMN:1000); to count rows, say --independent".to_owned()
            },
        }
    }
}

/// A column that names runs, and the run of each row of the table.
pub(crate) type RunNames = (String, Vec<Option<u32>>);

/// Columns that name the run of each row, the likeliest first.
pub(crate) fn run_names(table: &RunTable, law: &Law) -> Vec<RunNames> {
    if table.rows() > MOST {
        return Vec::new();
    }
    let plain = |name: &str| -> String {
        let last = name.rsplit(['/', '.']).next().unwrap_or(name);
        let kept = last.chars().filter(char::is_ascii_alphanumeric);
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    let used = |name: &str| law.vars.iter().any(|v| v.column == name || v.name == name);
    let columns = NAMES.iter().flat_map(|wanted| {
        let columns = table.columns();
        columns.filter(move |c| plain(&c.name) == *wanted && !used(&c.name))
    });
    let named = columns.filter_map(|column| {
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        let codes: Vec<Option<u32>> = (0..table.rows())
            .map(|row| {
                let name = column.text(row).filter(|name| !name.is_empty())?;
                let next = known.len() as u32;
                Some(*known.entry(name).or_insert(next))
            })
            .collect();
        // One row a run, or one run: nothing to group. A number of the row may stand beside the name of the run.
        (known.len() > 1 && known.len() < table.rows()).then(|| (column.name.clone(), codes))
    });
    named.collect()
}

/// Groups of checkpoints: by the first names of runs that tell some at the rows that are used.
pub(crate) fn checkpoints(binding: &Binding, names: &[RunNames]) -> Option<Groups> {
    names
        .iter()
        .find_map(|names| checkpoints_by(binding, names))
}

fn checkpoints_by(binding: &Binding, (column, names): &RunNames) -> Option<Groups> {
    let mut next = u32::MAX;
    let labels: Vec<u32> = binding
        .rows
        .iter()
        .map(|row| {
            names.get(*row).copied().flatten().unwrap_or_else(|| {
                // A row without a name is a run of its own.
                next -= 1;
                next
            })
        })
        .collect();
    let groups = coded(&labels, column);
    let members = groups.members();
    let inputs = &binding.inputs;
    let constant =
        |rows: &[usize], k: usize| rows.iter().all(|i| inputs[k].1[*i] == inputs[k].1[rows[0]]);
    let size: Vec<bool> = inputs
        .iter()
        .map(|(letter, _)| is_size(binding, letter))
        .collect();
    let (mut rows, mut curves) = (0, 0);
    for group in members.iter().filter(|g| g.len() > 1) {
        let kept = (0..inputs.len()).filter(|k| constant(group, *k)).count();
        // A name that covers different sizes is a family, or the number of a seed.
        let one_size = (0..inputs.len()).all(|k| !size[k] || constant(group, k));
        let curve = kept < inputs.len() && (kept > 0 || inputs.len() == 1);
        if curve && one_size {
            rows += group.len();
            curves += 1;
        }
    }
    let mostly = rows as f64 >= MANY * binding.n as f64;
    (groups.count > 1 && curves > 1 && mostly).then(|| Groups {
        why: format!("{rows} of them checkpoints of {curves} runs"),
        ..groups
    })
}

/// Whether an input is the size of a model, which no run changes while it trains.
fn is_size(binding: &Binding, letter: &str) -> bool {
    let column = binding.columns.iter().find(|(l, _)| l == letter);
    let named = |name: &str| role_name(name) == Some("params");
    named(letter) || column.is_some_and(|(_, column)| named(column))
}

/// Groups by labels, numbered as they occur.
pub(crate) fn coded(labels: &[u32], column: &str) -> Groups {
    let mut known: BTreeMap<u32, usize> = BTreeMap::new();
    let codes: Vec<usize> = labels
        .iter()
        .map(|label| {
            let next = known.len();
            *known.entry(*label).or_insert(next)
        })
        .collect();
    Groups {
        count: known.len(),
        codes,
        of: format!("by `{column}`"),
        why: String::new(),
        inferred: false,
    }
}

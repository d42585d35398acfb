//! Charts downloaded from Weights & Biases: one column triple per run, `NAME - metric` with `__MIN` and `__MAX`.
//!
//! The table is turned into rows of run, step and metric. What the names of runs say about sizes is never
//! assumed; the note says how to use it.

use std::collections::{BTreeMap, BTreeSet};

use isoflop_base::{DecimalMark, Note, Severity, parse_quantity};

use super::builder::{Builder, Restart};
use crate::accounting::count;
use crate::table::note;

/// Column that names the run of a point.
const RUN: &str = "run";

/// The layout of a chart's header.
pub(super) struct Chart {
    /// Name of the first column.
    step: String,
    /// Runs in order of the header: name, and the cells of its metrics.
    runs: Vec<(String, Vec<Metric>)>,
    /// Cells of a smallest or largest value that differ from the value.
    unequal: usize,
    points: usize,
}

struct Metric {
    name: String,
    cell: usize,
    bounds: Vec<usize>,
}

impl Chart {
    /// The layout, if the header is that of a chart.
    pub(super) fn of(header: &csv::StringRecord) -> Option<Self> {
        let mut cells = header.iter().map(str::trim).enumerate();
        let (_, step) = cells.next()?;
        let mut runs: Vec<(String, Vec<Metric>)> = Vec::new();
        let mut at: BTreeMap<&str, usize> = BTreeMap::new();
        let mut bounds = 0;
        for (cell, name) in cells {
            let (run, metric) = name.rsplit_once(" - ")?;
            let place = *at.entry(run).or_insert_with(|| {
                runs.push((run.to_owned(), Vec::new()));
                runs.len() - 1
            });
            let metrics = &mut runs[place].1;
            let bare = metric
                .strip_suffix("__MIN")
                .or(metric.strip_suffix("__MAX"));
            match (bare, metrics.last_mut()) {
                (Some(bare), Some(last)) if last.name == bare => {
                    last.bounds.push(cell);
                    bounds += 1;
                }
                (Some(_), _) => return None,
                (None, _) => metrics.push(Metric {
                    name: metric.to_owned(),
                    cell,
                    bounds: Vec::new(),
                }),
            }
        }
        (bounds > 0).then(|| Self {
            step: step.to_owned(),
            runs,
            unequal: 0,
            points: 0,
        })
    }

    /// Adds one row for each run that has a value at this step.
    pub(super) fn push(
        &mut self,
        record: &csv::StringRecord,
        line: usize,
        builder: &mut Builder,
    ) -> Option<Restart> {
        let cell = |at: usize| record.get(at).unwrap_or_default().trim();
        for (run, metrics) in &self.runs {
            if metrics.iter().all(|m| cell(m.cell).is_empty()) {
                continue;
            }
            let mut set = |name: &str, text: &str| {
                let column = builder.column(name);
                builder.cell(column, text, DecimalMark::Point);
            };
            set(RUN, run);
            set(&self.step, cell(0));
            for metric in metrics {
                set(&metric.name, cell(metric.cell));
                let differs = |b: &&usize| cell(**b) != cell(metric.cell);
                self.unequal += metric.bounds.iter().filter(differs).count();
                self.points += usize::from(!cell(metric.cell).is_empty());
            }
            if let restart @ Some(_) = builder.end_row(line) {
                return restart;
            }
        }
        None
    }

    /// What the chart is, and what it does not say.
    pub(super) fn note(&self, source: &str, steps: usize) -> Note {
        let metrics: BTreeSet<&str> = self
            .runs
            .iter()
            .flat_map(|(_, m)| m.iter().map(|m| m.name.as_str()))
            .collect();
        let metrics: Vec<String> = metrics.iter().map(|m| format!("`{m}`")).collect();
        let bounds = if self.unequal == 0 {
            "__MIN and __MAX repeat it and are left out".to_owned()
        } else {
            format!(
                "__MIN and __MAX are left out, {} differ from it",
                count(self.unequal, "cell")
            )
        };
        let message = format!(
            "{source} is a chart of Weights & Biases: {} of {} at {}, {} in columns `{RUN}`, `{}`; {bounds}; params and tokens are not in it",
            count(self.runs.len(), "run"),
            metrics.join(", "),
            count(steps, "step"),
            count(self.points, "point"),
            self.step
        );
        let mut found = note("wandb-chart", Severity::Warning, message, Some(self.points));
        found.advice = self.sizes().unwrap_or_else(|| {
            format!("add params by run: --let 'params = if {RUN} == \"NAME\" then 1e9 else 2e9'")
        });
        found
    }

    /// How to take sizes from the names of runs, if each starts with one: `12m-4B-lr0.004`.
    fn sizes(&self) -> Option<String> {
        let mut by_size: Vec<(f64, &str, Vec<&str>)> = Vec::new();
        for (run, _) in &self.runs {
            let word = run.split(['-', '_', ' ', '.']).next()?;
            let size = parse_quantity(word).ok().filter(|q| q.scaled)?.value;
            match by_size.iter_mut().find(|(known, _, _)| *known == size) {
                Some((_, _, runs)) => runs.push(run),
                None => by_size.push((size, word, vec![run])),
            }
        }
        let (last, rest) = by_size.split_last()?;
        let mut expression = String::new();
        for (size, _, runs) in rest {
            let any: Vec<String> = runs.iter().map(|r| format!("{RUN} == {r:?}")).collect();
            expression += &format!("if {} then {size:e} else ", any.join(" or "));
        }
        Some(format!(
            "if {:?} in the names is the size, say so with --let 'params = {expression}{:e}'",
            by_size[0].1, last.0
        ))
    }
}

//! Are rows whole runs, or checkpoints of the same run?
//!
//! # What it checks
//!
//! Several rows of one run (a column such as `run_id`) at different steps or tokens, and rows from the first tenth of a
//! run.
//!
//! # Why it matters
//!
//! Checkpoints of one run share its seed, data order and learning rate: 4,852 rows of 261 runs are not 4,852
//! measurements. Used as if each were a run of its length they moved alpha from 0.20 to 0.42 on the (Mis)Fitting runs.
//! Early ones add their transient: dropping the first tenth cut extrapolation errors from 15 % to 4–10 %.
//!
//! # What to do
//!
//! Keep the last row of each run; or fit curves on purpose, without the first tenth, and resample whole runs
//! (`--uncertainty cluster:run_id:1000`).
//!
//! # Source
//!
//! Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (which checkpoints become data points); Choshen, Zhang, Andreas
//! 2024, arXiv:2410.11840.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
use isoflop_base::Severity;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    name: "checkpoints",
    question: "Are rows whole runs, or checkpoints of the same run?",
    source: "arXiv:2502.18969, checklist; arXiv:2410.11840",
    look,
};

pub(super) const RUN: [&str; 8] = [
    "runid",
    "run",
    "runname",
    "rundir",
    "experimentid",
    "trialid",
    "id",
    "name",
];
const FRACTION: [&str; 3] = ["fractiondone", "fractionofrun", "progressfraction"];
/// The part of a run in which the loss still falls steeply.
const EARLY: f64 = 0.1;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(column) = subject.column(&RUN).filter(|_| subject.has_rows()) else {
        return Verdict::CannotTell(
            "no column names the run that a row belongs to (run_id)".to_owned(),
        );
    };
    let steps = ["step", "steps", "iteration", "trainstep", "globalstep"];
    let along = subject.runs.tokens.clone().or_else(|| {
        let step = subject.column(&steps)?;
        subject.numbers(step)
    });
    let Some(along) = along else {
        return Verdict::CannotTell("neither tokens nor steps are known".to_owned());
    };
    let mut runs: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, name) in subject.labels(column).into_iter().enumerate() {
        if !name.is_empty() {
            runs.entry(name).or_default().push(i);
        }
    }
    let same_size = |rows: &[usize]| {
        let params = subject.runs.params.as_ref();
        params.is_none_or(|n| rows.iter().all(|i| n[*i] == n[rows[0]]))
    };
    let curves = runs.values().filter(|rows| {
        rows.len() > 1 && same_size(rows) && rows.iter().any(|i| along[*i] != along[rows[0]])
    });
    let (count, rows) = curves.fold((0, 0), |(c, r), rows| (c + 1, r + rows.len()));
    if count == 0 {
        return Verdict::Clear(format!(
            "{} runs by `{}`, one row each",
            runs.len(),
            column.name
        ));
    }
    let what = if count == 1 {
        format!(
            "{rows} of {} rows are the curve of one run (`{}`)",
            subject.runs.n, column.name
        )
    } else {
        format!(
            "{rows} of {} rows are checkpoints of {count} runs (`{}`)",
            subject.runs.n, column.name
        )
    };
    // A curve by itself is fitted on purpose, by a law that does not ask for the size.
    let on_purpose = count == 1 && subject.range("N").is_none();
    let severity = if on_purpose {
        Severity::Info
    } else {
        Severity::Warning
    };
    let mut found = vec![
        Found::new(
            "checkpoints-as-runs",
            severity,
            format!("{what}: rows of one run are not independent, and none but the last stands at its end"),
        )
        .number("rows", rows as f64)
        .number("runs", count as f64)
        .advice(if on_purpose {
            "intervals of one curve cover no other run: they measure how well this curve is fitted, not how well another run is predicted"
                .to_owned()
        } else {
            format!(
                "keep the last row of each run (--where); for curves on purpose, resample runs: --uncertainty cluster:{}:1000",
                column.name
            )
        }),
    ];
    let done = subject.column(&FRACTION).and_then(|c| subject.numbers(c));
    let known = done.is_some();
    let share: Vec<f64> = match done {
        Some(done) => done,
        None => {
            let mut share = vec![f64::NAN; subject.runs.n];
            for rows in runs.values() {
                let end = rows.iter().map(|i| along[*i]).fold(0.0, f64::max);
                for i in rows {
                    share[*i] = along[*i] / end;
                }
            }
            share
        }
    };
    let early = share.iter().filter(|f| **f < EARLY).count();
    if early > 0 {
        found.push(
            Found::warning(
                "early-checkpoints",
                format!("{early} rows come from the first {:.0}% of their run, where the loss still falls steeply", 100.0 * EARLY),
            )
            .number("rows", early as f64)
            .advice(if known {
                "leave them out (--where 'fraction_done > 0.1')"
            } else {
                "leave them out (--where 'tokens > …')"
            }),
        );
    }
    Verdict::Found(found)
}

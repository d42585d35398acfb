//! Are the rows independent measurements?
//!
//! # What it checks
//!
//! Rows that repeat others in every cell, and settings (all inputs of the law equal) that occur several times with losses
//! that differ by less than the residuals: seeds, restarts, several evaluations of one model.
//!
//! # Why it matters
//!
//! Repeats share whatever the law gets wrong at their setting. Counted as independent they shrink every interval without
//! adding information about the law.
//!
//! # What to do
//!
//! Average repeats, or resample whole settings (`--uncertainty cluster:COLUMN:1000`).
//!
//! # Source
//!
//! Davison, Hinkley 1997, Bootstrap Methods and their Application, section 3.8; Li, Kudugunta, Zettlemoyer 2025,
//! arXiv:2502.18969 (averaging over seeds is an item of its checklist).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::stats::robust_sd;
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "duplicates",
    question: "Are the rows independent measurements?",
    source: "Davison, Hinkley 1997, section 3.8; arXiv:2502.18969, checklist",
    look,
};

/// Share of rows in repeated settings that matters.
const MANY: f64 = 0.2;
/// Spread of repeats over that of the residuals below which they hang together.
const TOGETHER: f64 = 0.5;

fn look(subject: &Subject<'_>) -> Verdict {
    let mut found = subject.noted(&["copied-rows", "repeated-rows"]);
    let Some(fit) = subject.fit else {
        return Verdict::of(found, || "no row repeats another".to_owned());
    };
    let inputs = &fit.points.inputs;
    let n = subject.runs.residuals.len();
    if n == 0 || inputs.is_empty() {
        return Verdict::CannotTell("the fit does not keep its runs".to_owned());
    }
    let key = |i: usize| -> Vec<u64> { inputs.iter().map(|(_, v)| v[i].to_bits()).collect() };
    let levels = |i: usize| -> Vec<&str> {
        fit.points
            .levels
            .iter()
            .map(|(_, v)| v[i].as_str())
            .collect()
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_cached_key(|i| (key(*i), levels(*i), *i));
    let (mut settings, mut rows, mut squares, mut freedom) = (0usize, 0usize, 0.0, 0usize);
    for group in order.chunk_by(|a, b| key(*a) == key(*b) && levels(*a) == levels(*b)) {
        if group.len() < 2 {
            continue;
        }
        settings += 1;
        rows += group.len();
        freedom += group.len() - 1;
        let own: Vec<f64> = group.iter().map(|i| subject.runs.residuals[*i]).collect();
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        squares += own.iter().map(|r| (r - mean).powi(2)).sum::<f64>();
    }
    let share = rows as f64 / n as f64;
    let overall = robust_sd(&subject.runs.residuals);
    let within = if freedom > 0 {
        (squares / freedom as f64).sqrt()
    } else {
        0.0
    };
    let by_cluster = fit.uncertainty.method == "cluster";
    if share > MANY && within < TOGETHER * overall && !by_cluster && settings > 2 {
        found.push(
            Found::warning(
                "dependent-rows",
                format!(
                    "{rows} of {n} rows repeat {settings} settings of the inputs, and repeats differ by {within:.2e} only, beside residuals of \
                     {overall:.2e}: they share what the law gets wrong"
                ),
            )
            .number("rows", rows as f64)
            .number("settings", settings as f64)
            .number("within", within)
            .number("residual", overall)
            .advice("average the repeats, or resample settings: --uncertainty cluster:COLUMN:1000"),
        );
    }
    Verdict::of(found, || match settings {
        0 => "no two rows have the same inputs".to_owned(),
        _ => format!(
            "{rows} rows repeat {settings} settings, apart by {within:.2e} beside residuals of {overall:.2e}"
        ),
    })
}

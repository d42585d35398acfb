//! Is every run the best of its setting?
//!
//! # What it checks
//!
//! Runs with the same size and tokens that differ in learning rate, batch size or another column of tuning; and whether
//! the best value tried lies at the edge of those tried. A learning rate that changes within a run is where its schedule
//! stands and no setting.
//!
//! # Why it matters
//!
//! A law fitted to all learning rates describes their average. On the (Mis)Fitting runs alpha is 0.20 on all final
//! checkpoints and 0.14 on the best of each setting.
//!
//! # What to do
//!
//! Keep the lowest loss of every setting, and widen the sweep where the best value lies at its edge.
//!
//! # Source
//!
//! Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969; Porian et al. 2024, arXiv:2406.19146 (tuning by size).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
use isoflop_data::Column;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    name: "settings",
    question: "Is every run the best of its setting?",
    source: "arXiv:2502.18969; arXiv:2406.19146",
    look,
};

/// Columns of tuning.
const TUNING: [&str; 14] = [
    "learningrate",
    "lr",
    "peaklr",
    "maxlr",
    "baselr",
    "batchsize",
    "batchsequences",
    "batchtokens",
    "globalbatchsize",
    "globalbatchsequences",
    "weightdecay",
    "warmup",
    "warmupsteps",
    "beta2",
];

const STEP: [&str; 6] = [
    "step",
    "trainstep",
    "globalstep",
    "iteration",
    "trainerglobalstep",
    "fractiondone",
];

fn look(subject: &Subject<'_>) -> Verdict {
    let columns: Vec<_> = TUNING
        .iter()
        .filter_map(|name| subject.column(&[name]))
        .collect();
    let free: Vec<_> = columns.iter().filter(|c| !subject.law_reads(c)).collect();
    let tuned: Vec<(&str, Vec<f64>)> = free
        .iter()
        .map(|c| {
            (
                c.name.as_str(),
                subject.numbers(c).unwrap_or_else(|| codes(subject, c)),
            )
        })
        .filter(|(_, values)| !changes_within_runs(subject, values))
        .collect();
    if tuned.is_empty() {
        return match (columns.first(), free.first()) {
            (_, Some(c)) => Verdict::CannotTell(format!(
                "`{}` changes within runs: it is where the schedule stands, and what was tuned is not recorded",
                c.name
            )),
            (Some(c), None) => Verdict::DoesNotApply(format!("the law takes {} itself", c.name)),
            (None, None) => {
                Verdict::CannotTell("no column of tuning, such as learning_rate".to_owned())
            }
        };
    }
    let runs = &subject.runs;
    let (Some(params), Some(tokens), Some(loss)) = (&runs.params, &runs.tokens, &runs.loss) else {
        return Verdict::CannotTell("params, tokens and loss are not all known".to_owned());
    };
    let key = |i: usize| (params[i].to_bits(), tokens[i].to_bits());
    let mut order: Vec<usize> = (0..runs.n).collect();
    order.sort_by_key(|i| (key(*i), *i));
    let differs = |group: &[usize], values: &[f64]| {
        group
            .iter()
            .any(|i| values[*i].is_finite() && values[*i] != values[group[0]])
    };
    let (mut settings, mut beside, mut spread) = (0usize, 0usize, 0.0f64);
    let mut edges: Vec<(usize, usize)> = vec![(0, 0); tuned.len()];
    for group in order.chunk_by(|a, b| key(*a) == key(*b)) {
        if !tuned.iter().any(|(_, values)| differs(group, values)) {
            continue;
        }
        settings += 1;
        beside += group.len() - 1;
        let by_loss = |a: &&usize, b: &&usize| loss[**a].total_cmp(&loss[**b]);
        let (best, worst) = (group.iter().min_by(by_loss), group.iter().max_by(by_loss));
        let (Some(best), Some(worst)) = (best, worst) else {
            continue;
        };
        spread = spread.max(loss[*worst] / loss[*best] - 1.0);
        for ((_, values), edge) in tuned.iter().zip(&mut edges) {
            let mut tried: Vec<f64> = group
                .iter()
                .map(|i| values[*i])
                .filter(|v| v.is_finite())
                .collect();
            tried.sort_by(f64::total_cmp);
            tried.dedup();
            if tried.len() >= 3 {
                edge.1 += 1;
                edge.0 += usize::from(
                    values[*best] == tried[0] || values[*best] == tried[tried.len() - 1],
                );
            }
        }
    }
    if settings == 0 {
        return Verdict::Clear(format!(
            "no two runs of one size and token count differ in {}",
            names(&tuned)
        ));
    }
    let mut found = Vec::new();
    if beside * 10 > runs.n {
        found.push(
            Found::warning(
                "unselected-runs",
                format!(
                    "{beside} of {} runs are not the best of their size and token count: they differ in {}, and their losses by up to {:.1}%",
                    runs.n,
                    names(&tuned),
                    100.0 * spread
                ),
            )
            .number("runs", beside as f64)
            .number("settings", settings as f64)
            .number("largest_relative_loss", spread)
            .advice("keep the lowest loss of each setting, unless the law is to describe the average of what was tried"),
        );
    }
    for ((name, _), (at_edge, looked)) in tuned.iter().zip(&edges) {
        if *looked >= 3 && at_edge * 3 > *looked {
            found.push(
                Found::info(
                    "best-at-edge",
                    format!("the best {name} lies at the edge of those tried in {at_edge} of {looked} settings: a better one may lie beyond"),
                )
                .text("column", *name)
                .number("at_edge", *at_edge as f64)
                .number("settings", *looked as f64)
                .advice("widen the sweep there"),
            );
        }
    }
    Verdict::of(found, || {
        format!(
            "{settings} settings were run with more than one {}, {beside} runs beside the best",
            names(&tuned)
        )
    })
}

/// A column of words as numbers, one a word.
fn codes(subject: &Subject<'_>, column: &Column) -> Vec<f64> {
    let mut words: Vec<String> = Vec::new();
    let labels = subject.labels(column).into_iter().map(|label| {
        if label.is_empty() {
            return f64::NAN;
        }
        let known = words.iter().position(|w| *w == label);
        known.unwrap_or_else(|| {
            words.push(label);
            words.len() - 1
        }) as f64
    });
    labels.collect()
}

/// Whether a value differs between rows of one run, or, where no column names runs, follows the tokens at most sizes as a
/// schedule does that is recorded at every step.
fn changes_within_runs(subject: &Subject<'_>, values: &[f64]) -> bool {
    let runs = &subject.runs;
    let key: Vec<String> = match subject.column(&super::checkpoints::RUN) {
        Some(column) => subject.labels(column),
        None if subject.column(&STEP).is_some() => match &runs.params {
            Some(params) => params.iter().map(f64::to_string).collect(),
            None => return false,
        },
        None => return false,
    };
    if key.len() != values.len() {
        return false;
    }
    let mut of: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (name, value) in key.iter().zip(values) {
        if !name.is_empty() && value.is_finite() {
            of.entry(name).or_default().push(*value);
        }
    }
    let several: Vec<&Vec<f64>> = of.values().filter(|v| v.len() >= 3).collect();
    let distinct = |values: &&&Vec<f64>| {
        let mut own = (**values).clone();
        own.sort_by(f64::total_cmp);
        own.dedup();
        own.len() * 2 > values.len()
    };
    let changing = several.iter().filter(distinct).count();
    changing > 0 && changing * 2 >= several.len()
}

fn names(tuned: &[(&str, Vec<f64>)]) -> String {
    let shown: Vec<&str> = tuned.iter().take(3).map(|(name, _)| *name).collect();
    shown.join(", ")
}

//! Do the runs come from one source: corpus, tokenizer, recipe?
//!
//! # What it checks
//!
//! Columns of names that the law does not use (corpus, tokenizer, experiment, architecture …): do the residuals differ
//! between their values, by more than chance does in one table of a hundred, however many such columns there are? Columns
//! that say something about the quality of a row (flags of outliers, reasons, states, notes) name no source.
//!
//! # Why it matters
//!
//! Losses under different tokenizers or on different corpora are different quantities. One law through all of them fits
//! none, and its noise is the difference between them.
//!
//! # What to do
//!
//! Fit each by itself (`--group COLUMN`), or give the coefficient that differs an index: `E[corpus]`.
//!
//! # Source
//!
//! Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (data set, tokenizer, evaluation set are items of its checklist).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::stats::{clusters, mean};
use crate::audit::subject::{Subject, squashed};
use crate::audit::yardstick::Yardstick;
use isoflop_data::Column;

pub(super) const RULE: Rule = Rule {
    name: "sources",
    question: "Do the runs come from one source: corpus, tokenizer, recipe?",
    source: "arXiv:2502.18969, checklist",
    look,
};

/// Columns that make losses incomparable by their name alone.
const TOKENIZER: [&str; 6] = [
    "tokenizer",
    "tokeniser",
    "vocab",
    "vocabulary",
    "vocabsize",
    "tokenizername",
];
/// Most kinds that are told apart.
const MOST: usize = 12;
/// Runs that show how a kind lies.
const FEW: usize = 4;
/// Share of the residuals' variance between kinds that is told.
const SHARE: f64 = 0.15;
/// Probability with which chance tells the kinds of one of all columns apart.
const CHANCE: f64 = 0.01;
/// Parts of names of columns that judge rows by their loss, or say how a run ended.
const JUDGING: [&str; 14] = [
    "outlier", "exclude", "flag", "invalid", "diverged", "suspect", "reason", "quality", "status",
    "state", "comment", "note", "isbest", "rank",
];

fn look(subject: &Subject<'_>) -> Verdict {
    let mut found = Vec::new();
    if let Some(column) = subject.column(&TOKENIZER).filter(|c| !subject.law_reads(c)) {
        let mut labels = subject.labels(column);
        labels.retain(|l| !l.is_empty());
        labels.sort();
        labels.dedup();
        if labels.len() > 1 {
            found.push(
                Found::warning(
                    "mixed-tokenizers",
                    format!("`{}` takes {} values: losses per token under different tokenizers are different quantities", column.name, labels.len()),
                )
                .text("column", &column.name)
                .number("kinds", labels.len() as f64)
                .advice(format!("fit each by itself (--group {}), or measure bits per byte", column.name)),
            );
        }
    }
    let columns: Vec<&Column> = subject
        .kinds()
        .into_iter()
        .filter(|c| !subject.law_reads(c) && names_a_source(&squashed(&c.name)))
        .collect();
    if columns.is_empty() && found.is_empty() {
        return Verdict::CannotTell("no column names a corpus, tokenizer or recipe".to_owned());
    }
    if subject.fit.is_none() {
        return Verdict::of(found, || {
            "there is no fit, and so no residuals to compare".to_owned()
        });
    }
    let Some(yardstick) = subject.yardstick() else {
        return Verdict::of(found, || super::NO_YARDSTICK.to_owned());
    };
    if yardstick.exact {
        return Verdict::of(found, || super::EXACT.to_owned());
    }
    let columns: Vec<(&Column, Vec<usize>)> = columns
        .into_iter()
        .filter_map(|c| Some((c, kinds(subject, c)?)))
        .collect();
    let chance = CHANCE / columns.len().max(1) as f64;
    let mut looked = Vec::new();
    let mut apart: Vec<(f64, &Column, Found)> = Vec::new();
    for (column, codes) in columns {
        looked.push(format!("`{}`", column.name));
        let different = differ(subject, column, &codes, yardstick, chance);
        apart.extend(different.map(|(share, found)| (share, column, found)));
    }
    // Experiment, data set and recipe often say the same: the one that says most speaks for all.
    apart.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut apart = apart.into_iter();
    if let Some((_, _, mut most)) = apart.next() {
        let others: Vec<String> = apart
            .map(|(share, c, _)| format!("`{}` {:.0}%", c.name, 100.0 * share))
            .collect();
        if !others.is_empty() {
            most.message = format!("{}; {}", most.message, others.join(", "));
        }
        found.push(most);
    }
    if looked.is_empty() && found.is_empty() {
        return Verdict::CannotTell(
            "no column of names splits the runs into a few kinds of several sizes each".to_owned(),
        );
    }
    Verdict::of(found, || {
        format!(
            "residuals do not differ between the values of {}",
            looked.join(", ")
        )
    })
}

/// Whether a column of this name can tell where a run comes from.
fn names_a_source(name: &str) -> bool {
    !super::checkpoints::RUN.contains(&name) && !JUDGING.iter().any(|part| name.contains(part))
}

/// Codes of the kinds, in the order of their first runs; none when there are too many, or when each is but one size.
fn kinds(subject: &Subject<'_>, column: &Column) -> Option<Vec<usize>> {
    let labels = subject.labels(column);
    let mut names: Vec<&str> = Vec::new();
    let codes: Vec<usize> = labels
        .iter()
        .map(|l| {
            names.iter().position(|n| n == l).unwrap_or_else(|| {
                names.push(l);
                names.len() - 1
            })
        })
        .collect();
    let large = (0..names.len())
        .filter(|k| codes.iter().filter(|c| *c == k).count() >= FEW)
        .count();
    if large < 2 || names.len() > MOST {
        return None;
    }
    let sizes = subject.runs.params.as_ref().map(|n| clusters(n, 0.05));
    let nested = sizes.is_some_and(|sizes| {
        let of = |k: usize| {
            sizes
                .iter()
                .filter(|s| s.iter().any(|i| codes[*i] == k))
                .count()
        };
        (0..names.len()).all(|k| of(k) <= 1)
    });
    (!nested).then_some(codes)
}

fn differ(
    subject: &Subject<'_>,
    column: &Column,
    codes: &[usize],
    yardstick: &Yardstick,
    chance: f64,
) -> Option<(f64, Found)> {
    let residuals = yardstick.scores();
    if residuals.len() != codes.len() {
        return None;
    }
    let labels = subject.labels(column);
    let count = codes.iter().max().map_or(0, |m| m + 1);
    let own = |k: usize| -> Vec<f64> {
        let rows = codes.iter().zip(residuals).filter(|(c, _)| **c == k);
        rows.map(|(_, r)| *r).collect()
    };
    let groups: Vec<Vec<f64>> = (0..count).map(own).collect();
    let marked: Vec<Vec<f64>> = (0..count)
        .map(|k| codes.iter().map(|c| f64::from(u8::from(*c == k))).collect())
        .collect();
    let test = yardstick.added(&marked)?;
    if !(test.adjusted > SHARE && test.p_value < chance) {
        return None;
    }
    let share = test.share;
    let mut means: Vec<(String, f64)> = groups
        .iter()
        .enumerate()
        .map(|(code, g)| {
            let at = codes.iter().position(|c| *c == code).unwrap_or_default();
            let name = &labels[at];
            let name = if name.is_empty() {
                "(empty)".to_owned()
            } else {
                name.clone()
            };
            (name, mean(g))
        })
        .collect();
    means.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shown = |(name, m): &(String, f64)| format!("{name} {}", subject.off(*m));
    let (high, low) = (means.first()?, means.last()?);
    Some((
        share,
        Found::warning(
            "mixed-sources",
            format!(
                "residuals differ by `{}`, from {} to {}: {:.0}% of their variance lies between its {count} values",
                column.name,
                shown(high),
                shown(low),
                100.0 * share
            ),
        )
        .text("column", &column.name)
        .number("share", share)
        .number("p_value", test.p_value)
        .advice(format!(
            "fit each by itself (--group {}), or index what differs in the law: {}[{}]",
            column.name,
            subject.law.coefs.first().map_or("E", |c| c.name.as_str()),
            column.name
        )),
    ))
}

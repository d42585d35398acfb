//! Which rows were left out, and which were kept although they are flagged?
//!
//! # What it checks
//!
//! The share of rows that the fit does not use, by reason, and rows that it uses although a column calls them outliers or
//! excluded.
//!
//! # Why it matters
//!
//! Five rows more or less move beta by 0.08 on the Chinchilla runs. What was left out, and why, is half of a fit.
//!
//! # What to do
//!
//! State the rule by which rows were left out, and show the answer under other rules.
//!
//! # Source
//!
//! Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (points dropped, and why, are an item of its checklist); Besiroglu et
//! al. 2024, arXiv:2404.10102.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::{Subject, squashed};
use isoflop_base::Severity;
use isoflop_data::Values;

pub(super) const RULE: Rule = Rule {
    name: "skipped",
    question: "Which rows were left out, and which were kept although they are flagged?",
    source: "arXiv:2502.18969, checklist; arXiv:2404.10102",
    look,
};

/// Share of rows left out that is told.
const MANY: f64 = 0.1;
/// The same, grave.
const MOST: f64 = 0.5;

fn look(subject: &Subject<'_>) -> Verdict {
    let mut found = Vec::new();
    let mut said = "all rows are used".to_owned();
    if let Some(fit) = subject.fit {
        // What --where leaves out was asked for.
        let unasked = |reason: &str| !reason.contains("--where") && !reason.contains("where");
        let skipped: usize = fit.skipped.iter().map(|s| s.rows).sum();
        let lost: usize = fit
            .skipped
            .iter()
            .filter(|s| unasked(&s.reason))
            .map(|s| s.rows)
            .sum();
        let reasons: Vec<String> = fit
            .skipped
            .iter()
            .map(|s| format!("{} ({})", s.reason, s.rows))
            .collect();
        let share = lost as f64 / (lost + fit.n) as f64;
        if share > MANY {
            let severity = if share > MOST {
                Severity::Warning
            } else {
                Severity::Info
            };
            found.push(
                Found::new(
                    "many-rows-skipped",
                    severity,
                    format!(
                        "{lost} of {} rows cannot be used: {}",
                        lost + fit.n,
                        reasons.join(", ")
                    ),
                )
                .number("skipped", lost as f64)
                .number("used", fit.n as f64)
                .advice("see whether the rows that are left still stand for all runs"),
            );
        }
        if skipped > 0 {
            said = format!("{} rows used; left out: {}", fit.n, reasons.join(", "));
        }
    }
    for column in subject.kinds() {
        let name = squashed(&column.name);
        let flag = [
            "outlier", "exclude", "flagged", "invalid", "diverged", "suspect",
        ]
        .iter()
        .any(|w| name.contains(w));
        if !flag || !matches!(column.values, Values::Bool(_)) || subject.law_reads(column) {
            continue;
        }
        let labels = subject.labels(column);
        let marked: Vec<usize> = (0..labels.len()).filter(|i| labels[*i] == "true").collect();
        if !marked.is_empty() {
            found.push(
                Found::info(
                    "flagged-rows-used",
                    format!(
                        "{} of {} rows are used although `{}` is true for them ({})",
                        marked.len(),
                        subject.runs.n,
                        column.name,
                        subject.runs.list(&marked)
                    ),
                )
                .text("column", &column.name)
                .number("rows", marked.len() as f64)
                .advice(format!(
                    "if they do not belong, leave them out: --where 'not {}'",
                    column.name
                )),
            );
        }
    }
    Verdict::of(found, || said)
}

//! Does the answer depend on what N counts?
//!
//! # What it checks
//!
//! The law is fitted again with the other column of parameters where the table has both. Where it has one, N is taken
//! with embeddings and without, by the relation N = N' + 47,491 N'^(1/3) of Pearce and Song.
//!
//! # Why it matters
//!
//! Small models are mostly embeddings. Counting without them, on small models, explains much of the difference between
//! Kaplan's exponent of 0.73 and Chinchilla's of 0.50; three readings of Chinchilla's N differ by up to 15 %.
//!
//! # What to do
//!
//! Say what N counts, with the code that counts it; plan in the same count.
//!
//! # Source
//!
//! Pearce, Song 2024, arXiv:2406.12907; Porian et al. 2024, arXiv:2406.19146; Schaeffer et al. 2025 on three readings of
//! Chinchilla's N.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::optimum::{coefficients, exponent, is_surface, optimal_params};
use crate::audit::subject::{Subject, squashed};
use isoflop_base::{Severity, format_si};
use isoflop_fit::{Fit, fit};

pub(super) const RULE: Rule = Rule {
    name: "embeddings",
    question: "Does the answer depend on what N counts?",
    source: "arXiv:2406.12907; arXiv:2406.19146",
    look,
};

/// Embedding parameters are this times the cube root of the others (Pearce, Song 2024, equation 6).
const EMBEDDING: f64 = 47_491.0;
/// Difference of the exponent of N* that is told.
const TOLD: f64 = 0.01;
/// The same, grave.
const GRAVE: f64 = 0.03;
/// Difference from which the other count is told although nobody says that it was meant.
const GRAVE_IF_SO: f64 = 0.06;

/// Columns that count all parameters, and those that leave embeddings out.
const TOTAL: [&str; 6] = [
    "params",
    "nparams",
    "paramstotal",
    "totalparams",
    "parameters",
    "modelsize",
];
const WITHOUT: [&str; 7] = [
    "paramsnonembedding",
    "nonembeddingparams",
    "nparamsnonembedding",
    "nonembeddingparameters",
    "nonembedparams",
    "paramsnonembed",
    "paramsnoembed",
];

fn look(subject: &Subject<'_>) -> Verdict {
    let (Some(fitted), Some(params)) = (subject.fit, &subject.runs.params) else {
        return Verdict::CannotTell("there is no fit, or no column says the model size".to_owned());
    };
    if !is_surface(&subject.law) {
        return Verdict::DoesNotApply("the law is not one of N and D alone".to_owned());
    }
    let used = subject.range("N").map_or("", |r| r.column.as_str());
    let leaves_out = leaves_out_embeddings(used);
    let other = if leaves_out {
        subject.column(&TOTAL)
    } else {
        subject.column(&WITHOUT)
    };
    let measured = other.and_then(|c| Some((c.name.clone(), subject.numbers(c)?)));
    let measured = measured.filter(|(_, v)| v.iter().all(|x| *x > 0.0) && !v.is_empty());
    let stated = measured.is_some();
    let (name, values) = measured.unwrap_or_else(|| {
        if leaves_out {
            let with = |n: &f64| n + EMBEDDING * n.cbrt();
            (
                "N with embeddings as Pearce and Song count them".to_owned(),
                params.iter().map(with).collect(),
            )
        } else {
            let without = |n: &f64| without_embeddings(*n);
            (
                "N without embeddings as Pearce and Song count them".to_owned(),
                params.iter().map(without).collect(),
            )
        }
    });
    let refitted = subject
        .runs_table(&[("N", &values)])
        .zip(subject.refit_options())
        .and_then(|(table, options)| fit(&subject.law, &table, &options).ok());
    let Some(refitted) = refitted else {
        return Verdict::CannotTell(format!("the law cannot be fitted with {name}"));
    };
    let (Some(here), Some(there)) = (
        answers(subject, fitted, params),
        answers(subject, &refitted, &values),
    ) else {
        return Verdict::CannotTell(
            "the law has no compute-optimal size near these runs".to_owned(),
        );
    };
    let moved = there.exponent - here.exponent;
    let words = format!(
        "with {name} instead of {} the exponent of N* is {:.3} instead of {:.3}, and N* at {} FLOP is {} instead of {}",
        if used.is_empty() { "N" } else { used },
        there.exponent,
        here.exponent,
        format_si(here.flops, 3),
        format_si(there.size, 3),
        format_si(here.size, 3)
    );
    if moved.abs() < TOLD {
        return Verdict::Clear(words);
    }
    // A count that the table does not state is a thought experiment.
    if !stated && moved.abs() < GRAVE_IF_SO {
        return Verdict::CannotTell(format!("no column says what N counts: {words}"));
    }
    let severity = if stated && moved.abs() >= GRAVE {
        Severity::Warning
    } else {
        Severity::Info
    };
    Found::new("definition-of-n", severity, words)
        .number("exponent", here.exponent)
        .number("exponent_with_other_count", there.exponent)
        .text("other_count", name)
        .advice("say which parameters N counts, and plan in the same count (isoflop flops --list)")
        .alone()
}

/// Whether a column says by its name that it leaves embeddings out.
pub(super) fn leaves_out_embeddings(column: &str) -> bool {
    WITHOUT.contains(&squashed(column).as_str())
}

/// N' with N' + 47,491 N'^(1/3) = N, by bisection.
fn without_embeddings(n: f64) -> f64 {
    let (mut low, mut high) = (0.0, n);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle + EMBEDDING * middle.cbrt() > n {
            high = middle;
        } else {
            low = middle;
        }
    }
    f64::midpoint(low, high)
}

struct Answers {
    exponent: f64,
    size: f64,
    flops: f64,
}

/// Exponent of N* about the middle of the runs' compute, and N* at its largest, each in its own count of N.
fn answers(subject: &Subject<'_>, fit: &Fit, params: &[f64]) -> Option<Answers> {
    let tokens = subject.runs.tokens.as_ref()?;
    let compute: Vec<f64> = params
        .iter()
        .zip(tokens)
        .map(|(n, d)| 6.0 * n * d)
        .collect();
    let largest = compute.iter().copied().fold(0.0, f64::max);
    let middle = (compute.iter().map(|c| c.ln()).sum::<f64>() / compute.len() as f64).exp();
    let low = params.iter().copied().fold(f64::INFINITY, f64::min);
    let high = params.iter().copied().fold(0.0, f64::max);
    let coefs = coefficients(fit, &fit.joint.at);
    Some(Answers {
        exponent: exponent(&subject.law, &coefs, middle, (low, high))?,
        size: optimal_params(&subject.law, &coefs, largest, (low, high))?,
        flops: largest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_taken_off_and_put_on_again_give_the_same_count() {
        for n in [1e6, 1e8, 7e10] {
            let without = without_embeddings(n);
            assert!(
                ((without + EMBEDDING * without.cbrt()) / n - 1.0).abs() < 1e-12,
                "{n}"
            );
        }
    }
}

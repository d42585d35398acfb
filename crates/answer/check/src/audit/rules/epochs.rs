//! Did runs see their data more than once?
//!
//! # What it checks
//!
//! Tokens against unique tokens, or a column of epochs, where the law does not take them.
//!
//! # Why it matters
//!
//! A repeated token is worth less than a new one, up to four epochs hardly less, beyond sixteen nearly nothing. A law of N
//! and D alone reads the difference as noise or as a smaller beta.
//!
//! # What to do
//!
//! Fit runs of one epoch (`--where 'epochs <= 1'`), or a law that takes unique tokens (`isoflop laws search repeated`).
//!
//! # Source
//!
//! Muennighoff et al. 2023, arXiv:2305.16264.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::{Subject, graded};

pub(super) const RULE: Rule = Rule {
    name: "epochs",
    question: "Did runs see their data more than once?",
    source: "arXiv:2305.16264",
    look,
};

const UNIQUE: [&str; 5] = [
    "uniquetokens",
    "tokensunique",
    "datasettokens",
    "corpustokens",
    "uniquetrainingtokens",
];
const EPOCHS: [&str; 4] = ["epochs", "epoch", "numepochs", "repetitions"];
/// Repeats up to here are worth nearly as much as new data.
const HARMLESS: f64 = 4.0;

fn look(subject: &Subject<'_>) -> Verdict {
    let column = subject.column(&UNIQUE).or_else(|| subject.column(&EPOCHS));
    let Some(column) = column else {
        return Verdict::CannotTell(
            "no column says how often data were seen (unique_tokens or epochs)".to_owned(),
        );
    };
    if subject.law_reads(column) {
        return Verdict::DoesNotApply(format!("the law takes `{}` itself", column.name));
    }
    let unique = subject.column(&UNIQUE).and_then(|c| subject.numbers(c));
    let epochs = match (unique, &subject.runs.tokens) {
        (Some(unique), Some(tokens)) => {
            Some(tokens.iter().zip(&unique).map(|(d, u)| d / u).collect())
        }
        _ => subject.column(&EPOCHS).and_then(|c| subject.numbers(c)),
    };
    let epochs: Vec<f64> = epochs.unwrap_or_default();
    let known: Vec<f64> = epochs.into_iter().filter(|e| e.is_finite()).collect();
    if known.is_empty() {
        return Verdict::CannotTell(format!("`{}` holds no numbers for these runs", column.name));
    }
    let most = known.iter().copied().fold(0.0, f64::max);
    let repeated = known.iter().filter(|e| **e > 1.05).count();
    if repeated == 0 {
        return Verdict::Clear(format!(
            "no run saw its data more than once, the most {most:.2} times"
        ));
    }
    Found::new(
        "repeated-data",
        graded(most, HARMLESS),
        format!("{repeated} of {} runs saw their data more than once, up to {most:.0} times, and the law takes every token for new", known.len()),
    )
    .number("runs", repeated as f64)
    .number("most_epochs", most)
    .advice("fit runs of one epoch, or a law that takes unique tokens (isoflop laws search repeated)")
    .alone()
}

//! Tables with known truth, and what a check says of them.

use isoflop_check::{Answered, Check, Checked, Outcome, check};
use isoflop_fit::{FitOptions, Uncertainty, fit};
use isoflop_law::Law;
pub use isoflop_testkit::grid::*;
use std::fmt::Write as _;

/// Options of a quick fit with intervals.
pub fn quick() -> FitOptions {
    FitOptions {
        uncertainty: Uncertainty::Bootstrap { resamples: 200 },
        ..FitOptions::default()
    }
}

/// The check of a law on planted runs.
pub fn checked(law: &Law, runs: &[Run], options: &FitOptions) -> Check {
    let table = table(runs);
    let what = Checked {
        rivals: &[],
        backtest: None,
        law,
        table: Some(&table),
        options,
        points: &[],
        changed: &[],
    };
    check(&what, fit(law, &table, options)).unwrap_or_else(|e| panic!("{e}"))
}

/// The check of the Chinchilla law.
pub fn check_of(runs: &[Run]) -> Check {
    checked(&chinchilla(), runs, &quick())
}

/// What one rule answered.
pub fn rule<'c>(check: &'c Check, name: &str) -> &'c Answered {
    let found = check.answers.iter().find(|a| a.rule == name);
    found.unwrap_or_else(|| panic!("there is no rule {name}"))
}

/// What one rule answered, as lines.
pub fn said(check: &Check, name: &str) -> String {
    let answered = rule(check, name);
    let mut text = format!("{:?}: {}", answered.outcome, answered.message);
    for f in &answered.findings {
        write!(
            text,
            "\n{:?} {}: {}\n  > {}",
            f.severity, f.code, f.message, f.advice
        )
        .expect("a string takes all text");
    }
    text
}

/// Whether a rule has nothing to say against the runs.
pub fn is_clear(check: &Check, name: &str) -> bool {
    rule(check, name).outcome == Outcome::Clear
}

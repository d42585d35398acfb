//! With how many digits must the coefficients be printed?
//!
//! # What it checks
//!
//! The objective at the coefficients rounded to two, three, four … significant digits, and at published values of the
//! law where these runs are the ones behind them.
//!
//! # Why it matters
//!
//! Amplitudes and exponents compensate each other to many digits. Hoffmann's coefficients as printed (0.34, 0.28) have
//! four times the objective of the best fit, with the digits of the TeX source 1.2 times.
//!
//! # What to do
//!
//! Print at least the digits named here, keep full precision in the file, and use files rather than tables.
//!
//! # Source
//!
//! Besiroglu et al. 2024, arXiv:2404.10102; Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (exponents to at least
//! four decimals).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;
use isoflop_fit::{Fit, Refits, refits};

pub(super) const RULE: Rule = Rule {
    name: "rounding",
    question: "With how many digits must the coefficients be printed?",
    source: "arXiv:2404.10102; arXiv:2502.18969, checklist",
    look,
};

/// A relative rise of the objective that is lost in its own uncertainty.
const SMALL: f64 = 0.01;
/// Digits that tables print.
const USUAL: usize = 3;
/// Published values were fitted to these very runs when their objective lies above the best by less than this part of
/// what the true coefficients of runs like them lie above it, coefficients over runs: chance does that once in a hundred.
const SAME_RUNS: f64 = 0.1;
/// Published values that are worse than this were rounded too far.
const FAR: f64 = 2.0;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    if subject.is_exact() || fit.objective.value == 0.0 {
        return Verdict::DoesNotApply("the law passes through all runs".to_owned());
    }
    let table = subject.runs_table(&[]);
    let asked = table.and_then(|t| refits(&subject.law, &t, fit, |r| ask(r, fit, subject)));
    let Some((digits, published)) = asked else {
        return Verdict::CannotTell(
            "the objective of a fit in stages or with pooled coefficients is not repeated here"
                .to_owned(),
        );
    };
    let mut found = published;
    let usual = digits
        .iter()
        .find(|(d, _)| *d == USUAL)
        .map_or(0.0, |(_, cost)| *cost);
    let enough = digits.iter().find(|(_, cost)| *cost < SMALL);
    let enough = enough.map_or_else(
        || "more than 8 significant digits are needed".to_owned(),
        |(d, cost)| {
            format!(
                "{d} significant digits are enough ({:.2}% above)",
                100.0 * cost
            )
        },
    );
    if usual >= SMALL {
        found.insert(
            0,
            Found::info(
                "rounding",
                format!(
                    "coefficients rounded to {USUAL} significant digits have an objective {:.1}% above the optimum: {enough}",
                    100.0 * usual
                ),
            )
            .number("relative_rise_at_3_digits", usual)
            .advice("print that many digits, and keep fit.json, which holds all of them"),
        );
    }
    Verdict::of(found, || {
        format!(
            "rounding to {USUAL} significant digits raises the objective by {:.2}%",
            100.0 * usual
        )
    })
}

/// The relative rise by digits, and published values that are far off although others were fitted to these runs.
fn ask(refits: &Refits<'_>, fit: &Fit, subject: &Subject<'_>) -> (Vec<(usize, f64)>, Vec<Found>) {
    let best = refits.objective(&fit.joint.at);
    let at = |digits: usize| -> f64 {
        let rounded: Vec<f64> = refits
            .coordinates()
            .iter()
            .zip(&fit.joint.at)
            .map(|(c, x)| c.of(to_digits(c.coefficient(*x), digits)))
            .collect();
        refits.objective(&rounded) / best - 1.0
    };
    let digits = (2..=8).map(|d| (d, at(d))).collect();
    let published: Vec<(&str, f64)> = subject
        .law
        .variants
        .iter()
        .filter_map(|v| {
            let value = |name: &str| v.coefs.iter().find(|(n, _)| n == name).map(|(_, x)| *x);
            let own: Option<Vec<f64>> = refits
                .coordinates()
                .iter()
                .map(|c| value(&c.name).map(|x| c.of(x)))
                .collect();
            Some((v.name.as_str(), refits.objective(&own?) / best))
        })
        .collect();
    let like_the_truth = 1.0 + SAME_RUNS * fit.joint.at.len() as f64 / fit.n as f64;
    let nearest = published
        .iter()
        .map(|(_, r)| *r)
        .fold(f64::INFINITY, f64::min);
    let mut far: Vec<&(&str, f64)> = published.iter().filter(|(_, r)| *r >= FAR).collect();
    if nearest > like_the_truth || far.is_empty() {
        return (digits, Vec::new());
    }
    far.sort_by(|a, b| b.1.total_cmp(&a.1));
    let listed: Vec<String> = far
        .iter()
        .map(|(name, r)| format!("`{name}` {r:.2} times"))
        .collect();
    let found = Found::info(
        "published-rounding",
        format!(
            "other published values of the law are the optimum of these runs, and these have a multiple of its objective: {}",
            listed.join(", ")
        ),
    )
    .text("published", far[0].0)
    .number("objective_ratio", far[0].1)
    .advice("do not evaluate the law with them: `isoflop laws show` lists values with more digits");
    (digits, vec![found])
}

fn to_digits(x: f64, digits: usize) -> f64 {
    let text = format!("{x:.*e}", digits.saturating_sub(1));
    text.parse().unwrap_or(x)
}

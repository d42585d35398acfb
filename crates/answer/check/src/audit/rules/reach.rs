//! How far beyond the runs is the law asked to go?
//!
//! # What it checks
//!
//! The points of `--at`: orders of magnitude beyond the runs in N, D, C and D/N, beside the distance over which the backtest
//! has foretold runs.
//!
//! # Why it matters
//!
//! Intervals of a fit assume that the law holds. Beyond the runs this is unknown, and laws that fit alike differ
//! there.
//!
//! # What to do
//!
//! Backtest over as many orders of magnitude as are asked, give predictions of several laws, and state the distance.
//!
//! # Source
//!
//! Alabdulmohsin, Neyshabur, Zhai 2022, arXiv:2209.06640 (judge by extrapolation); Choshen, Zhang, Andreas 2024,
//! arXiv:2410.11840.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::{Subject, graded};
use isoflop_base::{Severity, format_si};
use isoflop_predict::predict;

pub(super) const RULE: Rule = Rule {
    name: "reach",
    question: "How far beyond the runs is the law asked to go?",
    source: "arXiv:2209.06640; arXiv:2410.11840",
    look,
};

/// Orders of magnitude in one input that are far.
const FAR: f64 = 1.0;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    if subject.points.is_empty() {
        return Verdict::CannotTell(
            "no point was asked for: name those that matter with --at".to_owned(),
        );
    }
    let prediction = match predict(fit, subject.points, fit.uncertainty.level) {
        Ok(prediction) => prediction,
        Err(faults) => {
            let said: Vec<String> = faults.0.iter().map(|f| f.message.clone()).collect();
            return Verdict::CannotTell(said.join("; "));
        }
    };
    let found = prediction.points.iter().filter_map(|point| {
        let (name, orders) = point
            .beyond
            .iter()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .filter(|(_, orders)| *orders != 0.0)?;
        let at: Vec<String> = point.at.iter().map(|(n, x)| format!("{n}={}", format_si(*x, 3))).collect();
        let side = if *orders > 0.0 { "above the largest" } else { "below the smallest" };
        // The backtest has already predicted over this distance.
        let along = subject.tested.as_ref().and_then(|(axis, farthest)| {
            let asked = point.beyond.iter().find(|(n, _)| n == axis)?.1;
            Some((axis, *farthest, asked.abs()))
        });
        let covered = along.is_some_and(|(_, farthest, asked)| farthest >= asked);
        let tested = along.map_or_else(String::new, |(axis, farthest, _)| {
            format!("; the backtest reaches {farthest:.1} in {axis}")
        });
        let mut found = Found::new(
            "extrapolation",
            if covered { Severity::Info } else { graded(orders.abs(), FAR) },
            format!(
                "{} lies {:.1} orders of magnitude {side} {name} of the runs{tested}",
                at.join(", "),
                orders.abs()
            ),
        );
        for (name, orders) in &point.beyond {
            found = found.number(&format!("beyond_{name}"), *orders);
        }
        let advice = if covered {
            "state the distance beside the number, and what the backtest gave over it"
        } else {
            "predict with other laws too (--laws), and state the distance beside the number: no backtest has predicted a run this far beyond the data"
        };
        Some(found.advice(advice))
    });
    Verdict::of(found.collect(), || {
        "all points asked for lie within the runs".to_owned()
    })
}

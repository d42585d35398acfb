//! Do single runs contradict all the others?
//!
//! # What it checks
//!
//! The distance of every run from the law of the other runs, in standard deviations of such a distance: beyond what
//! chance gives the farthest of that many runs in one table of a hundred.
//!
//! # Why it matters
//!
//! A loss that was read from the wrong checkpoint, smoothed otherwise or mistyped is one number among many. Squares
//! follow it; a robust penalty passes it by without a word, and the noise that is reported is not that of the runs.
//!
//! # What to do
//!
//! Look the run up. Correct it, leave it out and say so, or use a robust penalty and say that.
//!
//! # Source
//!
//! Cook, Weisberg 1982, Residuals and Influence in Regression, section 2.2 (deleted residuals, Bonferroni's bound).

use super::Rule;
use super::residuals::UNEVEN;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "outliers",
    question: "Do single runs contradict all the others?",
    source: "Cook, Weisberg 1982, section 2.2",
    look,
};

/// Probability with which chance makes one in a table.
const CHANCE: f64 = 0.01;
/// Share of the runs from which it is the noise that has heavy tails.
const TAILS: f64 = 0.1;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(yardstick) = subject.yardstick() else {
        return Verdict::CannotTell(super::NO_YARDSTICK.to_owned());
    };
    if yardstick.exact {
        return Verdict::Clear(super::EXACT.to_owned());
    }
    let mut deleted = yardstick.deleted();
    // Where the noise is known to follow an axis, a run is far by the noise where it is.
    if let Some(uneven) = subject.uneven().filter(|u| u.p_value <= UNEVEN) {
        for ((_, t), relative) in deleted.iter_mut().zip(&uneven.relative) {
            *t /= relative.max(1.0);
        }
    }
    let mut far: Vec<usize> = (0..deleted.len())
        .filter(|i| yardstick.chance_of(deleted[*i].1) < CHANCE)
        .collect();
    far.sort_by(|a, b| deleted[*b].1.abs().total_cmp(&deleted[*a].1.abs()));
    let Some(worst) = far.first().copied() else {
        let farthest = deleted.iter().map(|d| d.1.abs()).fold(0.0, f64::max);
        return Verdict::Clear(format!(
            "the run farthest from the law of the other runs is {farthest:.1} standard deviations off"
        ));
    };
    let n = deleted.len();
    let (off, t) = deleted[worst];
    let mut message = format!(
        "the run at {} lies {} off the law of the other runs, {:.1} standard deviations",
        subject.runs.list(&[worst]),
        subject.off(off),
        t.abs()
    );
    if far.len() > 1 {
        let mut places = far.clone();
        places.sort_unstable();
        message = format!(
            "{} of {n} runs lie farther from the law of the other runs than chance explains ({}); {message}",
            far.len(),
            subject.runs.list(&places)
        );
    }
    let advice = if far.len() as f64 > TAILS * n as f64 {
        "the noise has heavy tails: use a robust penalty, and look at what these runs have in common"
    } else {
        "look the run up: correct it, or exclude it with --where and report that"
    };
    Found::warning("outlying-runs", message)
        .number("runs", far.len() as f64)
        .text("farthest", subject.runs.list(&[worst]))
        .number("residual", off)
        .number("standard_deviations", t)
        .advice(advice)
        .alone()
}

//! Is one size trained worse than its neighbours?
//!
//! # What it checks
//!
//! For every size (within 5 %) with at least three runs: how far they lie above the law that the other sizes give, and
//! whether chance does that to one of so many sizes in one table of a hundred. A size inside the range must stand out
//! beside a bend along N as well; the smallest and the largest cannot be told from a bend, and the finding says so.
//!
//! # Why it matters
//!
//! A size with a bad learning rate bends the whole law: one under-tuned 190M rung made a project reach for a ten times
//! asymmetric penalty. Leaving out one size at a time and looking at the fit does not find it: in 58 % of cases the wrong
//! one is removed.
//!
//! # What to do
//!
//! Tune that size again, or fit without it (`--where`) and see how far the answer moves.
//!
//! # Source
//!
//! Cook, Weisberg 1982, section 2.2 (mean shift); OLMo-core issues 543 and 554; Choshen, Zhang, Andreas 2024,
//! arXiv:2410.11840.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::stats::clusters;
use crate::audit::subject::Subject;
use crate::audit::yardstick::{Shift, Yardstick};
use isoflop_base::format_si;

pub(super) const RULE: Rule = Rule {
    name: "rungs",
    question: "Is one size trained worse than its neighbours?",
    source: "OLMo-core issues 543 and 554; arXiv:2410.11840",
    look,
};

/// Sizes within this share are one.
const SAME: f64 = 0.05;
/// Runs that show how a size lies.
const ENOUGH: usize = 3;
/// Probability with which chance lifts one of all sizes.
const CHANCE: f64 = 0.01;
/// Most sizes that are named.
const MOST: usize = 3;

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(yardstick) = subject.yardstick() else {
        return Verdict::CannotTell(super::NO_YARDSTICK.to_owned());
    };
    let Some(params) = &subject.runs.params else {
        return Verdict::CannotTell("no column says the model size".to_owned());
    };
    if subject.runs.loss.is_none() {
        return Verdict::DoesNotApply(
            "the response is no loss: above the law need not be worse".to_owned(),
        );
    }
    if params.len() != yardstick.len() {
        return Verdict::CannotTell("the fit does not keep its runs".to_owned());
    }
    if yardstick.exact {
        return Verdict::Clear(super::EXACT.to_owned());
    }
    let rungs: Vec<Vec<usize>> = clusters(params, SAME)
        .into_iter()
        .filter(|runs| runs.len() >= ENOUGH)
        .collect();
    if rungs.len() < ENOUGH {
        return Verdict::CannotTell(format!(
            "{} sizes have {ENOUGH} runs or more: too few to compare",
            rungs.len()
        ));
    }
    let logs: Vec<f64> = params.iter().map(|n| n.ln()).collect();
    let mut found = Vec::new();
    let mut left: Option<Yardstick> = None;
    // The size that stands out most is taken out before the next is looked for: it lifts its neighbours' law.
    while found.len() < MOST {
        let Some((k, shift)) = highest(left.as_ref().unwrap_or(yardstick), &rungs, &logs) else {
            break;
        };
        let at_end = k == 0 || k + 1 == rungs.len();
        found.push(told(
            subject,
            params[rungs[k][0]],
            &rungs[k],
            &shift,
            at_end,
        ));
        left = Some(left.as_ref().unwrap_or(yardstick).without_shift(&rungs[k]));
    }
    Verdict::of(found, || {
        format!(
            "no size of the {} with {ENOUGH} runs or more stands above the law that the others give",
            rungs.len()
        )
    })
}

/// The size that stands highest above the others, if that is more than chance.
fn highest(yardstick: &Yardstick, rungs: &[Vec<usize>], logs: &[f64]) -> Option<(usize, Shift)> {
    let inside = yardstick.beside_bend(logs);
    let judge = |(k, runs): (usize, &Vec<usize>)| {
        let shift = yardstick.shift(runs)?;
        let ends = k == 0 || k + 1 == rungs.len();
        let beside = if ends { None } else { inside.shift(runs) };
        let p = beside.map_or(shift.p_value, |b| b.p_value.max(shift.p_value));
        (p * (rungs.len() as f64) < CHANCE).then_some((k, shift))
    };
    rungs
        .iter()
        .enumerate()
        .filter_map(judge)
        .max_by(|a, b| a.1.t.total_cmp(&b.1.t))
}

fn told(subject: &Subject<'_>, size: f64, runs: &[usize], shift: &Shift, at_end: bool) -> Found {
    let or = if at_end {
        ", or the law bends there: at an end of the sizes the two look alike"
    } else {
        ""
    };
    Found::warning(
        "under-tuned-rung",
        format!(
            "the {} runs with {} params lie {} off the law that the other sizes give, {:.1} standard errors{or}",
            runs.len(),
            format_si(size, 3),
            subject.off(shift.size),
            shift.t
        ),
    )
    .number("params", size)
    .number("runs", runs.len() as f64)
    .number("shift", shift.size)
    .number("standard_errors", shift.t)
    .text("places", subject.runs.list(runs))
    .advice("tune that size again, or fit without it (--where) and compare")
}

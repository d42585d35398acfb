//! Did every run end where its learning-rate schedule ended?
//!
//! # What it checks
//!
//! Steps or tokens done against those planned, whether runs under different kinds of schedule are mixed, and whether the
//! warm-up is long beside the run.
//!
//! # Why it matters
//!
//! A loss read before the schedule has decayed lies above that of a run of that length. On RefinedWeb a warm-up that fits
//! the run moved the exponent of N* from 0.71 to 0.60, and a decay that fits it on to 0.57; unmatched schedules are
//! Hoffmann's explanation of Kaplan's exponent.
//!
//! # What to do
//!
//! Keep runs at the end of their own schedule (`--where 'fraction_done == 1'`), or use a law with a term for the schedule.
//!
//! # Source
//!
//! Hoffmann et al. 2022, arXiv:2203.15556, Figure 1; Porian et al. 2024, arXiv:2406.19146; Hägele et al. 2024,
//! arXiv:2405.18392.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "schedule",
    question: "Did every run end where its learning-rate schedule ended?",
    source: "arXiv:2203.15556; arXiv:2406.19146; arXiv:2405.18392",
    look,
};

const FRACTION: [&str; 4] = [
    "fractiondone",
    "fractionofrun",
    "progressfraction",
    "trainfraction",
];
const STEP: [&str; 5] = [
    "step",
    "trainstep",
    "globalstep",
    "iteration",
    "trainerglobalstep",
];
const PLANNED_STEPS: [&str; 5] = [
    "totalsteps",
    "plannedsteps",
    "maxsteps",
    "numsteps",
    "trainsteps",
];
const PLANNED_TOKENS: [&str; 4] = [
    "plannedtokens",
    "targettokens",
    "tokensplanned",
    "scheduledtokens",
];
const KIND: [&str; 8] = [
    "schedule",
    "lrschedule",
    "lrscheduler",
    "scheduler",
    "lrdecay",
    "decay",
    "lrschedulertype",
    "cooldown",
];
const WARMUP: [&str; 3] = ["warmupsteps", "lrwarmupsteps", "warmupiterations"];
const STEPS: [&str; 6] = [
    "totalsteps",
    "steps",
    "plannedsteps",
    "maxsteps",
    "numsteps",
    "trainsteps",
];

/// A run this near its end has ended.
const ENDED: f64 = 0.98;
/// Share of a run that is a long warm-up.
const LONG: f64 = 0.2;

fn look(subject: &Subject<'_>) -> Verdict {
    let numbers = |names: &[&str]| subject.column(names).and_then(|c| subject.numbers(c));
    let ratio = |a: Option<Vec<f64>>, b: Option<Vec<f64>>| {
        let (a, b) = (a?, b?);
        Some(a.iter().zip(&b).map(|(a, b)| a / b).collect::<Vec<f64>>())
    };
    let done = numbers(&FRACTION)
        .or_else(|| ratio(numbers(&STEP), numbers(&PLANNED_STEPS)))
        .or_else(|| ratio(subject.runs.tokens.clone(), numbers(&PLANNED_TOKENS)));
    let mut found = Vec::new();
    let mut said = Vec::new();
    if let Some(done) = done.filter(|d| d.len() == subject.runs.n) {
        let known: Vec<f64> = done.into_iter().filter(|f| f.is_finite()).collect();
        let early = known.iter().filter(|f| **f < ENDED).count();
        if early > 0 {
            found.push(
                Found::warning(
                    "schedule-not-matched",
                    format!("{early} of {} rows were measured before their schedule ended: their losses lie above those of runs planned for that length", known.len()),
                )
                .number("rows", early as f64)
                .number("of", known.len() as f64)
                .advice("keep the last row of each run (--where), or fit a law with a term for the schedule"),
            );
        } else if !known.is_empty() {
            said.push(format!(
                "all {} rows stand at the end of their schedule",
                known.len()
            ));
        }
    }
    if let Some(column) = subject.column(&KIND).filter(|c| c.numbers().is_none()) {
        let mut kinds = subject.labels(column);
        kinds.retain(|k| !k.is_empty());
        kinds.sort();
        kinds.dedup();
        match kinds.as_slice() {
            [one] => said.push(format!("one kind of schedule: {one}")),
            several if several.len() > 1 && !subject.law_reads(column) => found.push(
                Found::warning(
                    "mixed-schedules",
                    format!(
                        "`{}` takes {} values ({}): the law is asked to be the same for all",
                        column.name,
                        several.len(),
                        several.join(", ")
                    ),
                )
                .text("column", &column.name)
                .number("kinds", several.len() as f64)
                .advice(format!("fit each kind by itself (--group {})", column.name)),
            ),
            _ => {}
        }
    }
    let warm = ratio(numbers(&WARMUP), numbers(&STEPS)).filter(|w| w.len() == subject.runs.n);
    if let Some(warm) = warm {
        let long = warm.iter().filter(|w| **w > LONG).count();
        if long > 0 {
            found.push(
                Found::info(
                    "long-warmup",
                    format!("{long} of {} runs spent more than {:.0}% of their steps on warm-up", warm.len(), 100.0 * LONG),
                )
                .number("runs", long as f64)
                .advice("scale the warm-up with the size of the run; short runs under it lie above the law"),
            );
        } else {
            said.push(format!(
                "no warm-up is longer than {:.0}% of its run",
                100.0 * LONG
            ));
        }
    }
    if found.is_empty() && said.is_empty() {
        return Verdict::CannotTell("no column says what was planned: fraction_done, step and total_steps, planned_tokens, or schedule".to_owned());
    }
    Verdict::of(found, || said.join("; "))
}

//! Runs that trackers list and that have no final result: still running, crashed, killed, pruned.
//!
//! The words are those of Weights & Biases, MLflow, Optuna, Ray, Slurm and their exports. A column of states is one that
//! holds nothing else; where `--where` or `--let` speaks of it, nothing is left out.

use crate::column::{Column, MISSING_CODE, Values};
use crate::table::RunTable;

/// Last part of the names of such columns, in lower case.
const NAMES: [&str; 6] = [
    "state",
    "status",
    "run_state",
    "run_status",
    "trial_state",
    "job_state",
];

const FINISHED: &[&str] = &[
    "finished",
    "complete",
    "completed",
    "success",
    "succeeded",
    "done",
    "ok",
    "terminated",
];

const UNFINISHED: &[&str] = &[
    "running",
    "crashed",
    "failed",
    "fail",
    "failure",
    "killed",
    "pruned",
    "canceled",
    "cancelled",
    "preempted",
    "preempting",
    "pending",
    "queued",
    "scheduled",
    "waiting",
    "stopped",
    "stopping",
    "aborted",
    "error",
    "errored",
    "timeout",
    "interrupted",
    "out_of_memory",
    "oom",
    "created",
    "starting",
    "paused",
    "deleted",
    "diverged",
];

/// Columns of a step that was reached and of the steps that were planned, by the last part of their names.
const REACHED: &[&str] = &["step", "_step", "global_step"];
const PLANNED: &[&str] = &["steps", "max_steps", "total_steps", "num_steps"];

/// The column of states, when the table has one.
pub(crate) fn column(table: &RunTable) -> Option<&Column> {
    table.columns().find(|c| {
        let last = c.name.rsplit(['.', '/']).next().unwrap_or_default();
        NAMES.contains(&last.to_lowercase().as_str()) && holds_states(c)
    })
}

fn holds_states(column: &Column) -> bool {
    match &column.values {
        Values::Text { levels, .. } if !levels.is_empty() => levels.iter().all(|l| {
            let word = word(l);
            FINISHED.contains(&word.as_str()) || UNFINISHED.contains(&word.as_str())
        }),
        _ => false,
    }
}

/// `TrialState.PRUNED` and `Finished` as one word in lower case.
fn word(level: &str) -> String {
    level
        .rsplit('.')
        .next()
        .unwrap_or(level)
        .trim()
        .to_lowercase()
}

/// Whether a state is that of a run without a final result.
pub(crate) fn is_unfinished(level: &str) -> bool {
    UNFINISHED.contains(&word(level).as_str())
}

/// Rows of runs that reached the step that was planned (a counter that starts at zero ends one short), whatever became of the process afterwards.
pub(crate) fn complete(table: &RunTable) -> Option<Vec<bool>> {
    let (reached, planned) = steps(table)?;
    let (reached, planned) = (reached.numbers()?, planned.numbers()?);
    Some(
        reached
            .iter()
            .zip(planned)
            .map(|(a, b)| a + 1.0 >= *b)
            .collect(),
    )
}

/// The columns of the step that was reached and of the steps that were planned.
pub(crate) fn steps(table: &RunTable) -> Option<(&Column, &Column)> {
    let ending_in = |names: &[&str]| {
        table.columns().find(|c| {
            let last = c.name.rsplit(['/', '.']).next().unwrap_or_default();
            c.numbers().is_some() && names.contains(&last)
        })
    };
    Some((ending_in(REACHED)?, ending_in(PLANNED)?))
}

/// Leaves out the rows of runs without a final result, where others have one; they are counted by their state.
pub(crate) fn leave_out(table: &mut RunTable) {
    let Some(states) = column(table) else {
        return;
    };
    let Values::Text { codes, levels } = &states.values else {
        return;
    };
    let finished = |code: &u32| {
        *code != MISSING_CODE && !levels.get(*code as usize).is_some_and(|l| is_unfinished(l))
    };
    let said = table.used.contains(&states.name);
    if said
        || !codes.iter().any(finished)
        || codes.iter().all(|c| *c == MISSING_CODE || finished(c))
    {
        return;
    }
    let complete = complete(table);
    let mut account = table.account.clone();
    let mut kept = Vec::new();
    for (row, code) in codes.iter().enumerate() {
        let level = levels.get(*code as usize).filter(|l| is_unfinished(l));
        match level {
            Some(level) if !complete.as_ref().is_some_and(|c| c[row]) => {
                let reason = format!("{} is {level}: the run has no final result", states.name);
                account.skip(&reason, Some(&states.name), || table.place(row));
            }
            _ => kept.push(row),
        }
    }
    if kept.is_empty() {
        return;
    }
    table.keep(&kept);
    table.account = account;
}

//! The table of runs that a ladder gives: one row a measured run, in the order of the plan.

use std::fmt::Write as _;
use std::path::Path;

use isoflop_base::Diagnostic;
use isoflop_trainer::files::write_whole;
use isoflop_trainer::protocol::RunResult;

use crate::plan::{Plan, PlannedRun};
use crate::records::{End, Record};

/// Name of the table in the folder of a ladder.
pub const FILE: &str = "runs.csv";

/// Runs with their results, in the order of the plan.
pub fn measured<'a>(
    plan: &'a Plan,
    records: &'a [Record],
) -> impl Iterator<Item = (&'a PlannedRun, &'a RunResult)> {
    plan.runs.iter().filter_map(|run| match end(run, records)? {
        End::Done { result } => Some((run, result)),
        End::Diverged { .. } => None,
    })
}

/// How a run ended, if it has.
#[must_use]
pub fn end<'a>(run: &PlannedRun, records: &'a [Record]) -> Option<&'a End> {
    records.iter().find(|r| r.key == run.key).map(|r| &r.end)
}

/// Columns that say how a run is made, between those of its results.
const MAKING: &str =
    "seed,layers,width,heads,hidden,context,batch_tokens,steps,learning_rate,warmup_tokens";

/// The cells of [`MAKING`].
fn making(run: &PlannedRun) -> String {
    let (spec, shape) = (&run.spec, &run.spec.shape);
    format!(
        "{},{},{},{},{},{},{},{},{},{}",
        run.seed,
        shape.layers,
        shape.width,
        shape.heads,
        shape.hidden,
        shape.context,
        spec.step_tokens(),
        spec.steps(),
        spec.recipe.learning_rate,
        spec.recipe.warmup_tokens.round(),
    )
}

/// The table as CSV. The same records give the same bytes.
#[must_use]
pub fn csv(plan: &Plan, records: &[Record]) -> String {
    let mut text = format!(
        "{NAME},part,params,params_non_embedding,tokens,flops,loss,loss_se,source_loss,train_loss,{MAKING},unique_tokens,\
         vocabulary,nats_per_byte\n"
    );
    for (run, result) in measured(plan, records) {
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{}",
            run.spec.id,
            run.part.word(),
            whole(result.params),
            whole(result.params_non_embedding),
            whole(result.tokens),
            number(result.flops),
            result.loss,
            number(result.loss_se),
            number(result.source_loss),
            number(result.train_loss),
            making(run),
            whole(result.unique_tokens),
            run.spec.shape.vocabulary,
            number(result.nats_per_byte),
        );
    }
    text
}

/// The column of names.
pub(crate) const NAME: &str = "run";

/// What is known of runs before they are made, as CSV: columns of [`csv`] without those of results.
pub(crate) fn planned<'a>(runs: impl Iterator<Item = &'a PlannedRun>) -> String {
    let mut text =
        format!("{NAME},part,params,params_non_embedding,tokens,flops,{MAKING},vocabulary\n");
    for run in runs {
        let (spec, shape) = (&run.spec, &run.spec.shape);
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{}",
            spec.id,
            run.part.word(),
            shape.params(),
            shape.non_embedding_params(),
            spec.trained_tokens(),
            spec.flops(),
            making(run),
            shape.vocabulary,
        );
    }
    text
}

/// Writes the table into the folder of a ladder, in one go.
///
/// # Errors
///
/// `cannot-write`.
pub fn write(plan: &Plan, records: &[Record], folder: &Path) -> Result<(), Diagnostic> {
    write_file(&folder.join(FILE), csv(plan, records).as_bytes())
}

/// Writes a file of the folder that is there whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    write_whole(path, bytes).map_err(|e| cannot_write(path, &e))
}

pub(crate) fn cannot_write(path: &Path, e: &std::io::Error) -> Diagnostic {
    Diagnostic::error(
        "cannot-write",
        format!("{} cannot be written: {e}", path.display()),
    )
}

fn whole(x: Option<u64>) -> String {
    x.map_or_else(String::new, |x| x.to_string())
}

fn number(x: Option<f64>) -> String {
    x.map_or_else(String::new, |x| x.to_string())
}

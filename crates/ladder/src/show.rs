//! The words of a ladder: plan, state and outcome as documents.

mod comparison;
mod live;

use std::path::Path;

use isoflop::report::doc::{Block, Document, Frame, Table, Value};
use isoflop::report::number::{counted, percent, plain};
use isoflop::report::{entropy_sentence, fit_document, verdict_plot, verdict_sentence};
use isoflop_base::{Diagnostic, Evidence, Note, Severity, format_quantity, format_si};
use serde::Serialize;

use crate::new::NewLadder;
use crate::outcome::Outcome;
use crate::plan::{Plan, PlannedRun};
use crate::pool::{Summary, View};
use crate::precision::Precision;
use crate::records::{Damage, End, Record};
use crate::table;

pub use comparison::comparison_document;
use live::curve;
pub use live::{ended_line, live_lines};

/// What a plan costs and will know. `schema` is `isoflop.ladder-plan/1`.
#[derive(Clone, Debug, Serialize)]
pub struct PlanView {
    /// `isoflop.ladder-plan/1`.
    pub schema: String,
    /// The runs.
    pub runs: Vec<RunView>,
    /// FLOP of all runs.
    pub flops: f64,
    /// Runs at the same time.
    pub jobs: usize,
    /// Seconds that the runs without a record are expected to take here; none for the user's own trainer.
    pub secs: Option<f64>,
    /// What the fit is expected to know.
    pub precision: Option<Precision>,
    /// Why that cannot be told.
    pub no_precision: Option<String>,
    /// Notes.
    pub notes: Vec<Note>,
}

/// A run of a plan.
#[derive(Clone, Debug, Serialize)]
pub struct RunView {
    /// Name.
    pub id: String,
    /// `train` or `held-out`.
    pub part: &'static str,
    /// Parameters.
    pub params: usize,
    /// Training tokens.
    pub tokens: u64,
    /// FLOP.
    pub flops: f64,
    /// Steps.
    pub steps: usize,
    /// Bytes.
    pub bytes: u64,
    /// Expected seconds on one processor.
    pub secs: Option<f64>,
    /// FLOP utilisation: the rate of training as a share of that of a large matrix product here.
    pub utilisation: Option<f64>,
    /// Whether it has a record.
    pub recorded: bool,
}

/// Seconds as people say them: `45 s`, `12 min`, `3.4 h`.
#[must_use]
pub fn duration(secs: f64) -> String {
    if secs < 99.5 {
        format!("{secs:.0} s")
    } else if secs < 5400.0 {
        format!("{:.0} min", secs / 60.0)
    } else if secs < 48.0 * 3600.0 {
        format!("{:.1} h", secs / 3600.0)
    } else {
        format!("{:.1} days", secs / 86_400.0)
    }
}

impl PlanView {
    /// Puts a view together.
    #[must_use]
    pub fn new(
        plan: &Plan,
        runs: Vec<RunView>,
        jobs: usize,
        precision: (Option<Precision>, Option<String>),
        notes: Vec<Note>,
    ) -> Self {
        let left = runs.iter().filter(|r| !r.recorded);
        let secs: Option<f64> = left.clone().map(|r| r.secs).sum();
        // The longest run is not shared between processors.
        let longest = left.filter_map(|r| r.secs).fold(0.0, f64::max);
        Self {
            schema: "isoflop.ladder-plan/1".to_owned(),
            flops: plan.flops(),
            secs: secs.map(|s| (s / jobs as f64).max(longest)),
            jobs,
            runs,
            precision: precision.0,
            no_precision: precision.1,
            notes,
        }
    }
}

/// The document of a new ladder.
#[must_use]
pub fn new_document(ladder: &NewLadder, file: &Path) -> Document {
    let mut doc = Document::new("A new ladder");
    doc.paragraph(format!(
        "{} holds {} of {}, which take about {} here with {} at a time.",
        file.display(),
        counted(ladder.runs, "run"),
        format_quantity(ladder.flops, "FLOP", 3),
        duration(ladder.secs),
        ladder.jobs
    ));
    let named = if file == Path::new("ladder.toml") {
        String::new()
    } else {
        format!(" {}", file.display())
    };
    doc.push(Block::Code(vec![
        format!("isoflop ladder plan{named}"),
        format!("isoflop ladder run{named}"),
    ]));
    doc
}

/// Why a new ladder file cannot be written.
#[must_use]
pub fn cannot_write_new(file: &Path, e: &std::io::Error) -> Diagnostic {
    let found = format!("{} cannot be written: {e}", file.display());
    let fault = Diagnostic::error("cannot-write", found);
    match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            fault.help("give another name, or move the ladder that is there out of the way")
        }
        _ => fault,
    }
}

/// The document of a plan.
#[must_use]
pub fn plan_document(plan: &Plan, view: &PlanView) -> Document {
    let title = if plan.file.title.is_empty() {
        "Ladder"
    } else {
        &plan.file.title
    };
    let mut doc = Document::new(title);
    let mut table = Table::with_columns(&[
        "run", "part", ">params", ">layers", ">width", ">tokens", ">steps", ">FLOP", ">memory",
        ">time", ">of peak", "recorded",
    ]);
    for (run, shown) in plan.runs.iter().zip(&view.runs) {
        let shape = &run.spec.shape;
        table.rows.push(vec![
            shown.id.clone(),
            shown.part.to_owned(),
            format_si(shown.params as f64, 3),
            shape.layers.to_string(),
            shape.width.to_string(),
            format_si(shown.tokens as f64, 3),
            shown.steps.to_string(),
            plain(shown.flops, 3),
            format!("{} MB", shown.bytes.div_ceil(1 << 20)),
            shown.secs.map_or_else(String::new, duration),
            shown
                .utilisation
                .map_or_else(String::new, |u| format!("{:.0} %", 100.0 * u)),
            if shown.recorded { "yes" } else { "" }.to_owned(),
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
    let recorded = view.runs.iter().filter(|r| r.recorded).count();
    let time = match view.secs {
        Some(secs) => format!(
            "; the {} without a record take about {} with {} at a time",
            view.runs.len() - recorded,
            duration(secs),
            view.jobs
        ),
        None => String::new(),
    };
    doc.paragraph(format!(
        "{}, {}{time}.",
        counted(view.runs.len(), "run"),
        format_quantity(view.flops, "FLOP", 3)
    ));
    match (&view.precision, &view.no_precision) {
        (Some(precision), _) => precision_blocks(&mut doc, precision),
        (None, Some(why)) => {
            doc.paragraph(format!("What the fit will know cannot be told: {why}."))
        }
        (None, None) => {}
    }
    if !view.notes.is_empty() {
        doc.push(Block::Notes(view.notes.clone()));
    }
    doc.frame = plan_frame(view);
    doc
}

fn plan_frame(view: &PlanView) -> Frame {
    let mut frame = Frame::with_columns(&[
        "run", "part", "params", "tokens", "flops", "steps", "bytes", "secs",
    ]);
    for run in &view.runs {
        frame.rows.push(vec![
            Value::Text(run.id.clone()),
            Value::Text(run.part.to_owned()),
            Value::Number(run.params as f64),
            Value::Number(run.tokens as f64),
            Value::Number(run.flops),
            Value::Number(run.steps as f64),
            Value::Number(run.bytes as f64),
            run.secs.into(),
        ]);
    }
    frame
}

fn precision_blocks(doc: &mut Document, precision: &Precision) {
    doc.heading("What the fit is expected to know");
    let mut table = Table::with_columns(&["coefficient", ">assumed", ">± se", ">relative"]);
    for coef in &precision.coefs {
        table.rows.push(vec![
            coef.name.clone(),
            plain(coef.value, 4),
            plain(coef.se, 2),
            percent(coef.se / coef.value.abs()),
        ]);
    }
    doc.push(Block::Table(table));
    for point in &precision.held_out {
        doc.paragraph(format!(
            "{}: the law's loss to ± {}, a run's to ± {} ({} interval).",
            point.id,
            percent(point.law),
            percent(point.run),
            percent(precision.level)
        ));
    }
    doc.paragraph(format!(
        "If runs scatter about the law by {} and the law is as assumed.",
        percent(precision.noise)
    ));
}

/// A run of the plan as it is shown; its speed is seconds and utilisation.
#[must_use]
pub fn run_view(
    run: &PlannedRun,
    bytes: u64,
    speed: Option<(f64, f64)>,
    records: &[Record],
) -> RunView {
    RunView {
        id: run.id().to_owned(),
        part: run.part.word(),
        params: run.spec.shape.params(),
        tokens: run.spec.trained_tokens(),
        flops: run.spec.flops(),
        steps: run.spec.steps(),
        bytes,
        secs: speed.map(|(secs, _)| secs),
        utilisation: speed.map(|(_, share)| share),
        recorded: table::end(run, records).is_some(),
    }
}

/// How far a ladder is. `schema` is `isoflop.ladder-status/1`.
#[derive(Clone, Debug, Serialize)]
pub struct StatusView {
    /// `isoflop.ladder-status/1`.
    pub schema: String,
    /// Runs of the ladder.
    pub runs: usize,
    /// Runs with a measured loss.
    pub measured: usize,
    /// Runs that went out of bounds, with the reason.
    pub diverged: Vec<(String, String)>,
    /// Who works on it.
    pub holder: Option<crate::lock::Holder>,
    /// How far that is.
    pub now: Option<View>,
    /// What is wrong with the records.
    pub notes: Vec<Note>,
}

/// The state of a ladder.
#[must_use]
pub fn status(plan: &Plan, records: &[Record], damage: &Damage) -> StatusView {
    let folder = plan.folder();
    let diverged = plan
        .runs
        .iter()
        .filter_map(|run| match table::end(run, records)? {
            End::Diverged { reason } => Some((run.id().to_owned(), reason.clone())),
            End::Done { .. } => None,
        });
    StatusView {
        schema: "isoflop.ladder-status/1".to_owned(),
        runs: plan.runs.len(),
        measured: table::measured(plan, records).count(),
        diverged: diverged.collect(),
        holder: crate::lock::Lock::holder(&folder),
        now: crate::pool::view(&folder),
        notes: damage_notes(damage),
    }
}

/// The document of a ladder's state.
#[must_use]
pub fn status_document(plan: &Plan, records: &[Record], view: &StatusView) -> Document {
    let mut doc = Document::new("How far the ladder is");
    let who = match &view.holder {
        Some(holder) => format!("process {} on {} works on it", holder.pid, holder.host),
        None if view.measured + view.diverged.len() < view.runs => {
            "nobody works on it; `isoflop ladder run` goes on".to_owned()
        }
        None => "all runs are made".to_owned(),
    };
    doc.paragraph(format!(
        "{} of {} measured, {} diverged; {who}.",
        view.measured,
        counted(view.runs, "run"),
        view.diverged.len()
    ));
    if let Some(now) = &view.now {
        let mut table = Table::with_columns(&["run", ">done", ">training loss", ">tokens/s"]);
        for run in &now.running {
            table.rows.push(vec![
                run.id.clone(),
                format!("{:.0} %", 100.0 * run.share),
                run.train_loss.map_or_else(String::new, |x| {
                    format!("{} {}", curve(&run.losses), plain(x, 4))
                }),
                run.tokens_per_sec
                    .map_or_else(String::new, |x| format_si(x, 3)),
            ]);
        }
        doc.push(Block::Table(table));
        if let Some(secs) = now.secs_left {
            doc.paragraph(format!("About {} left.", duration(secs)));
        }
    }
    doc.push(Block::Table(runs_table(plan, records)));
    if !view.notes.is_empty() {
        doc.push(Block::Notes(view.notes.clone()));
    }
    doc
}

fn runs_table(plan: &Plan, records: &[Record]) -> Table {
    let mut table = Table::with_columns(&[
        "run", "part", ">params", ">tokens", ">loss", ">± se", "state",
    ]);
    for run in &plan.runs {
        let (loss, se, state) = match table::end(run, records) {
            Some(End::Done { result }) => (
                format!("{:.4}", result.loss),
                result.loss_se.map_or_else(String::new, |x| plain(x, 2)),
                String::new(),
            ),
            Some(End::Diverged { reason }) => {
                (String::new(), String::new(), format!("diverged: {reason}"))
            }
            None => (String::new(), String::new(), "to be made".to_owned()),
        };
        table.rows.push(vec![
            run.id().to_owned(),
            run.part.word().to_owned(),
            format_si(run.spec.shape.params() as f64, 3),
            format_si(run.spec.trained_tokens() as f64, 3),
            loss,
            se,
            state,
        ]);
    }
    table.without_empty_columns()
}

/// What was wrong with the records, as notes.
#[must_use]
pub fn damage_notes(damage: &Damage) -> Vec<Note> {
    let mut notes = Vec::new();
    if damage.torn_bytes > 0 {
        notes.push(note(
            "torn-record",
            Severity::Info,
            format!(
                "the last record was torn after {}: its run has no record",
                counted(damage.torn_bytes, "byte")
            ),
            vec![(
                "bytes".to_owned(),
                Evidence::Number(damage.torn_bytes as f64),
            )],
            "the next `isoflop ladder run` cuts it off and makes the run again",
        ));
    }
    if !damage.bad_lines.is_empty() {
        let lines: Vec<String> = damage.bad_lines.iter().map(usize::to_string).collect();
        notes.push(note(
            "damaged-record",
            Severity::Warning,
            format!(
                "records with a checksum that is not theirs, in line {}",
                lines.join(", ")
            ),
            vec![("lines".to_owned(), Evidence::Text(lines.join(", ")))],
            "they are not used; their runs are made again",
        ));
    }
    notes
}

fn note(
    code: &str,
    severity: Severity,
    message: String,
    evidence: Vec<(String, Evidence)>,
    advice: &str,
) -> Note {
    Note {
        code: code.to_owned(),
        severity,
        message,
        evidence,
        advice: advice.to_owned(),
    }
}

/// The note on runs whose memory is more than there is.
#[must_use]
pub fn memory_note(largest: &RunView, limit: u64) -> Option<Note> {
    (largest.bytes > limit).then(|| {
        note(
            "memory",
            Severity::Warning,
            format!(
                "{} needs {} MB, more than the {} MB there are for all runs: it is made alone",
                largest.id,
                largest.bytes >> 20,
                limit >> 20
            ),
            vec![("bytes".to_owned(), Evidence::Number(largest.bytes as f64))],
            "leave it out, or shorten the context",
        )
    })
}

/// The document of an outcome: the sentence first, then law and runs.
#[must_use]
pub fn outcome_document(plan: &Plan, records: &[Record], outcome: &Outcome) -> Document {
    let full = fit_document(&outcome.fit);
    let mut doc = Document::new("What the ladder shows");
    for verdict in &outcome.held_out {
        doc.paragraph(verdict_sentence(verdict));
    }
    if let Some(check) = &outcome.entropy {
        doc.paragraph(entropy_sentence(check));
    }
    let notes = outcome_notes(outcome);
    if !notes.is_empty() {
        doc.push(Block::Notes(notes));
    }
    doc.heading("Runs");
    doc.push(Block::Table(runs_table(plan, records)));
    doc.heading("Law");
    doc.blocks
        .extend(full.blocks.into_iter().map(|block| match block {
            Block::Plot(plot) => Block::Plot(verdict_plot(plot, &outcome.fit, &outcome.held_out)),
            other => other,
        }));
    doc.frame = full.frame;
    doc
}

fn outcome_notes(outcome: &Outcome) -> Vec<Note> {
    let mut notes = Vec::new();
    if !outcome.diverged.is_empty() {
        let names: Vec<&str> = outcome.diverged.iter().map(|(id, _)| id.as_str()).collect();
        notes.push(note(
            "diverged",
            Severity::Warning,
            format!("{} diverged and are in no fit: {}", counted(names.len(), "run"), names.join(", ")),
            vec![("runs".to_owned(), Evidence::Number(names.len() as f64))],
            "lower the learning rate; a law fitted to what is left describes the runs that did not diverge",
        ));
    }
    if !outcome.missing.is_empty() {
        notes.push(note(
            "missing-runs",
            Severity::Info,
            format!(
                "{} of {} have no record yet",
                outcome.missing.len(),
                counted(outcome.runs, "run")
            ),
            vec![(
                "runs".to_owned(),
                Evidence::Number(outcome.missing.len() as f64),
            )],
            "`isoflop ladder run` makes them",
        ));
    }
    notes
}

/// What was found and done before and after the runs of one call: notes for the reader.
#[must_use]
pub fn summary_notes(summary: &Summary) -> Vec<Note> {
    let mut notes = damage_notes(&summary.damage);
    // Who held it is no part of a result, which is the same on every machine.
    if summary.stale.is_some() {
        notes.push(note(
            "stale-lock",
            Severity::Info,
            "the lock of an earlier call, which ended without letting go, was taken over"
                .to_owned(),
            Vec::new(),
            "nothing is to be done: every run that ended has its record",
        ));
    }
    notes
}

/// Runs that failed, as faults: they have no record, and the next call tries them again.
#[must_use]
pub fn failures(summary: &Summary) -> Vec<Diagnostic> {
    summary
        .failed
        .iter()
        .map(|(id, reason, log)| {
            Diagnostic::error("run-failed", format!("{id} failed: {reason}")).help(format!(
                "what it said is in {log}; the next `isoflop ladder run` tries it again"
            ))
        })
        .collect()
}

/// A document under the title of the ladder, where it has one.
#[must_use]
pub fn titled(mut doc: Document, plan: &Plan) -> Document {
    if !plan.file.title.is_empty() {
        doc.title.clone_from(&plan.file.title);
    }
    doc
}

/// Where the page of an outcome is.
#[must_use]
pub fn page_sentence(path: &Path) -> String {
    format!("The same as a page: {}", path.display())
}

/// One line on what a call of `ladder run` did.
#[must_use]
pub fn summary_sentence(summary: &Summary) -> String {
    format!(
        "{} made now, {} had a record before, {} failed.",
        counted(summary.made, "run"),
        summary.before,
        summary.failed.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let cases = [
            (5.0, "5 s"),
            (99.6, "2 min"),
            (3000.0, "50 min"),
            (9000.0, "2.5 h"),
        ];
        for (secs, expected) in cases {
            assert_eq!(duration(secs), expected);
        }
    }
}

//! What a ladder file is checked for before anything is planned or trained: numbers within reason, and a fit that can be
//! made of the runs once they are there.

use isoflop::{
    Diagnostic, Diagnostics, FitOptions, Input, Law, Objective, ReadOptions, Uncertainty, VarRole,
    read, used_runs,
};
use isoflop_trainer::protocol::RunResult;

use crate::file::{Grid, LadderFile};
use crate::outcome;
use crate::plan::{Part, Plan};
use crate::records::{End, Record};
use crate::table;

/// Runs of a ladder: more are made by a program of one's own.
pub(crate) const MOST_RUNS: usize = 10_000;

/// Parameters and tokens of a run, and tokens of a step.
const MOST: f64 = 1e18;

/// Layers and widths.
const MOST_LAYERS: usize = 10_000;
const MOST_WIDTH: usize = 1 << 20;

/// Runs at the same time, and attempts at one run.
const MOST_JOBS: usize = 1024;
const MOST_RETRIES: usize = 100;

/// The faults of a file's numbers.
pub(crate) fn faults(file: &LadderFile) -> Vec<Diagnostic> {
    let mut bad = Bad::default();
    let (model, run, fit) = (&file.model, &file.run, &file.fit);
    let up_to = |most: usize| format!("a whole number from 1 to {most}");
    bad.unless(
        "context",
        model.context,
        (2..=1 << 24).contains(&model.context),
        "from 2 to 16,777,216",
    );
    let widths = [
        ("head-width", model.head_width, MOST_WIDTH),
        ("expansion", model.expansion, 1024),
        ("layers", model.layers.unwrap_or(1), MOST_LAYERS),
        ("jobs", run.jobs.unwrap_or(1), MOST_JOBS),
    ];
    for (name, value, most) in widths {
        bad.unless(name, value, (1..=most).contains(&value), &up_to(most));
    }
    let vocabulary = model.vocabulary.unwrap_or(2);
    bad.unless(
        "vocabulary",
        vocabulary,
        (2..=1 << 26).contains(&vocabulary),
        "from 2 to 67,108,864",
    );
    bad.unless(
        "aspect",
        model.aspect,
        model.aspect > 0.0 && model.aspect.is_finite(),
        "a number above 0",
    );
    bad.unless(
        "retries",
        run.retries,
        run.retries <= MOST_RETRIES,
        &format!("up to {MOST_RETRIES}"),
    );
    let held_out = run.held_out_tokens.0;
    bad.unless(
        "held-out-tokens",
        held_out,
        (1.0..=1e15).contains(&held_out),
        "a number of tokens",
    );
    let secs = run.checkpoint_secs;
    bad.unless(
        "checkpoint-secs",
        secs,
        (0.0..=1e9).contains(&secs),
        "a number of seconds",
    );
    for (name, minutes) in [
        ("minutes-per-run", run.minutes_per_run),
        ("minutes", file.slurm.as_ref().and_then(|s| s.minutes)),
        ("poll-secs", file.slurm.as_ref().map(|s| s.poll_secs)),
    ] {
        let minutes = minutes.unwrap_or(1.0);
        bad.unless(
            name,
            minutes,
            minutes > 0.0 && minutes <= 1e7,
            "a number above 0, up to 10,000,000",
        );
    }
    for memory in [
        run.memory,
        file.trainer.memory,
        file.slurm.as_ref().and_then(|s| s.memory),
    ] {
        let bytes = memory.map_or(1.0, |m| m.0);
        bad.unless("memory", bytes, bytes > 0.0, "an amount such as \"4 GB\"");
    }
    bad.unless(
        "level",
        fit.level,
        fit.level > 0.0 && fit.level < 1.0,
        "a number between 0 and 1, for example 0.9",
    );
    bad.unless(
        "noise",
        fit.noise,
        fit.noise > 0.0 && fit.noise < 10.0,
        "a share above 0, for example 0.01",
    );
    for (name, value) in &fit.assume {
        bad.unless(name, value, value.is_finite(), "a finite number");
    }
    bad.0.extend(grid(&file.train, Part::Train));
    bad.0
        .extend(file.held_out.iter().flat_map(|g| grid(g, Part::HeldOut)));
    bad.0
}

#[derive(Default)]
struct Bad(Vec<Diagnostic>);

impl Bad {
    fn unless(&mut self, name: &str, found: impl std::fmt::Display, holds: bool, expected: &str) {
        if !holds {
            let message = format!("`{name}` is {found}");
            self.0
                .push(Diagnostic::error("bad-ladder", message).help(expected.to_owned()));
        }
    }
}

fn grid(grid: &Grid, part: Part) -> Option<Diagnostic> {
    let lengths = grid.tokens_per_param.len() + grid.tokens.len() + grid.budgets.len();
    let runs = (grid.sizes.len() + grid.shapes.len())
        .saturating_mul(lengths)
        .saturating_mul(grid.seeds.len().max(1));
    if runs > MOST_RUNS {
        let found = format!("[{}] asks for {runs} runs", part.word());
        return Some(Diagnostic::error("bad-grid", found).help(format!("at most {MOST_RUNS}")));
    }
    let numbers = [&grid.sizes, &grid.tokens_per_param, &grid.tokens];
    let mut numbers = numbers.into_iter().flatten();
    if let Some(number) = numbers.find(|n| n.0 > MOST) {
        let found = format!("[{}] holds the number {:e}", part.word(), number.0);
        return Some(Diagnostic::error("bad-grid", found).help("numbers up to 1e18"));
    }
    let wide = |s: &&crate::file::ShapeSection| {
        s.layers > MOST_LAYERS
            || [Some(s.width), s.heads, s.hidden]
                .into_iter()
                .flatten()
                .any(|w| w > MOST_WIDTH)
    };
    grid.shapes.iter().find(wide).map(|s| {
        let found = format!(
            "[{}] holds a shape of {} layers and a width of {}",
            part.word(),
            s.layers,
            s.width
        );
        let help = format!("at most {MOST_LAYERS} layers, and widths up to {MOST_WIDTH}");
        Diagnostic::error("bad-grid", found).help(help)
    })
}

/// Tokens of a step, when a rule gives a number that is none.
pub(crate) fn batch(tokens: f64, run: &str) -> Result<f64, Diagnostic> {
    const MOST_BATCH: f64 = 1e12;
    if tokens <= MOST_BATCH {
        return Ok(tokens);
    }
    let found = format!("a step of {run} would take {tokens:e} tokens");
    Err(Diagnostic::error("bad-rule", found).help("`batch-tokens` gives at most 1e12"))
}

/// The fit that `[fit]` asks for: its law, objective, uncertainty and filter, tried on the runs as if they were made. What
/// is wrong with it is known before any run is trained.
///
/// # Errors
///
/// Those of the law, the objective, the uncertainty, and of names that the table of the runs will not have.
pub fn fit(plan: &Plan) -> Result<Law, Diagnostics> {
    let section = &plan.file.fit;
    let mut faults = Diagnostics::default();
    let mut keep = |fault: Diagnostic| faults.0.push(fault);
    let objective = section
        .objective
        .as_deref()
        .map(Objective::parse)
        .transpose();
    let objective = objective.map_err(&mut keep).ok().flatten();
    let uncertainty = section
        .uncertainty
        .as_deref()
        .map(Uncertainty::parse)
        .transpose();
    let uncertainty = uncertainty.map_err(&mut keep).ok().flatten();
    let law = match outcome::law(&section.law) {
        Ok(law) => law,
        Err(more) => {
            faults.0.extend(more.0);
            return Err(faults);
        }
    };
    if !law.vars.iter().any(|v| v.role == VarRole::Input) {
        let found = format!(
            "the law `{}` has no input among the columns of the runs",
            law.formula_text
        );
        let help = "a formula may use params, tokens and flops, or N, D and C";
        faults
            .0
            .push(Diagnostic::error("no-input", found).help(help));
    }
    let options = FitOptions {
        objective,
        uncertainty: uncertainty.unwrap_or(Uncertainty::None),
        level: section.level,
        ..FitOptions::default()
    };
    faults.0.extend(on_planned_runs(plan, &law, &options));
    if faults.0.is_empty() {
        Ok(law)
    } else {
        Err(faults)
    }
}

/// Names that the table will not have. What depends on the values that are measured is not known yet.
fn on_planned_runs(plan: &Plan, law: &Law, options: &FitOptions) -> Vec<Diagnostic> {
    let made: Vec<Record> = plan
        .runs
        .iter()
        .enumerate()
        .map(|(i, run)| Record {
            id: run.id().to_owned(),
            key: run.key.clone(),
            end: End::Done {
                result: imagined(plan, i),
            },
        })
        .collect();
    let of_name = |faults: Diagnostics| -> Vec<Diagnostic> {
        let known = |d: &Diagnostic| !["no-rows", "no-usable-rows"].contains(&d.code);
        faults.0.into_iter().filter(known).collect()
    };
    let reader = ReadOptions {
        filter: section_filter(plan),
        ..ReadOptions::default()
    };
    let input = Input::Reader {
        name: table::FILE.to_owned(),
        bytes: table::csv(plan, &made).into_bytes(),
    };
    match read(&[input], &reader) {
        Ok(table) => match used_runs(law, &table, options) {
            Err(faults) => of_name(faults)
                .into_iter()
                .filter(|d| d.code == "unknown-column")
                .collect(),
            Ok(_) => Vec::new(),
        },
        Err(faults) => of_name(faults),
    }
}

fn section_filter(plan: &Plan) -> Option<String> {
    plan.file.fit.filter.clone()
}

/// A result with a number in every field, none like another.
fn imagined(plan: &Plan, index: usize) -> RunResult {
    let spec = &plan.runs[index].spec;
    let loss = 3.0 + 1.0 / (index as f64 + 2.0);
    RunResult {
        loss,
        loss_se: Some(0.01),
        source_loss: Some(0.5 * loss),
        excess_se: Some(0.01),
        nats_per_byte: Some(0.25 * loss),
        train_loss: Some(loss),
        held_out_tokens: Some(1),
        params: Some(spec.shape.params() as u64),
        params_non_embedding: Some(spec.shape.non_embedding_params() as u64),
        tokens: Some(spec.trained_tokens()),
        unique_tokens: Some(spec.trained_tokens()),
        flops: Some(spec.flops()),
    }
}

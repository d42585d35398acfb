//! What a ladder shows: the law of its small runs, what it says of the larger ones, and whether that came true.

use std::path::Path;

use isoflop::{
    Diagnostic, Diagnostics, Fit, FitOptions, Input, Interval, Law, Objective, Point, ReadOptions,
    Status, Uncertainty, VarRole, fit, predict, read,
};
use isoflop_trainer::source::SourceSpec;
use isoflop_trainer::source::language::Language;
use serde::Serialize;

use crate::plan::{Part, Plan};
use crate::records::{End, Record};
use crate::table;

/// Filter by which a fit takes the runs it is fitted to.
const TRAINED: &str = "part == \"train\"";

/// The outcome of a ladder. `schema` is `isoflop.ladder/1`.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// `isoflop.ladder/1`.
    pub schema: String,
    /// Runs of the ladder.
    pub runs: usize,
    /// Runs without a record.
    pub missing: Vec<String>,
    /// Runs that went out of bounds, with the reason: they are in no fit.
    pub diverged: Vec<(String, String)>,
    /// The fit to the runs of `[train]`.
    pub fit: Fit,
    /// What it says of the held-out runs.
    pub held_out: Vec<Verdict>,
    /// The irreducible loss beside the entropy of the language, where the data are one.
    pub entropy: Option<EntropyCheck>,
}

/// A held-out run: what was said of it, and what it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Name of the run.
    pub id: String,
    /// Parameters.
    pub params: f64,
    /// Training tokens.
    pub tokens: f64,
    /// Compute over that of the largest run of the fit.
    pub times_compute: f64,
    /// Predicted loss.
    pub predicted: f64,
    /// Interval for a new run.
    pub interval: Option<Interval>,
    /// Measured loss; none before the run is made.
    pub measured: Option<f64>,
    /// Standard error of the measured loss, from the held-out tokens.
    pub measured_se: Option<f64>,
    /// Predicted over measured, less one.
    pub error: Option<f64>,
    /// Whether the measured loss lies inside the interval; none without an optimum to predict from.
    pub inside: Option<bool>,
}

/// The irreducible loss beside the truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntropyCheck {
    /// Entropy of the language, in nats a token.
    pub rate: f64,
    /// Least mean loss over the positions of a context.
    pub floor: f64,
    /// What the language itself scores on the held-out tokens: the truth of the fitted E, free of their sampling.
    pub on_held_out: Option<f64>,
    /// Name of the coefficient.
    pub coef: String,
    /// Its value.
    pub value: f64,
    /// Its interval.
    pub interval: Option<Interval>,
    /// Whether the truth lies inside; none where the runs do not determine the coefficient.
    pub inside: Option<bool>,
}

/// The law that a ladder file names: one of the catalogue, a law file, or a formula.
///
/// # Errors
///
/// Those of the law.
pub fn law(text: &str) -> Result<Law, Diagnostics> {
    let path = Path::new(text);
    if text.contains('=') {
        return Law::from_formula(text, &["params", "tokens", "flops", "loss"], &[]);
    }
    if path.extension().is_some_and(|e| e == "toml") {
        let read = std::fs::read_to_string(path)
            .map_err(|e| Diagnostic::error("cannot-read", format!("{text} cannot be read: {e}")))?;
        let id = path
            .file_stem()
            .map_or(text.into(), |s| s.to_string_lossy());
        return Law::from_toml(&id, text, &read);
    }
    Law::builtin(text)
}

/// Fits the law of the ladder to what is recorded, and judges it by the held-out runs.
///
/// # Errors
///
/// `no-runs` before there is anything to fit; those of the law, the table and the fit.
pub fn outcome(plan: &Plan, records: &[Record], seed: u64) -> Result<Outcome, Diagnostics> {
    let trained = table::measured(plan, records).filter(|(run, _)| run.part == Part::Train);
    if trained.count() == 0 {
        return Err(
            Diagnostic::error("no-runs", "no run of this ladder has been measured yet")
                .help("`isoflop ladder run` makes them")
                .into(),
        );
    }
    let law = law(&plan.file.fit.law)?;
    let folder = plan.folder();
    table::write(plan, records, &folder)?;
    let section = &plan.file.fit;
    let options = FitOptions {
        objective: section
            .objective
            .as_deref()
            .map(Objective::parse)
            .transpose()?,
        uncertainty: match section.uncertainty.as_deref() {
            Some(text) => Uncertainty::parse(text)?,
            None => Uncertainty::Default,
        },
        level: section.level,
        seed,
        reader: vec![("where".to_owned(), TRAINED.to_owned())],
        ..FitOptions::default()
    };
    let reader = ReadOptions {
        filter: Some(TRAINED.to_owned()),
        ..ReadOptions::default()
    };
    let runs = read(&[Input::Path(folder.join(table::FILE))], &reader)?;
    let fit = fit(&law, &runs, &options)?;
    let held_out = verdicts(plan, records, &law, &fit)?;
    let diverged = plan
        .runs
        .iter()
        .filter_map(|run| match table::end(run, records)? {
            End::Diverged { reason } => Some((run.id().to_owned(), reason.clone())),
            End::Done { .. } => None,
        });
    let missing = plan
        .runs
        .iter()
        .filter(|run| table::end(run, records).is_none());
    Ok(Outcome {
        schema: "isoflop.ladder/1".to_owned(),
        runs: plan.runs.len(),
        missing: missing.map(|r| r.id().to_owned()).collect(),
        diverged: diverged.collect(),
        entropy: entropy(plan, records, &law, &fit)?,
        held_out,
        fit,
    })
}

fn verdicts(
    plan: &Plan,
    records: &[Record],
    law: &Law,
    fit: &Fit,
) -> Result<Vec<Verdict>, Diagnostics> {
    let largest = table::measured(plan, records)
        .filter(|(run, _)| run.part == Part::Train)
        .map(|(run, _)| run.spec.flops())
        .fold(0.0, f64::max);
    let runs: Vec<_> = plan
        .runs
        .iter()
        .filter(|r| r.part == Part::HeldOut)
        .collect();
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let known = |column: &str, run: &crate::plan::PlannedRun| match column {
        "params" => Some(run.spec.shape.params() as f64),
        "params_non_embedding" => Some(run.spec.shape.non_embedding_params() as f64),
        "tokens" => Some(run.spec.trained_tokens() as f64),
        "flops" => Some(run.spec.flops()),
        _ => None,
    };
    let points: Vec<Point> = runs
        .iter()
        .map(|run| Point {
            at: law
                .vars
                .iter()
                .filter(|v| v.role == VarRole::Input)
                .filter_map(|v| known(&v.column, run).map(|x| (v.name.clone(), x)))
                .collect(),
            levels: Vec::new(),
        })
        .collect();
    let prediction = predict(fit, &points, plan.file.fit.level)?;
    let verdict = |(run, point): (&&crate::plan::PlannedRun, &isoflop::PredictedPoint)| {
        let result = match table::end(run, records) {
            Some(End::Done { result }) => Some(result),
            _ => None,
        };
        let measured = result.map(|r| r.loss);
        Verdict {
            id: run.id().to_owned(),
            params: run.spec.shape.params() as f64,
            tokens: run.spec.trained_tokens() as f64,
            times_compute: run.spec.flops() / largest,
            predicted: point.value,
            interval: point.prediction,
            measured,
            measured_se: result.and_then(|r| r.loss_se),
            error: measured.map(|m| point.value / m - 1.0),
            inside: measured
                .zip(point.prediction)
                .filter(|_| fit.status != Status::NotConverged)
                .map(|(m, i)| i.contains(m)),
        }
    };
    Ok(runs.iter().zip(&prediction.points).map(verdict).collect())
}

/// The coefficient that a law of the shape `E + …` calls E, beside the entropy of the language.
fn entropy(
    plan: &Plan,
    records: &[Record],
    law: &Law,
    fit: &Fit,
) -> Result<Option<EntropyCheck>, Diagnostics> {
    // What the user's own trainer reads is not known here.
    let (Some(SourceSpec::Synthetic(spec)), None) = (&plan.file.data, &plan.template) else {
        return Ok(None);
    };
    let Some((name, estimate)) = fit.coefs.iter().find(|(name, _)| name == "E") else {
        return Ok(None);
    };
    if law.coef("E").is_some_and(|c| c.fixed.is_some()) {
        return Ok(None);
    }
    let entropy = Language::new(*spec)?.entropy();
    let on_held_out = table::measured(plan, records).find_map(|(_, result)| result.source_loss);
    let floor = entropy.floor(plan.file.model.context);
    let truth = on_held_out.unwrap_or(floor);
    Ok(Some(EntropyCheck {
        rate: entropy.rate,
        floor,
        on_held_out,
        coef: name.clone(),
        value: estimate.value,
        interval: estimate.interval,
        inside: estimate
            .interval
            .filter(|_| {
                fit.status != Status::NotConverged && !fit.certificate.at_bound.contains(name)
            })
            .map(|i| i.contains(truth)),
    }))
}

//! What a ladder shows: the law of its small runs, what it says of the larger ones, and whether that came true.

use std::path::Path;

use isoflop::{
    Diagnostic, Diagnostics, EntropyCheck, Fit, FitOptions, HeldOutRun, Input, Law, Objective,
    Point, ReadOptions, Uncertainty, VarRole, Verdict, entropy_check, fit, predict, read, verdict,
};
use isoflop_trainer::source::SourceSpec;
use isoflop_trainer::source::language::Language;
use serde::Serialize;

use crate::plan::{Part, Plan, PlannedRun};
use crate::records::{End, Record};
use crate::table;

/// Name of the page in the folder of a ladder.
pub const PAGE: &str = "report.html";

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
    let input = table_of(plan, records);
    let section = &plan.file.fit;
    let filter = match &section.filter {
        Some(filter) => format!("{TRAINED} and ({filter})"),
        None => TRAINED.to_owned(),
    };
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
        reader: vec![("where".to_owned(), filter.clone())],
        ..FitOptions::default()
    };
    let reader = ReadOptions {
        filter: Some(filter),
        ..ReadOptions::default()
    };
    let runs = read(&[input], &reader)?;
    let fit = fit(&law, &runs, &options)?;
    // Those that `[fit] where` leaves out are in no fit, however large.
    let largest = runs.column("flops").and_then(|c| c.numbers());
    let largest = largest
        .unwrap_or_default()
        .iter()
        .copied()
        .fold(0.0, f64::max);
    let held_out = verdicts(plan, records, (&law, &fit), largest)?;
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

/// The table of the runs: written where it can be, so that the fit names a file. In a folder that must not be written to
/// the same bytes are read from memory, under the same name.
fn table_of(plan: &Plan, records: &[Record]) -> Input {
    let path = plan.folder().join(table::FILE);
    match table::write(plan, records, &plan.folder()) {
        Ok(()) => Input::Path(path),
        Err(_) => Input::Reader {
            name: path.display().to_string(),
            bytes: table::csv(plan, records).into_bytes(),
        },
    }
}

/// `largest` is the compute of the largest run of the fit, in FLOP.
fn verdicts(
    plan: &Plan,
    records: &[Record],
    (law, fit): (&Law, &Fit),
    largest: f64,
) -> Result<Vec<Verdict>, Diagnostics> {
    let runs: Vec<_> = plan
        .runs
        .iter()
        .filter(|r| r.part == Part::HeldOut)
        .collect();
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let known = |column: &str, run: &PlannedRun| match column {
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
    let made = |run: &PlannedRun| {
        let result = match table::end(run, records) {
            Some(End::Done { result }) => Some(result),
            _ => None,
        };
        HeldOutRun {
            id: run.id().to_owned(),
            params: run.spec.shape.params() as f64,
            tokens: run.spec.trained_tokens() as f64,
            times_compute: run.spec.flops() / largest,
            measured: result.map(|r| r.loss),
            measured_se: result.and_then(|r| r.loss_se),
        }
    };
    Ok(runs
        .iter()
        .zip(&prediction.points)
        .map(|(run, point)| verdict(fit, &made(run), point))
        .collect())
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
    if law.coef("E").is_some_and(|c| c.fixed.is_some()) {
        return Ok(None);
    }
    let entropy = Language::new(*spec)?.entropy();
    let on_held_out = table::measured(plan, records).find_map(|(_, result)| result.source_loss);
    let floor = entropy.floor(plan.file.model.context);
    Ok(entropy_check(fit, entropy.rate, floor, on_held_out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::LadderFile;

    #[test]
    fn the_ladder_that_comes_with_the_program_is_that_of_its_file() {
        let set = isoflop::dataset("small-ladder").unwrap();
        let source = set.ladder.unwrap();
        let plan = Plan::new(LadderFile::parse(source.file, "small-ladder").unwrap()).unwrap();
        let Some(SourceSpec::Synthetic(spec)) = plan.file.data else {
            panic!("a synthetic language")
        };
        let entropy = Language::new(spec).unwrap().entropy();
        let floor = entropy.floor(plan.file.model.context);
        assert!(
            (entropy.rate - source.entropy_rate).abs() < 5e-7,
            "{}",
            entropy.rate
        );
        assert!((floor - source.entropy_floor).abs() < 5e-7, "{floor}");

        let rows: Vec<Vec<&str>> = set
            .csv
            .lines()
            .map(|line| line.split(',').collect())
            .collect();
        let column = |name: &str| rows[0].iter().position(|head| *head == name).unwrap();
        assert_eq!(rows.len() - 1, plan.runs.len());
        for (row, run) in rows[1..].iter().zip(&plan.runs) {
            let (spec, shape) = (&run.spec, &run.spec.shape);
            for (name, planned) in [
                ("part", run.part.word().to_owned()),
                ("params", shape.params().to_string()),
                ("tokens", spec.trained_tokens().to_string()),
                ("flops", spec.flops().to_string()),
                ("seed", run.seed.to_string()),
                ("width", shape.width.to_string()),
                ("layers", shape.layers.to_string()),
            ] {
                assert_eq!(row[column(name)], planned, "{name} of {}", run.id());
            }
        }
    }
}

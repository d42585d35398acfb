//! The story of a measured ladder: the law of its small runs, held against the larger ones.

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_data::{ReadOptions, RunTable, read};
use isoflop_fit::{Fit, FitOptions, Objective, Uncertainty, fit};
use isoflop_law::{Law, VarRole};
use isoflop_predict::verdict::{EntropyCheck, HeldOutRun, Verdict, entropy_check, verdict};
use isoflop_predict::{Point, predict};

use crate::datasets::DataSet;

/// The options that `isoflop fit` is to be given for the same law, beside the filter of the runs: those of a new ladder.
pub const DEMO_FIT: [(&str, &str); 3] = [
    ("objective", "squared-log"),
    ("uncertainty", "profile"),
    ("level", "0.9"),
];
/// Level of the intervals of [`DEMO_FIT`].
const LEVEL: f64 = 0.9;

/// A ladder that was fitted below and predicted above.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The fit to the small runs.
    pub fit: Fit,
    /// What it says of the larger ones, and what they are.
    pub held_out: Vec<Verdict>,
    /// The irreducible loss beside the entropy of the language.
    pub entropy: Option<EntropyCheck>,
}

/// Fits the small runs of a ladder and holds the law against the larger ones.
///
/// # Errors
///
/// `no-ladder` for a data set that no ladder made; those of the reader, the law, the fit and the predictions.
pub fn demo(set: &DataSet, seed: u64) -> Result<Demo, Diagnostics> {
    let Some(source) = set.ladder else {
        let found = format!("{} has no runs that were held out", set.name);
        return Err(Diagnostic::error("no-ladder", found).into());
    };
    let part = |filter: &str| {
        let options = ReadOptions {
            filter: Some(filter.to_owned()),
            ..ReadOptions::default()
        };
        read(&[set.input()], &options)
    };
    let law = Law::builtin(set.law)?;
    let [(_, objective), (_, uncertainty), _] = DEMO_FIT;
    let options = FitOptions {
        objective: Some(Objective::parse(objective)?),
        uncertainty: Uncertainty::parse(uncertainty)?,
        level: LEVEL,
        seed,
        reader: vec![("where".to_owned(), source.fitted.to_owned())],
        ..FitOptions::default()
    };
    let (below, above) = (part(source.fitted)?, part(source.held_out)?);
    let fit = fit(&law, &below, &options)?;
    let prediction = predict(&fit, &points(&law, &above), LEVEL)?;
    let largest = numbers(&below, "flops").iter().copied().fold(0.0, f64::max);
    let runs = held_out(&above, largest);
    let held_out = runs
        .iter()
        .zip(&prediction.points)
        .map(|(run, point)| verdict(&fit, run, point))
        .collect();
    let own_loss = numbers(&above, "source_loss").first().copied();
    let entropy = entropy_check(&fit, source.entropy_rate, source.entropy_floor, own_loss);
    Ok(Demo {
        fit,
        held_out,
        entropy,
    })
}

fn numbers<'a>(runs: &'a RunTable, column: &str) -> &'a [f64] {
    runs.column(column)
        .and_then(|c| c.numbers())
        .unwrap_or_default()
}

fn points(law: &Law, runs: &RunTable) -> Vec<Point> {
    let inputs = || law.vars.iter().filter(|v| v.role == VarRole::Input);
    let at = |row: usize| {
        inputs()
            .filter_map(|v| Some((v.name.clone(), *numbers(runs, &v.column).get(row)?)))
            .collect()
    };
    (0..runs.rows())
        .map(|row| Point {
            at: at(row),
            levels: Vec::new(),
        })
        .collect()
}

fn held_out(runs: &RunTable, largest: f64) -> Vec<HeldOutRun> {
    let at = |column: &str, row: usize| numbers(runs, column).get(row).copied();
    (0..runs.rows())
        .map(|row| HeldOutRun {
            id: format!("row {}", row + 1),
            params: at("params", row).unwrap_or(f64::NAN),
            tokens: at("tokens", row).unwrap_or(f64::NAN),
            times_compute: at("flops", row).unwrap_or(f64::NAN) / largest,
            measured: at("loss", row),
            measured_se: at("loss_se", row),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets::dataset;

    #[test]
    fn a_table_that_no_ladder_made_has_no_story() {
        let fault = demo(dataset("simulated-ladder").unwrap(), 0).unwrap_err();
        assert_eq!(fault.0[0].code, "no-ladder");
    }

    #[test]
    fn the_small_models_predict_the_larger_ones() {
        let told = demo(dataset("small-ladder").unwrap(), 0).unwrap();
        assert_eq!(told.fit.n, 34);
        assert_eq!(told.held_out.len(), 11);
        // Of eleven 90 % intervals that hold as often as they say, fewer than eight hold once in 54 times.
        let inside = told.held_out.iter().filter(|v| v.inside == Some(true));
        assert!(inside.count() >= 8);
        assert_eq!(told.entropy.and_then(|check| check.inside), Some(true));
    }
}

//! A prediction that joins several laws and is as wide as their backtest demands.

use isoflop_base::{Diagnostic, Diagnostics, Interval, Note, Severity};
use isoflop_data::RunTable;
use isoflop_fit::{FitOptions, Uncertainty, fit, used_runs};
use rayon::prelude::*;

use super::backtest::{Forecast, Runs, of_fit, own_options, quick};
use super::calibrate::widened;
use super::combine::{alone, together};
use super::cuts::{Axis, splits};
use super::extrapolation::{BacktestOptions, Candidate, Study, same_response};
use super::score::Predicted;
use crate::predict::{Point, PredictedPoint, Prediction, Share, predict};

/// Fits every law to all runs, backtests them, and predicts with what both say: the error of the coefficients, the
/// noise of a run, the disagreement of the laws, and a widening by distance that the backtest asks for.
///
/// # Errors
///
/// As [`super::extrapolation()`] has them, those of [`predict`] for the points, and `no-law` when no law can be fitted.
pub fn predict_together(
    laws: &[Candidate<'_>],
    table: &RunTable,
    options: &FitOptions,
    how: &BacktestOptions,
    points: &[Point],
) -> Result<Prediction, Diagnostics> {
    let first = laws.first().ok_or_else(|| {
        Diagnostics::from(Diagnostic::error(
            "no-law",
            "there is no law to predict with",
        ))
    })?;
    let used = used_runs(first.law, table, options)?;
    let axis = Axis::of(first.law, &used, how.axis.as_deref())?;
    let runs = Runs::new(table, &used, &axis);
    let cuts = splits(&axis.values, how.cuts.max(1), used.rows.len().min(5));
    let mut study = Study::new(laws, &runs, &cuts, options);
    study.judge();

    let fits: Vec<_> = laws
        .par_iter()
        .map(|l| fit(l.law, table, &sure(l.law, options)))
        .collect();
    let mut notes = Vec::new();
    let mut whole: Option<Prediction> = None;
    let mut said: Vec<(usize, Forecast, f64)> = Vec::new();
    let largest = axis.values.iter().copied().fold(0.0, f64::max);
    // The points are named as the first law names its inputs, whether or not its errors can be had.
    let asked = match &fits[0] {
        Ok(found) => predict(found, points, options.level)?,
        Err(_) => fit(first.law, table, &plain(first.law, options))
            .and_then(|found| predict(&found, points, options.level))?,
    };
    let places: Vec<f64> = asked.points.iter().map(|p| axis.at(p)).collect();
    let beyond: Vec<f64> = places.iter().map(|at| (at / largest).log10()).collect();
    for (k, found) in fits.into_iter().enumerate() {
        let name = laws[k].name;
        let outcome = found.and_then(|found| {
            let own = predict(&found, points, options.level)?;
            if !same_response(first.law, laws[k].law) {
                let why = "its response is another one";
                return Err(Diagnostic::error("no-forecast", why).into());
            }
            let forecast = of_fit(&found, points, &places, runs.measure, &axis.name)
                .map_err(|why| Diagnostics::from(Diagnostic::error("no-forecast", why)))?;
            whole.get_or_insert(own);
            Ok(forecast)
        });
        match outcome {
            Ok(forecast) => {
                let score = study.known(k, cuts.len(), f64::INFINITY).1;
                said.push((k, forecast, cuts.len() as f64 * score));
            }
            Err(faults) if laws.len() == 1 => return Err(faults),
            Err(faults) => notes.push(left_out(name, &faults)),
        }
    }
    let mut prediction = whole.ok_or_else(|| {
        Diagnostics::from(Diagnostic::error(
            "no-law",
            "no law could be fitted to these runs",
        ))
    })?;
    let forecasts: Vec<(&Forecast, f64)> = said.iter().map(|(_, f, score)| (f, *score)).collect();
    let (plain, noise, weights) = match forecasts.as_slice() {
        [(one, _)] => (alone(one), one.noise.clone(), vec![1.0]),
        many => together(many),
    };
    let judge = if said.len() > 1 {
        study.combined()
    } else {
        said[0].0
    };
    let (kappa, _) = study.known(judge, cuts.len(), f64::INFINITY);
    let back = |x: f64| runs.measure.back(x);
    for (i, point) in prediction.points.iter_mut().enumerate() {
        let wide = widened(plain[i], kappa, beyond[i]);
        let law = Predicted {
            centre: wide.centre,
            sd: (wide.sd.powi(2) - noise[i].powi(2)).max(0.0).sqrt(),
        };
        fill(point, &law, &wide, options.level, &back);
    }
    prediction.laws = said
        .iter()
        .zip(&weights)
        .map(|((k, f, _), weight)| Share {
            law: laws[*k].name.to_owned(),
            weight: *weight,
            values: f.centre.iter().map(|c| back(*c)).collect(),
        })
        .collect();
    let formulas: Vec<&str> = said
        .iter()
        .map(|(k, _, _)| laws[*k].law.formula_text.as_str())
        .collect();
    prediction.formula = formulas.join("\n");
    prediction.method = method(
        said.len(),
        cuts.len(),
        kappa * runs.measure.unit,
        &axis.label,
    );
    prediction.notes.retain(|n| n.code != "extrapolation");
    prediction.notes.extend(notes);
    prediction
        .notes
        .extend(distance(&beyond, &axis, kappa * runs.measure.unit));
    Ok(prediction)
}

/// The options of a fit that only says which points are meant.
fn plain(law: &isoflop_law::Law, options: &FitOptions) -> FitOptions {
    FitOptions {
        uncertainty: Uncertainty::None,
        ..own_options(law, options)
    }
}

/// The options of a law's own fit: what was asked for, but never without the error of its coefficients.
fn sure(law: &isoflop_law::Law, options: &FitOptions) -> FitOptions {
    FitOptions {
        uncertainty: match &options.uncertainty {
            Uncertainty::None | Uncertainty::Default => quick(law, options),
            asked => asked.clone(),
        },
        ..own_options(law, options)
    }
}

fn fill(
    point: &mut PredictedPoint,
    law: &Predicted,
    wide: &Predicted,
    level: f64,
    back: &dyn Fn(f64) -> f64,
) {
    let interval = |p: &Predicted| Interval {
        level,
        lower: back(p.centre - p.half(level)),
        upper: back(p.centre + p.half(level)),
    };
    point.value = back(wide.centre);
    point.confidence = Some(interval(law));
    point.prediction = Some(interval(wide));
}

fn method(laws: usize, cuts: usize, kappa: f64, axis: &str) -> String {
    let joined = if laws > 1 {
        format!(
            "{laws} laws joined by how well each knows its answer here, its fit and its held-out score; "
        )
    } else {
        String::new()
    };
    let learnt = match cuts {
        0 => "no cut of the runs was possible: the widening is the customary one".to_owned(),
        1 => "learnt from 1 cut of the runs".to_owned(),
        n => format!("learnt from {n} cuts of the runs"),
    };
    format!(
        "{joined}confidence: error of the coefficients{}, widened by {:.3} for each order of magnitude beyond the data in \
         {axis} ({learnt}); prediction: with the noise of a run added; Student's t, ν = 4",
        if laws > 1 {
            " and disagreement of the laws"
        } else {
            ""
        },
        kappa
    )
}

fn left_out(name: &str, faults: &Diagnostics) -> Note {
    let said: Vec<&str> = faults.0.iter().map(|d| d.message.as_str()).collect();
    Note {
        code: "law-left-out".to_owned(),
        severity: Severity::Warning,
        message: format!("{name} has no part in the prediction: {}", said.join("; ")),
        evidence: Vec::new(),
        advice: "leave it out of --laws, or add runs".to_owned(),
    }
}

fn distance(beyond: &[f64], axis: &Axis, kappa: f64) -> Option<Note> {
    let farthest = beyond.iter().copied().fold(0.0, f64::max);
    (farthest > 0.0).then(|| Note {
        code: "extrapolation".to_owned(),
        severity: if farthest >= 1.0 { Severity::Warning } else { Severity::Info },
        message: format!(
            "the farthest point lies {farthest:.2} orders of magnitude above the data in {}: its widening is a standard \
             deviation of {:.3}, and no run has tested it there",
            axis.label,
            kappa * farthest
        ),
        evidence: vec![("orders".to_owned(), isoflop_base::Evidence::Number(farthest))],
        advice: "see the backtest: isoflop check".to_owned(),
    })
}

//! A prediction that joins several laws and is as wide as their backtest demands.

use isoflop_base::{Diagnostic, Diagnostics, Interval, Note, Severity};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Uncertainty, fit, used_runs};
use rayon::prelude::*;

use super::backtest::{Forecast, Runs, of_fit, own_options, quick};
use super::calibrate::widened;
use super::candidates::{least_runs, same_forecast, same_response, twin_of};
use super::combine::{bounded, slope, together};
use super::cuts::{Axis, splits};
use super::extrapolation::{BacktestOptions, Candidate, Study};
use isoflop_numerics::scoring::ScaledT;
use isoflop_predict::{Point, PredictedPoint, Prediction, Share, predict};

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
    let least = least_runs(first.law, used.rows.len());
    let cuts = splits(&axis.values, how.cuts.max(1), least);
    let mut study = Study::new(laws, &runs, &cuts, options, true);
    study.judge();

    let fits: Vec<_> = laws
        .par_iter()
        .map(|l| fit(l.law, table, &sure(l.law, options)))
        .collect();
    let mut notes = Vec::new();
    let mut whole: Option<Prediction> = None;
    let mut said: Vec<(usize, Forecast)> = Vec::new();
    let largest = axis.values.iter().copied().fold(0.0, f64::max);
    // The points are named as the laws name their inputs, whether or not the errors of a law can be had.
    let asked = asked(laws, &fits, table, options, points)?;
    let places: Vec<f64> = asked.points.iter().map(|p| axis.at(p)).collect();
    let beyond: Vec<f64> = places.iter().map(|at| (at / largest).log10()).collect();
    for (k, found) in fits.into_iter().enumerate() {
        let name = laws[k].name;
        let outcome = found.and_then(|found| {
            let own = predict(&found, points, options.level)?;
            if !same_response(first.law, laws[k].law) {
                return Err(no_forecast("its response is another one"));
            }
            let forecast = of_fit(&found, points, &places, runs.measure, &axis.name)
                .map_err(|why| no_forecast(&why))?;
            Ok((own, forecast))
        });
        match outcome {
            Ok((own, forecast)) => {
                let twin = said.iter().find(|(_, f)| same_forecast(f, &forecast));
                if let Some((other, _)) = twin.filter(|_| cuts.is_empty() || study.has_twin(k)) {
                    notes.push(twin_left_out(name, laws[*other].name));
                    continue;
                }
                whole.get_or_insert(own);
                said.push((k, forecast));
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
    let forecasts: Vec<&Forecast> = said.iter().map(|(_, f)| f).collect();
    let (plain, noise, weights) = match forecasts.as_slice() {
        [one] => (bounded(one), one.noise.clone(), vec![1.0]),
        many => together(many),
    };
    let judge = if said.len() > 1 {
        study.combined()
    } else {
        said[0].0
    };
    let promised = slope(&forecasts, &weights);
    let (kappa, _) = study.known(judge, cuts.len(), f64::INFINITY, promised);
    let back = |x: f64| runs.measure.back(x);
    for (i, point) in prediction.points.iter_mut().enumerate() {
        let wide = widened(plain[i], kappa, beyond[i]);
        let law = ScaledT {
            centre: wide.centre,
            sd: (wide.sd.powi(2) - noise[i].powi(2)).max(0.0).sqrt(),
        };
        fill(point, &law, &wide, options.level, &back);
    }
    prediction.laws = said
        .iter()
        .zip(&weights)
        .map(|((k, f), weight)| Share {
            law: laws[*k].name.to_owned(),
            weight: *weight,
            values: f.centre.iter().map(|c| back(*c)).collect(),
        })
        .collect();
    let formulas: Vec<&str> = said
        .iter()
        .map(|(k, _)| laws[*k].law.formula_text.as_str())
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

/// The points as the first law that can be fitted names them.
fn asked(
    laws: &[Candidate<'_>],
    fits: &[Result<Fit, Diagnostics>],
    table: &RunTable,
    options: &FitOptions,
    points: &[Point],
) -> Result<Prediction, Diagnostics> {
    let mut first_fault = None;
    for (law, found) in laws.iter().zip(fits) {
        let said = match found {
            Ok(found) => predict(found, points, options.level),
            Err(_) => fit(law.law, table, &plain(law.law, options))
                .and_then(|found| predict(&found, points, options.level)),
        };
        match said {
            Ok(said) => return Ok(said),
            Err(faults) => {
                first_fault.get_or_insert(faults);
            }
        }
    }
    Err(first_fault.unwrap_or_else(|| no_forecast("there is no law")))
}

fn no_forecast(why: &str) -> Diagnostics {
    Diagnostic::error("no-forecast", why).into()
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
    law: &ScaledT,
    wide: &ScaledT,
    level: f64,
    back: &dyn Fn(f64) -> f64,
) {
    let interval = |p: &ScaledT| Interval {
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
            "{laws} laws joined, with the same weights at every point: by their fit, their simplicity and how well each knows \
             its answer beyond the runs; "
        )
    } else {
        String::new()
    };
    let learnt = match cuts {
        0 => "no cut of the runs was possible: the widening is what public curves need".to_owned(),
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

fn twin_left_out(name: &str, other: &str) -> Note {
    Note {
        code: "law-left-out".to_owned(),
        severity: Severity::Info,
        message: format!("{name} has no part in the prediction: {}", twin_of(other)),
        evidence: Vec::new(),
        advice: String::new(),
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

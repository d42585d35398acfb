//! How far a prediction moves with a coefficient that the runs hardly determine: it is fixed at values over its interval,
//! the others are fitted again, and every point is predicted anew.
//!
//! # Formula
//!
//! ```text
//! f(x; e) = f(x; θ(e))    with    θ(e) = argmin of the objective where the coefficient is e
//! ```

use isoflop_base::{Diagnostic, Diagnostics, closest};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Objective, Uncertainty, fit};
use isoflop_law::Law;
use serde::{Deserialize, Serialize};

use crate::predict::{Point, Prediction, predict};

/// Values at which the coefficient is held.
const VALUES: usize = 9;
/// Half the width of the range around a coefficient without an interval, as a share of it.
const AROUND: f64 = 0.1;

/// Predictions over the values of one coefficient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The coefficient.
    pub coef: String,
    /// Its best value.
    pub best: f64,
    /// Where the values come from, in words.
    pub range: String,
    /// The points, by the inputs as they were asked.
    pub points: Vec<ProfiledPoint>,
    /// One entry a value, rising.
    pub rows: Vec<ProfileRow>,
}

/// A point of a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfiledPoint {
    /// Inputs by letter.
    #[serde(with = "isoflop_fit::as_map")]
    pub at: Vec<(String, f64)>,
}

/// What follows when the coefficient is held at one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileRow {
    /// The value.
    pub value: f64,
    /// Objective there over that of the best fit, less one; none when the law cannot be fitted with it.
    pub rise: Option<f64>,
    /// Predicted response of every point, in the order asked; empty when the law cannot be fitted with it.
    pub predicted: Vec<f64>,
}

/// A prediction with its profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfiledPrediction {
    /// The prediction.
    #[serde(flatten)]
    pub prediction: Prediction,
    /// How it moves with one coefficient.
    pub profile: Profile,
}

/// Predicts points with one coefficient held at values over its interval.
///
/// # Errors
///
/// `unknown-coefficient`, `cannot-profile` for a fit that does not keep its runs or was made in stages or with weights,
/// and those of the predictions.
pub fn profile(found: &Fit, coef: &str, points: &[Point]) -> Result<Profile, Diagnostics> {
    let law = found.law.parse()?;
    let Some((_, estimate)) = found.coefs.iter().find(|(name, _)| name == coef) else {
        return Err(unknown(found, coef).into());
    };
    if law
        .coef(coef)
        .is_none_or(|c| c.fixed.is_some() || c.tie.is_some())
    {
        return Err(cannot(&format!("{coef} is not fitted by itself")).into());
    }
    let (table, options) = again(found, &law)?;
    let (lower, upper, range) = match estimate.interval {
        Some(i) if i.lower.is_finite() && i.upper.is_finite() && i.lower < i.upper => (
            i.lower,
            i.upper,
            format!("its {:.0}% interval", 100.0 * i.level),
        ),
        _ => {
            let half = AROUND * estimate.value.abs();
            let words = format!(
                "{:.0}% about its value: the fit has no interval",
                100.0 * AROUND
            );
            (estimate.value - half, estimate.value + half, words)
        }
    };
    let rows = (0..VALUES).map(|k| {
        let share = k as f64 / (VALUES - 1) as f64;
        row(
            found,
            &law,
            &table,
            &options,
            coef,
            lower + share * (upper - lower),
            points,
        )
    });
    Ok(Profile {
        coef: coef.to_owned(),
        best: estimate.value,
        range,
        points: points
            .iter()
            .map(|p| ProfiledPoint { at: p.at.clone() })
            .collect(),
        rows: rows.collect::<Result<_, _>>()?,
    })
}

/// One value: a fit with the coefficient held there.
fn row(
    found: &Fit,
    law: &Law,
    table: &RunTable,
    options: &FitOptions,
    coef: &str,
    value: f64,
    points: &[Point],
) -> Result<ProfileRow, Diagnostics> {
    let held = FitOptions {
        coefs: vec![format!("{coef} = {value:e}")],
        ..options.clone()
    };
    let Ok(fitted) = fit(law, table, &held) else {
        return Ok(ProfileRow {
            value,
            rise: None,
            predicted: Vec::new(),
        });
    };
    let prediction = predict(&fitted, points, found.uncertainty.level)?;
    Ok(ProfileRow {
        value,
        rise: Some(fitted.objective.value / found.objective.value - 1.0),
        predicted: prediction.points.iter().map(|p| p.value).collect(),
    })
}

/// The runs of a fit as a table, and its options without intervals.
fn again(found: &Fit, law: &Law) -> Result<(RunTable, FitOptions), Diagnostics> {
    if found.points.response.is_empty() {
        return Err(cannot("the fit does not keep its runs").into());
    }
    if !law.stages.is_empty() {
        return Err(cannot("it was fitted in stages").into());
    }
    if found
        .provenance
        .options
        .iter()
        .any(|(name, _)| name == "weights")
    {
        return Err(cannot("the fit does not keep the weights of its runs").into());
    }
    let mut columns: Vec<(&str, &[f64])> = vec![(&law.response().name, &found.points.response)];
    for (letter, values) in &found.points.inputs {
        columns.push((letter, values));
    }
    let mut table = RunTable::from_columns("runs", &columns).keeping_copies();
    for (name, labels) in &found.points.levels {
        table = table.with_text(name, labels);
    }
    // A corner relative to the noise stays what it was: the objectives are to be compared.
    let spelling = match (
        found.objective.delta,
        found.objective.spelling.split_once(':'),
    ) {
        (Some(delta), Some((kind, corner))) if corner.ends_with("mad") => {
            format!("{kind}:{delta:e}")
        }
        _ => found.objective.spelling.clone(),
    };
    let options = FitOptions {
        objective: Some(Objective::parse(&spelling)?),
        uncertainty: Uncertainty::None,
        seed: found.provenance.seed,
        ..FitOptions::default()
    };
    Ok((table, options))
}

fn cannot(why: &str) -> Diagnostic {
    Diagnostic::error(
        "cannot-profile",
        format!("there is no profile of this fit: {why}"),
    )
}

fn unknown(found: &Fit, coef: &str) -> Diagnostic {
    let names: Vec<&str> = found.coefs.iter().map(|(name, _)| name.as_str()).collect();
    let mut fault = Diagnostic::error(
        "unknown-coefficient",
        format!("the law has no coefficient `{coef}`"),
    );
    if let Some(near) = closest(coef, names.iter().copied()).filter(|_| coef.len() > 1) {
        fault = fault.help(format!("did you mean `{near}`?"));
    }
    fault.help(format!("its coefficients are {}", names.join(", ")))
}

impl Profile {
    /// Lowest and highest prediction of a point over the values.
    #[must_use]
    pub fn span(&self, point: usize) -> Option<(f64, f64)> {
        let values = || {
            self.rows
                .iter()
                .filter_map(|r| r.predicted.get(point).copied())
        };
        let low = values().min_by(f64::total_cmp)?;
        Some((low, values().max_by(f64::total_cmp)?))
    }
}

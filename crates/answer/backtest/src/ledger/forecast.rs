//! A prediction as it is put on record: the whole predictive distribution, and where it came from.

use isoflop_base::{Diagnostic, Diagnostics, Interval};
use isoflop_fit::{Fit, LawRecord, Provenance};
use isoflop_numerics::dist;
use serde::{Deserialize, Serialize};

use isoflop_predict::{Point, predict};

/// Levels of the intervals on record.
pub(super) const LEVELS: [f64; 3] = [0.5, 0.8, 0.95];
/// Quantiles on record, at (k − ½)/40: the score of a distribution is their mean pinball loss, doubled.
const QUANTILES: usize = 40;

/// A prediction on record. `schema` is `isoflop.forecast/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// `isoflop.forecast/1`.
    pub schema: String,
    /// The run that is forecast, as its table will call it.
    pub name: String,
    /// The day, if the user gave it: results know no clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Inputs by letter.
    #[serde(with = "isoflop_fit::as_map")]
    pub at: Vec<(String, f64)>,
    /// Index values by name.
    #[serde(default, with = "isoflop_fit::as_map")]
    pub levels: Vec<(String, String)>,
    /// Letter of the response.
    pub response: String,
    /// Column that the law declares for it.
    pub column: String,
    /// Unit of the response.
    pub unit: String,
    /// Predicted response.
    pub value: f64,
    /// Intervals for the run, narrowest first.
    pub intervals: Vec<Interval>,
    /// Quantiles of the predictive distribution, at (k − ½)/40.
    pub quantiles: Vec<f64>,
    /// Orders of magnitude beyond the runs.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond: Vec<(String, f64)>,
    /// How the intervals were made.
    pub method: String,
    /// The law.
    pub law: LawRecord,
    /// Runs behind it.
    pub n: usize,
    /// Columns of the inputs in the fitted table, by letter.
    #[serde(with = "isoflop_fit::as_map")]
    pub columns: Vec<(String, String)>,
    /// Coefficients in full precision.
    #[serde(with = "isoflop_fit::as_map")]
    pub coefs: Vec<(String, f64)>,
    /// Tables, options, seed, version.
    pub provenance: Provenance,
}

/// Predicts a run, with the whole distribution.
///
/// # Errors
///
/// `no-distribution` when the fit has no intervals for a new run, and those of the prediction.
pub fn forecast(
    fit: &Fit,
    name: &str,
    point: &Point,
    date: Option<&str>,
) -> Result<Forecast, Diagnostics> {
    let law = fit.law.parse()?;
    let at_level = |level: f64| -> Result<(Interval, isoflop_predict::Prediction), Diagnostics> {
        let found = predict(fit, std::slice::from_ref(point), level)?;
        let interval = found.points.first().and_then(|p| p.prediction);
        let interval = interval.ok_or_else(no_distribution)?;
        Ok((interval, found))
    };
    let mut intervals = Vec::new();
    let mut last = None;
    for level in LEVELS {
        let (interval, found) = at_level(level)?;
        intervals.push(interval);
        last = Some(found);
    }
    let mut below = Vec::new();
    let mut above = Vec::new();
    for k in 0..QUANTILES / 2 {
        let share = (k as f64 + 0.5) / QUANTILES as f64;
        let (interval, _) = at_level(1.0 - 2.0 * share)?;
        below.push(interval.lower);
        above.push(interval.upper);
    }
    above.reverse();
    let prediction = last.ok_or_else(no_distribution)?;
    let answer = prediction
        .points
        .into_iter()
        .next()
        .ok_or_else(no_distribution)?;
    let response = law.response();
    Ok(Forecast {
        schema: "isoflop.forecast/1".to_owned(),
        name: name.to_owned(),
        date: date.map(str::to_owned),
        at: answer.at,
        levels: answer.levels,
        response: response.name.clone(),
        column: response.column.clone(),
        unit: prediction.unit,
        value: answer.value,
        intervals,
        quantiles: [below, above].concat(),
        beyond: answer.beyond,
        method: prediction.method,
        law: fit.law.clone(),
        n: fit.n,
        columns: fit
            .ranges
            .iter()
            .filter(|r| !r.column.is_empty())
            .map(|r| (r.name.clone(), r.column.clone()))
            .collect(),
        coefs: fit
            .coefs
            .iter()
            .map(|(n, e)| (n.clone(), e.value))
            .collect(),
        provenance: fit.provenance.clone(),
    })
}

fn no_distribution() -> Diagnostic {
    Diagnostic::error(
        "no-distribution",
        "a forecast without an interval for a new run cannot be scored later",
    )
    .help("fit with --uncertainty bootstrap:1000")
}

impl Forecast {
    /// A value as a standard normal deviate: by its place among the quantiles, and beyond the outermost by its distance
    /// from the median, in that of the outermost.
    #[must_use]
    pub fn z(&self, x: f64) -> f64 {
        let q = &self.quantiles;
        let n = q.len();
        let deviate = |k: usize| dist::normal_quantile((k as f64 + 0.5) / n as f64);
        let outside = |k: usize| {
            let median = f64::midpoint(q[n / 2 - 1], q[n / 2]);
            deviate(k) * (x - median) / (q[k] - median)
        };
        match q.iter().position(|v| *v > x) {
            Some(0) => outside(0),
            None => outside(n - 1),
            Some(k) => {
                let share = (x - q[k - 1]) / (q[k] - q[k - 1]);
                deviate(k - 1) + share * (deviate(k) - deviate(k - 1))
            }
        }
    }

    /// The continuous ranked probability score, in the unit of the response: the mean pinball loss of the quantiles,
    /// doubled (Gneiting, Raftery 2007, section 4.2).
    #[must_use]
    pub fn crps(&self, x: f64) -> f64 {
        let n = self.quantiles.len() as f64;
        let pinball = |(k, q): (usize, &f64)| {
            let share = (k as f64 + 0.5) / n;
            let off = x - q;
            off * if off >= 0.0 { share } else { share - 1.0 }
        };
        2.0 * self.quantiles.iter().enumerate().map(pinball).sum::<f64>() / n
    }
}

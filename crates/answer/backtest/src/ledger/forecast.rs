//! A prediction as it is put on record: the whole predictive distribution, and where it came from.

use isoflop_base::{Diagnostic, Diagnostics, Interval};
use isoflop_fit::{Fit, Fitted, LawRecord, Provenance};
use isoflop_numerics::scoring::Quantiles;
use serde::{Deserialize, Serialize};

use isoflop_predict::{Point, at_level, distributions};

/// Levels of the intervals on record.
pub(super) const LEVELS: [f64; 3] = [0.5, 0.8, WIDEST];
const WIDEST: f64 = 0.95;
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
    let fitted = Fitted::new(fit)?;
    let predicted = distributions(&fitted, std::slice::from_ref(point))?;
    let run = predicted.first().and_then(|p| p.run.as_ref());
    let run = run.ok_or_else(no_distribution)?;
    let mut below = Vec::new();
    let mut above = Vec::new();
    for k in 0..QUANTILES / 2 {
        let level = 1.0 - 2.0 * Quantiles::probability(k, QUANTILES);
        let interval = run.interval(level);
        below.push(interval.lower);
        above.push(interval.upper);
    }
    above.reverse();
    let prediction = at_level(&fitted, &predicted, WIDEST);
    let answer = prediction
        .points
        .into_iter()
        .next()
        .ok_or_else(no_distribution)?;
    let response = fitted.law().response();
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
        intervals: LEVELS.iter().map(|level| run.interval(*level)).collect(),
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
        Quantiles(&self.quantiles).deviate(x)
    }

    /// The continuous ranked probability score, in the unit of the response: the mean pinball loss of the quantiles,
    /// doubled (Gneiting, Raftery 2007, section 4.2).
    #[must_use]
    pub fn crps(&self, x: f64) -> f64 {
        Quantiles(&self.quantiles).crps(x)
    }
}

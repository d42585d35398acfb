//! What the fitted law says at other points: value, intervals, and how far that is from the data.
//!
//! # Formula
//!
//! ```text
//! confidence   spread of f(x; θ*) over bootstrap draws θ*, or f ± t √(∇fᵀ Σ ∇f) on the scale of the objective
//! prediction   the same with a residual of the fit added to every draw, or √(∇fᵀ Σ ∇f + s²)
//! beyond       log₁₀ of the ratio to the nearest end of the data, 0 inside
//! ```
//!
//! The intervals hold the law to be true: they do not contain the choice of law, which matters more the farther a point
//! lies from the data. That is why every point says how far it lies.

use isoflop_base::{Diagnostic, Diagnostics, Evidence, Interval, Note, Severity, closest};
use isoflop_fit::{Fit, Fitted, InputRow};
use isoflop_law::VarRole;
use isoflop_law::tape::Bound;
use isoflop_numerics::random::Stream;
use serde::{Deserialize, Serialize};

use crate::carried;
use crate::distribution::Predictive;
use crate::widening::Widening;

/// A point to predict at: inputs by letter or column name, index values by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// Inputs.
    pub at: Vec<(String, f64)>,
    /// Index values.
    pub levels: Vec<(String, String)>,
}

/// Predictions at points. `schema` is `isoflop.predict/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// `isoflop.predict/1`.
    pub schema: String,
    /// Formula of the law.
    pub formula: String,
    /// Unit of the response.
    pub unit: String,
    /// How the intervals were made, in words.
    pub method: String,
    /// One entry a point, in the order asked.
    pub points: Vec<PredictedPoint>,
    /// Laws that were joined, with what each says by itself; empty for one law.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<Share>,
    /// Warnings that hold for all points.
    pub notes: Vec<Note>,
}

/// The part of one law in a joined prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The law.
    pub law: String,
    /// Its weight, the same at every point.
    pub weight: f64,
    /// What it predicts, point by point.
    pub values: Vec<f64>,
}

/// One predicted response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictedPoint {
    /// Inputs by letter.
    #[serde(with = "isoflop_fit::as_map")]
    pub at: Vec<(String, f64)>,
    /// Index values by name.
    #[serde(with = "isoflop_fit::as_map")]
    pub levels: Vec<(String, String)>,
    /// Predicted response.
    pub value: f64,
    /// Interval for the law's value: coefficient error only.
    pub confidence: Option<Interval>,
    /// Interval for a new run: coefficient error and residual noise.
    pub prediction: Option<Interval>,
    /// Orders of magnitude beyond the runs used, by `N`, `D`, `C`, `D/N` (and any other input): 0 inside, negative
    /// below the smallest run, positive above the largest.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond: Vec<(String, f64)>,
}

/// Predicts the response at points.
///
/// # Errors
///
/// Diagnostics `missing-input`, `unknown-input`, `bad-input`, `unknown-level`, `bad-level`, and `bad-fit` when the
/// law inside the fit cannot be read. All faults of all points are collected.
pub fn predict(fit: &Fit, points: &[Point], level: f64) -> Result<Prediction, Diagnostics> {
    if !(level > 0.0 && level < 1.0) {
        let d = Diagnostic::error(
            "bad-level",
            format!("the level of an interval must lie between 0 and 1, found {level}"),
        );
        return Err(d.into());
    }
    let fitted = Fitted::new(fit)?;
    let predicted = distributions(&fitted, points)?;
    Ok(at_level(&fitted, &predicted, level))
}

/// What is predicted at one point, at every level.
#[derive(Clone, Debug)]
pub struct Distribution {
    row: InputRow,
    value: f64,
    /// Of the law's value: coefficient error only.
    law: Option<Predictive>,
    /// Of a new run: coefficient error and residual noise; none for a fit that says nothing of the error of a run.
    pub run: Option<Predictive>,
}

/// Predicts the distribution of the response at points.
///
/// # Errors
///
/// As [`predict`], but for the level.
pub fn distributions(
    fitted: &Fitted<'_>,
    points: &[Point],
) -> Result<Vec<Distribution>, Diagnostics> {
    let rows = collect(fitted, points)?;
    let bound = fitted.bind(&rows);
    let spread = Spread {
        fit: fitted.fit(),
        fitted,
        bound: &bound,
    };
    let found = spread.distributions();
    let calibration = fitted.fit().calibration.as_ref();
    let one = |(row, (value, law, run)): (InputRow, Spreads)| {
        let widening = calibration.and_then(|c| Widening::at(&row.at, c));
        Distribution {
            row,
            value,
            law: law.map(|d| d.widened(widening)),
            run: run.map(|d| d.widened(widening)),
        }
    };
    Ok(rows.into_iter().zip(found).map(one).collect())
}

/// The prediction with intervals of a level between 0 and 1.
#[must_use]
pub fn at_level(fitted: &Fitted<'_>, predicted: &[Distribution], level: f64) -> Prediction {
    let fit = fitted.fit();
    let point = |p: &Distribution| PredictedPoint {
        at: p.row.at.clone(),
        levels: p.row.levels.clone(),
        value: p.value,
        confidence: p.law.as_ref().map(|d| d.interval(level)),
        prediction: p.run.as_ref().map(|d| d.interval(level)),
        beyond: beyond(fit, &p.row),
    };
    let points: Vec<PredictedPoint> = predicted.iter().map(point).collect();
    Prediction {
        schema: "isoflop.predict/1".to_owned(),
        formula: fit.law.formula.clone(),
        unit: fitted.law().response().unit.clone(),
        method: method(fit),
        laws: Vec::new(),
        notes: notes(fit, &points),
        points,
    }
}

/// How the intervals were made; a check says by how much they were widened.
fn method(fit: &Fit) -> String {
    let plain = plain_method(fit);
    match &fit.calibration {
        None => plain,
        Some(c) => format!(
            "{}; both widened beyond the data by {:.3} for each order of magnitude in {}, as {} cuts of a backtest ask",
            plain.trim_end_matches("; they assume that the law holds"),
            c.per_decade,
            c.axis,
            c.cuts
        ),
    }
}

pub(crate) fn collect(fitted: &Fitted<'_>, points: &[Point]) -> Result<Vec<InputRow>, Diagnostics> {
    let mut faults = Diagnostics::default();
    let mut rows = Vec::new();
    for (i, point) in points.iter().enumerate() {
        let which = if points.len() == 1 {
            String::new()
        } else {
            format!("point {}: ", i + 1)
        };
        match row(fitted, point) {
            Ok(row) => rows.push(row),
            Err(found) => faults.0.extend(found.into_iter().map(|mut d| {
                d.message = format!("{which}{}", d.message);
                d
            })),
        }
    }
    if faults.0.is_empty() {
        Ok(rows)
    } else {
        Err(faults)
    }
}

fn row(fitted: &Fitted<'_>, point: &Point) -> Result<InputRow, Vec<Diagnostic>> {
    let law = fitted.law();
    let mut faults = Vec::new();
    let mut given: Vec<(String, f64)> = Vec::new();
    for (name, value) in &point.at {
        match letter_of(fitted, name) {
            Ok(letter) => given.push((letter, *value)),
            Err(d) => faults.push(d),
        }
    }
    let mut out = InputRow::default();
    for var in law.vars.iter().filter(|v| v.role == VarRole::Input) {
        match given.iter().find(|(n, _)| *n == var.name) {
            Some((_, value)) if !value.is_finite() || (var.positive && *value <= 0.0) => faults
                .push(Diagnostic::error(
                    "bad-input",
                    format!(
                        "{} = {value} is not a number {}",
                        var.name,
                        if var.positive { "above zero" } else { "" }
                    ),
                )),
            Some((name, value)) => out.at.push((name.clone(), *value)),
            None => faults.push(
                Diagnostic::error(
                    "missing-input",
                    format!("the law needs {} ({})", var.name, var.column),
                )
                .help(format!("give it: --at …,{}=VALUE", var.name)),
            ),
        }
    }
    for var in law.vars.iter().filter(|v| v.role == VarRole::Index) {
        match point
            .levels
            .iter()
            .find(|(n, _)| *n == var.name || *n == var.column)
        {
            Some((_, value)) => out.levels.push((var.name.clone(), value.clone())),
            None => faults.push(Diagnostic::error(
                "missing-input",
                format!("the law needs a value of {}", var.name),
            )),
        }
    }
    for group in &law.simplex {
        let sum: f64 = group.iter().filter_map(|name| out.value(name)).sum();
        let complete = group.iter().all(|name| out.value(name).is_some());
        if complete && (sum - 1.0).abs() > 2e-3 {
            faults.push(
                Diagnostic::error(
                    "not-a-simplex",
                    format!(
                        "{} = {sum}, and the law takes shares that sum to 1",
                        group.join(" + ")
                    ),
                )
                .help("change one of them so that they do"),
            );
        }
    }
    for (key, names) in fitted.levels() {
        let label = out.label(key).filter(|l| !names.contains(l));
        faults.extend(label.map(|l| unknown_level(key, &l, names)));
    }
    if faults.is_empty() {
        Ok(out)
    } else {
        Err(faults)
    }
}

fn unknown_level(key: &str, label: &str, names: &[String]) -> Diagnostic {
    let mut d = Diagnostic::error(
        "unknown-level",
        format!("the fit has no coefficient for {key} = {label}"),
    );
    if let Some(near) = closest(label, names.iter().map(String::as_str)) {
        d = d.help(format!("did you mean `{near}`?"));
    }
    let listed: Vec<&str> = names.iter().map(String::as_str).take(20).collect();
    d.help(format!("it knows {}", listed.join(", ")))
}

/// The letter of an input that was given by letter or by column name.
pub(crate) fn letter_of(fitted: &Fitted<'_>, name: &str) -> Result<String, Diagnostic> {
    let (fit, law) = (fitted.fit(), fitted.law());
    let inputs = || law.vars.iter().filter(|v| v.role == VarRole::Input);
    let by_range = || {
        fit.ranges
            .iter()
            .find(|r| r.column == name)
            .map(|r| r.name.clone())
    };
    if let Some(var) = inputs()
        .find(|v| v.name == name)
        .or_else(|| inputs().find(|v| v.column == name))
    {
        return Ok(var.name.clone());
    }
    if let Some(letter) = by_range() {
        return Ok(letter);
    }
    let letters: Vec<&str> = inputs().map(|v| v.name.as_str()).collect();
    let mut d = Diagnostic::error("unknown-input", format!("the law has no input `{name}`"));
    let candidates = inputs().flat_map(|v| [v.name.as_str(), v.column.as_str()]);
    if let Some(near) = closest(name, candidates).filter(|_| name.len() > 1) {
        d = d.help(format!("did you mean `{near}`?"));
    }
    Err(d.help(format!("its inputs are {}", letters.join(", "))))
}

fn plain_method(fit: &Fit) -> String {
    if is_binomial(fit) {
        return "confidence: the coefficients' error on the logit of the probability; no interval for a new run, \
                which depends on its trials; they assume that the law holds"
            .to_owned();
    }
    let residual = if fit.points.residual.is_empty() {
        "normal residuals"
    } else {
        "the fit's own residuals"
    };
    if !fit.joint.draws.is_empty() {
        let curved = matches!(
            fit.uncertainty.method.as_str(),
            "profile" | "covariance" | "sandwich"
        );
        format!(
            "confidence: percentiles over {} {}; prediction: with {residual} added; they assume that the law holds",
            fit.joint.draws.len(),
            if curved {
                "draws that follow the law"
            } else {
                "bootstrap fits"
            }
        )
    } else if !fit.joint.covariance.is_empty() {
        "confidence: linear propagation of the coefficients' covariance; prediction: with the residual variance added; \
         they assume that the law holds"
            .to_owned()
    } else {
        "no intervals: the fit carries no uncertainty".to_owned()
    }
}

/// A new run of a binomial law depends on its number of trials, which nobody has said.
fn is_binomial(fit: &Fit) -> bool {
    fit.objective.penalty == "binomial"
}

struct Spread<'a> {
    fit: &'a Fit,
    fitted: &'a Fitted<'a>,
    bound: &'a Bound<'a>,
}

/// Value, distribution of the law's value, distribution of a new run.
type Spreads = (f64, Option<Predictive>, Option<Predictive>);

impl Spread<'_> {
    fn distributions(&self) -> Vec<Spreads> {
        let joint = &self.fit.joint;
        let mut centre = vec![0.0; self.bound.rows()];
        let mut ws = self.bound.program().workspace();
        self.bound.evaluate(&mut ws, &joint.at, &mut centre);
        if !joint.draws.is_empty() {
            return self.of_draws(&centre);
        }
        if joint.covariance.is_empty() {
            let bare = |c: &f64| (self.fitted.response(*c), None, None);
            return centre.iter().map(bare).collect();
        }
        let jacobian = self.bound.jacobian(&mut ws, &joint.at);
        let (noise, df) = (self.fitted.noise_variance(), self.fitted.freedom());
        let logarithm = self.fitted.is_logarithm();
        centre
            .iter()
            .zip(jacobian.chunks_exact(joint.at.len()))
            .map(|(c, row)| {
                let mut variance = 0.0;
                for (a, line) in row.iter().zip(&joint.covariance) {
                    variance += a * line.iter().zip(row).map(|(v, b)| v * b).sum::<f64>();
                }
                if is_binomial(self.fit) {
                    let law = Predictive::logit(*c, (variance.sqrt(), df));
                    return (*c, Some(law), None);
                }
                let value = self.fitted.response(*c);
                let of = |sd: f64| Predictive::student(value, logarithm, *c, (sd, df));
                let total = (variance + noise).sqrt();
                (value, Some(of(variance.sqrt())), Some(of(total)))
            })
            .collect()
    }

    fn of_draws(&self, centre: &[f64]) -> Vec<Spreads> {
        let n = centre.len();
        let draws = &self.fit.joint.draws;
        let mut ws = self.bound.program().workspace();
        let mut columns = vec![Vec::with_capacity(draws.len()); n];
        let mut noisy = vec![Vec::with_capacity(draws.len() * COPIES); n];
        let residuals = self.fitted.noise();
        let mut out = vec![0.0; n];
        for (b, draw) in draws.iter().enumerate() {
            self.bound.evaluate(&mut ws, draw, &mut out);
            let mut stream = Stream::new(self.fit.provenance.seed, "predict", b as u64);
            for i in 0..n {
                columns[i].push(out[i]);
                for _ in 0..COPIES {
                    noisy[i].push(out[i] + residuals[stream.below(residuals.len())]);
                }
            }
        }
        let both = columns.into_iter().zip(noisy);
        let one = |(c, (law, run)): (&f64, (Vec<f64>, Vec<f64>))| {
            let value = self.fitted.response(*c);
            let of = |draws| Predictive::sample_of(value, self.fitted.is_logarithm(), draws);
            let run = (!is_binomial(self.fit)).then(|| of(run));
            (value, Some(of(law)), run)
        };
        centre.iter().zip(both).map(one).collect()
    }
}

/// Residuals added to each draw: the noise part of a prediction interval then hardly depends on the seed.
const COPIES: usize = 8;

/// Orders of magnitude beyond the data, by quantity.
pub(crate) fn beyond(fit: &Fit, row: &InputRow) -> Vec<(String, f64)> {
    let derived = |name: &str| -> Option<f64> {
        if let Some(v) = row.value(name) {
            return Some(v);
        }
        let (n, d) = (row.value("N")?, row.value("D")?);
        match name {
            "C" => Some(6.0 * n * d),
            "D/N" => Some(d / n),
            _ => None,
        }
    };
    fit.ranges
        .iter()
        .filter_map(|r| {
            let v = derived(&r.name)?;
            (v > 0.0 && r.min > 0.0).then(|| {
                let orders = if v > r.max {
                    (v / r.max).log10()
                } else if v < r.min {
                    (v / r.min).log10()
                } else {
                    0.0
                };
                (r.name.clone(), orders)
            })
        })
        .collect()
}

pub(crate) fn notes(fit: &Fit, points: &[PredictedPoint]) -> Vec<Note> {
    let mut notes = carried::notes(fit, "prediction");
    notes.extend(carried::impossible(
        fit,
        points.iter().map(|p| p.at.as_slice()),
    ));
    let farthest = points
        .iter()
        .flat_map(|p| p.beyond.iter())
        .filter(|(_, orders)| *orders != 0.0)
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    if let Some((name, orders)) = farthest {
        notes.push(Note {
            code: "extrapolation".to_owned(),
            severity: if orders.abs() >= 1.0 { Severity::Warning } else { Severity::Info },
            message: format!(
                "the farthest point lies {:.2} orders of magnitude {} the data in {name}: {}",
                orders.abs(),
                if *orders > 0.0 { "above" } else { "below" },
                match &fit.calibration {
                    Some(_) => "the intervals are as wide as a backtest asks, which did not reach that far",
                    None => "the intervals assume that the law holds there",
                }
            ),
            evidence: vec![
                ("quantity".to_owned(), Evidence::Text(name.clone())),
                ("orders".to_owned(), Evidence::Number(*orders)),
            ],
            advice: match &fit.calibration {
                Some(_) => "see isoflop check for how far it reached".to_owned(),
                None => "hold out your largest runs and see how well the rest predicts them: isoflop check".to_owned(),
            },
        });
    }
    notes
}

//! Fits below a cut, forecasts above it: what every law and every baseline would have said.

use isoflop_data::RunTable;
use isoflop_fit::{
    Fit, FitOptions, Objective, PenaltyKind, ResidualScale, Status, Uncertainty, UsedRuns, fit,
    used_runs,
};
use isoflop_law::{Law, changed_coef};

use super::cuts::{Axis, Split, axis_values};
use isoflop_predict::{Point, PredictedPoint, predict};

/// The share of a standard normal distribution within one standard deviation.
const ONE_SD: f64 = 0.682_689_492_137_085_9;

/// What one law says of runs that it has not seen, on the scale of the comparison.
#[derive(Clone, Debug)]
pub(crate) struct Forecast {
    /// Middle of the law's own draws, or its value.
    pub centre: Vec<f64>,
    /// Standard deviation by the error of the coefficients.
    pub coefficients: Vec<f64>,
    /// Standard deviation of a run.
    pub noise: Vec<f64>,
    /// Mean response of the largest runs fitted; not a number when they are not kept.
    pub last: f64,
    /// Mean ln of the variance a step beyond the runs fitted, error of coefficients and noise: the same wherever it is asked.
    pub known: f64,
    /// What the law promises to change for each order of magnitude beyond the runs fitted; not a number when it does not say it.
    pub slope: f64,
    /// Akaike's criterion with its correction for few runs, which at most doubles its penalty.
    pub evidence: f64,
    /// Runs fitted.
    pub runs: f64,
    /// Coefficients fitted.
    pub count: usize,
    /// Root mean square of the residuals.
    pub rms: f64,
    /// Variance of the responses of the runs fitted.
    pub variance: f64,
}

impl Forecast {
    /// Error by the coefficients at a place, at most what the law promises to change from the largest runs and two standard
    /// deviations of a run: a fit that does not determine its coefficients says that any value may come, and none is farther
    /// from the last one than that.
    pub fn bounded(&self, place: usize) -> f64 {
        let own = self.coefficients[place];
        let change = (self.centre[place] - self.last).abs() + 2.0 * self.noise[place];
        if change.is_finite() {
            own.min(change)
        } else {
            own
        }
    }
}

/// How errors are measured: of the logarithm wherever all responses are above zero, else in units of their spread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    pub ln: bool,
    /// Standard deviation of the responses; 1 for logarithms.
    pub unit: f64,
}

impl Measure {
    fn of(responses: &[f64]) -> Self {
        if responses.iter().all(|y| *y > 0.0) {
            return Self {
                ln: true,
                unit: 1.0,
            };
        }
        let n = responses.len() as f64;
        let mean = responses.iter().sum::<f64>() / n;
        let square = responses.iter().map(|y| (y - mean).powi(2)).sum::<f64>();
        let unit = (square / n).sqrt();
        Self {
            ln: false,
            unit: if unit > 0.0 { unit } else { 1.0 },
        }
    }

    pub fn forth(self, y: f64) -> f64 {
        if self.ln { y.ln() } else { y / self.unit }
    }

    pub fn back(self, x: f64) -> f64 {
        if self.ln { x.exp() } else { x * self.unit }
    }
}

/// The runs, and how errors are measured.
pub(crate) struct Runs<'a> {
    pub table: &'a RunTable,
    pub used: &'a UsedRuns,
    pub axis: &'a Axis,
    pub measure: Measure,
}

impl<'a> Runs<'a> {
    pub fn new(table: &'a RunTable, used: &'a UsedRuns, axis: &'a Axis) -> Self {
        Self {
            table,
            used,
            axis,
            measure: Measure::of(&used.response),
        }
    }

    pub fn observed(&self, run: usize) -> f64 {
        self.measure.forth(self.used.response[run])
    }

    /// Orders of magnitude that a run lies beyond a cut.
    pub fn beyond(&self, run: usize, cut: f64) -> f64 {
        (self.axis.values[run] / cut).log10()
    }

    /// A run as a point to predict at by a law with inputs of its own; none when the law cannot use it.
    pub fn point(&self, own: &UsedRuns, run: usize) -> Option<Point> {
        let run = own.rows.binary_search(&self.used.rows[run]).ok()?;
        let at = own.inputs.iter();
        let levels = own.levels.iter();
        Some(Point {
            at: at.map(|(name, x)| (name.clone(), x[run])).collect(),
            levels: levels
                .map(|(name, x)| (name.clone(), x[run].clone()))
                .collect(),
        })
    }
}

/// A law under judgement: how it is fitted below a cut, and the runs that it could use.
pub(crate) struct Rival<'a> {
    law: &'a Law,
    options: FitOptions,
    used: Result<UsedRuns, String>,
}

impl<'a> Rival<'a> {
    pub fn new(law: &'a Law, table: &RunTable, options: &FitOptions) -> Self {
        let options = FitOptions {
            uncertainty: quick(law, options),
            starts: options.starts.or(short_search(law)),
            ..own_options(law, options)
        };
        Self {
            law,
            used: used_runs(law, table, &options).map_err(|f| f.first_message().to_owned()),
            options,
        }
    }
}

/// The forecast of a law fitted below a cut, or why there is none.
pub(crate) fn forecast(
    rival: &Rival<'_>,
    runs: &Runs<'_>,
    split: &Split,
) -> Result<Forecast, String> {
    let rows: Vec<usize> = split.fitted.iter().map(|i| runs.used.rows[*i]).collect();
    let below = runs.table.subset(&rows).keeping_copies();
    let found = fit(rival.law, &below, &rival.options).map_err(|f| f.first_message().to_owned())?;
    let own = rival.used.as_ref().map_err(Clone::clone)?;
    let points: Option<Vec<Point>> = split.held.iter().map(|i| runs.point(own, *i)).collect();
    let points = points.ok_or("a run held out lacks one of its columns")?;
    let places: Vec<f64> = split.held.iter().map(|i| runs.axis.values[*i]).collect();
    of_fit(&found, &points, &places, runs.measure, &runs.axis.name)
}

/// The options of a fit for one law among several: changes of coefficients that the law has.
pub(crate) fn own_options(law: &Law, options: &FitOptions) -> FitOptions {
    let known = |change: &&String| changed_coef(change).is_some_and(|c| law.coef(c).is_some());
    FitOptions {
        derive: Vec::new(),
        coefs: options.coefs.iter().filter(known).cloned().collect(),
        ..options.clone()
    }
}

/// Points to screen at every cut: a formula of many coefficients, of which nothing is declared, would take as long at each
/// of a dozen cuts as at the whole table. None for the default.
fn short_search(law: &Law) -> Option<usize> {
    (law.is_typed() && law.coefs.len() > 5).then_some(64)
}

/// A covariance where there is one, else resamples.
pub(crate) fn quick(law: &Law, options: &FitOptions) -> Uncertainty {
    let said = options.objective.as_ref().map(|o| o.penalty.clone());
    let written = || Objective::parse(law.objective.as_deref()?).ok();
    let penalty = said.or_else(|| written().map(|o| o.penalty));
    let kinked = matches!(
        penalty,
        Some(PenaltyKind::Absolute | PenaltyKind::Quantile { .. })
    );
    if kinked || !law.stages.is_empty() {
        Uncertainty::Bootstrap { resamples: 100 }
    } else {
        Uncertainty::Covariance
    }
}

/// What a fit says of points, whose places on the axis are given for the noise there.
pub(crate) fn of_fit(
    found: &Fit,
    points: &[Point],
    places: &[f64],
    measure: Measure,
    axis: &str,
) -> Result<Forecast, String> {
    let p = found.joint.at.len();
    if (found.n as f64) < 1.2 * p as f64 {
        return Err(format!("{} runs for {p} coefficients", found.n));
    }
    if found.status == Status::NotConverged && found.joint.draws.is_empty() && p <= 4 {
        return Err("the fit did not converge".to_owned());
    }
    let said = predict(found, points, ONE_SD).map_err(|f| f.first_message().to_owned())?;
    let residuals = residuals(found, measure);
    let widen = found.n as f64 / (found.n as f64 - p as f64).max(1.0);
    let rss: f64 = residuals.iter().map(|r| r * r).sum();
    let n = found.n as f64;
    let rms = (rss / n).sqrt();
    let (mut centre, mut coefficients) = (Vec::new(), Vec::new());
    for point in &said.points {
        let (middle, sd) = middle_and_sd(found, point, measure);
        if !middle.is_finite() {
            return Err("the law has no value at a run held out".to_owned());
        }
        centre.push(middle);
        coefficients.push(sd);
    }
    let noise = noise(found, &residuals, rms * widen.sqrt(), places, axis);
    let last = last(found, measure, axis);
    let (known, slope) = ahead(found, measure, axis, rms * widen.sqrt());
    let k = p as f64;
    // With half as many coefficients as runs the correction would outweigh any fit.
    let few = (2.0 * k * (k + 1.0) / (n - k - 1.0).max(1.0)).min(2.0 * k);
    Ok(Forecast {
        centre,
        coefficients,
        noise,
        last,
        known,
        slope,
        evidence: n * rms.max(1e-12).powi(2).ln() + 2.0 * k + few,
        runs: n,
        count: p,
        rms,
        variance: variance(found, measure),
    })
}

/// Middle of a prediction at the level of one standard deviation, and its standard deviation by the coefficients, at most 1.
fn middle_and_sd(found: &Fit, point: &PredictedPoint, measure: Measure) -> (f64, f64) {
    let value = measure.forth(point.value);
    let ends = point.confidence.as_ref();
    let ends = ends.map(|i| (measure.forth(i.lower), measure.forth(i.upper)));
    let sure = ends.filter(|(a, b)| a.is_finite() && b.is_finite());
    let (middle, sd) = match sure {
        Some((a, b)) if !found.joint.draws.is_empty() => (0.5 * (a + b), 0.5 * (b - a)),
        Some((a, b)) => (value, 0.5 * (b - a)),
        // Nothing is known of the coefficients' error: it may be of the response's own size.
        None => (value, 1.0),
    };
    (middle, sd.min(1.0))
}

/// Mean response of the runs with the largest value of the axis.
fn last(found: &Fit, measure: Measure, axis: &str) -> f64 {
    let Some(at) = axis_values(&found.points.inputs, axis) else {
        return f64::NAN;
    };
    let largest = at.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let pairs = at.iter().zip(&found.points.response);
    let top: Vec<f64> = pairs
        .filter(|(x, _)| **x >= largest * (1.0 - 1e-9))
        .map(|(_, y)| measure.forth(*y))
        .collect();
    top.iter().sum::<f64>() / top.len() as f64
}

/// Orders of magnitude beyond the largest run at which laws are asked for their answer, and how well they know it.
const STEPS: [f64; 3] = [0.0, 0.15, 0.3];

/// Mean ln of the variance a step beyond the largest run, which grows along the axis alone (N and D alike for C = 6ND), and the
/// change from it that the law promises for each order of magnitude.
fn ahead(found: &Fit, measure: Measure, axis: &str, noise: f64) -> (f64, f64) {
    let noise = noise.powi(2);
    let alone = (noise.max(1e-24).ln(), f64::NAN);
    let points = &found.points;
    let Some(at) = axis_values(&points.inputs, axis) else {
        return alone;
    };
    let Some(run) = (0..at.len()).max_by(|a, b| at[*a].total_cmp(&at[*b])) else {
        return alone;
    };
    let moved = |name: &str, x: f64, step: f64| {
        if name == axis {
            x * 10f64.powf(step)
        } else if axis == "C" && (name == "N" || name == "D") {
            x * 10f64.powf(0.5 * step)
        } else {
            x
        }
    };
    let levels = points.levels.iter();
    let levels: Vec<(String, String)> = levels.map(|(n, x)| (n.clone(), x[run].clone())).collect();
    let ahead: Vec<Point> = STEPS
        .iter()
        .map(|step| Point {
            at: points
                .inputs
                .iter()
                .map(|(name, x)| (name.clone(), moved(name, x[run], *step)))
                .collect(),
            levels: levels.clone(),
        })
        .collect();
    let Ok(said) = predict(found, &ahead, ONE_SD) else {
        return alone;
    };
    let one = |p: &PredictedPoint| {
        let sd = middle_and_sd(found, p, measure).1;
        (sd * sd + noise).clamp(1e-24, 1.0).ln()
    };
    let beyond = said.points.iter().skip(1).map(one);
    let known = beyond.sum::<f64>() / (STEPS.len() - 1) as f64;
    let value = |p: &PredictedPoint| measure.forth(p.value);
    let ends = said.points.first().zip(said.points.last());
    let slope = ends.map_or(f64::NAN, |(a, b)| {
        (value(b) - value(a)).abs() / (STEPS[2] - STEPS[0])
    });
    (known, slope)
}

/// Variance of the responses on the scale of the comparison.
fn variance(found: &Fit, measure: Measure) -> f64 {
    let responses = || found.points.response.iter().map(|y| measure.forth(*y));
    let n = found.points.response.len() as f64;
    let mean = responses().sum::<f64>() / n;
    responses().map(|y| (y - mean).powi(2)).sum::<f64>() / n
}

/// Residuals on the scale of the comparison.
fn residuals(found: &Fit, measure: Measure) -> Vec<f64> {
    let points = &found.points;
    let own = found.residuals.rms;
    // Where only the spread on the objective's scale is known, it stands for that of the comparison.
    let spread = match (measure.ln, found.objective.scale == ResidualScale::Ln) {
        (true, true) => own,
        (false, false) => own / measure.unit,
        (true, false) => own / points.response.first().map_or(1.0, |y| y.abs()),
        (false, true) => own * points.response.first().map_or(1.0, |y| y.abs()) / measure.unit,
    };
    if points.fitted.is_empty() {
        return vec![spread; found.n];
    }
    let pairs = points.response.iter().zip(&points.fitted);
    pairs
        .map(|(y, f)| measure.forth(*y) - measure.forth(*f))
        .map(|r| if r.is_finite() { r } else { spread })
        .collect()
}

/// Standard deviation of a run at places on the axis. Where ln |residual| changes along the axis beyond chance
/// (|t| above 2.6, 1 in 100), the spread at the upper end of the fitted runs holds from there on; it is not extrapolated.
fn noise(found: &Fit, residuals: &[f64], sd: f64, places: &[f64], axis: &str) -> Vec<f64> {
    let same = vec![sd; places.len()];
    let Some(at) = axis_values(&found.points.inputs, axis) else {
        return same;
    };
    let pairs: Vec<(f64, f64)> = at
        .iter()
        .zip(residuals)
        .filter(|(x, r)| **x > 0.0 && **r != 0.0)
        .map(|(x, r)| (x.ln(), r.abs().ln()))
        .collect();
    let n = pairs.len() as f64;
    if n < 12.0 {
        return same;
    }
    let mean = |pick: fn(&(f64, f64)) -> f64| pairs.iter().map(pick).sum::<f64>() / n;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let sxx: f64 = pairs.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let sxy: f64 = pairs.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    let slope = sxy / sxx;
    let left: f64 = pairs
        .iter()
        .map(|p| (p.1 - my - slope * (p.0 - mx)).powi(2))
        .sum();
    let t = slope / (left / (n - 2.0) / sxx).sqrt();
    if t.is_nan() || t.abs() <= 2.6 {
        return same;
    }
    let low = pairs.iter().map(|p| p.0).fold(f64::INFINITY, f64::min);
    let high = pairs.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
    let shape = |x: f64| (slope * (x.clamp(low, high) - mx)).exp();
    // The mean of the squares stays what it is.
    let square = pairs.iter().map(|p| shape(p.0).powi(2)).sum::<f64>() / n;
    places
        .iter()
        .map(|x| sd * shape(x.ln()) / square.sqrt())
        .collect()
}

/// Baselines that know no law: what any forecast has to beat.
pub(crate) const BASELINES: [&str; 3] = ["last value", "line on log axes", "power law + floor"];

/// The forecast of a baseline, along the axis alone.
pub(crate) fn baseline(name: &str, runs: &Runs<'_>, split: &Split) -> Result<Forecast, String> {
    let observed: Vec<f64> = split
        .fitted
        .iter()
        .map(|i| runs.used.response[*i])
        .collect();
    let places: Vec<f64> = split.fitted.iter().map(|i| runs.axis.values[*i]).collect();
    let ahead: Vec<f64> = split.held.iter().map(|i| runs.axis.values[*i]).collect();
    let law = match name {
        "last value" => return Ok(last_value(runs, split, &observed, &places)),
        "line on log axes" => "power",
        _ => "power-floor",
    };
    if !runs.measure.ln {
        return Err("a response is not above zero".to_owned());
    }
    let law = Law::builtin(law).map_err(|f| f.first_message().to_owned())?;
    let table =
        RunTable::from_columns("runs", &[("x", &places), ("y", &observed)]).keeping_copies();
    let options = FitOptions {
        objective: Some(Objective::parse("squared-log").map_err(|d| d.message)?),
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    };
    let found = fit(&law, &table, &options).map_err(|f| f.first_message().to_owned())?;
    let point = |x: &f64| Point {
        at: vec![("x".to_owned(), *x)],
        levels: Vec::new(),
    };
    let points: Vec<Point> = ahead.iter().map(point).collect();
    of_fit(&found, &points, &ahead, runs.measure, "x")
}

/// The mean of the largest runs, with the spread of the upper quarter.
fn last_value(runs: &Runs<'_>, split: &Split, observed: &[f64], places: &[f64]) -> Forecast {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*b].total_cmp(&places[*a]));
    let largest = places[order[0]];
    let scaled: Vec<f64> = observed.iter().map(|y| runs.measure.forth(*y)).collect();
    let top: Vec<f64> = order
        .iter()
        .filter(|i| places[**i] >= largest * (1.0 - 1e-9))
        .map(|i| scaled[*i])
        .collect();
    let centre = top.iter().sum::<f64>() / top.len() as f64;
    let quarter = &order[..(order.len() / 4).max(3).min(order.len())];
    let spread = quarter
        .iter()
        .map(|i| (scaled[*i] - centre).powi(2))
        .sum::<f64>();
    let sd = (spread / quarter.len() as f64).sqrt().max(1e-9);
    Forecast {
        centre: vec![centre; split.held.len()],
        coefficients: vec![0.0; split.held.len()],
        noise: vec![sd; split.held.len()],
        last: centre,
        known: 0.0,
        slope: f64::NAN,
        evidence: 0.0,
        runs: observed.len() as f64,
        count: 1,
        rms: sd,
        variance: sd * sd,
    }
}

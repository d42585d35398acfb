//! A prediction through two fits: what the first predicts is an input of the second, and the errors of both are carried.
//!
//! # Formula
//!
//! ```text
//! confidence   spread of g(f(x; θ*); φ*) over draws θ* of the first fit and φ* of the second, drawn apart
//! prediction   the same with a residual of the first fit added to f, and one of the second to g
//! ```
//!
//! Draws are those of a bootstrap where the fit has one, else draws of Student's t from its covariance. The two fits are taken to
//! be independent: runs that both were fitted to make the interval wrong by what they share.

use crate::carried;
use crate::predict::{
    Point, PredictedPoint, Prediction, Row, beyond, codes, collect, letter_of, levels_of, notes,
    residual_pool,
};
use isoflop_base::{Diagnostic, Diagnostics, Interval, Note};
use isoflop_fit::Fit;
use isoflop_law::tape::{Levels, Output, Program};
use isoflop_law::{Law, VarRole};
use isoflop_numerics::random::Stream;
use isoflop_numerics::{dist, linear};

/// Joint draws behind the intervals.
const DRAWS: usize = 2000;

/// Predicts the response of `outer` at points of the inputs of `inner`.
///
/// # Errors
///
/// Diagnostics `no-link` when no input of the outer law is what the inner predicts, and those of
/// [`crate::predict`] for the points.
pub fn predict_through(
    outer: &Fit,
    inner: &Fit,
    points: &[Point],
    level: f64,
) -> Result<Prediction, Diagnostics> {
    let (first, second) = (Link::new(inner)?, Link::new(outer)?);
    let link = link(&first.law, &second.law, outer)?;
    let mut own: Vec<Point> = Vec::new();
    let mut rest: Vec<Point> = Vec::new();
    for point in points {
        let (mine, theirs): (Vec<_>, Vec<_>) = point
            .at
            .iter()
            .cloned()
            .partition(|(name, _)| letter_of(inner, &first.law, name).is_ok());
        let levels = |law: &Law| {
            let takes = |name: &str| {
                law.vars
                    .iter()
                    .any(|v| v.role == VarRole::Index && (v.name == name || v.column == name))
            };
            let own = point.levels.iter().filter(|(name, _)| takes(name));
            own.cloned().collect()
        };
        own.push(Point {
            at: mine,
            levels: levels(&first.law),
        });
        rest.push(Point {
            at: theirs,
            levels: levels(&second.law),
        });
    }
    let rows = collect(inner, &first.law, &first.levels, &own)?;
    let middle = first.values(&rows, &inner.joint.at);
    for (point, value) in rest.iter_mut().zip(&middle) {
        point.at.push((link.clone(), first.response(*value)));
    }
    let mut after = collect(outer, &second.law, &second.levels, &rest)?;
    let best = second.values(&after, &outer.joint.at);
    let intervals = spread(&first, &second, &rows, &mut after, &link, level);
    let mut answers = Vec::new();
    for (i, row) in rows.into_iter().enumerate() {
        let mut far = beyond(inner, &row);
        let set = Row {
            at: replaced(&after[i].at, &link, first.response(middle[i])),
            levels: after[i].levels.clone(),
        };
        far.extend(beyond(outer, &set));
        let mut at = row.at;
        at.extend(set.at);
        let mut levels = row.levels;
        levels.extend(set.levels);
        let (confidence, prediction) = match &intervals {
            Some(found) => (Some(found[i].0), Some(found[i].1)),
            None => (None, None),
        };
        answers.push(PredictedPoint {
            at,
            levels,
            value: second.response(best[i]),
            confidence,
            prediction,
            beyond: far,
        });
    }
    Ok(Prediction {
        schema: "isoflop.predict/1".to_owned(),
        formula: format!("{}; {}", inner.law.formula, outer.law.formula),
        unit: second.law.response().unit.clone(),
        method: method(intervals.is_some(), &link),
        laws: Vec::new(),
        notes: both_notes(outer, inner, &answers),
        points: answers,
    })
}

/// What both fits say of themselves: an answer is as weak as the weaker of them.
fn both_notes(outer: &Fit, inner: &Fit, answers: &[PredictedPoint]) -> Vec<Note> {
    let mut out = notes(inner, answers);
    for note in carried::notes(outer, "prediction") {
        if !out.contains(&note) {
            out.push(note);
        }
    }
    out
}

fn method(known: bool, link: &str) -> String {
    if known {
        format!(
            "confidence: percentiles over {DRAWS} joint draws of the coefficients of both fits, {link} predicted by the \
             first; prediction: with residuals of both added; the fits are taken to be independent and both laws to be true"
        )
    } else {
        "no intervals: one of the fits carries no uncertainty".to_owned()
    }
}

fn replaced(at: &[(String, f64)], link: &str, value: f64) -> Vec<(String, f64)> {
    let one = |(name, x): &(String, f64)| (name.clone(), if name == link { value } else { *x });
    at.iter().map(one).collect()
}

/// The input of the second law that the first predicts: by column, by letter, or the only one there is.
fn link(first: &Law, second: &Law, outer: &Fit) -> Result<String, Diagnostic> {
    let response = first.response();
    let inputs: Vec<_> = second
        .vars
        .iter()
        .filter(|v| v.role == VarRole::Input)
        .collect();
    let by_column = inputs.iter().find(|v| {
        let used = outer.ranges.iter().find(|r| r.name == v.name);
        v.column == response.column || used.is_some_and(|r| r.column == response.column)
    });
    let found = by_column
        .or_else(|| inputs.iter().find(|v| v.name == response.name))
        .or(match inputs.as_slice() {
            [only] => Some(only),
            _ => None,
        });
    found.map(|v| v.name.clone()).ok_or_else(|| {
        let names: Vec<&str> = inputs.iter().map(|v| v.name.as_str()).collect();
        Diagnostic::error(
            "no-link",
            format!(
                "the first fit predicts {} ({}), and no input of the second is that",
                response.name, response.column
            ),
        )
        .help(format!("its inputs are {}", names.join(", ")))
        .help("fit the second law with that column as an input: --map LETTER=COLUMN")
    })
}

/// A fit made ready to be evaluated.
struct Link<'a> {
    fit: &'a Fit,
    law: Law,
    levels: Levels,
    program: Program,
    /// Whether the program computes the logarithm of the response.
    ln: bool,
}

impl<'a> Link<'a> {
    fn new(fit: &'a Fit) -> Result<Self, Diagnostics> {
        let law = Law::from_toml(&fit.law.id, "<fit>", &fit.law.text)?;
        let levels = levels_of(fit, &law);
        let ln = fit.objective.scale == "ln";
        let output = if ln {
            Output::LnResponse
        } else {
            Output::Response
        };
        let program = Program::compile(&law, &levels, output)?;
        if program.coordinates().len() != fit.joint.at.len() {
            let fault = Diagnostic::error(
                "bad-fit",
                "the law inside the fit does not match its coefficients",
            );
            return Err(fault.into());
        }
        Ok(Self {
            fit,
            law,
            levels,
            program,
            ln,
        })
    }

    /// Values at rows, on the scale of the program.
    fn values(&self, rows: &[Row], theta: &[f64]) -> Vec<f64> {
        let columns: Vec<Vec<f64>> = self
            .program
            .vars()
            .iter()
            .map(|letter| {
                rows.iter()
                    .map(|r| r.value(letter).unwrap_or(f64::NAN))
                    .collect()
            })
            .collect();
        let views: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let codes = codes(&self.program, &self.levels, rows);
        let bound = self.program.bind(rows.len(), &views, &codes);
        let mut out = vec![0.0; rows.len()];
        bound.evaluate(&mut self.program.workspace(), theta, &mut out);
        out
    }

    fn response(&self, x: f64) -> f64 {
        if self.ln { x.exp() } else { x }
    }

    /// One draw of the coordinates; none without uncertainty.
    fn draw(&self, factor: Option<&[f64]>, stream: &mut Stream) -> Vec<f64> {
        let joint = &self.fit.joint;
        let Some(factor) = factor else {
            return joint.draws[stream.below(joint.draws.len())].clone();
        };
        let p = joint.at.len();
        let z: Vec<f64> = (0..p)
            .map(|_| dist::normal_quantile(stream.open_unit()))
            .collect();
        let heavy = self.heaviness(stream);
        (0..p)
            .map(|i| {
                let step: f64 = (0..=i).map(|k| factor[i * p + k] * z[k]).sum();
                joint.at[i] + heavy * step
            })
            .collect()
    }

    /// √(ν/χ²ᵥ) with ν = n − p: turns normal draws into those of Student's t, by whose quantiles the fit's own
    /// intervals are made. From a few hundred degrees of freedom on it is one.
    fn heaviness(&self, stream: &mut Stream) -> f64 {
        let freedom = self.fit.n.saturating_sub(self.fit.joint.at.len()).max(1);
        if freedom > 300 {
            return 1.0;
        }
        let squares: f64 = (0..freedom)
            .map(|_| dist::normal_quantile(stream.open_unit()).powi(2))
            .sum();
        (freedom as f64 / squares).sqrt()
    }

    /// The Cholesky factor of the covariance: `Ok(None)` where there are draws, `Err` where there is neither.
    fn factor(&self) -> Result<Option<Vec<f64>>, ()> {
        let joint = &self.fit.joint;
        if !joint.draws.is_empty() {
            return Ok(None);
        }
        let p = joint.at.len();
        let mut factor: Vec<f64> = joint.covariance.concat();
        if factor.len() != p * p {
            return Err(());
        }
        // A held coordinate has no variance: a speck keeps the factor finite and moves nothing.
        for j in 0..p {
            factor[j * p + j] += 1e-24 * (1.0 + joint.at[j] * joint.at[j]);
        }
        if linear::cholesky(&mut factor, p) {
            Ok(Some(factor))
        } else {
            Err(())
        }
    }
}

/// Confidence and prediction interval of every row; none when a fit has no uncertainty.
fn spread(
    first: &Link<'_>,
    second: &Link<'_>,
    rows: &[Row],
    after: &mut [Row],
    link: &str,
    level: f64,
) -> Option<Vec<(Interval, Interval)>> {
    let (f, g) = (first.factor().ok()?, second.factor().ok()?);
    let noise = [
        residual_pool(first.fit, first.ln),
        residual_pool(second.fit, second.ln),
    ];
    let n = rows.len();
    let mut plain = vec![Vec::with_capacity(DRAWS); n];
    let mut noisy = vec![Vec::with_capacity(DRAWS); n];
    for draw in 0..DRAWS as u64 {
        let mut stream = Stream::new(second.fit.provenance.seed, "chain", draw);
        let theta = first.draw(f.as_deref(), &mut stream);
        let phi = second.draw(g.as_deref(), &mut stream);
        let middle = first.values(rows, &theta);
        let mut feed = |added: &dyn Fn(&mut Stream) -> f64, stream: &mut Stream| {
            for (row, value) in after.iter_mut().zip(&middle) {
                let value = first.response(value + added(stream));
                row.at = replaced(&row.at, link, value);
            }
            second.values(after, &phi)
        };
        for (i, x) in feed(&|_| 0.0, &mut stream).into_iter().enumerate() {
            plain[i].push(second.response(x));
        }
        let runs = feed(&|s| noise[0][s.below(noise[0].len())], &mut stream);
        for (i, x) in runs.into_iter().enumerate() {
            let own = noise[1][stream.below(noise[1].len())];
            noisy[i].push(second.response(x + own));
        }
    }
    let interval = |values: &mut Vec<f64>| {
        values.retain(|x| x.is_finite());
        values.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - level);
        Interval {
            level,
            lower: dist::sorted_quantile(values, tail),
            upper: dist::sorted_quantile(values, 1.0 - tail),
        }
    };
    Some(
        plain
            .iter_mut()
            .zip(&mut noisy)
            .map(|(a, b)| (interval(a), interval(b)))
            .collect(),
    )
}

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

use std::borrow::Cow;

use crate::carried;
use crate::predict::{Point, PredictedPoint, Prediction, beyond, collect, letter_of, notes};
use isoflop_base::{Diagnostic, Diagnostics, Interval, Note};
use isoflop_fit::{Fit, Fitted, InputRow};
use isoflop_law::{Law, VarRole};
use isoflop_numerics::dist;
use isoflop_numerics::random::Stream;

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
    let (first, second) = (Fitted::new(inner)?, Fitted::new(outer)?);
    let link = link(first.law(), second.law(), outer)?;
    let mut own: Vec<Point> = Vec::new();
    let mut rest: Vec<Point> = Vec::new();
    for point in points {
        let (mine, theirs): (Vec<_>, Vec<_>) = point
            .at
            .iter()
            .cloned()
            .partition(|(name, _)| letter_of(&first, name).is_ok());
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
            levels: levels(first.law()),
        });
        rest.push(Point {
            at: theirs,
            levels: levels(second.law()),
        });
    }
    let rows = collect(&first, &own)?;
    let middle = first.values(&rows);
    for (point, value) in rest.iter_mut().zip(&middle) {
        point.at.push((link.clone(), *value));
    }
    let mut after = collect(&second, &rest)?;
    let best = second.values(&after);
    let intervals = spread(&first, &second, &rows, &mut after, &link, level);
    let mut answers = Vec::new();
    for (i, row) in rows.into_iter().enumerate() {
        let mut far = beyond(inner, &row);
        let set = InputRow {
            at: replaced(&after[i].at, &link, middle[i]),
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
            value: best[i],
            confidence,
            prediction,
            beyond: far,
        });
    }
    Ok(Prediction {
        schema: "isoflop.predict/1".to_owned(),
        formula: format!("{}; {}", inner.law.formula, outer.law.formula),
        unit: second.law().response().unit.clone(),
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

/// Draws of one of the fits, to be paired with draws of the other.
struct Draws<'a> {
    own: Cow<'a, [Vec<f64>]>,
    /// Whether the fit was resampled: draws of one number of two such fits belong together, so they are drawn apart.
    resampled: bool,
}

impl<'a> Draws<'a> {
    /// None for a fit without uncertainty.
    fn of(fitted: &Fitted<'a>) -> Option<Self> {
        let own = fitted.draws(DRAWS, "chain");
        (!own.is_empty()).then_some(Self {
            own,
            resampled: !fitted.fit().joint.draws.is_empty(),
        })
    }

    fn pick(&self, draw: usize, stream: &mut Stream) -> &[f64] {
        if self.resampled {
            &self.own[stream.below(self.own.len())]
        } else {
            &self.own[draw]
        }
    }
}

/// Confidence and prediction interval of every row; none when a fit has no uncertainty.
fn spread(
    first: &Fitted<'_>,
    second: &Fitted<'_>,
    rows: &[InputRow],
    after: &mut [InputRow],
    link: &str,
    level: f64,
) -> Option<Vec<(Interval, Interval)>> {
    let (f, g) = (Draws::of(first)?, Draws::of(second)?);
    let noise = [first.noise(), second.noise()];
    let n = rows.len();
    let mut plain = vec![Vec::with_capacity(DRAWS); n];
    let mut noisy = vec![Vec::with_capacity(DRAWS); n];
    let seed = second.fit().provenance.seed;
    let bound = first.bind(rows);
    let mut workspace = first.program().workspace();
    let mut middle = vec![0.0; n];
    for draw in 0..DRAWS {
        let mut stream = Stream::new(seed, "chain", draw as u64);
        let theta = f.pick(draw, &mut stream);
        let phi = g.pick(draw, &mut stream);
        bound.evaluate(&mut workspace, theta, &mut middle);
        let mut feed = |added: &dyn Fn(&mut Stream) -> f64, stream: &mut Stream| {
            for (row, value) in after.iter_mut().zip(&middle) {
                let value = first.response(value + added(stream));
                row.at = replaced(&row.at, link, value);
            }
            second.evaluate(after, phi)
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

//! Optima that fit the runs alike and say something else away from them: on a ladder with 20 tokens for each parameter
//! the exponents of size and data can change places, and no run tells.
//!
//! # Formula
//!
//! ```text
//! alike    F(θ′) − F(θ̂) ≤ the rise of a profile at the level asked for
//! apart    max |f(x′; θ′) − f(x′; θ̂)| > s/10      x′: the runs with their inputs shifted against each other,
//!                                               s: root mean square of the residuals
//! ```
//!
//! Two terms that only change their names, as in y = a xᵇ + c xᵈ, agree everywhere and are one optimum. Intervals reach
//! over those of all optima; what follows from the coefficients takes its draws from all.

use super::{Spread, optimum, plane, profile};
use crate::certificate::{Peak, peak};
use crate::engine::{self, Solved};
use crate::solve::{Aim, End};
use crate::target::Target;
use isoflop_law::tape::Bound;
use isoflop_numerics::penalty::Penalty;

/// Beside the best.
const MOST: usize = 2;
/// With more runs two optima that fit alike would be of one law.
const LARGE: usize = 20_000;
/// Share of the residuals by which two optima differ elsewhere.
const APART: f64 = 0.1;

/// The runs with each input shifted by another number of places.
pub(super) struct Elsewhere<'a> {
    solved: &'a Solved<'a>,
    columns: Vec<Vec<f64>>,
    codes: Vec<Vec<u32>>,
}

impl<'a> Elsewhere<'a> {
    /// None where there is one input, which cannot be elsewhere.
    pub fn new(solved: &'a Solved<'a>) -> Option<Self> {
        let (binding, program) = (solved.binding, solved.frame.bound.program());
        if binding.inputs.len() < 2 || binding.n > LARGE {
            return None;
        }
        let step = (binding.n / binding.inputs.len()).max(1);
        let columns = engine::columns(program, solved.law, binding);
        let shifted = columns.iter().enumerate().map(|(k, column)| {
            let mut own = column.to_vec();
            own.rotate_left(k * step % column.len().max(1));
            own
        });
        Some(Self {
            solved,
            columns: shifted.collect(),
            codes: engine::codes(program, binding),
        })
    }

    /// Whether two ends of the search differ there.
    pub fn apart(&self, a: &End, b: &End) -> bool {
        let program = self.solved.frame.bound.program();
        let columns: Vec<&[f64]> = self.columns.iter().map(Vec::as_slice).collect();
        let bound = program.bind(self.solved.binding.n, &columns, &self.codes);
        let (a, b) = (self.values(&bound, a), self.values(&bound, b));
        let rms = rms(self.solved);
        let off = a.iter().zip(&b).map(|(a, b)| (a - b).abs());
        off.filter(|d| d.is_finite()).fold(0.0, f64::max) > APART * rms
    }

    fn values(&self, bound: &Bound<'_>, end: &End) -> Vec<f64> {
        let program = bound.program();
        let p = program.coordinates().len();
        let mut theta = vec![0.0; p];
        let centre = self.solved.frame.centre;
        centre.to_law(&end.outcome.x[..p], &mut theta);
        let mut out = vec![0.0; bound.rows()];
        bound.evaluate(&mut program.workspace(), &theta, &mut out);
        out
    }
}

fn rms(solved: &Solved<'_>) -> f64 {
    let frame = solved.frame;
    let p = frame.bound.program().coordinates().len();
    let weights = solved.binding.weights();
    let mut target = Target::new(frame, weights, Penalty::Squared, 0.0);
    let residuals = target.residuals(&solved.ends[0].outcome.x[..p]);
    let squares: f64 = residuals.iter().map(|r| r * r).sum();
    (squares / residuals.len() as f64).sqrt()
}

/// The other optima.
pub(super) fn others(solved: &Solved<'_>, peak: &Peak) -> Vec<End> {
    if matches!(solved.aim, Aim::Absolute(_)) {
        return Vec::new();
    }
    let Some(elsewhere) = Elsewhere::new(solved) else {
        return Vec::new();
    };
    let best = &solved.ends[0];
    let rise = profile::allowed_rise(solved, peak);
    let mut found: Vec<End> = Vec::new();
    for end in solved.ends.iter().skip(1) {
        let alike = end.outcome.converged && end.objective - best.objective <= rise;
        let known = || found.iter().chain([best]);
        if alike && found.len() < MOST && known().all(|k| elsewhere.apart(k, end)) {
            found.push(end.clone());
        }
    }
    found
}

/// Widens intervals from one optimum to those of the others.
pub(super) fn reach_over(
    solved: &Solved<'_>,
    best: &Peak,
    spread: &mut Spread,
    by: impl Fn(&Solved<'_>, &Peak, &[f64]) -> Spread,
) {
    let others = others(solved, best);
    if others.is_empty() {
        return;
    }
    let mut draws = vec![drawn(solved, best, spread)];
    for end in &others {
        let there = at(solved, end);
        let top = peak(&there, end);
        let own = by(&there, &top, &optimum(&there));
        for ((_, estimate), (_, other)) in spread.estimates.iter_mut().zip(&own.estimates) {
            if let (Some(interval), Some(other)) = (&mut estimate.interval, &other.interval) {
                interval.lower = interval.lower.min(other.lower);
                interval.upper = interval.upper.max(other.upper);
            }
        }
        draws.push(drawn(&there, &top, &own));
    }
    let least = draws.iter().map(Vec::len).min().unwrap_or(0);
    // One after the other, so that any first part of them holds all optima.
    let turns = 0..least / draws.len();
    spread.joint.draws = turns
        .flat_map(|k| draws.iter().map(move |of| of[k].clone()))
        .collect();
    spread.record.meaning = format!(
        "{}; intervals reach over {} optima that fit the runs alike",
        spread.record.meaning,
        draws.len()
    );
}

/// The draws of a spread, or draws of its covariance.
fn drawn(solved: &Solved<'_>, peak: &Peak, spread: &Spread) -> Vec<Vec<f64>> {
    if !spread.joint.draws.is_empty() || spread.joint.covariance.is_empty() {
        return spread.joint.draws.clone();
    }
    let p = spread.joint.at.len();
    let centre = solved.frame.centre;
    let inner = centre.inverse_covariance(&spread.joint.covariance.concat(), p);
    plane::draws(solved, peak, &inner, spread.joint.freedom(solved.binding.n))
}

/// The same fit, seen from another end of the search.
fn at<'a>(solved: &Solved<'a>, end: &End) -> Solved<'a> {
    Solved {
        law: solved.law,
        options: solved.options,
        objective: solved.objective.clone(),
        binding: solved.binding,
        groups: solved.groups.clone(),
        frame: solved.frame,
        aim: solved.aim,
        nat: solved.nat,
        limits: solved.limits,
        tried: solved.tried,
        ends: vec![end.clone()],
        derived: solved.derived.clone(),
    }
}

/// Said first: no more runs on the same line will tell them apart.
pub(super) fn caution(solved: &Solved<'_>, peak: &Peak) -> Option<String> {
    let others = others(solved, peak).len();
    (others > 0).then(|| {
        format!(
            "{} optima fit the runs alike and differ away from them: no coefficient is known better than all of them together",
            others + 1
        )
    })
}

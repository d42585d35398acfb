//! Bootstrap of rows: every resample is solved from the optimum and from the other basins, and certified.
//!
//! # Formula
//!
//! ```text
//! F*(θ) = Σ cᵢ wᵢ ρ(rᵢ(θ))    with counts c ~ multinomial(n; 1/n, …, 1/n)
//! ```
//!
//! Intervals are percentiles of the resampled coefficients, standard errors their standard deviation.

use super::{Spread, joint, percentile, record};
use crate::engine::Solved;
use crate::solve::{self, Aim, End};
use crate::target::Memory;
use isoflop_base::{Estimate, Evidence, Note, Severity};
use isoflop_numerics::penalty::Penalty;
use isoflop_numerics::random::Stream;
use rayon::prelude::*;

/// A resample's predicted decrease below this is an optimum far inside its own standard error.
const CERTIFIED: f64 = 1e-8;
/// Other basins are tried in every resample when their objective is within this factor of the best.
const RIVAL: f64 = 1.15;

pub(super) fn spread(solved: &Solved<'_>, at: &[f64], resamples: usize) -> Spread {
    let rivals = rivals(solved);
    let draws: Vec<Option<Vec<f64>>> = (0..resamples)
        .into_par_iter()
        .map_init(
            || Scratch::new(solved),
            |scratch, replicate| one(solved, &rivals, scratch, replicate as u64),
        )
        .collect();
    let certified: Vec<Vec<f64>> = draws.into_iter().flatten().collect();
    let coordinates = solved.frame.bound.program().coordinates();
    let enough = certified.len() >= 20;
    let estimates = coordinates
        .iter()
        .enumerate()
        .map(|(j, c)| {
            let sample: Vec<f64> = certified.iter().map(|d| c.coefficient(d[j])).collect();
            let (se, interval) = percentile(&sample, solved.options.level);
            let unit = solved.law.coefs[c.coef].unit.clone();
            let value = c.coefficient(at[j]);
            (
                c.name.clone(),
                Estimate {
                    value,
                    se: enough.then_some(se),
                    unit,
                    interval: enough.then_some(interval),
                },
            )
        })
        .collect();
    let meaning = format!(
        "percentiles of {} resamples of the runs with replacement, each solved to a certified optimum",
        certified.len()
    );
    let record = record(solved, "bootstrap", resamples, certified.len(), meaning);
    let mut joint = joint(solved, at);
    joint.covariance = covariance(&certified, coordinates.len());
    joint.draws = certified;
    let notes = uncertified(&record.certified, resamples)
        .into_iter()
        .collect();
    Spread {
        estimates,
        record,
        joint,
        notes,
    }
}

struct Scratch {
    memory: Option<Memory>,
    weights: Vec<f64>,
}

impl Scratch {
    fn new(solved: &Solved<'_>) -> Self {
        Self {
            memory: Some(Memory::new(solved.frame)),
            weights: vec![0.0; solved.binding.n],
        }
    }
}

/// Starting points of every resample: the optimum, then other basins that a resample may prefer.
fn rivals<'a>(solved: &'a Solved<'_>) -> Vec<&'a [f64]> {
    let best = &solved.ends[0];
    let mut points: Vec<(f64, &[f64])> = vec![(best.objective, &best.outcome.x)];
    let student = matches!(solved.aim, Aim::Penalty(Penalty::Student { .. }));
    for end in solved.ends.iter().filter(|e| e.outcome.converged) {
        let limit = if student {
            best.objective + 0.1 * solved.binding.n as f64
        } else {
            best.objective * RIVAL
        };
        let new = points
            .iter()
            .all(|(f, _)| (end.objective - f).abs() > 1e-6 * f.abs());
        if new && end.objective <= limit && points.len() < 3 {
            points.push((end.objective, &end.outcome.x));
        }
    }
    points.into_iter().map(|(_, x)| x).collect()
}

/// One resample: its optimum in the law's coordinates, if it could be certified.
fn one(
    solved: &Solved<'_>,
    rivals: &[&[f64]],
    scratch: &mut Scratch,
    replicate: u64,
) -> Option<Vec<f64>> {
    let n = solved.binding.n;
    let mut stream = Stream::new(solved.options.seed, "bootstrap", replicate);
    scratch.weights.fill(0.0);
    for _ in 0..n {
        let i = stream.below(n);
        scratch.weights[i] += solved.binding.weights[i];
    }
    let mut best: Option<End> = None;
    for point in rivals {
        keep_better(&mut best, run(solved, scratch, point));
    }
    if !best.as_ref().is_some_and(|e| is_certified(solved, e)) {
        // The search was caught by a kink or an open direction: try again from around the optimum.
        for _ in 0..3 {
            let p = solved.frame.bound.program().coordinates().len();
            let start: Vec<f64> = (0..rivals[0].len())
                .map(|j| {
                    let unit = if j < p {
                        solved.frame.centre.unit(j)
                    } else {
                        1.0
                    };
                    rivals[0][j] + 0.2 * unit * (2.0 * stream.unit() - 1.0)
                })
                .collect();
            keep_better(&mut best, run(solved, scratch, &start));
        }
    }
    let end = best.filter(|e| is_certified(solved, e))?;
    let p = solved.frame.bound.program().coordinates().len();
    let mut theta = vec![0.0; p];
    solved.frame.centre.to_law(&end.outcome.x[..p], &mut theta);
    Some(theta)
}

fn run(solved: &Solved<'_>, scratch: &mut Scratch, start: &[f64]) -> End {
    let memory = scratch
        .memory
        .take()
        .unwrap_or_else(|| Memory::new(solved.frame));
    let (end, memory) = solve::resolve(
        solved.frame,
        &scratch.weights,
        solved.aim,
        solved.nat,
        start,
        solved.limits,
        memory,
    );
    scratch.memory = Some(memory);
    end
}

fn is_certified(solved: &Solved<'_>, end: &End) -> bool {
    match solved.aim {
        Aim::Absolute => end.outcome.converged,
        Aim::Penalty(_) => end.objective.is_finite() && end.outcome.decrease <= CERTIFIED,
    }
}

fn keep_better(best: &mut Option<End>, end: End) {
    let better = best
        .as_ref()
        .is_none_or(|b| !b.objective.is_finite() || end.objective < b.objective);
    if end.objective.is_finite() && better {
        *best = Some(end);
    }
}

fn covariance(draws: &[Vec<f64>], p: usize) -> Vec<Vec<f64>> {
    let n = draws.len() as f64;
    if draws.len() < 2 {
        return Vec::new();
    }
    let mean: Vec<f64> = (0..p)
        .map(|j| draws.iter().map(|d| d[j]).sum::<f64>() / n)
        .collect();
    (0..p)
        .map(|a| {
            (0..p)
                .map(|b| {
                    draws
                        .iter()
                        .map(|d| (d[a] - mean[a]) * (d[b] - mean[b]))
                        .sum::<f64>()
                        / (n - 1.0)
                })
                .collect()
        })
        .collect()
}

fn uncertified(certified: &usize, resamples: usize) -> Option<Note> {
    let lost = resamples - certified;
    (lost > 0).then(|| Note {
        code: "uncertified-resamples".to_owned(),
        severity: if lost * 50 > resamples { Severity::Warning } else { Severity::Info },
        message: format!("{lost} of {resamples} resamples have no certified optimum and are left out of the intervals"),
        evidence: vec![
            ("resamples".to_owned(), Evidence::Number(resamples as f64)),
            ("uncertified".to_owned(), Evidence::Number(lost as f64)),
        ],
        advice: "many such resamples mean that some coefficient is hardly determined: see identifiability".to_owned(),
    })
}

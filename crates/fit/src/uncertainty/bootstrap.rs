//! Bootstraps: new data sets like the one at hand, each solved from the optimum and from the other basins, and certified.
//!
//! # Formula
//!
//! ```text
//! rows        F*(θ) = Σ cᵢ wᵢ ρ(rᵢ(θ))              counts c ~ multinomial(n; 1/n, …, 1/n)
//! rows, where a level of an index has few of them weights c ~ n · Dirichlet(1, …, 1), so that none is left empty
//! cluster     the same with one count for each group of rows
//! wild        tᵢ* = fᵢ + vᵢ rᵢ √(n/(n − p))          v = ±1 with equal chance
//! parametric  tᵢ* = fᵢ + noise                       normal for squares, Student's t for its penalty, else the fit's
//!                                                    own residuals drawn with replacement
//! ```
//!
//! Intervals are percentiles of the resampled coefficients, or bias-corrected and accelerated ones; standard errors are
//! the standard deviation. All of them resample on the scale of the objective.

use super::{Spread, bca, joint, percentile, record};
use crate::certificate::{Peak, final_penalty};
use crate::engine::Solved;
use crate::options::Uncertainty;
use crate::solve::{self, Aim, End};
use crate::target::{Frame, Memory, Target};
use crate::weights::Weights;
use isoflop_base::{Estimate, Evidence, Note, Severity};
use isoflop_numerics::dist;
use isoflop_numerics::penalty::Penalty;
use isoflop_numerics::random::Stream;
use rayon::prelude::*;

/// A resample's predicted decrease below this is an optimum far inside its own standard error.
const CERTIFIED: f64 = 1e-8;
/// Other basins are tried in every resample when their objective is within this factor of the best.
const RIVAL: f64 = 1.15;
/// With fewer runs in a level of an index, resamples that have none of them would be common.
const FEW: usize = 12;
/// Fewer certified resamples than this say nothing.
const ENOUGH: usize = 20;

pub(super) fn spread(solved: &Solved<'_>, peak: &Peak, at: &[f64], method: &Uncertainty) -> Spread {
    let plan = Plan::new(solved, method);
    let draws: Vec<Option<Vec<f64>>> = (0..plan.resamples)
        .into_par_iter()
        .map_init(
            || Scratch::new(solved),
            |scratch, replicate| plan.one(scratch, replicate as u64),
        )
        .collect();
    let certified: Vec<Vec<f64>> = draws.into_iter().flatten().collect();
    let coordinates = solved.frame.bound.program().coordinates();
    let enough = certified.len() >= ENOUGH;
    let acceleration =
        matches!(method, Uncertainty::Bca { .. }).then(|| bca::accelerations(solved, peak));
    let estimates = coordinates
        .iter()
        .enumerate()
        .map(|(j, c)| {
            let sample: Vec<f64> = certified.iter().map(|d| c.coefficient(d[j])).collect();
            let value = c.coefficient(at[j]);
            let (se, plain) = percentile(&sample, solved.options.level);
            let interval = match &acceleration {
                Some(a) => bca::interval(&sample, value, a[j], solved.options.level),
                None => plain,
            };
            let estimate = Estimate {
                value,
                se: enough.then_some(se),
                unit: solved.law.coefs[c.coef].unit.clone(),
                interval: enough.then_some(interval),
            };
            (c.name.clone(), estimate)
        })
        .collect();
    let record = record(
        solved,
        plan.name,
        plan.resamples,
        certified.len(),
        plan.meaning(certified.len()),
    );
    let mut joint = joint(solved, at);
    if enough {
        joint.covariance = covariance(&certified, coordinates.len());
        joint.draws = certified;
    }
    let notes = uncertified(record.certified, plan.resamples)
        .into_iter()
        .chain(plan.few_groups())
        .collect();
    Spread {
        estimates,
        record,
        joint,
        notes,
    }
}

/// Rows with replacement, unless some level would often be left without any.
fn rows<'a>(solved: &Solved<'_>) -> Draw<'a> {
    let bound = solved.frame.bound;
    let groups = bound.program().groups().iter().zip(bound.codes());
    let least = groups.filter_map(|(group, codes)| {
        let mut runs = vec![0; group.levels];
        codes.iter().for_each(|level| runs[*level as usize] += 1);
        runs.into_iter().min()
    });
    if least.min().is_some_and(|least| least < FEW) {
        Draw::Weights
    } else {
        Draw::Rows
    }
}

/// How new data sets are made.
enum Draw<'a> {
    Rows,
    /// Rows by random weights that are never zero.
    Weights,
    /// Rows of each group.
    Groups {
        column: &'a str,
        members: Vec<Vec<usize>>,
    },
    /// Fitted values and widened residuals, whose signs are drawn.
    Signs {
        fitted: Vec<f64>,
        residuals: Vec<f64>,
    },
    /// Fitted values and the noise to add.
    Noise {
        fitted: Vec<f64>,
        noise: Noise,
    },
}

enum Noise {
    /// Successes among as many trials as the weight says.
    Binomial,
    Normal(f64),
    Student {
        nu: f64,
        scale: f64,
    },
    Own(Vec<f64>),
}

struct Plan<'a> {
    solved: &'a Solved<'a>,
    draw: Draw<'a>,
    resamples: usize,
    name: &'static str,
    rivals: Vec<&'a [f64]>,
}

struct Scratch {
    memory: Option<Memory>,
    weights: Vec<f64>,
    observed: Vec<f64>,
}

impl Scratch {
    fn new(solved: &Solved<'_>) -> Self {
        Self {
            memory: Some(Memory::new(solved.frame)),
            weights: solved.binding.weights().iter().collect(),
            observed: solved.frame.observed.to_vec(),
        }
    }
}

impl<'a> Plan<'a> {
    fn new(solved: &'a Solved<'a>, method: &'a Uncertainty) -> Self {
        let (draw, resamples, name) = match method {
            Uncertainty::Cluster { column, resamples } => (
                Draw::Groups {
                    column,
                    members: members(&solved.binding.clusters),
                },
                *resamples,
                "cluster",
            ),
            Uncertainty::Wild { resamples } => {
                let (fitted, residuals) = widened(solved);
                (Draw::Signs { fitted, residuals }, *resamples, "wild")
            }
            Uncertainty::Parametric { resamples } => {
                let (fitted, residuals) = widened(solved);
                let noise = noise(solved, residuals);
                (Draw::Noise { fitted, noise }, *resamples, "parametric")
            }
            Uncertainty::Bca { resamples } => (rows(solved), *resamples, "bca"),
            Uncertainty::Bootstrap { resamples } => (rows(solved), *resamples, "bootstrap"),
            _ => (rows(solved), 1000, "bootstrap"),
        };
        Self {
            solved,
            draw,
            resamples,
            name,
            rivals: rivals(solved),
        }
    }

    fn meaning(&self, certified: usize) -> String {
        let what = match &self.draw {
            Draw::Rows => "of the runs with replacement".to_owned(),
            Draw::Weights => format!(
                "of the runs by random weights (Dirichlet; some level of an index has fewer than {FEW} runs)"
            ),
            Draw::Groups { column, members } => format!(
                "of the {} groups of {column} with replacement",
                members.len()
            ),
            Draw::Signs { .. } => "with the residuals given random signs".to_owned(),
            Draw::Noise { noise, .. } => match noise {
                Noise::Binomial => "with successes drawn from the fitted law".to_owned(),
                Noise::Normal(sd) => format!(
                    "with normal noise of standard deviation {sd:.3e} around the fitted law"
                ),
                Noise::Student { nu, scale } => {
                    format!(
                        "with Student noise (ν = {nu}, scale {scale:.3e}) around the fitted law"
                    )
                }
                Noise::Own(_) => {
                    "with the fit's own residuals, drawn anew, around the fitted law".to_owned()
                }
            },
        };
        let kind = if self.name == "bca" {
            "bias-corrected accelerated percentiles"
        } else {
            "percentiles"
        };
        format!("{kind} of {certified} resamples {what}, each solved to a certified optimum")
    }

    /// A handful of groups cannot show how groups vary.
    fn few_groups(&self) -> Option<Note> {
        let Draw::Groups { column, members } = &self.draw else {
            return None;
        };
        (members.len() < 10).then(|| Note {
            code: "few-clusters".to_owned(),
            severity: Severity::Warning,
            message: format!(
                "{column} names {} groups only: cluster intervals are too short with so few",
                members.len()
            ),
            evidence: vec![("groups".to_owned(), Evidence::Number(members.len() as f64))],
            advice: "read the intervals as a lower bound of the uncertainty".to_owned(),
        })
    }

    /// One resample: its optimum in the law's coordinates, if it could be certified.
    fn one(&self, scratch: &mut Scratch, replicate: u64) -> Option<Vec<f64>> {
        let solved = self.solved;
        let mut stream = Stream::new(solved.options.seed, self.stream_name(), replicate);
        self.fill(scratch, &mut stream);
        let mut best: Option<End> = None;
        for point in &self.rivals {
            keep_better(&mut best, self.run(scratch, point));
        }
        if !best.as_ref().is_some_and(|e| is_certified(solved, e)) {
            // The search was caught by a kink or an open direction: try again from around the optimum.
            let p = solved.frame.bound.program().coordinates().len();
            for _ in 0..3 {
                let start: Vec<f64> = (0..self.rivals[0].len())
                    .map(|j| {
                        let at = self.rivals[0][j];
                        let unit = if j < p {
                            solved.frame.centre.unit_near(j, at)
                        } else {
                            1.0
                        };
                        at + 0.2 * unit * (2.0 * stream.unit() - 1.0)
                    })
                    .collect();
                keep_better(&mut best, self.run(scratch, &start));
            }
        }
        let end = best.filter(|e| is_certified(solved, e))?;
        let p = solved.frame.bound.program().coordinates().len();
        let mut theta = vec![0.0; p];
        solved.frame.centre.to_law(&end.outcome.x[..p], &mut theta);
        Some(theta)
    }

    /// Percentile and accelerated intervals are read from the same resamples.
    fn stream_name(&self) -> &'static str {
        if self.name == "bca" {
            "bootstrap"
        } else {
            self.name
        }
    }

    /// Makes one data set.
    fn fill(&self, scratch: &mut Scratch, stream: &mut Stream) {
        let weights = self.solved.binding.weights();
        let n = weights.len();
        match &self.draw {
            Draw::Rows => {
                scratch.weights.fill(0.0);
                for _ in 0..n {
                    let i = stream.below(n);
                    scratch.weights[i] += weights[i];
                }
            }
            Draw::Weights => {
                for w in &mut scratch.weights {
                    *w = -stream.open_unit().ln();
                }
                let scale = n as f64 / scratch.weights.iter().sum::<f64>();
                for (w, own) in scratch.weights.iter_mut().zip(weights.iter()) {
                    *w *= scale * own;
                }
            }
            Draw::Groups { members, .. } => {
                scratch.weights.fill(0.0);
                for _ in 0..members.len() {
                    for i in &members[stream.below(members.len())] {
                        scratch.weights[*i] += weights[*i];
                    }
                }
            }
            Draw::Signs { fitted, residuals } => {
                for i in 0..n {
                    let sign = if stream.below(2) == 0 { 1.0 } else { -1.0 };
                    scratch.observed[i] = fitted[i] + sign * residuals[i];
                }
            }
            Draw::Noise { fitted, noise } => {
                for i in 0..n {
                    scratch.observed[i] = match noise {
                        Noise::Binomial => successes(stream, fitted[i], weights[i]),
                        _ => fitted[i] + noise.draw(stream) / weights[i].sqrt(),
                    };
                }
            }
        }
    }

    fn run(&self, scratch: &mut Scratch, start: &[f64]) -> End {
        let solved = self.solved;
        let frame = Frame {
            bound: solved.frame.bound,
            observed: &scratch.observed,
            centre: solved.frame.centre,
            priors: solved.frame.priors,
            pools: solved.frame.pools,
            floor: solved.frame.floor,
        };
        let memory = scratch.memory.take().unwrap_or_else(|| Memory::new(&frame));
        let (end, memory) = solve::resolve(
            &frame,
            Weights::from(&scratch.weights),
            solved.aim,
            solved.nat,
            start,
            solved.limits,
            memory,
        );
        scratch.memory = Some(memory);
        end
    }
}

impl Noise {
    fn draw(&self, stream: &mut Stream) -> f64 {
        match self {
            // Its size depends on the fitted share: [`successes`].
            Self::Binomial => 0.0,
            Self::Normal(sd) => sd * dist::normal_quantile(stream.open_unit()),
            Self::Student { nu, scale } => scale * dist::t_quantile(stream.open_unit(), *nu),
            Self::Own(residuals) => residuals[stream.below(residuals.len())],
        }
    }
}

/// The share of successes among trials of chance p, one draw a trial.
fn successes(stream: &mut Stream, p: f64, trials: f64) -> f64 {
    let n = trials.round().max(1.0);
    let yes = (0..n as u64).filter(|_| stream.unit() < p).count();
    yes as f64 / n
}

/// Rows of each group, from codes.
fn members(codes: &[usize]) -> Vec<Vec<usize>> {
    let groups = codes.iter().max().map_or(0, |m| m + 1);
    let mut members = vec![Vec::new(); groups];
    for (row, code) in codes.iter().enumerate() {
        members[*code].push(row);
    }
    members
}

/// Fitted values, and residuals widened for the coefficients that were fitted to them.
fn widened(solved: &Solved<'_>) -> (Vec<f64>, Vec<f64>) {
    let mut target = Target::new(
        solved.frame,
        solved.binding.weights(),
        Penalty::Squared,
        0.0,
    );
    let residuals = target.residuals(&solved.ends[0].outcome.x);
    let n = residuals.len() as f64;
    let p = solved.frame.bound.program().coordinates().len() as f64;
    let widen = (n / (n - p).max(1.0)).sqrt();
    let fitted = solved
        .frame
        .observed
        .iter()
        .zip(&residuals)
        .map(|(t, r)| t - r)
        .collect();
    (fitted, residuals.into_iter().map(|r| r * widen).collect())
}

fn noise(solved: &Solved<'_>, residuals: Vec<f64>) -> Noise {
    let weights = solved.binding.weights();
    match final_penalty(solved, &solved.ends[0]) {
        Penalty::Squared => {
            let n = residuals.len() as f64;
            let squares: f64 = residuals
                .iter()
                .zip(weights.iter())
                .map(|(r, w)| w * r * r)
                .sum();
            Noise::Normal((squares / n).sqrt())
        }
        Penalty::Student { nu, scale } => Noise::Student { nu, scale },
        Penalty::Binomial => Noise::Binomial,
        _ => Noise::Own(
            residuals
                .iter()
                .zip(weights.iter())
                .map(|(r, w)| r * w.sqrt())
                .collect(),
        ),
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

fn is_certified(solved: &Solved<'_>, end: &End) -> bool {
    match solved.aim {
        Aim::Absolute(_) => end.outcome.converged,
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

fn uncertified(certified: usize, resamples: usize) -> Option<Note> {
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

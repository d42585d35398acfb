//! Bootstraps: new data sets like the one at hand, each solved from the optimum and from the other basins, and certified.
//!
//! # Formula
//!
//! ```text
//! rows        F*(θ) = Σ cᵢ wᵢ ρ(rᵢ(θ))              counts c ~ multinomial(n; 1/n, …, 1/n)
//! rows, where a level of an index has few of them weights c ~ n · Dirichlet(1, …, 1), so that none is left empty
//! cluster     the same with one count for each group of rows
//! wild        tᵢ* = fᵢ + c v rᵢ/√(1 − hᵢ)            v = ±1 with equal chance, one for each group of runs
//! parametric  tᵢ* = fᵢ + c noise                     normal for squares, Student's t for its penalty, else the fit's
//!                                                    own residuals rᵢ/√(1 − hᵢ) drawn with replacement
//!             c² = (n − p)/χ²                        one draw a resample: percentiles as wide as those of Student's t
//! ```
//!
//! A coefficient on its bound starts every resample a second time from inside its range: where the optimum is zero, its
//! logarithm has no slope that would lead away.
//!
//! Intervals are percentiles of the resampled coefficients, or bias-corrected and accelerated ones; standard errors are
//! the standard deviation. All of them resample on the scale of the objective.

use super::modes::Elsewhere;
use super::plane::chi_over_df;
use super::{Spread, bca, joint, on_bound, percentile, record};
use crate::certificate::{Peak, final_penalty};
use crate::dependence::Groups;
use crate::engine::Solved;
use crate::options::Uncertainty;
use crate::solve::{self, Aim, End};
use crate::target::{Frame, Memory, Target};
use crate::weights::Weights;
use isoflop_base::{Estimate, Evidence, Note, Severity};
use isoflop_numerics::penalty::Penalty;
use isoflop_numerics::random::Stream;
use isoflop_numerics::{dist, linear};
use rayon::prelude::*;

/// A resample's predicted decrease below this is an optimum far inside its own standard error.
const CERTIFIED: f64 = 1e-8;
/// Other basins are tried in every resample when their objective is within this factor of the best.
const RIVAL: f64 = 1.15;
/// With fewer runs in a level of an index, resamples that have none of them would be common.
const FEW: usize = 12;
/// Two optima of one resample whose objectives differ by less than this share are as good.
const LEVEL: f64 = 1e-7;
/// Fewer certified resamples than this say nothing.
const ENOUGH: usize = 20;

pub(super) fn spread(solved: &Solved<'_>, peak: &Peak, at: &[f64], method: &Uncertainty) -> Spread {
    let plan = Plan::new(solved, peak, method);
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

/// Whole groups where runs hang together, else rows with replacement, unless some level would often be left without any.
fn rows<'a>(solved: &'a Solved<'_>) -> Draw<'a> {
    if let Some(groups) = &solved.groups {
        return Draw::Groups {
            of: &groups.of,
            members: groups.members(),
        };
    }
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
        of: &'a str,
        members: Vec<Vec<usize>>,
    },
    /// Fitted values and widened residuals, whose signs are drawn.
    Signs {
        fitted: Vec<f64>,
        residuals: Vec<f64>,
        /// Rows that share a sign.
        members: Vec<Vec<usize>>,
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
    rivals: Vec<Vec<f64>>,
    /// Degrees of freedom of the residuals.
    df: f64,
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
    fn new(solved: &'a Solved<'a>, peak: &Peak, method: &'a Uncertainty) -> Self {
        let (draw, resamples, name) = match method {
            Uncertainty::Cluster { resamples, .. } => (rows(solved), *resamples, "cluster"),
            Uncertainty::Wild { resamples } => {
                let (fitted, residuals) = widened(solved);
                let members = solved.groups.as_ref().map_or_else(
                    || (0..fitted.len()).map(|i| vec![i]).collect(),
                    Groups::members,
                );
                // A group has the leverage of all its rows together.
                let residuals = match &solved.groups {
                    Some(_) => widened_by_groups(solved, &members),
                    None => residuals,
                };
                let draw = Draw::Signs {
                    fitted,
                    residuals,
                    members,
                };
                (draw, *resamples, "wild")
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
        let name = match &draw {
            Draw::Groups { .. } if name == "bootstrap" => "cluster",
            _ => name,
        };
        Self {
            solved,
            draw,
            resamples,
            name,
            rivals: rivals(solved, &on_bound(solved, peak)),
            df: match (&solved.groups, name) {
                (Some(groups), "wild") => groups.count,
                _ => solved.binding.n,
            }
            .saturating_sub(peak.dim)
            .max(1) as f64,
        }
    }

    fn meaning(&self, certified: usize) -> String {
        let what = match &self.draw {
            Draw::Rows => "of the runs with replacement".to_owned(),
            Draw::Weights => format!(
                "of the runs by random weights (Dirichlet; some level of an index has fewer than {FEW} runs)"
            ),
            Draw::Groups { of, members } => format!(
                "of the {} groups of runs ({of}) with replacement",
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
        format!("{kind} of {certified} resamples {what}, each solved until its gradient is zero")
    }

    /// A handful of groups cannot show how groups vary.
    fn few_groups(&self) -> Option<Note> {
        let Draw::Groups { of, members } = &self.draw else {
            return None;
        };
        (members.len() < 10).then(|| Note {
            code: "few-clusters".to_owned(),
            severity: Severity::Warning,
            message: format!(
                "there are {} groups of runs ({of}) only: cluster intervals are too short with so few",
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
            let end = self.run(scratch, point);
            // Optima that fit every resample alike share them.
            let level = best
                .as_ref()
                .is_some_and(|b| (end.objective - b.objective).abs() <= LEVEL * b.objective.abs());
            if !level {
                keep_better(&mut best, end);
            } else if stream.below(2) == 0 && is_certified(solved, &end) {
                best = Some(end);
            }
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
            Draw::Signs {
                fitted,
                residuals,
                members,
            } => {
                let size = chi_over_df(stream, self.df).sqrt().recip();
                for group in members {
                    let sign = if stream.below(2) == 0 { size } else { -size };
                    for i in group {
                        scratch.observed[*i] = fitted[*i] + sign * residuals[*i];
                    }
                }
            }
            Draw::Noise { fitted, noise } => {
                let size = chi_over_df(stream, self.df).sqrt().recip();
                for i in 0..n {
                    scratch.observed[i] = match noise {
                        Noise::Binomial => successes(stream, fitted[i], weights[i]),
                        // A weight counts a run more often in the likelihood, which has one scale for all.
                        Noise::Student { .. } => fitted[i] + size * noise.draw(stream),
                        _ => fitted[i] + size * noise.draw(stream) / weights[i].sqrt(),
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

/// Fitted values, and residuals widened run by run for what the coefficients took of them.
fn widened(solved: &Solved<'_>) -> (Vec<f64>, Vec<f64>) {
    let weights = solved.binding.weights();
    let p = solved.frame.bound.program().coordinates().len();
    let mut target = Target::new(solved.frame, weights, Penalty::Squared, 0.0);
    let x = &solved.ends[0].outcome.x[..p];
    let mut gram = vec![0.0; p * p];
    target.visit(x, |i, _, row| {
        for a in 0..p {
            for b in 0..p {
                gram[a * p + b] += weights[i] * row[a] * row[b];
            }
        }
    });
    let n = weights.len() as f64;
    let inverse = linear::inverse_positive(&gram, p);
    let (mut fitted, mut residuals) = (Vec::new(), Vec::new());
    target.visit(x, |i, residual, row| {
        let left = match &inverse {
            Some(v) => 1.0 - weights[i] * linear::quadratic(v, row, row),
            // A coefficient without a slope: all runs share what is lost.
            None => (n - p as f64).max(1.0) / n,
        };
        fitted.push(solved.frame.observed[i] - residual);
        residuals.push(residual / left.max(LEAST_LEFT).sqrt());
    });
    (fitted, residuals)
}

/// Residuals widened group by group, r + X U D Uᵀ Xᵀ r as for the covariance of groups.
fn widened_by_groups(solved: &Solved<'_>, members: &[Vec<usize>]) -> Vec<f64> {
    let weights = solved.binding.weights();
    let p = solved.frame.bound.program().coordinates().len();
    let mut target = Target::new(solved.frame, weights, Penalty::Squared, 0.0);
    let x = &solved.ends[0].outcome.x[..p];
    let (mut residuals, mut rows) = (Vec::new(), Vec::new());
    let mut gram = vec![0.0; p * p];
    target.visit(x, |i, residual, row| {
        residuals.push(residual);
        rows.extend(row.iter().map(|r| r * weights[i].sqrt()));
        for a in 0..p {
            for b in 0..p {
                gram[a * p + b] += weights[i] * row[a] * row[b];
            }
        }
    });
    let Some(inverse) = linear::inverse_positive(&gram, p) else {
        return residuals;
    };
    let mut out = residuals.clone();
    for group in members {
        let row = |i: usize| &rows[i * p..(i + 1) * p];
        let size = group.len();
        if size > GROUP {
            continue;
        }
        let hat: Vec<f64> = group
            .iter()
            .flat_map(|a| {
                group
                    .iter()
                    .map(|b| linear::quadratic(&inverse, row(*a), row(*b)))
            })
            .collect();
        for (lambda, axis) in linear::symmetric_eigen(&hat, size) {
            let along = group.iter().zip(&axis);
            let along: f64 = along
                .map(|(i, a)| a * residuals[*i] * weights[*i].sqrt())
                .sum();
            let grown = (1.0 - lambda).max(LEAST_LEFT).powf(-0.5) - 1.0;
            for (i, a) in group.iter().zip(&axis) {
                out[*i] += grown * along * a / weights[*i].sqrt();
            }
        }
    }
    out
}

/// Larger groups keep their residuals as they are: their matrix of rows by rows would cost more than the resamples.
const GROUP: usize = 400;

/// What leverage leaves of a residual is kept from zero, where nothing of the noise can be seen.
const LEAST_LEFT: f64 = 0.02;

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

/// Starting points of every resample: the optimum, then other basins that a resample may prefer, then points inside the
/// range of coefficients that are on their bounds.
fn rivals(solved: &Solved<'_>, on_bound: &[usize]) -> Vec<Vec<f64>> {
    let best = &solved.ends[0];
    let mut points: Vec<&End> = vec![best];
    let elsewhere = Elsewhere::new(solved);
    let student = matches!(solved.aim, Aim::Penalty(Penalty::Student { .. }));
    for end in solved.ends.iter().filter(|e| e.outcome.converged) {
        let limit = if student {
            best.objective + 0.1 * solved.binding.n as f64
        } else {
            best.objective * RIVAL
        };
        // At one height two optima may still be two: exponents that change places on a ladder.
        let new = points.iter().all(|known| {
            let level = (end.objective - known.objective).abs() <= 1e-6 * known.objective.abs();
            !level || elsewhere.as_ref().is_some_and(|e| e.apart(known, end))
        });
        if new && end.objective <= limit && points.len() < 3 {
            points.push(end);
        }
    }
    let mut points: Vec<Vec<f64>> = points.iter().map(|end| end.outcome.x.clone()).collect();
    let coordinates = solved.frame.bound.program().coordinates();
    let mut sizes: Vec<f64> = solved.binding.response.iter().map(|y| y.abs()).collect();
    let typical = dist::median_in_place(&mut sizes).max(f64::MIN_POSITIVE);
    for j in on_bound.iter().filter(|j| coordinates[**j].log).take(2) {
        for share in INSIDE {
            let mut inside = best.outcome.x.clone();
            let c = &coordinates[*j];
            inside[*j] = (share * typical).ln().clamp(c.lower, c.upper);
            points.push(inside);
        }
    }
    points
}

/// Shares of the typical response at which a coefficient that vanished starts again.
const INSIDE: [f64; 2] = [0.03, 0.3];

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

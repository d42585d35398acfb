//! From starts to the optimum: screen all, solve the best few through softening penalties, finish exactly.

use crate::absolute;
use crate::certificate::EXACT;
use crate::kink::Kink;
use crate::target::{Frame, Memory, Target};
use crate::weights::Weights;
use isoflop_law::Law;
use isoflop_law::tape::Coordinate;
use isoflop_numerics::dist;
use isoflop_numerics::minimise::{Limits, Outcome, minimise};
use isoflop_numerics::penalty::Penalty;
use rayon::prelude::*;

/// The penalty a fit asks for, before numbers are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Aim {
    Penalty(Penalty),
    /// Least absolute deviations, or a quantile: the limit of Huber's penalty, finished on the runs it passes through.
    Absolute(Tilt),
}

/// Slopes of an absolute penalty: up·r above zero, −down·r below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tilt {
    pub up: f64,
    pub down: f64,
}

impl Tilt {
    /// |r|.
    pub const EVEN: Self = Self { up: 1.0, down: 1.0 };

    /// The smooth penalty that stands in for it, with slopes as many times as large as the corner.
    pub fn smooth(self, delta: f64) -> Penalty {
        if self == Self::EVEN {
            return Penalty::Huber { delta };
        }
        Penalty::Tilted {
            delta,
            up: self.up,
            down: self.down,
        }
    }

    /// The penalty of one residual.
    pub fn at(self, r: f64) -> f64 {
        if r >= 0.0 {
            self.up * r
        } else {
            -self.down * r
        }
    }

    /// Its slope; zero at a residual of zero, which a dual stands for.
    pub fn slope(self, r: f64) -> f64 {
        match r {
            r if r > 0.0 => self.up,
            r if r < 0.0 => -self.down,
            _ => 0.0,
        }
    }

    /// Whether a dual is one that the penalty allows.
    pub fn allows(self, dual: f64) -> bool {
        let slack = 1e-9 * self.up.max(self.down);
        dual <= self.up + slack && dual >= -self.down - slack
    }
}

/// Where one start ended.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub outcome: Outcome,
    /// The aim's own objective (Σ|r| for least absolute deviations).
    pub objective: f64,
    /// Runs passed through exactly, with duals: least absolute deviations only.
    pub active: Vec<(usize, f64)>,
    /// Residual of the stationarity conditions: least absolute deviations only.
    pub stationarity: f64,
    /// Kinks of the law that the optimum lies on.
    pub kinks: Vec<Kink>,
}

/// Limits of a search over these coordinates.
pub(crate) fn limits(coordinates: &[Coordinate], frame: &Frame<'_>, extra: usize) -> Limits {
    let bound = |pick: fn(&Coordinate) -> f64, other: f64| -> Vec<f64> {
        coordinates
            .iter()
            .map(pick)
            .chain(std::iter::repeat_n(other, extra))
            .collect()
    };
    // A positive coefficient that runs to zero runs to −∞ in its logarithm: 40 e-folds below anything is zero.
    let lower = bound(
        |c| {
            if c.log && c.lower == f64::NEG_INFINITY {
                -1e3
            } else {
                c.lower
            }
        },
        // The likelihood of an exact fit has no maximum in the scale: below the rounding of residuals it ends.
        (EXACT * frame.floor).ln(),
    );
    // Where nothing is known of a coordinate's size, its own value is the measure, and a far start takes long.
    let sized = (0..coordinates.len()).all(|j| frame.centre.unit(j).is_some());
    let longest = (0..coordinates.len())
        .map(|j| {
            frame
                .centre
                .unit(j)
                .map_or(f64::INFINITY, |unit| 3.0 * unit)
        })
        .chain(std::iter::repeat_n(2.0, extra))
        .collect();
    Limits {
        lower,
        upper: bound(|c| c.upper, 60.0),
        longest,
        iterations: if sized { 300 } else { 2000 },
        polish: true,
        tolerance: 1e-16,
    }
}

/// Solves from one start in the solver's coordinates (without the scale of Student's t).
pub(crate) fn solve(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    aim: Aim,
    nat: f64,
    start: &[f64],
    limits: &Limits,
    memory: Memory,
) -> (End, Memory) {
    let mut target = Target::with_memory(frame, weights, Penalty::Squared, nat, memory);
    if !target.is_defined(start) {
        return (failed(target.law_dim()), target.into_memory());
    }
    let mut x = start.to_vec();
    let coarse = Limits {
        iterations: 60,
        polish: false,
        tolerance: 1e-3,
        ..law_limits(limits, x.len())
    };
    let mut last = minimise(&mut target, &x, &coarse);
    if last.value.is_finite() {
        x.clone_from(&last.x);
    }
    match aim {
        Aim::Penalty(Penalty::Squared) => {
            last = minimise(&mut target, &x, &law_limits(limits, x.len()));
        }
        Aim::Penalty(Penalty::Student { nu, .. }) => {
            let scale = robust_spread(target.residuals(&x)).max(frame.floor);
            target.penalty = Penalty::Student { nu, scale };
            x.push(scale.ln());
            last = minimise(&mut target, &x, limits);
        }
        Aim::Penalty(Penalty::Huber { delta }) => {
            soften(&mut target, &mut x, delta, &coarse, |delta| {
                Penalty::Huber { delta }
            });
            last = minimise(&mut target, &x, &law_limits(limits, x.len()));
        }
        Aim::Penalty(Penalty::SoftL1 { delta }) => {
            soften(&mut target, &mut x, delta, &coarse, |delta| {
                Penalty::SoftL1 { delta }
            });
            last = minimise(&mut target, &x, &law_limits(limits, x.len()));
        }
        Aim::Penalty(penalty @ (Penalty::Binomial | Penalty::Tilted { .. })) => {
            target.penalty = penalty;
            last = minimise(&mut target, &x, &law_limits(limits, x.len()));
            if !last.value.is_finite() {
                // Least squares may leave the shares that are possible; the start itself does not.
                last = minimise(&mut target, start, &law_limits(limits, start.len()));
            }
        }
        Aim::Absolute(tilt) => {
            let delta = absolute::smallest_delta(frame);
            soften(&mut target, &mut x, delta, &coarse, |delta| {
                tilt.smooth(delta)
            });
            last = minimise(&mut target, &x, &law_limits(limits, x.len()));
            let end = absolute::finish(&mut target, last, delta, tilt);
            return (end, target.into_memory());
        }
    }
    let end = End {
        objective: last.value,
        outcome: last,
        active: Vec::new(),
        stationarity: 0.0,
        kinks: Vec::new(),
    };
    (end, target.into_memory())
}

/// Solves from a point that is near the optimum: a resample from the optimum of the whole.
pub(crate) fn resolve(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    aim: Aim,
    nat: f64,
    start: &[f64],
    limits: &Limits,
    memory: Memory,
) -> (End, Memory) {
    let penalty = match aim {
        Aim::Penalty(penalty) => penalty,
        Aim::Absolute(tilt) => {
            let (p, delta) = (start.len(), absolute::smallest_delta(frame));
            let mut target = Target::with_memory(frame, weights, Penalty::Squared, nat, memory);
            let mut x = start.to_vec();
            let coarse = Limits {
                iterations: 30,
                polish: false,
                tolerance: 1e-3,
                ..law_limits(limits, p)
            };
            soften(&mut target, &mut x, delta, &coarse, |delta| {
                tilt.smooth(delta)
            });
            let last = minimise(&mut target, &x, &law_limits(limits, p));
            let end = absolute::finish(&mut target, last, delta, tilt);
            return (end, target.into_memory());
        }
    };
    let mut target = Target::with_memory(frame, weights, penalty, nat, memory);
    let quick = Limits {
        polish: false,
        tolerance: 1e-10,
        iterations: limits.iterations.min(RESAMPLE),
        ..limits.clone()
    };
    let outcome = minimise(&mut target, start, &quick);
    let end = End {
        objective: outcome.value,
        outcome,
        active: Vec::new(),
        stationarity: 0.0,
        kinks: Vec::new(),
    };
    (end, target.into_memory())
}

/// Iterations of a resample, which starts at the optimum of the whole. One that needs more has none near it: seven
/// coefficients on sixty runs took minutes before each of a thousand had failed.
const RESAMPLE: usize = 100;

/// The end of a search in other coordinates, brought to these.
pub(crate) fn reached(x: Vec<f64>, objective: f64, converged: bool) -> End {
    let mut end = failed(x.len());
    end.outcome.x = x;
    end.outcome.value = objective;
    end.outcome.converged = converged;
    end.objective = objective;
    end
}

/// Iterations of a formula as typed, whose starts are at the bottom of a valley already. Where none of them comes to an
/// end, a formula with a `solve` would take minutes.
const TYPED: usize = 400;

/// The same of a formula with a `solve`.
const IMPLICIT: usize = 80;

/// [`limits`] of the fit of a law.
pub(crate) fn limits_of(
    law: &Law,
    coordinates: &[Coordinate],
    frame: &Frame<'_>,
    extra: usize,
) -> Limits {
    let mut limits = limits(coordinates, frame, extra);
    if law.is_typed() {
        let implicit = frame.bound.program().is_implicit();
        limits.iterations = limits
            .iterations
            .min(if implicit { IMPLICIT } else { TYPED });
    }
    limits
}

fn failed(p: usize) -> End {
    let outcome = Outcome {
        x: vec![f64::NAN; p],
        value: f64::NAN,
        gradient: vec![f64::NAN; p],
        hessian: vec![f64::NAN; p * p],
        free: vec![true; p],
        decrease: f64::INFINITY,
        iterations: 0,
        converged: false,
    };
    End {
        outcome,
        objective: f64::NAN,
        active: Vec::new(),
        stationarity: f64::INFINITY,
        kinks: Vec::new(),
    }
}

/// The limits without the scale of Student's t.
pub(crate) fn law_limits(limits: &Limits, p: usize) -> Limits {
    let mut own = limits.clone();
    own.lower.truncate(p);
    own.upper.truncate(p);
    own.longest.truncate(p);
    own
}

/// Lowers the corner from the spread of the residuals to its final value by factors of at most five, following the
/// optimum: each stage starts where the one before ended, with few residuals changing sides.
fn soften(
    target: &mut Target<'_>,
    x: &mut Vec<f64>,
    delta: f64,
    coarse: &Limits,
    make: impl Fn(f64) -> Penalty,
) {
    let mut corner = robust_spread(target.residuals(x)).max(delta);
    loop {
        target.penalty = make(corner);
        if corner <= delta {
            return;
        }
        let stage = minimise(target, x, coarse);
        if stage.value.is_finite() {
            x.clone_from(&stage.x);
        }
        corner = (corner / 5.0).max(delta);
        target.penalty = make(corner);
    }
}

/// 1.4826 × median |r|; not a number when a residual is none.
pub(crate) fn robust_spread(mut residuals: Vec<f64>) -> f64 {
    if residuals.iter().any(|r| !r.is_finite()) {
        return f64::NAN;
    }
    dist::robust_sd_in_place(&mut residuals)
}

/// All ends of the starts that were worth solving, in the order they were screened.
pub(crate) fn multi_start(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    aim: Aim,
    nat: f64,
    starts: &[Vec<f64>],
    limits: &Limits,
    solved: usize,
) -> Vec<End> {
    let (starts, values) = valued(frame, weights, screening(frame, aim), nat, starts);
    let chosen = screen(frame, &starts, &values, solved);
    chosen
        .into_par_iter()
        .map_init(
            || Some(Memory::new(frame)),
            |slot, start| {
                let memory = slot.take().unwrap_or_else(|| Memory::new(frame));
                let (end, memory) = solve(frame, weights, aim, nat, &starts[start], limits, memory);
                *slot = Some(memory);
                end
            },
        )
        .collect()
}

/// Screening by Σ|r| ranks starts alike for every penalty, and needs no scale.
fn screening(frame: &Frame<'_>, aim: Aim) -> Penalty {
    match aim {
        Aim::Penalty(Penalty::Squared | Penalty::Binomial) => Penalty::Squared,
        Aim::Penalty(Penalty::Huber { delta } | Penalty::SoftL1 { delta }) => {
            Penalty::Huber { delta }
        }
        _ => Penalty::Huber {
            delta: absolute::smallest_delta(frame).max(1e-6),
        },
    }
}

/// Starts with their objectives. A start at which the law overflows, such as a rate of one for a column that goes to a
/// thousand, is drawn towards zero in all coordinates that are not logarithms, by factors of four; three of every four
/// starts by one, two or three factors more, so that they do not all end on the verge of overflow.
fn valued(
    frame: &Frame<'_>,
    weights: Weights<'_>,
    penalty: Penalty,
    nat: f64,
    starts: &[Vec<f64>],
) -> (Vec<Vec<f64>>, Vec<f64>) {
    let coordinates = frame.bound.program().coordinates();
    let drawn_in = |start: &[f64], times: i32| -> Vec<f64> {
        let share = 0.25f64.powi(times);
        let place = |(x, c): (&f64, &Coordinate)| {
            let x = if c.log { *x } else { *x * share };
            x.clamp(c.lower, c.upper)
        };
        start.iter().zip(coordinates).map(place).collect()
    };
    let indexed: Vec<(usize, &Vec<f64>)> = starts.iter().enumerate().collect();
    indexed
        .par_chunks(64)
        .flat_map_iter(|chunk| {
            let mut target = Target::new(frame, weights, penalty, nat);
            let mut one = |(i, start): &(usize, &Vec<f64>)| {
                let value = target.value(start);
                if value.is_finite() {
                    return ((*start).clone(), value);
                }
                let finite = |times: &i32| target.value(&drawn_in(start, *times)).is_finite();
                let Some(times) = (1..=20).find(finite) else {
                    return ((*start).clone(), value);
                };
                let start = drawn_in(start, times + (i % 4) as i32);
                let value = target.value(&start);
                (start, value)
            };
            chunk.iter().map(&mut one).collect::<Vec<_>>()
        })
        .unzip()
}

/// The starts with the smallest objective, no two of them near each other.
fn screen(frame: &Frame<'_>, starts: &[Vec<f64>], values: &[f64], solved: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..starts.len())
        .filter(|i| values[*i].is_finite())
        .collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]).then(a.cmp(b)));
    // So few starts are solved all: how many of them agree says how easily the optimum is found.
    if order.len() <= solved {
        return order;
    }
    let near = |a: &[f64], b: &[f64]| {
        a.iter()
            .zip(b)
            .enumerate()
            .all(|(j, (x, y))| (x - y).abs() < 0.1 * frame.centre.unit_near(j, *x))
    };
    let mut chosen: Vec<usize> = Vec::new();
    for i in order {
        if chosen.len() == solved {
            break;
        }
        if !chosen.iter().any(|c| near(&starts[*c], &starts[i])) {
            chosen.push(i);
        }
    }
    chosen
}

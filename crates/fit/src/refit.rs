//! The optimum again without some of the runs, and the objective at other coefficients: what an audit asks of a fit.

use crate::binding::{self, Wants};
use crate::centre::Centre;
use crate::engine::{bind_program, nat_of, observed, priors};
use crate::options::{Objective, PenaltyKind, Scale};
use crate::result::Fit;
use crate::settle;
use crate::solve::{self, Aim, End, Tilt};
use crate::target::{Frame, Memory, Target};
use crate::weights::Weights;
use isoflop_data::RunTable;
use isoflop_law::Law;
use isoflop_law::tape::{Coordinate, Output, Program};
use isoflop_numerics::dist::robust_sd;
use isoflop_numerics::minimise::Limits;
use isoflop_numerics::penalty::Penalty;
use rayon::prelude::*;

/// Rounds of finding the corner from the residuals and the optimum from the corner.
const CORNERS: usize = 3;

/// A fit whose optimum can be sought again with other weights of its runs. Corners and scales stay those of the fit.
pub struct Refits<'a> {
    frame: &'a Frame<'a>,
    weights: Weights<'a>,
    aim: Aim,
    nat: f64,
    limits: &'a Limits,
    /// The optimum in the solver's coordinates.
    start: Vec<f64>,
}

/// A typical residual of this many roundings leaves nothing to seek.
const ROUNDINGS: f64 = 1e3;

/// The law linearised about an optimum that outliers hardly move: what tests of residuals are made of, whatever
/// penalty the fit itself has.
#[derive(Clone, Debug)]
pub struct Linear {
    /// The optimum, in the coordinates of [`crate::Joint::at`].
    pub at: Vec<f64>,
    /// Observed minus fitted, on the scale of the objective.
    pub residuals: Vec<f64>,
    /// Derivatives of the law by the coordinates, run by run.
    pub slopes: Vec<f64>,
    /// Weight of each run.
    pub weights: Vec<f64>,
    /// Corner of the penalty: residuals beyond it count as if they were there.
    pub corner: f64,
    /// A residual of the size of rounding.
    pub rounding: f64,
}

/// Prepares refits of a fit to its own runs, and asks. None for fits in stages, pooled coefficients, and tables
/// that are not those of the fit.
///
/// # Shapes and units
///
/// `law` is the law as it was fitted, changes included; runs are numbered as in [`Fit::points`].
pub fn refits<T>(
    law: &Law,
    table: &RunTable,
    fit: &Fit,
    ask: impl FnOnce(&Refits<'_>) -> T,
) -> Option<T> {
    if !law.stages.is_empty() || law.coefs.iter().any(|c| c.pool.is_some()) {
        return None;
    }
    // The fit of a typed formula has settled the signs of its amplitudes, and its coordinates with them.
    let own;
    let law = if law.is_typed() {
        own = fit.law.parse().ok()?;
        &own
    } else {
        law
    };
    let objective = Objective::parse(&fit.objective.spelling).ok()?;
    let said = |name: &str| {
        let options = fit.provenance.options.iter();
        options
            .clone()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    let wants = Wants {
        weights: said("weights"),
        sigma: said("sigma").map(|name| (name, objective.scale == Scale::Ln)),
        clusters: None,
        positive_response: objective.scale == Scale::Ln,
        share: match &objective.penalty {
            PenaltyKind::Binomial { trials } => Some(trials.as_deref()),
            _ => None,
        },
    };
    let mut binding = binding::bind(law, table, &wants).ok()?;
    settle::leave_out_valueless(law, &mut binding).ok()?;
    let output = match objective.scale {
        Scale::Raw => Output::Response,
        Scale::Ln => Output::LnResponse,
        Scale::AsWritten => Output::AsWritten,
    };
    let program = Program::compile(law, &binding.levels, output).ok()?;
    if binding.n != fit.n || program.coordinates().len() != fit.joint.at.len() {
        return None;
    }
    let observed = observed(law, &binding, objective.scale).ok()?;
    let bound = bind_program(&program, law, &binding);
    let centre = Centre::new(&bound);
    let priors = priors(law, &program);
    let largest = observed.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let frame = Frame {
        bound: &bound,
        observed: &observed,
        centre: &centre,
        priors: &priors,
        pools: &[],
        floor: 4.0 * f64::EPSILON * largest.max(f64::MIN_POSITIVE),
    };
    let aim = aim(&objective, fit)?;
    let mut start = centre.centred(&fit.joint.at);
    if let Aim::Penalty(Penalty::Student { scale, .. }) = aim {
        start.push(scale.ln());
    }
    let extra = start.len() - fit.joint.at.len();
    let limits = solve::limits(program.coordinates(), &frame, extra);
    let nat = match aim {
        _ if priors.is_empty() => 0.0,
        Aim::Penalty(penalty) => nat_of(&frame, binding.weights(), penalty, &start),
        Aim::Absolute(_) => 0.0,
    };
    Some(ask(&Refits {
        frame: &frame,
        weights: binding.weights(),
        aim,
        nat,
        limits: &limits,
        start,
    }))
}

/// The penalty with the numbers that the fit found.
fn aim(objective: &Objective, fit: &Fit) -> Option<Aim> {
    let delta = fit.objective.delta;
    Some(match objective.penalty {
        PenaltyKind::Squared => Aim::Penalty(Penalty::Squared),
        PenaltyKind::Absolute => Aim::Absolute(Tilt::EVEN),
        PenaltyKind::Quantile { tau } => Aim::Absolute(Tilt {
            up: tau,
            down: 1.0 - tau,
        }),
        PenaltyKind::Binomial { .. } => Aim::Penalty(Penalty::Binomial),
        PenaltyKind::Huber(_) => Aim::Penalty(Penalty::Huber { delta: delta? }),
        PenaltyKind::SoftL1(_) => Aim::Penalty(Penalty::SoftL1 { delta: delta? }),
        PenaltyKind::Student { nu } => Aim::Penalty(Penalty::Student {
            nu,
            scale: fit.objective.fitted_scale?,
        }),
    })
}

impl Refits<'_> {
    /// What the solver moves, in the order of [`crate::Joint::at`].
    #[must_use]
    pub fn coordinates(&self) -> &[Coordinate] {
        self.frame.bound.program().coordinates()
    }

    /// The optimum without each set of runs, in the coordinates of [`crate::Joint::at`]; none where fewer runs than
    /// coefficients are left or the search does not settle.
    #[must_use]
    pub fn without(&self, drops: &[Vec<usize>]) -> Vec<Option<Vec<f64>>> {
        drops.par_iter().map(|drop| self.one(drop)).collect()
    }

    /// The optimum for Huber's penalty with a corner of `times` robust standard deviations, sought from that of the fit,
    /// and the law about it. None for shares of trials, or where the search does not settle.
    #[must_use]
    pub fn linear(&self, times: f64) -> Option<Linear> {
        if matches!(self.aim, Aim::Penalty(Penalty::Binomial)) {
            return None;
        }
        let p = self.coordinates().len();
        let n = self.frame.observed.len();
        let limits = solve::limits(self.coordinates(), self.frame, 0);
        let mut x = self.start[..p].to_vec();
        let mut corner = f64::INFINITY;
        let squared = Penalty::Squared;
        let mut residuals = Target::new(self.frame, self.weights, squared, 0.0).residuals(&x);
        for _ in 0..CORNERS {
            let lost = (n as f64 / n.saturating_sub(p).max(1) as f64).sqrt();
            let sd = lost * robust_sd(&residuals);
            corner = times * sd.max(self.frame.floor);
            // Losses that a law gives exactly: a search among roundings does not settle.
            if sd < ROUNDINGS * self.frame.floor {
                break;
            }
            let penalty = Penalty::Huber { delta: corner };
            let nat = if self.frame.priors.is_empty() {
                0.0
            } else {
                nat_of(self.frame, self.weights, penalty, &x)
            };
            let memory = Memory::new(self.frame);
            let aim = Aim::Penalty(penalty);
            let (end, _) = solve::resolve(self.frame, self.weights, aim, nat, &x, &limits, memory);
            if !settled(&end) || end.outcome.x.iter().any(|v| !v.is_finite()) {
                return None;
            }
            x.clone_from(&end.outcome.x);
            residuals = Target::new(self.frame, self.weights, squared, 0.0).residuals(&x);
        }
        let mut at = vec![0.0; p];
        self.frame.centre.to_law(&x, &mut at);
        let centre = self.frame.centre.uncentred();
        let frame = Frame {
            centre: &centre,
            ..*self.frame
        };
        let mut slopes = Vec::with_capacity(n * p);
        Target::new(&frame, self.weights, squared, 0.0)
            .visit(&at, |_, _, row| slopes.extend_from_slice(row));
        Some(Linear {
            at,
            residuals,
            slopes,
            weights: self.weights.iter().collect(),
            corner,
            rounding: self.frame.floor,
        })
    }

    fn one(&self, drop: &[usize]) -> Option<Vec<f64>> {
        let p = self.coordinates().len();
        let mut weights: Vec<f64> = self.weights.iter().collect();
        for i in drop {
            weights[*i] = 0.0;
        }
        if weights.iter().filter(|w| **w > 0.0).count() < p {
            return None;
        }
        let (near, memory) = solve::resolve(
            self.frame,
            Weights::from(&weights),
            self.aim,
            self.nat,
            &self.start,
            self.limits,
            Memory::new(self.frame),
        );
        let end = if settled(&near) {
            near
        } else {
            let from = &self.start[..p];
            solve::solve(
                self.frame,
                Weights::from(&weights),
                self.aim,
                self.nat,
                from,
                self.limits,
                memory,
            )
            .0
        };
        let x = end.outcome.x.get(..p)?;
        if !end.objective.is_finite() || x.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let mut theta = vec![0.0; p];
        self.frame.centre.to_law(x, &mut theta);
        Some(theta)
    }

    /// The objective at coefficients in the coordinates of [`crate::Joint::at`].
    #[must_use]
    pub fn objective(&self, at: &[f64]) -> f64 {
        let mut x = self.frame.centre.centred(at);
        x.extend_from_slice(&self.start[at.len().min(self.start.len())..]);
        match self.aim {
            Aim::Penalty(penalty) => {
                Target::new(self.frame, self.weights, penalty, self.nat).value(&x)
            }
            Aim::Absolute(tilt) => {
                let mut target = Target::new(self.frame, self.weights, Penalty::Squared, 0.0);
                let residuals = target.residuals(&x);
                let penalties = residuals.iter().zip(self.weights.iter());
                penalties.map(|(r, w)| w * tilt.at(*r)).sum()
            }
        }
    }
}

fn settled(end: &End) -> bool {
    end.objective.is_finite() && (end.outcome.converged || end.outcome.decrease < 1e-8)
}

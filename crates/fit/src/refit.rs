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
use isoflop_numerics::minimise::Limits;
use isoflop_numerics::penalty::Penalty;
use rayon::prelude::*;

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
        own = Law::from_toml(&fit.law.id, "<fit>", &fit.law.text).ok()?;
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

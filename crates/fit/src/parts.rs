//! What a search needs of a law and its runs, put together once for the fit and for the searches that go before it.

use crate::binding::Binding;
use crate::centre::Centre;
use crate::engine::{bind_program, floor, observed, priors, solved_starts, starts_of};
use crate::options::{FitOptions, Objective, PenaltyKind};
use crate::target::Frame;
use crate::{settle, solve};
use isoflop_base::Diagnostics;
use isoflop_law::tape::{Bound, Program};
use isoflop_law::{Law, Prior};
use isoflop_numerics::minimise::Limits;

/// A law bound to its runs.
pub(crate) struct Parts<'p> {
    pub bound: Bound<'p>,
    pub centre: Centre,
    pub observed: Vec<f64>,
    pub priors: Vec<(usize, Prior)>,
}

impl<'p> Parts<'p> {
    pub fn new(
        program: &'p Program,
        law: &Law,
        binding: &Binding,
        objective: &Objective,
    ) -> Result<Self, Diagnostics> {
        let bound = bind_program(program, law, binding);
        Ok(Self {
            observed: observed(law, binding, objective.scale)?,
            centre: Centre::new(&bound),
            priors: priors(law, program),
            bound,
        })
    }

    /// The problem without pools.
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            bound: &self.bound,
            observed: &self.observed,
            centre: &self.centre,
            priors: &self.priors,
            pools: &[],
            floor: floor(&self.observed),
        }
    }
}

/// Starting points of a search and how many of them are solved.
pub(crate) struct Starts {
    pub points: Vec<Vec<f64>>,
    pub solved: usize,
}

/// How many starts of a typed formula with a `solve` are solved where no number was asked for: seven coefficients on sixty
/// runs would take minutes with more.
const IMPLICIT_SOLVED: usize = 8;

impl Starts {
    /// These points.
    pub fn of(points: Vec<Vec<f64>>, law: &Law, program: &Program, options: &FitOptions) -> Self {
        let spared = law.is_typed() && program.is_implicit() && options.starts.is_none();
        let most = if spared { IMPLICIT_SOLVED } else { usize::MAX };
        let solved = solved_starts(program.coordinates().len(), points.len());
        Self {
            points,
            solved: solved.min(most),
        }
    }

    /// The points from which a law is searched, with the limits of its coordinates.
    pub fn draw(
        law: &Law,
        frame: &Frame<'_>,
        binding: &Binding,
        objective: &Objective,
        options: &FitOptions,
    ) -> Result<(Self, Limits), Diagnostics> {
        let program = frame.bound.program();
        let count = starts_of(law, program, options);
        let points = settle::starts(law, program, frame.centre, binding, objective, count)?;
        let limits = limits(law, frame, objective);
        Ok((Self::of(points, law, program, options), limits))
    }
}

/// The limits of the coordinates of a law under an objective.
pub(crate) fn limits(law: &Law, frame: &Frame<'_>, objective: &Objective) -> Limits {
    let extra = usize::from(matches!(objective.penalty, PenaltyKind::Student { .. }));
    solve::limits_of(law, frame.bound.program().coordinates(), frame, extra)
}

//! One plan at one coefficient vector: the optimum for a budget, for a target loss, for a given size, with its limits.

use std::cell::RefCell;

use isoflop_law::surface::{Jet, Number, Powers, Sum};

use super::closed::TwoPowers;
use super::convention::{Convention, Plane, Role};
use super::solver::{self, Place, Problem, Region, Side};
use super::source::{Answers, MOST_INPUTS, PlanLaw};

/// Logarithms of size and data that count as without limit: e^64 is 6e27, beyond any model and any text.
pub(super) const NO_LIMIT: f64 = 64.0;

/// Relative difference of losses that nobody measures: an optimum within it is none.
const FLAT: f64 = 1e-9;

/// A law and a convention, with the ends of size and data.
pub(super) struct Setting<'a> {
    pub source: &'a PlanLaw,
    pub convention: &'a Convention,
    pub region: Region,
    /// The form of the convention, where the law has a closed form under it.
    form: Option<Sum>,
    work: RefCell<Vec<Jet>>,
}

/// The best point found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Best {
    pub x: f64,
    pub y: f64,
    /// The response there; NaN for a law that does not give it.
    pub loss: f64,
    /// ln of training compute there.
    pub ln_c: f64,
    /// Whether it comes from a closed form.
    pub closed: bool,
}

/// Why there is no point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NoPlan {
    /// The loss lies at or below what is left within the limits.
    Floor(f64),
    /// The compute does not pay the smallest allowed size and data.
    Budget,
    /// The law shares compute out and says nothing of the loss.
    NoLoss,
    /// The law has no value where it is asked.
    NoValue,
}

impl<'a> Setting<'a> {
    pub fn new(source: &'a PlanLaw, convention: &'a Convention, region: Region) -> Self {
        let mut out = Self {
            source,
            convention,
            region,
            form: convention.form().sum().copied(),
            work: RefCell::new(Vec::new()),
        };
        // The form is that of the formula: what the best coefficients do not have, no draw has.
        if out.closed(&source.best).is_none() {
            out.form = None;
        }
        out
    }

    /// The response of the law on any numbers.
    fn response<T: Plane>(&self, theta: &[f64], params: T, tokens: T, work: &mut Vec<T>) -> T {
        let mut inputs = [T::constant(0.0); MOST_INPUTS];
        let mut count = 0;
        for role in self.source.roles.iter().take(inputs.len()) {
            inputs[count] = match role {
                Role::Params => params,
                Role::Tokens => tokens,
                Role::Flops => self.convention.flops(params, tokens),
                Role::Unique(x) | Role::Held(x) => T::constant(*x),
            };
            count += 1;
        }
        self.source.surface.at(theta, &inputs[..count], work)
    }

    pub fn jet(&self, theta: &[f64], x: f64, y: f64) -> Jet {
        let mut work = self.work.borrow_mut();
        self.response(theta, Jet::exp_x(x), Jet::exp_y(y), &mut work)
    }

    /// The response, at ln N = x and ln D = y.
    pub fn loss(&self, theta: &[f64], x: f64, y: f64) -> f64 {
        self.response(theta, x.exp(), y.exp(), &mut Vec::new())
    }

    pub fn ln_flops(&self, x: f64, y: f64) -> f64 {
        self.convention.flops(x.exp(), y.exp()).ln()
    }

    /// The closed form, where law and convention have one.
    pub fn closed(&self, theta: &[f64]) -> Option<TwoPowers> {
        let convention = self.form.as_ref()?;
        let mut work = Vec::new();
        let form = self.response(theta, Powers::first(), Powers::second(), &mut work);
        TwoPowers::of(form.sum()?, convention)
    }

    /// What the law leaves at any size and on any data.
    pub fn left(&self, theta: &[f64]) -> f64 {
        self.closed(theta).map_or_else(
            || self.loss(theta, NO_LIMIT, NO_LIMIT),
            |closed| closed.floor,
        )
    }

    /// What the law leaves at the largest allowed size and data.
    pub fn floor(&self, theta: &[f64]) -> f64 {
        self.loss(theta, self.region.x.1, self.region.y.1)
    }

    fn best(&self, theta: &[f64], at: Place, closed: bool) -> Best {
        Best {
            x: at.x,
            y: at.y,
            loss: self.loss(theta, at.x, at.y),
            ln_c: self.ln_flops(at.x, at.y),
            closed,
        }
    }

    fn inside(&self, at: Place) -> bool {
        let within = |x: f64, (low, high): (f64, f64)| low <= x && x <= high;
        within(at.x, self.region.x) && within(at.y, self.region.y)
    }

    /// The least loss for a budget of e^`ln_c` FLOP. `near` is an optimum of neighbouring coefficients.
    pub fn budget(&self, theta: &[f64], ln_c: f64, near: Option<Best>) -> Result<Best, NoPlan> {
        if self.source.answers != Answers::Loss {
            return self.allocation(theta, ln_c);
        }
        if self.region.y.0 == self.region.y.1 {
            return self.given_tokens(theta, ln_c);
        }
        if let Some(at) = self
            .closed(theta)
            .map(|c| c.budget(ln_c))
            .filter(|p| self.inside(*p))
        {
            let mut best = self.best(theta, at, true);
            best.ln_c = ln_c;
            return Ok(best);
        }
        let problem = OnBudget {
            setting: self,
            theta,
            ln_c,
        };
        match self.solve(&problem, near) {
            Ok(at) => Ok(self.best(theta, at, false)),
            // More money than the limits let one spend.
            Err(Side::Above) => {
                let corner = Place {
                    x: self.region.x.1,
                    y: self.region.y.1,
                };
                Ok(self.best(theta, corner, false))
            }
            Err(Side::Below) => Err(NoPlan::Budget),
            Err(Side::NoValue) => Err(NoPlan::NoValue),
        }
    }

    /// The least compute, with `served` tokens paid for as well (in tokens of training-equivalent forward passes), for
    /// a target loss.
    pub fn target(
        &self,
        theta: &[f64],
        loss: f64,
        served: f64,
        near: Option<Best>,
    ) -> Result<Best, NoPlan> {
        let floor = self.floor(theta);
        if floor.is_nan() {
            return Err(NoPlan::NoValue);
        }
        if let Some(closed) = self.closed(theta) {
            // The loss falls with size and with data: at the largest of both it is least.
            if floor >= loss {
                return Err(NoPlan::Floor(floor));
            }
            let at = closed
                .target(loss)
                .filter(|p| served == 0.0 && self.inside(*p));
            if let Some(at) = at {
                return Ok(self.best(theta, at, true));
            }
        }
        if self.region.y.0 == self.region.y.1 {
            let x = self.smallest_size(theta, loss);
            let y = self.region.y.0;
            if x.is_nan() {
                return Err(NoPlan::Floor(floor));
            }
            return Ok(self.best(theta, Place { x, y }, false));
        }
        let problem = OnLoss {
            setting: self,
            theta,
            loss,
            served,
        };
        match self.solve(&problem, near) {
            Ok(at) => Ok(self.best(theta, at, false)),
            Err(Side::Above) => Err(NoPlan::Floor(floor)),
            // Even the smallest model on the least data is better than that.
            Err(Side::Below) => {
                let corner = Place {
                    x: self.region.x.0,
                    y: self.region.y.0,
                };
                Ok(self.best(theta, corner, false))
            }
            Err(Side::NoValue) => Err(NoPlan::NoValue),
        }
    }

    /// Whether half and twice the size would do as well on the same compute, to rounding of the loss.
    pub fn is_flat(&self, theta: &[f64], at: &Best) -> bool {
        let curve = Split {
            convention: self.convention,
            answers: Answers::Params,
            ln_c: at.ln_c,
            ln: at.x,
        };
        let beside = |x: f64| {
            let y = solver::follow(&curve, x, (0.0, NO_LIMIT), at.y).ok()?;
            let gap = (self.loss(theta, x, y) - at.loss).abs();
            Some(gap <= FLAT * at.loss.abs())
        };
        let step = std::f64::consts::LN_2;
        beside(at.x - step) == Some(true) && beside(at.x + step) == Some(true)
    }

    /// The budget spent on a given number of tokens.
    fn given_tokens(&self, theta: &[f64], ln_c: f64) -> Result<Best, NoPlan> {
        let y = self.region.y.0;
        let curve = Split {
            convention: self.convention,
            answers: Answers::Tokens,
            ln_c,
            ln: y,
        };
        let (low, high) = self.region.x;
        if self.ln_flops(low, y) > ln_c {
            return Err(NoPlan::Budget);
        }
        let x = curve.size((low, high)).unwrap_or(high);
        Ok(self.best(theta, Place { x, y }, false))
    }

    /// ln D at which a model of size e^x reaches a loss; infinite when it never does.
    pub fn tokens_for(&self, theta: &[f64], loss: f64, x: f64, guess: f64) -> f64 {
        if let Some(closed) = self.closed(theta) {
            return closed.tokens_for(loss, x);
        }
        let problem = OnLoss {
            setting: self,
            theta,
            loss,
            served: 0.0,
        };
        match solver::follow(&problem, x, self.region.y, guess) {
            Ok(y) => y,
            Err(Side::Above) => f64::INFINITY,
            Err(Side::Below) => self.region.y.0,
            Err(Side::NoValue) => f64::NAN,
        }
    }

    /// The least size, as a logarithm, that can reach a loss with any data; NaN when none can.
    pub fn smallest_size(&self, theta: &[f64], loss: f64) -> f64 {
        if self.region.y.1 == NO_LIMIT
            && let Some(closed) = self.closed(theta)
        {
            return closed.smallest_size(loss).max(self.region.x.0);
        }
        let (mut low, mut high) = self.region.x;
        let gap = |x: f64| self.loss(theta, x, self.region.y.1) - loss;
        if gap(low) <= 0.0 {
            return low;
        }
        if !matches!(gap(high).partial_cmp(&0.0), Some(std::cmp::Ordering::Less)) {
            return f64::NAN;
        }
        while high - low > 1e-12 * high.abs().max(1.0) {
            let middle = 0.5 * (low + high);
            if gap(middle) > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    fn solve(&self, problem: &impl Problem, near: Option<Best>) -> Result<Place, Side> {
        let Some(start) = near else {
            return solver::anywhere(problem, self.region);
        };
        let start = Place {
            x: start.x,
            y: start.y,
        };
        // A draw may have its optimum where the start has no point of the curve at all.
        solver::near(problem, self.region, self.region.x, start)
            .or_else(|_| solver::anywhere(problem, self.region))
    }

    /// A law that gives the optimal size, data or ratio by compute.
    fn allocation(&self, theta: &[f64], ln_c: f64) -> Result<Best, NoPlan> {
        let mut inputs = [0.0; MOST_INPUTS];
        let mut count = 0;
        for role in self.source.roles.iter().take(inputs.len()) {
            inputs[count] = match role {
                Role::Flops => ln_c.exp(),
                Role::Unique(x) | Role::Held(x) => *x,
                Role::Params | Role::Tokens => f64::NAN,
            };
            count += 1;
        }
        let value = self
            .source
            .surface
            .at(theta, &inputs[..count], &mut Vec::new());
        if !(value > 0.0 && value.is_finite()) {
            return Err(NoPlan::NoValue);
        }
        let ln = value.ln();
        let curve = Split {
            convention: self.convention,
            answers: self.source.answers,
            ln_c,
            ln,
        };
        let x = match self.source.answers {
            Answers::Params => ln,
            _ => curve.size(self.region.x).ok_or(NoPlan::Budget)?,
        };
        let y = match self.source.answers {
            Answers::Tokens => ln,
            Answers::Ratio => x + ln,
            _ => solver::follow(&curve, x, self.region.y, 0.5 * NO_LIMIT)
                .map_err(|_| NoPlan::Budget)?,
        };
        Ok(Best {
            x,
            y,
            loss: f64::NAN,
            ln_c,
            closed: true,
        })
    }
}

/// Least loss on a budget.
struct OnBudget<'a, 'b> {
    setting: &'a Setting<'b>,
    theta: &'a [f64],
    ln_c: f64,
}

impl Problem for OnBudget<'_, '_> {
    fn objective(&self, x: f64, y: f64) -> Jet {
        self.setting.jet(self.theta, x, y)
    }

    fn level(&self, x: f64, y: f64) -> Jet {
        let c = self.setting.convention.ln_flops(x, y);
        c.minus(Jet::constant(self.ln_c))
    }

    fn rising(&self) -> bool {
        true
    }
}

/// Least compute at a loss, serving included.
struct OnLoss<'a, 'b> {
    setting: &'a Setting<'b>,
    theta: &'a [f64],
    loss: f64,
    served: f64,
}

impl Problem for OnLoss<'_, '_> {
    fn objective(&self, x: f64, y: f64) -> Jet {
        let params = Jet::exp_x(x);
        let ln = self.setting.convention.ln_flops(x, y);
        if self.served == 0.0 {
            return ln;
        }
        let training = ln.exp();
        let serving = params.times(Jet::constant(2.0 * self.served));
        training.plus(serving).ln()
    }

    fn level(&self, x: f64, y: f64) -> Jet {
        self.setting
            .jet(self.theta, x, y)
            .minus(Jet::constant(self.loss))
    }

    fn rising(&self) -> bool {
        false
    }
}

/// The budget shared out by a given size, data or ratio.
struct Split<'a> {
    convention: &'a Convention,
    answers: Answers,
    ln_c: f64,
    ln: f64,
}

impl Split<'_> {
    /// The size at which the budget is spent, tokens or their ratio being known: compute rises with size.
    fn size(&self, x: (f64, f64)) -> Option<f64> {
        let tokens = |x: f64| match self.answers {
            Answers::Ratio => x + self.ln,
            _ => self.ln,
        };
        let gap = |x: f64| self.convention.ln_flops(x, tokens(x)).value - self.ln_c;
        let (mut low, mut high) = x;
        if !(gap(low) < 0.0 && gap(high) > 0.0) {
            return None;
        }
        while high - low > 1e-14 * high.abs().max(1.0) {
            let middle = 0.5 * (low + high);
            if !(low < middle && middle < high) {
                break;
            }
            if gap(middle) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(0.5 * (low + high))
    }
}

impl Problem for Split<'_> {
    fn objective(&self, _: f64, _: f64) -> Jet {
        Jet::constant(0.0)
    }

    fn level(&self, x: f64, y: f64) -> Jet {
        let c = self.convention.ln_flops(x, y);
        c.minus(Jet::constant(self.ln_c))
    }

    fn rising(&self) -> bool {
        true
    }
}

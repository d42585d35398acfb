//! The minimiser: a damped Newton method for sums of penalties, with bounds and scale-free stopping.
//!
//! For F(x) = Σ wᵢ ρ(rᵢ(x)) the Hessian has three parts that a problem gives apart:
//!
//! ```text
//! C = Σ wᵢ ρ''(rᵢ) JᵢJᵢᵀ          curvature of the penalty (Gauss–Newton)
//! S = Σ wᵢ ρ'(rᵢ) ∇²rᵢ             curvature of the law
//! M = Σ wᵢ ρ'(rᵢ)/rᵢ JᵢJᵢᵀ        majorant: the quadratic of iterated least squares, above C, never indefinite
//! ```
//!
//! A step solves (C + S + λM) d = −g. With λ near 1 it is a step of iterated least squares, which goes down from
//! anywhere; as λ falls it becomes Newton's, which ends in a few steps. Far from the optimum S is left out. The step
//! is invariant to linear changes of x, so neither units nor centring decide where it ends.
//!
//! Stopping never looks at absolute numbers: the predicted decrease of a Newton step is compared with F itself.

use crate::linear::{cholesky, cholesky_solve, quadratic};

/// A sum of penalties to minimise.
pub trait Problem {
    /// Number of coordinates.
    fn dim(&self) -> usize;

    /// F(x), its gradient, C and M (p × p, row by row). A value that is not finite says that x is outside the domain.
    fn model(&mut self, x: &[f64], gradient: &mut [f64], c: &mut [f64], m: &mut [f64]) -> f64;

    /// S at the point of the last call of [`Self::model`].
    fn second(&mut self, x: &[f64], s: &mut [f64]);

    /// What a decrease of F is measured against: |F| itself for a sum that is zero at a perfect fit, bounded below
    /// by its rounding noise.
    fn yardstick(&self, value: f64) -> f64;
}

/// Where and how long to search.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Lower bounds, −∞ for none.
    pub lower: Vec<f64>,
    /// Upper bounds, ∞ for none.
    pub upper: Vec<f64>,
    /// Longest step of each coordinate in one iteration.
    pub longest: Vec<f64>,
    /// Iterations at most.
    pub iterations: usize,
    /// Whether to renew the Hessian for a last step, so that the gradient ends at rounding size.
    pub polish: bool,
    /// Stop when a Newton step would lower F by less than this share of the yardstick.
    pub tolerance: f64,
}

/// Where the search ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Best point.
    pub x: Vec<f64>,
    /// F there.
    pub value: f64,
    /// Gradient there.
    pub gradient: Vec<f64>,
    /// C + S there, as last computed.
    pub hessian: Vec<f64>,
    /// Whether each coordinate is free (not held by a bound).
    pub free: Vec<bool>,
    /// ½ gᵀH⁻¹g over the free coordinates, relative to the yardstick; infinite where H is not positive definite.
    pub decrease: f64,
    /// Iterations used.
    pub iterations: usize,
    /// Whether `decrease` met the tolerance.
    pub converged: bool,
}

struct State {
    x: Vec<f64>,
    value: f64,
    g: Vec<f64>,
    c: Vec<f64>,
    m: Vec<f64>,
}

impl State {
    fn at(problem: &mut dyn Problem, x: Vec<f64>) -> Self {
        let p = x.len();
        let mut state = Self {
            x,
            value: 0.0,
            g: vec![0.0; p],
            c: vec![0.0; p * p],
            m: vec![0.0; p * p],
        };
        state.refresh(problem);
        state
    }

    /// Moves to one step beyond `from`, within the bounds.
    fn advance(&mut self, problem: &mut dyn Problem, from: &Self, search: &Search<'_>) {
        let limits = search.limits;
        for j in 0..self.x.len() {
            self.x[j] = (from.x[j] + search.d[j]).clamp(limits.lower[j], limits.upper[j]);
        }
        self.refresh(problem);
    }

    fn refresh(&mut self, problem: &mut dyn Problem) {
        self.value = problem.model(&self.x, &mut self.g, &mut self.c, &mut self.m);
        if self.g.iter().chain(&self.c).any(|x| !x.is_finite()) {
            self.value = f64::NAN;
        }
    }
}

/// Minimises from `start`.
///
/// # Errors
///
/// None: a search that fails ends with `converged: false` at the best point found; a start outside the domain
/// gives a value that is not finite.
pub fn minimise(problem: &mut dyn Problem, start: &[f64], limits: &Limits) -> Outcome {
    let p = problem.dim();
    let clamped: Vec<f64> = (0..p)
        .map(|j| start[j].clamp(limits.lower[j], limits.upper[j]))
        .collect();
    let mut here = State::at(problem, clamped);
    let mut next = State {
        x: here.x.clone(),
        value: 0.0,
        g: vec![0.0; p],
        c: vec![0.0; p * p],
        m: vec![0.0; p * p],
    };
    let mut search = Search::new(p, limits);
    if !here.value.is_finite() {
        return search.finish(problem, here, 0);
    }
    let mut iteration = 0;
    let mut polished = 0;
    while iteration < limits.iterations {
        iteration += 1;
        search.choose_free(&here);
        let Some(predicted) = search.step(&here) else {
            if !search.damp(8.0) {
                break;
            }
            continue;
        };
        let yardstick = problem.yardstick(here.value);
        if search.second_known && search.lambda < 1e-2 && predicted <= limits.tolerance * yardstick
        {
            if limits.polish && polished == 0 {
                polished = 1;
                problem_second(problem, &mut search, &here);
                search.lambda = 0.0;
                continue;
            }
            // The step that is left squares the error once more; F is too coarse to judge it.
            next.advance(problem, &here, &search);
            if scaled_gradient(&next, &search) < scaled_gradient(&here, &search) {
                std::mem::swap(&mut here, &mut next);
            }
            break;
        }
        if !search.second_known && predicted <= 0.02 * yardstick {
            problem_second(problem, &mut search, &here);
            continue;
        }
        next.advance(problem, &here, &search);
        let taken: Vec<f64> = (0..p).map(|j| next.x[j] - here.x[j]).collect();
        let expected = search.expected_decrease(&here, &taken);
        let actual = here.value - next.value;
        let noise = 1e-15 * yardstick.max(here.value.abs());
        if next.value.is_finite() && expected <= 4.0 * noise && actual.abs() <= 8.0 * noise {
            // Below the rounding of F only the gradient can judge.
            let better = scaled_gradient(&next, &search) < scaled_gradient(&here, &search);
            if better {
                std::mem::swap(&mut here, &mut next);
            }
            if search.second_known && !(limits.polish && polished < 2) {
                break;
            }
            polished += usize::from(search.second_known);
            problem_second(problem, &mut search, &here);
            search.lambda = 0.0;
            continue;
        }
        let ratio = if next.value.is_finite() {
            actual / expected
        } else {
            f64::NEG_INFINITY
        };
        if ratio > 1e-4 {
            let slow = search.second_known && ratio < 0.7;
            std::mem::swap(&mut here, &mut next);
            search.relax(ratio);
            search.note_progress(predicted);
            if slow || search.stalling {
                problem_second(problem, &mut search, &here);
            }
        } else if !search.damp(if next.value.is_finite() { 4.0 } else { 16.0 }) {
            break;
        }
    }
    search.finish(problem, here, iteration)
}

fn problem_second(problem: &mut dyn Problem, search: &mut Search<'_>, here: &State) {
    problem.second(&here.x, &mut search.s);
    if search.s.iter().any(|x| !x.is_finite()) {
        search.s.fill(0.0);
    }
    search.second_known = true;
    search.stalling = false;
    search.last_predicted = f64::INFINITY;
}

/// max |gⱼ| / √Mⱼⱼ over free coordinates: comparable between neighbouring points.
fn scaled_gradient(state: &State, search: &Search<'_>) -> f64 {
    let p = state.x.len();
    if !state.value.is_finite() {
        return f64::INFINITY;
    }
    (0..p)
        .filter(|j| search.free[*j] && state.m[j * p + j] > 0.0)
        .map(|j| state.g[j].abs() / state.m[j * p + j].sqrt())
        .fold(0.0, f64::max)
}

struct Search<'a> {
    limits: &'a Limits,
    p: usize,
    lambda: f64,
    s: Vec<f64>,
    second_known: bool,
    last_predicted: f64,
    stalling: bool,
    free: Vec<bool>,
    factor: Vec<f64>,
    d: Vec<f64>,
}

impl<'a> Search<'a> {
    fn new(p: usize, limits: &'a Limits) -> Self {
        Self {
            limits,
            p,
            lambda: 0.1,
            s: vec![0.0; p * p],
            second_known: false,
            last_predicted: f64::INFINITY,
            stalling: false,
            free: vec![true; p],
            factor: vec![0.0; p * p],
            d: vec![0.0; p],
        }
    }

    /// A coordinate on a bound is held while the gradient pushes it outward.
    fn choose_free(&mut self, here: &State) {
        for j in 0..self.p {
            let low = here.x[j] <= self.limits.lower[j] && here.g[j] > 0.0;
            let high = here.x[j] >= self.limits.upper[j] && here.g[j] < 0.0;
            self.free[j] = !(low || high);
        }
    }

    /// Solves for a step; the decrease that the undamped part of the model predicts for it. None when the damped
    /// matrix is not positive definite.
    fn step(&mut self, here: &State) -> Option<f64> {
        let p = self.p;
        self.assemble(here, self.lambda);
        if !cholesky(&mut self.factor, p) {
            return None;
        }
        for j in 0..p {
            self.d[j] = if self.free[j] { -here.g[j] } else { 0.0 };
        }
        cholesky_solve(&self.factor, p, &mut self.d);
        let decrement: f64 = -(0..p).map(|j| self.d[j] * here.g[j]).sum::<f64>();
        let over = (0..p)
            .map(|j| self.d[j].abs() / self.limits.longest[j])
            .fold(1.0, f64::max);
        if !over.is_finite() {
            return None;
        }
        if over > 1.0 {
            self.d.iter_mut().for_each(|d| *d /= over);
        }
        Some(0.5 * decrement)
    }

    /// C + S + λM with held coordinates cut out, into the factor's place.
    fn assemble(&mut self, here: &State, lambda: f64) {
        let p = self.p;
        for i in 0..p {
            for j in 0..p {
                let k = i * p + j;
                self.factor[k] = if self.free[i] && self.free[j] {
                    here.c[k] + self.s[k] + lambda * here.m[k]
                } else {
                    0.0
                };
            }
            if self.free[i] {
                // A floor far below any curvature that matters keeps an open direction finite.
                self.factor[i * p + i] += lambda * (1e-9 * here.m[i * p + i] + f64::MIN_POSITIVE);
            } else {
                self.factor[i * p + i] = 1.0;
            }
        }
    }

    fn expected_decrease(&self, here: &State, step: &[f64]) -> f64 {
        let linear: f64 = step.iter().zip(&here.g).map(|(d, g)| d * g).sum();
        let curved = quadratic(&here.c, step, step) + quadratic(&self.s, step, step);
        let damped = quadratic(&here.m, step, step) * self.lambda;
        // Half the damping counts: a step that the damping shortened is judged by what it set out to do.
        (-linear - 0.5 * curved)
            .max(0.5 * damped)
            .max(f64::MIN_POSITIVE)
    }

    fn relax(&mut self, ratio: f64) {
        if ratio > 0.75 {
            self.lambda *= if ratio < 1.5 { 0.1 } else { 0.5 };
            if self.lambda < 1e-9 {
                self.lambda = 0.0;
            }
        } else if ratio < 0.25 {
            self.lambda = (self.lambda * 3.0).max(1e-4);
        }
    }

    /// More damping; false when there is no more to give.
    fn damp(&mut self, by: f64) -> bool {
        self.lambda = (self.lambda * by).max(1e-5);
        self.lambda < 1e16
    }

    /// With a stale S the predicted decrease falls by a fixed factor a step: when that is slow, S is renewed.
    fn note_progress(&mut self, predicted: f64) {
        self.stalling =
            self.second_known && self.lambda < 1e-3 && predicted > 0.03 * self.last_predicted;
        self.last_predicted = predicted;
    }

    fn finish(mut self, problem: &mut dyn Problem, here: State, iterations: usize) -> Outcome {
        let p = self.p;
        self.choose_free(&here);
        let mut decrease = f64::INFINITY;
        if here.value.is_finite() {
            if !self.second_known {
                problem.second(&here.x, &mut self.s);
            }
            self.assemble(&here, 0.0);
            if cholesky(&mut self.factor, p) {
                for j in 0..p {
                    self.d[j] = if self.free[j] { here.g[j] } else { 0.0 };
                }
                cholesky_solve(&self.factor, p, &mut self.d);
                let decrement: f64 = (0..p)
                    .filter(|j| self.free[*j])
                    .map(|j| self.d[j] * here.g[j])
                    .sum();
                decrease = 0.5 * decrement.abs() / problem.yardstick(here.value);
            }
        }
        Outcome {
            hessian: here.c.iter().zip(&self.s).map(|(c, s)| c + s).collect(),
            x: here.x,
            value: here.value,
            gradient: here.g,
            free: self.free,
            decrease,
            iterations,
            converged: decrease <= self.limits.tolerance.max(1e-13),
        }
    }
}

#[cfg(test)]
mod tests;

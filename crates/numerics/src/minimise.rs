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
//! A step that is too long for some coordinate is bent, not only shortened: μD² is added, D the inverse of the longest
//! step of each coordinate, with the smallest μ that brings ‖Dd‖ to one (Moré 1978). Directions that the model hardly
//! sees then no longer keep the others from moving.
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

    /// Rounding noise of F near the point of the last call of [`Self::model`]: a smaller change says nothing.
    fn noise(&self, value: f64) -> f64 {
        1e-15 * self.yardstick(value).max(value.abs())
    }
}

/// Where and how long to search.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Lower bounds, −∞ for none.
    pub lower: Vec<f64>,
    /// Upper bounds, ∞ for none.
    pub upper: Vec<f64>,
    /// Longest step of each coordinate in one iteration; where it is infinite, the largest value that the coordinate
    /// has had.
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

/// Up to so many coordinates a factor is dense whatever the order.
const DENSE: usize = 40;

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
            if search.second_known && search.lambda > 1.0 {
                // Far from the optimum the law's curvature may point down a slope that M hardly sees.
                search.forget_second();
            } else if !search.damp(8.0) {
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
            if search.decrement(&next) < search.decrement(&here) {
                std::mem::swap(&mut here, &mut next);
            }
            break;
        }
        if !search.second_known && !search.misled && predicted <= 0.02 * yardstick {
            problem_second(problem, &mut search, &here);
            continue;
        }
        next.advance(problem, &here, &search);
        let taken: Vec<f64> = (0..p).map(|j| next.x[j] - here.x[j]).collect();
        let expected = search.expected_decrease(&here, &taken);
        let actual = here.value - next.value;
        let noise = problem.noise(here.value);
        if next.value.is_finite() && expected <= 4.0 * noise && actual.abs() <= 8.0 * noise {
            // Below the rounding of F only the gradient can judge.
            let (before, after) = (search.decrement(&here), search.decrement(&next));
            if after < before {
                std::mem::swap(&mut here, &mut next);
            }
            if search.second_known && !(limits.polish && (polished < 2 || after < 0.1 * before)) {
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
            search.misled = false;
            search.relax(ratio);
            search.trust(ratio, &taken);
            search.note_progress(predicted);
            if slow || search.stalling {
                problem_second(problem, &mut search, &here);
            }
        } else {
            search.trust(ratio, &taken);
            if !search.damp(if next.value.is_finite() { 4.0 } else { 16.0 }) {
                break;
            }
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

struct Search<'a> {
    limits: &'a Limits,
    p: usize,
    lambda: f64,
    s: Vec<f64>,
    second_known: bool,
    /// S was indefinite beyond repair here, and is not asked for again before the next step.
    misled: bool,
    last_predicted: f64,
    stalling: bool,
    free: Vec<bool>,
    factor: Vec<f64>,
    /// Where each coordinate stands in the factor.
    place: Vec<usize>,
    d: Vec<f64>,
    /// Share of the longest steps that is trusted.
    radius: f64,
    /// 1/D at full trust.
    lengths: Vec<f64>,
    /// Largest |xⱼ| so far.
    reach: Vec<f64>,
}

impl<'a> Search<'a> {
    fn new(p: usize, limits: &'a Limits) -> Self {
        Self {
            limits,
            p,
            lambda: 0.1,
            s: vec![0.0; p * p],
            second_known: false,
            misled: false,
            last_predicted: f64::INFINITY,
            stalling: false,
            free: vec![true; p],
            factor: vec![0.0; p * p],
            place: (0..p).collect(),
            d: vec![0.0; p],
            radius: 1.0,
            lengths: vec![1.0; p],
            reach: vec![0.0; p],
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
        if !self.direction(here, 0.0) {
            return None;
        }
        let decrement: f64 = -(0..self.p).map(|j| self.d[j] * here.g[j]).sum::<f64>();
        if !decrement.is_finite() {
            return None;
        }
        self.measure(here);
        let mut over = norm(&self.d, &self.lengths) / self.radius;
        let mut mu = 0.0;
        for _ in 0..12 {
            if over <= 1.1 {
                break;
            }
            let square = norm(&self.d, &self.lengths).powi(2);
            mu += (over - 1.0) * square / self.secular();
            if !mu.is_finite() || !self.direction(here, mu) {
                return None;
            }
            over = norm(&self.d, &self.lengths) / self.radius;
        }
        if over > 1.0 {
            self.d.iter_mut().for_each(|d| *d /= over);
        }
        Some(0.5 * decrement)
    }

    /// Solves (C + S + λM + μD²) d = −g; false when the matrix is not positive definite.
    fn direction(&mut self, here: &State, mu: f64) -> bool {
        let p = self.p;
        self.assemble(here, self.lambda);
        if mu > 0.0 {
            for j in 0..p {
                let at = self.place[j];
                self.factor[at * p + at] += mu / self.lengths[j].powi(2);
            }
        }
        if !cholesky(&mut self.factor, p) {
            return false;
        }
        let downhill: Vec<f64> = self.freed(&here.g).iter().map(|g| -g).collect();
        self.d = self.solved(&downhill);
        true
    }

    /// The longest step of each coordinate from here: 1/D.
    fn measure(&mut self, here: &State) {
        for j in 0..self.p {
            self.reach[j] = self.reach[j].max(here.x[j].abs());
            let longest = self.limits.longest[j];
            self.lengths[j] = if longest.is_finite() {
                longest
            } else {
                // The change that would undo all of F by this coordinate alone: what measures one that is still zero,
                // or so near to it that its own size would hold it there.
                let own = (here.value.abs() / here.m[j * self.p + j]).sqrt();
                if self.reach[j] > 0.0 && !(self.reach[j] < 1e-30 * own && own.is_finite()) {
                    self.reach[j]
                } else {
                    own
                }
            };
        }
    }

    /// dᵀD²(C + S + λM + μD²)⁻¹D²d, by which ‖Dd‖ falls with μ.
    fn secular(&self) -> f64 {
        let scaled: Vec<f64> = (0..self.p)
            .map(|j| self.d[j] / self.lengths[j].powi(2))
            .collect();
        let solved = self.solved(&scaled);
        scaled.iter().zip(&solved).map(|(a, b)| a * b).sum()
    }

    /// gᵀH⁻¹g with the matrix of the last step: comparable between neighbouring points, and sees a long narrow
    /// valley that the gradient itself hides behind the rounding of its steep sides.
    fn decrement(&self, state: &State) -> f64 {
        if !state.value.is_finite() {
            return f64::INFINITY;
        }
        let g = self.freed(&state.g);
        let d = self.solved(&g);
        g.iter().zip(&d).map(|(g, d)| g * d).sum()
    }

    /// A gradient without what the bounds hold.
    fn freed(&self, g: &[f64]) -> Vec<f64> {
        let free = g.iter().zip(&self.free);
        free.map(|(g, free)| if *free { *g } else { 0.0 }).collect()
    }

    /// The factored matrix's inverse times a vector.
    fn solved(&self, b: &[f64]) -> Vec<f64> {
        let mut placed = vec![0.0; self.p];
        for (j, at) in self.place.iter().enumerate() {
            placed[*at] = b[j];
        }
        cholesky_solve(&self.factor, self.p, &mut placed);
        self.place.iter().map(|at| placed[*at]).collect()
    }

    /// Places coordinates in the factor by how many others their row meets, so that the levels of an index, which meet
    /// none of each other, come first and leave the factor as sparse as the matrix.
    fn arrange(&mut self, here: &State) {
        let p = self.p;
        if p <= DENSE {
            return;
        }
        let met = |j: &usize| here.c[j * p..(j + 1) * p].iter().filter(|x| **x != 0.0);
        let mut order: Vec<usize> = (0..p).collect();
        order.sort_by_cached_key(|j| met(j).count());
        for (at, j) in order.into_iter().enumerate() {
            self.place[j] = at;
        }
    }

    /// C + S + λM with held coordinates cut out, into the factor's place.
    fn assemble(&mut self, here: &State, lambda: f64) {
        let p = self.p;
        self.arrange(here);
        for i in 0..p {
            for j in 0..p {
                let k = i * p + j;
                self.factor[self.place[i] * p + self.place[j]] = if self.free[i] && self.free[j] {
                    here.c[k] + self.s[k] + lambda * here.m[k]
                } else {
                    0.0
                };
            }
            let at = self.place[i] * (p + 1);
            if self.free[i] {
                // A floor far below any curvature that matters keeps an open direction finite.
                self.factor[at] += lambda * (1e-9 * here.m[i * p + i] + f64::MIN_POSITIVE);
            } else {
                self.factor[at] = 1.0;
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

    /// Adjusts the trusted share of the longest steps to how well the model foresaw a step. Damping comes first: it
    /// keeps the direction, and with it the course along a narrow valley. Only where that is not enough are steps bent.
    fn trust(&mut self, ratio: f64, taken: &[f64]) {
        let length = norm(taken, &self.lengths);
        let damped = self.lambda > 0.3 || ratio.is_infinite();
        if ratio < 0.25 && damped {
            self.radius = 0.25 * self.radius.min(length);
        } else if ratio > 0.75 {
            self.radius = self.radius.max(2.0 * length).min(1.0);
        }
    }

    /// Leaves S out until a step has been taken.
    fn forget_second(&mut self) {
        self.s.fill(0.0);
        self.second_known = false;
        self.misled = true;
        self.lambda = 0.1;
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
                self.d = self.solved(&self.freed(&here.g));
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

/// ‖Dd‖ for D = 1/lengths.
fn norm(d: &[f64], lengths: &[f64]) -> f64 {
    d.iter()
        .zip(lengths)
        .map(|(d, l)| (d / l).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[cfg(test)]
mod tests;

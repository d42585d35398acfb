//! Optima on a kink: a law with `max`, `min` or `abs` often fits best where its branches meet at one of the runs. The
//! slope of the objective jumps there, so that no gradient is zero, and a search by slopes stops beside it.
//!
//! # Formula
//!
//! ```text
//! fᵢ⁺ = fᵢ⁻ on the surface dᵢ·(φ − φ*) = 0        dᵢ = ∂fᵢ⁺ − ∂fᵢ⁻
//! ∂F = 0 along the surface, and F rises on both sides of it
//! ```
//!
//! Along the surface the objective is smooth, whichever branch is taken.

use crate::solve::End;
use crate::target::Target;
use isoflop_numerics::minimise::{Limits, Problem, minimise};

/// A surface on which a run passes from one branch to another: the pivot moves so that the others stay on it.
#[derive(Clone, Debug)]
pub(crate) struct Kink {
    /// The coordinate that the surface gives.
    pub pivot: usize,
    /// Change of the pivot for one of each other coordinate, with its sign turned.
    pub normal: Vec<f64>,
}

/// Steps to either side, as a share of the length over which the law bends.
const STEP: f64 = 1e-5;
/// Slopes of a smooth law change by the step; those of a kink by much more.
const JUMP: f64 = 1e-2;

/// The optimum on the kinks beside which a search has ended; none where there are none, or where it is no optimum.
pub(crate) fn finish(target: &mut Target<'_>, end: &End, limits: &Limits) -> Option<End> {
    let p = target.law_dim();
    let mut x = end.outcome.x.clone();
    if x.len() != p || !end.objective.is_finite() {
        return None;
    }
    let lengths = target.units(&x);
    let mut kinks = Vec::new();
    for _ in 0..3 {
        let (found, offsets) = surfaces(target, &x, &lengths);
        if found.is_empty() || found.len() >= p {
            return None;
        }
        for (kink, offset) in found.iter().zip(&offsets) {
            x[kink.pivot] -= offset;
        }
        kinks = found;
    }
    let mut along = Along {
        free: (0..p)
            .filter(|j| kinks.iter().all(|k| k.pivot != *j))
            .collect(),
        origin: x.clone(),
        at: x.clone(),
        kinks: &kinks,
        scratch: (vec![0.0; p], vec![0.0; p * p], vec![0.0; p * p]),
        target,
    };
    let pick = |of: &[f64]| -> Vec<f64> { along.free.iter().map(|j| of[*j]).collect() };
    let own = Limits {
        lower: pick(&limits.lower),
        upper: pick(&limits.upper),
        longest: pick(&limits.longest),
        ..limits.clone()
    };
    let start = pick(&x);
    let found = minimise(&mut along, &start, &own);
    along.place(&found.x);
    let (at, free) = (along.at.clone(), along.free.clone());
    let better = found.value <= end.objective + 1e-9 * end.objective.abs();
    if !found.converged || !better || !rises(target, &at, &lengths, &kinks) {
        return None;
    }
    let mut outcome = end.outcome.clone();
    outcome.x = at;
    outcome.value = found.value;
    outcome.decrease = found.decrease;
    outcome.converged = true;
    outcome.gradient = vec![0.0; p];
    outcome.hessian = vec![0.0; p * p];
    outcome.free = vec![false; p];
    let q = free.len();
    for (a, i) in free.iter().enumerate() {
        outcome.gradient[*i] = found.gradient[a];
        outcome.free[*i] = found.free[a];
        for (b, j) in free.iter().enumerate() {
            outcome.hessian[i * p + j] = found.hessian[a * q + b];
        }
    }
    Some(End {
        objective: outcome.value,
        outcome,
        active: Vec::new(),
        stationarity: 0.0,
        kinks,
    })
}

/// A gradient along the surfaces: what the pivots do goes to the coordinates that move them.
pub(crate) fn reduce_gradient(kinks: &[Kink], g: &mut [f64]) {
    for kink in kinks {
        let own = std::mem::take(&mut g[kink.pivot]);
        for (g, n) in g.iter_mut().zip(&kink.normal) {
            *g -= n * own;
        }
    }
    kinks.iter().for_each(|k| g[k.pivot] = 0.0);
}

/// The same of a matrix of second derivatives, from both sides.
pub(crate) fn reduce_hessian(kinks: &[Kink], h: &mut [f64], p: usize) {
    if kinks.is_empty() {
        return;
    }
    for row in h.chunks_exact_mut(p) {
        reduce_gradient(kinks, row);
    }
    let mut column = vec![0.0; p];
    for j in 0..p {
        for i in 0..p {
            column[i] = h[i * p + j];
        }
        reduce_gradient(kinks, &mut column);
        for i in 0..p {
            h[i * p + j] = column[i];
        }
    }
}

/// Residuals and slopes of all runs at a point.
fn slopes(target: &mut Target<'_>, x: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let mut out = Vec::new();
    target.visit(x, |_, residual, row| out.push((residual, row.to_vec())));
    out
}

/// The kinks near a point, in echelon form, and how far each is along its pivot.
fn surfaces(target: &mut Target<'_>, x: &[f64], lengths: &[f64]) -> (Vec<Kink>, Vec<f64>) {
    let p = x.len();
    let mut rows: Vec<(Vec<f64>, f64)> = Vec::new();
    for j in 0..p {
        let step = STEP * lengths[j];
        let side = |sign: f64, target: &mut Target<'_>| {
            let mut at = x.to_vec();
            at[j] += sign * step;
            slopes(target, &at)
        };
        let (up, down) = (side(1.0, target), side(-1.0, target));
        for ((r_up, up), (r_down, down)) in up.iter().zip(&down) {
            let normal: Vec<f64> = up.iter().zip(down).map(|(a, b)| a - b).collect();
            let size = |row: &[f64]| scaled(row, lengths);
            let jumps = size(&normal) > JUMP * size(up).max(size(down));
            if !jumps {
                continue;
            }
            // Both branches continued to the point: f⁺ − f⁻ there. A gap is a step, not a kink.
            let gap = (r_down - r_up) - step * (up[j] + down[j]);
            if gap.abs() > 4.0 * STEP * size(&normal) {
                continue;
            }
            rows.push((normal, gap));
        }
        if rows.len() > 64 {
            break;
        }
    }
    echelon(rows, lengths)
}

fn scaled(row: &[f64], lengths: &[f64]) -> f64 {
    let squares = row.iter().zip(lengths).map(|(a, l)| (a * l).powi(2));
    squares.sum::<f64>().sqrt()
}

fn echelon(rows: Vec<(Vec<f64>, f64)>, lengths: &[f64]) -> (Vec<Kink>, Vec<f64>) {
    let (mut kinks, mut offsets): (Vec<Kink>, Vec<f64>) = (Vec::new(), Vec::new());
    for (mut normal, mut gap) in rows {
        let size = scaled(&normal, lengths);
        for (kink, offset) in kinks.iter().zip(&offsets) {
            let share = normal[kink.pivot];
            for (a, b) in normal.iter_mut().zip(&kink.normal) {
                *a -= share * b;
            }
            gap -= share * offset;
        }
        if scaled(&normal, lengths) <= 1e-3 * size {
            continue;
        }
        let weight = |j: &usize| (normal[*j] * lengths[*j]).abs();
        let Some(pivot) = (0..normal.len()).max_by(|a, b| weight(a).total_cmp(&weight(b))) else {
            continue;
        };
        let lead = normal[pivot];
        normal.iter_mut().for_each(|a| *a /= lead);
        gap /= lead;
        for (kink, offset) in kinks.iter_mut().zip(&mut offsets) {
            let share = kink.normal[pivot];
            for (a, b) in kink.normal.iter_mut().zip(&normal) {
                *a -= share * b;
            }
            *offset -= share * gap;
        }
        kinks.push(Kink { pivot, normal });
        offsets.push(gap);
    }
    (kinks, offsets)
}

/// Whether the objective rises on both sides of every kink.
fn rises(target: &mut Target<'_>, x: &[f64], lengths: &[f64], kinks: &[Kink]) -> bool {
    let p = x.len();
    let (mut g, mut c, mut m) = (vec![0.0; p], vec![0.0; p * p], vec![0.0; p * p]);
    kinks.iter().all(|kink| {
        [1.0, -1.0].into_iter().all(|side| {
            let mut at = x.to_vec();
            at[kink.pivot] += side * STEP * lengths[kink.pivot];
            target.model(&at, &mut g, &mut c, &mut m);
            side * g[kink.pivot] > 0.0
        })
    })
}

/// The objective along the surfaces, as a function of the coordinates that are no pivots.
struct Along<'k, 't, 'a> {
    target: &'t mut Target<'a>,
    free: Vec<usize>,
    origin: Vec<f64>,
    at: Vec<f64>,
    kinks: &'k [Kink],
    scratch: (Vec<f64>, Vec<f64>, Vec<f64>),
}

impl Along<'_, '_, '_> {
    fn place(&mut self, t: &[f64]) {
        self.at.copy_from_slice(&self.origin);
        for (j, value) in self.free.iter().zip(t) {
            self.at[*j] = *value;
        }
        for kink in self.kinks {
            let moved = self.free.iter();
            let moved = moved.map(|j| kink.normal[*j] * (self.at[*j] - self.origin[*j]));
            self.at[kink.pivot] = self.origin[kink.pivot] - moved.sum::<f64>();
        }
    }

    fn pick(&self, from: &[f64], to: &mut [f64]) {
        let (p, q) = (self.at.len(), self.free.len());
        for (a, i) in self.free.iter().enumerate() {
            for (b, j) in self.free.iter().enumerate() {
                to[a * q + b] = from[i * p + j];
            }
        }
    }
}

impl Problem for Along<'_, '_, '_> {
    fn dim(&self) -> usize {
        self.free.len()
    }

    fn model(&mut self, x: &[f64], gradient: &mut [f64], c: &mut [f64], m: &mut [f64]) -> f64 {
        self.place(x);
        let p = self.at.len();
        let mut scratch = std::mem::take(&mut self.scratch);
        let value = self
            .target
            .model(&self.at, &mut scratch.0, &mut scratch.1, &mut scratch.2);
        reduce_gradient(self.kinks, &mut scratch.0);
        reduce_hessian(self.kinks, &mut scratch.1, p);
        reduce_hessian(self.kinks, &mut scratch.2, p);
        for (g, j) in gradient.iter_mut().zip(&self.free) {
            *g = scratch.0[*j];
        }
        self.pick(&scratch.1, c);
        self.pick(&scratch.2, m);
        self.scratch = scratch;
        value
    }

    /// The law's own curvature is known by differences, which would step off the surface.
    fn second(&mut self, _: &[f64], s: &mut [f64]) {
        s.fill(0.0);
    }

    fn yardstick(&self, value: f64) -> f64 {
        self.target.yardstick(value)
    }

    fn noise(&self, value: f64) -> f64 {
        self.target.noise(value)
    }
}

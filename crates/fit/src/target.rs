//! The objective of one fit as a problem for the minimiser: a bound law, observed responses, weights, a penalty,
//! priors.
//!
//! # Formula
//!
//! ```text
//! F(φ) = Σ wᵢ ρ(tᵢ − f(xᵢ; Tφ)) + κ Σⱼ ½ zⱼ(φ)²
//! ```
//!
//! t is the observed response on the scale of the residuals, f the law on the same scale, T the map that measures the
//! amplitude of a term at the centre of the data, z a prior's standardised distance and κ the size of one nat in units
//! of ρ. Student's t adds ln s to φ as the last coordinate.

use crate::centre::Centre;
use crate::pool::Pool;
use crate::weights::Weights;
use isoflop_law::Prior;
use isoflop_law::tape::{BLOCK, Bound, Normal, Workspace};
use isoflop_numerics::kernels;
use isoflop_numerics::minimise::Problem;
use isoflop_numerics::penalty::{Penalty, PenaltyColumns};

/// What does not change between starts, resamples and stages.
pub(crate) struct Frame<'a> {
    pub bound: &'a Bound<'a>,
    /// Observed responses on the scale of the residuals.
    pub observed: &'a [f64],
    pub centre: &'a Centre,
    /// (coordinate, prior).
    pub priors: &'a [(usize, Prior)],
    /// Levels that scatter about their means.
    pub pools: &'a [Pool],
    /// Rounding size of a residual: nothing smaller means anything.
    pub floor: f64,
}

/// One objective: a frame with weights and a penalty, and the memory to evaluate it.
pub(crate) struct Target<'a> {
    pub frame: &'a Frame<'a>,
    pub weights: Weights<'a>,
    pub penalty: Penalty,
    /// Size of one nat of prior in units of the penalty.
    pub nat: f64,
    memory: Memory,
}

/// Gives the row weights of a block; says whether that moved the target.
type Weigh<'w, 'a> = dyn FnMut(&mut Target<'a>, usize, &mut [f64]) -> bool + 'w;

/// Scratch of a target; made once for a thread.
pub(crate) struct Memory {
    ws: Workspace,
    curve: Normal,
    majorant: Normal,
    columns: PenaltyColumns,
    residual: Vec<f64>,
    /// The point of the last sum.
    at: Vec<f64>,
    /// wψ of the first rows there; those beyond are made again where they are needed.
    slopes: Vec<f64>,
    /// Σ (wψ)² there.
    squares: f64,
    cross: Vec<f64>,
    theta: Vec<f64>,
    buffer: Vec<f64>,
}

/// Rows whose slopes are kept: making them again costs half as much as the step they are for, and keeping all of
/// millions of rows would cost each thread a column of its own.
const KEPT: usize = 256 * BLOCK;

impl Memory {
    pub fn new(frame: &Frame<'_>) -> Self {
        let program = frame.bound.program();
        let p = program.coordinates().len();
        Self {
            ws: program.workspace(),
            curve: Normal::new(program),
            majorant: Normal::new(program),
            columns: PenaltyColumns::new(BLOCK),
            residual: vec![0.0; BLOCK],
            at: Vec::new(),
            slopes: vec![0.0; frame.bound.rows().min(KEPT)],
            squares: 0.0,
            cross: vec![0.0; BLOCK],
            theta: vec![0.0; p],
            buffer: vec![0.0; p * p],
        }
    }
}

impl<'a> Target<'a> {
    pub fn new(frame: &'a Frame<'a>, weights: Weights<'a>, penalty: Penalty, nat: f64) -> Self {
        Self::with_memory(frame, weights, penalty, nat, Memory::new(frame))
    }

    pub fn with_memory(
        frame: &'a Frame<'a>,
        weights: Weights<'a>,
        penalty: Penalty,
        nat: f64,
        memory: Memory,
    ) -> Self {
        Self {
            frame,
            weights,
            penalty,
            nat,
            memory,
        }
    }

    /// Gives the memory back for the next target.
    pub fn into_memory(self) -> Memory {
        self.memory
    }

    /// Coordinates of the law.
    pub fn law_dim(&self) -> usize {
        self.memory.theta.len()
    }

    /// Sets the scale of Student's t from the last coordinate.
    fn take_scale(&mut self, x: &[f64]) {
        if let Penalty::Student { nu, .. } = self.penalty {
            let scale = x[self.law_dim()].exp();
            self.penalty = Penalty::Student { nu, scale };
        }
    }

    fn set(&mut self, x: &[f64]) {
        self.take_scale(x);
        self.place(x);
    }

    /// Moves to `x` for a sum over all rows.
    fn begin(&mut self, x: &[f64]) {
        self.set(x);
        self.memory.at.clear();
        self.memory.at.extend_from_slice(x);
        self.memory.squares = 0.0;
    }

    /// Moves to `x` without its scale.
    fn place(&mut self, x: &[f64]) {
        let p = self.law_dim();
        self.frame.centre.to_law(&x[..p], &mut self.memory.theta);
        self.frame
            .bound
            .set(&mut self.memory.ws, &self.memory.theta);
    }

    /// F alone, without derivatives.
    pub fn value(&mut self, x: &[f64]) -> f64 {
        self.begin(x);
        let mut sum = 0.0;
        for block in 0..self.frame.bound.blocks() {
            sum += self.sum(block);
        }
        sum + self.prior_value(x)
    }

    /// Residuals and penalty columns of a block.
    fn penalise(&mut self, block: usize) {
        let at = self.frame.bound.block(block);
        let n = at.len();
        let memory = &mut self.memory;
        let values = self.frame.bound.values(&mut memory.ws, block);
        let observed = &self.frame.observed[at.clone()];
        kernels::linear_column(&mut memory.residual[..n], -1.0, values, observed);
        self.penalty.columns(
            &memory.residual[..n],
            observed,
            self.weights.block(at),
            &mut memory.columns,
        );
    }

    /// The sum of the penalties of a block, whose columns stay in memory.
    fn sum(&mut self, block: usize) -> f64 {
        self.penalise(block);
        let at = self.frame.bound.block(block);
        let n = at.len();
        let memory = &mut self.memory;
        let slopes = &memory.columns.slope[..n];
        for slope in slopes {
            memory.squares += slope * slope;
        }
        if let Some(kept) = memory.slopes.get_mut(at) {
            kept.copy_from_slice(slopes);
        }
        kernels::total(&memory.columns.value[..n])
    }

    /// wψ of a block at `x`, the last point of a sum. Says whether the target had to move there.
    fn slopes(&mut self, x: &[f64], block: usize, out: &mut [f64]) -> bool {
        if let Some(kept) = self.memory.slopes.get(self.frame.bound.block(block)) {
            out.copy_from_slice(kept);
            return false;
        }
        self.place(x);
        self.penalise(block);
        out.copy_from_slice(&self.memory.columns.slope[..out.len()]);
        true
    }

    /// Whether the law has a value on every row at `x`.
    pub fn is_defined(&mut self, x: &[f64]) -> bool {
        self.set(x);
        let bound = self.frame.bound;
        (0..bound.blocks()).all(|block| {
            let values = bound.values(&mut self.memory.ws, block);
            values.iter().all(|value| value.is_finite())
        })
    }

    /// Residuals of all rows at `x`.
    pub fn residuals(&mut self, x: &[f64]) -> Vec<f64> {
        self.set(x);
        let mut out = vec![0.0; self.frame.bound.rows()];
        for block in 0..self.frame.bound.blocks() {
            let at = self.frame.bound.block(block);
            let values = self.frame.bound.values(&mut self.memory.ws, block);
            kernels::linear_column(&mut out[at.clone()], -1.0, values, &self.frame.observed[at]);
        }
        out
    }

    /// ∂f/∂φ of all rows at `x`, row by row: the number of the row, its residual, its slopes by the law's coordinates.
    /// There is never more of the Jacobian than one block.
    pub fn visit(&mut self, x: &[f64], mut see: impl FnMut(usize, f64, &[f64])) {
        self.visit_blocks(x, |first, residuals, rows| {
            let p = rows.len() / residuals.len();
            for (i, (r, row)) in residuals.iter().zip(rows.chunks_exact(p)).enumerate() {
                see(first + i, *r, row);
            }
        });
    }

    /// [`Self::visit`] by blocks: the first row, the residuals, rows × law coordinates.
    pub fn visit_blocks(&mut self, x: &[f64], mut see: impl FnMut(usize, &[f64], &[f64])) {
        self.set(x);
        let bound = self.frame.bound;
        let p = self.law_dim();
        let mut rows = vec![0.0; BLOCK.min(bound.rows()) * p];
        let memory = &mut self.memory;
        for block in 0..bound.blocks() {
            let at = bound.block(block);
            let (n, first) = (at.len(), at.start);
            let values = bound.values(&mut memory.ws, block);
            let residuals = &mut memory.residual[..n];
            kernels::linear_column(residuals, -1.0, values, &self.frame.observed[at]);
            let rows = &mut rows[..n * p];
            bound.jacobian_block(&mut memory.ws, block, rows);
            for row in rows.chunks_exact_mut(p) {
                self.frame.centre.gradient(row);
            }
            see(first, residuals, rows);
        }
    }

    /// Σ qᵢ ∂fᵢ/∂φ for fixed row weights q, which `weigh` gives block by block.
    fn weighted_gradient(&mut self, x: &[f64], weigh: &mut Weigh<'_, 'a>, out: &mut [f64]) {
        let mut q = [0.0; BLOCK];
        self.place(x);
        self.memory.curve.clear();
        for block in 0..self.frame.bound.blocks() {
            let n = self.frame.bound.block(block).len();
            if weigh(self, block, &mut q[..n]) {
                self.place(x);
            }
            let memory = &mut self.memory;
            self.frame.bound.values(&mut memory.ws, block);
            self.frame.bound.derivatives(&mut memory.ws, block);
            memory
                .curve
                .add_side(self.frame.bound, &memory.ws, block, &q[..n]);
        }
        let memory = &mut self.memory;
        memory
            .curve
            .side(self.frame.bound.program(), &mut memory.ws, out);
        self.frame.centre.gradient(out);
    }

    /// [`Self::curved`] with the weights of all rows at hand.
    pub fn weighted_hessian(&mut self, x: &[f64], q: &[f64]) -> Vec<f64> {
        self.curved(x, &mut |target, block, out| {
            out.copy_from_slice(&q[target.frame.bound.block(block)]);
            false
        })
    }

    /// Σ qᵢ ∇²fᵢ for fixed row weights q, by central differences of [`Self::weighted_gradient`]: the weights are
    /// smooth in φ whatever the penalty, so the differences are good to ten digits.
    ///
    /// The levels of one index meet in no run, so all of them move at once: the change of each one's own slope is its
    /// own, and what they share with other coordinates is read from the moves of those.
    fn curved(&mut self, x: &[f64], weigh: &mut Weigh<'_, 'a>) -> Vec<f64> {
        let p = self.law_dim();
        let mut h = vec![0.0; p * p];
        let (mut up, mut down) = (vec![0.0; p], vec![0.0; p]);
        let mut at = x[..p].to_vec();
        let steps: Vec<f64> = self.units(x).iter().map(|unit| 6e-6 * unit).collect();
        let apart = self.apart();
        let mut moves: Vec<Vec<usize>> = apart.iter().map(|g| g.clone().collect()).collect();
        let together = |j: &usize| apart.iter().any(|g| g.contains(j));
        moves.extend((0..p).filter(|j| !together(j)).map(|j| vec![j]));
        for moved in &moves {
            for side in [1.0, -1.0] {
                for j in moved {
                    at[*j] = x[*j] + side * steps[*j];
                }
                let out = if side > 0.0 { &mut up } else { &mut down };
                self.weighted_gradient(&at, weigh, out);
            }
            for j in moved {
                at[*j] = x[*j];
            }
            if let [j] = moved[..] {
                for i in 0..p {
                    h[i * p + j] = (up[i] - down[i]) / (2.0 * steps[j]);
                }
                continue;
            }
            // Level k of another group of the same index meets level k of this one alone.
            for group in &apart {
                for (level, j) in moved.iter().enumerate() {
                    let i = group.start + level;
                    h[i * p + j] = (up[i] - down[i]) / (2.0 * steps[*j]);
                }
            }
        }
        for j in 0..p {
            for i in (0..p).filter(|i| !together(i) && together(&j)) {
                h[i * p + j] = h[j * p + i];
            }
        }
        for i in 0..p {
            for j in 0..i {
                let mean = 0.5 * (h[i * p + j] + h[j * p + i]);
                h[i * p + j] = mean;
                h[j * p + i] = mean;
            }
        }
        h
    }

    /// Coordinates of the groups that run over the index with the most levels.
    fn apart(&self) -> Vec<std::ops::Range<usize>> {
        let groups = self.frame.bound.program().groups();
        let Some(most) = groups.iter().max_by_key(|g| g.levels) else {
            return Vec::new();
        };
        let same = groups.iter().filter(|g| g.index == most.index);
        same.map(|g| g.base..g.base + g.levels).collect()
    }

    /// For each coordinate the length over which the law bends. Where nothing is known of its size: its value, but
    /// near the change that moves the law by its own size, ‖f‖/‖∂f/∂φⱼ‖, lest differences drown in rounding.
    pub fn units(&mut self, x: &[f64]) -> Vec<f64> {
        let p = self.law_dim();
        let known: Vec<Option<f64>> = (0..p).map(|j| self.frame.centre.unit(j)).collect();
        if known.iter().all(Option::is_some) {
            return known.into_iter().flatten().collect();
        }
        let mut squares = vec![0.0; p];
        self.visit(x, |_, _, row| {
            for (sum, slope) in squares.iter_mut().zip(row) {
                *sum += slope * slope;
            }
        });
        let size = norm(self.frame.observed.iter().copied());
        (0..p)
            .map(|j| {
                let own = size / squares[j].sqrt();
                known[j].unwrap_or_else(|| match x[j].abs() {
                    at if !(own.is_finite() && own > 0.0) => at.max(f64::MIN_POSITIVE.sqrt()),
                    0.0 => own,
                    at => at.clamp(1e-3 * own, own),
                })
            })
            .collect()
    }

    fn prior_value(&self, x: &[f64]) -> f64 {
        let priors = self.frame.priors.iter();
        let own: f64 = priors
            .map(|(j, prior)| self.nat * self.prior_terms(*j, *prior, x)[0])
            .sum();
        if self.frame.pools.is_empty() {
            return own;
        }
        let theta = self.theta_at(x);
        let pools = self.frame.pools.iter().map(|pool| pool.value(&theta));
        own + self.nat * pools.sum::<f64>()
    }

    fn theta_at(&self, x: &[f64]) -> Vec<f64> {
        let p = self.law_dim();
        let mut theta = vec![0.0; p];
        self.frame.centre.to_law(&x[..p], &mut theta);
        theta
    }

    /// Adds the pools; they speak of the law's own coordinates, which the centring mixes.
    fn add_pools(&self, x: &[f64], gradient: &mut [f64], c: &mut [f64], m: &mut [f64]) -> f64 {
        if self.frame.pools.is_empty() {
            return 0.0;
        }
        let (p, dim) = (self.law_dim(), x.len());
        let theta = self.theta_at(x);
        let (mut g, mut h) = (vec![0.0; p], vec![0.0; p * p]);
        let mut value = 0.0;
        for pool in self.frame.pools {
            value += self.nat * pool.value(&theta);
            pool.add(&theta, self.nat, &mut g, &mut h);
        }
        self.frame.centre.gradient(&mut g);
        self.frame.centre.hessian(&mut h);
        for a in 0..p {
            gradient[a] += g[a];
            for b in 0..p {
                c[a * dim + b] += h[a * p + b];
                m[a * dim + b] += h[a * p + b];
            }
        }
        value
    }

    /// ½z², its slope, z'² and z·z'' by the coordinate.
    fn prior_terms(&self, j: usize, prior: Prior, x: &[f64]) -> [f64; 4] {
        let mut theta = vec![0.0; self.law_dim()];
        self.frame.centre.to_law(&x[..self.law_dim()], &mut theta);
        let log = self.frame.bound.program().coordinates()[j].log;
        let t = theta[j];
        let (q, dq, ddq, mean, sd) = match (prior, log) {
            (Prior::Normal { mean, sd }, false) => (t, 1.0, 0.0, mean, sd),
            (Prior::Normal { mean, sd }, true) => (t.exp(), t.exp(), t.exp(), mean, sd),
            (Prior::LogNormal { mean_ln, sd_ln }, true) => (t, 1.0, 0.0, mean_ln, sd_ln),
            (Prior::LogNormal { mean_ln, sd_ln }, false) => {
                (t.ln(), 1.0 / t, -1.0 / (t * t), mean_ln, sd_ln)
            }
        };
        let z = (q - mean) / sd;
        [0.5 * z * z, z * dq / sd, dq * dq / (sd * sd), z * ddq / sd]
    }

    /// Adds the priors; a prior speaks of the coefficient itself, so a centred amplitude brings its exponents in.
    fn add_priors(&self, x: &[f64], gradient: &mut [f64], c: &mut [f64], m: &mut [f64]) -> f64 {
        let (p, dim) = (self.law_dim(), x.len());
        let mut value = 0.0;
        for (j, prior) in self.frame.priors {
            let [half, slope, square, bent] = self.prior_terms(*j, *prior, x);
            value += self.nat * half;
            let mut direction = vec![0.0; p];
            direction[*j] = 1.0;
            self.frame.centre.gradient(&mut direction);
            for a in 0..p {
                gradient[a] += self.nat * slope * direction[a];
                for b in 0..p {
                    let outer = direction[a] * direction[b];
                    c[a * dim + b] += self.nat * (square + bent) * outer;
                    m[a * dim + b] += self.nat * square * outer;
                }
            }
        }
        value
    }

    /// Gradient, curvature and cross terms of Student's scale, the last coordinate.
    fn add_scale(&mut self, dim: usize, gradient: &mut [f64], c: &mut [f64], m: &mut [f64]) {
        let Penalty::Student { nu, scale } = self.penalty else {
            return;
        };
        let p = dim - 1;
        let s2 = nu * scale * scale;
        let (mut first, mut second) = (0.0, 0.0);
        let memory = &mut self.memory;
        memory.curve.clear();
        let bound = self.frame.bound;
        for block in 0..bound.blocks() {
            let at = bound.block(block);
            let n = at.len();
            let values = bound.values(&mut memory.ws, block);
            kernels::linear_column(
                &mut memory.residual[..n],
                -1.0,
                values,
                &self.frame.observed[at.clone()],
            );
            for i in 0..n {
                let (r, w) = (memory.residual[i], self.weights[at.start + i]);
                let q = s2 + r * r;
                first += w * (1.0 - (nu + 1.0) * r * r / q);
                second += w * (nu + 1.0) * r * r * 2.0 * s2 / (q * q);
                memory.cross[i] = w * (nu + 1.0) * 2.0 * r * s2 / (q * q);
            }
            bound.derivatives(&mut memory.ws, block);
            memory
                .curve
                .add_side(bound, &memory.ws, block, &memory.cross[..n]);
        }
        memory
            .curve
            .side(bound.program(), &mut memory.ws, &mut memory.buffer[..p]);
        self.frame.centre.gradient(&mut memory.buffer[..p]);
        gradient[p] += first;
        c[p * dim + p] += second;
        m[p * dim + p] += second;
        for j in 0..p {
            c[p * dim + j] += memory.buffer[j];
            c[j * dim + p] += memory.buffer[j];
        }
    }
}

impl Problem for Target<'_> {
    fn dim(&self) -> usize {
        self.law_dim() + usize::from(matches!(self.penalty, Penalty::Student { .. }))
    }

    fn model(&mut self, x: &[f64], gradient: &mut [f64], c: &mut [f64], m: &mut [f64]) -> f64 {
        let (p, dim) = (self.law_dim(), x.len());
        self.begin(x);
        self.memory.curve.clear();
        self.memory.majorant.clear();
        let bound = self.frame.bound;
        let one_weight = matches!(self.penalty, Penalty::Squared);
        let mut value = 0.0;
        for block in 0..bound.blocks() {
            value += self.sum(block);
            let memory = &mut self.memory;
            bound.derivatives(&mut memory.ws, block);
            memory
                .curve
                .add_side(bound, &memory.ws, block, &memory.columns.slope);
            memory
                .curve
                .add_gram(bound, &memory.ws, block, &memory.columns.curve);
            if !one_weight {
                memory
                    .majorant
                    .add_gram(bound, &memory.ws, block, &memory.columns.majorant);
            }
        }
        gradient.fill(0.0);
        c.fill(0.0);
        m.fill(0.0);
        let memory = &mut self.memory;
        let program = bound.program();
        memory
            .curve
            .side(program, &mut memory.ws, &mut gradient[..p]);
        // r = t − f: the residual's derivative is minus the law's.
        gradient[..p].iter_mut().for_each(|g| *g = -*g);
        self.frame.centre.gradient(&mut gradient[..p]);
        memory
            .curve
            .gram(program, &mut memory.ws, &mut memory.buffer);
        self.frame.centre.hessian(&mut memory.buffer);
        copy_square(&memory.buffer, p, c, dim);
        if !one_weight {
            memory
                .majorant
                .gram(program, &mut memory.ws, &mut memory.buffer);
            self.frame.centre.hessian(&mut memory.buffer);
        }
        copy_square(&memory.buffer, p, m, dim);
        if dim > p {
            self.add_scale(dim, gradient, c, m);
        }
        value + self.add_priors(x, gradient, c, m) + self.add_pools(x, gradient, c, m)
    }

    fn second(&mut self, x: &[f64], s: &mut [f64]) {
        let (p, dim) = (self.law_dim(), x.len());
        if self.memory.at != x {
            // The last sum was over a point that was not taken.
            self.value(x);
        }
        let h = self.curved(x, &mut |target, block, out| target.slopes(x, block, out));
        s.fill(0.0);
        for i in 0..p {
            for j in 0..p {
                s[i * dim + j] = -h[i * p + j];
            }
        }
    }

    fn yardstick(&self, value: f64) -> f64 {
        if matches!(self.penalty, Penalty::Student { .. }) {
            return self.weights.total();
        }
        let floor = self.penalty.at(self.frame.floor)[0] * self.weights.total();
        value.abs().max(floor)
    }

    fn noise(&self, value: f64) -> f64 {
        // Σ ψᵢεᵢ with rounding εᵢ of either sign: far above the rounding of the sum itself where residuals are small
        // beside the response.
        let carried = self.memory.squares.sqrt() * self.frame.floor;
        carried.max(1e-15 * self.yardstick(value).max(value.abs()))
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

fn copy_square(from: &[f64], p: usize, to: &mut [f64], dim: usize) {
    for i in 0..p {
        to[i * dim..i * dim + p].copy_from_slice(&from[i * p..(i + 1) * p]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_law::Law;
    use isoflop_law::tape::{Output, Program};

    /// More rows than have their slopes kept, for laws of least squares and of Student's t, with weights and without.
    #[test]
    fn curvature_is_that_of_explicit_slopes_where_they_are_made_again() {
        let law = Law::from_formula("y = a * x^-b + c", &["x", "y"], &[]).expect("a law");
        let program = Program::compile(&law, &Vec::new(), Output::Response).expect("compiles");
        let rows = KEPT + 100;
        let x: Vec<f64> = (0..rows).map(|i| 1.0 + (i % 977) as f64).collect();
        let wave = |i: usize| 0.1 * ((i * 7919 % 1000) as f64 / 500.0 - 1.0);
        let y: Vec<f64> = (0..rows)
            .map(|i| 3.0 / x[i].sqrt() + 1.0 + wave(i))
            .collect();
        let weights: Vec<f64> = (0..rows).map(|i| 1.0 + (i % 5) as f64).collect();
        let columns: Vec<&[f64]> = program
            .vars()
            .iter()
            .map(|name| if name == "x" { &x[..] } else { &y[..] })
            .collect();
        let bound = program.bind(rows, &columns, &[]);
        let centre = Centre::new(&bound);
        let frame = Frame {
            bound: &bound,
            observed: &y,
            centre: &centre,
            priors: &[],
            pools: &[],
            floor: 1e-15,
        };
        let student = Penalty::Student {
            nu: 4.0,
            scale: 0.1,
        };
        for penalty in [Penalty::Squared, student] {
            for weights in [Weights::Even(rows), Weights::Each(&weights)] {
                let mut target = Target::new(&frame, weights, penalty, 0.0);
                let mut at = vec![0.3, 0.4, 0.9];
                if penalty != Penalty::Squared {
                    at.push(0.2f64.ln());
                }
                let dim = at.len();
                let elsewhere: Vec<f64> = at.iter().map(|x| x + 0.1).collect();
                let mut found = vec![0.0; dim * dim];
                // A point that was tried and not taken lies between.
                target.value(&at);
                target.value(&elsewhere);
                target.second(&at, &mut found);
                let slopes: Vec<f64> = target
                    .residuals(&at)
                    .iter()
                    .zip(weights.iter())
                    .map(|(r, w)| w * target.penalty.at(*r)[1])
                    .collect();
                let wanted = target.weighted_hessian(&at, &slopes);
                for i in 0..3 {
                    for j in 0..3 {
                        let (found, wanted) = (found[i * dim + j], -wanted[i * 3 + j]);
                        assert!(
                            (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
                            "{found} {wanted}"
                        );
                    }
                }
            }
        }
    }
}

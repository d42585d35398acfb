//! Amplitudes by linear least squares: given the coefficients inside powers, exponentials and denominators, those in which
//! the law is linear have one best value, and no start need guess it.
//!
//! # Formula
//!
//! ```text
//! f(x; a, θ) = f₀(x; θ) + Σⱼ aⱼ gⱼ(x; θ)        a(θ) = argmin Σ wᵢ (tᵢ − f(xᵢ; a, θ))²
//! ```
//!
//! Golub and Pereyra (1973) call it variable projection. Here it serves starts only.

use std::collections::BTreeMap;

use crate::binding::Binding;
use crate::engine;
use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use isoflop_law::Law;
use isoflop_law::tape::{BLOCK, Bound, Program, Workspace};
use isoflop_numerics::linear::{cholesky, cholesky_solve};

/// More amplitudes than this are not projected: levels of an index by the hundreds.
const MOST: usize = 200;
/// More amplitudes than this are projected, and their starts not refined.
const MOST_REFINED: usize = 60;
/// Ridge on normal equations scaled to a unit diagonal: two rates of a start may be alike.
const RIDGE: f64 = 1e-9;

/// The coefficients in which the right side of a law is jointly linear, in the order in which it names them.
pub(crate) fn linear_coefs(law: &Law) -> Vec<&str> {
    let mut chosen: Vec<&str> = Vec::new();
    for (name, _) in law
        .formula
        .right
        .names()
        .into_iter()
        .chain(law.formula.lets.iter().flat_map(|step| step.value.names()))
    {
        let Some(coef) = law.coef(name) else { continue };
        if chosen.contains(&name) || coef.fixed.is_some() || coef.tie.is_some() {
            continue;
        }
        // A tie would make another coefficient move along.
        let tied = law.coefs.iter().filter_map(|c| c.tie.as_ref());
        if tied
            .into_iter()
            .any(|(_, e)| e.names().iter().any(|(n, _)| *n == name))
        {
            continue;
        }
        chosen.push(coef.name.as_str());
        if degree(law, &chosen).is_none_or(|d| d > 1) {
            chosen.pop();
        }
    }
    chosen
}

/// Degree of the right side in these coefficients; none where it is no polynomial of them.
pub(crate) fn degree(law: &Law, chosen: &[&str]) -> Option<u32> {
    // Each step once: thirty of them that name the one before twice would be a billion looks.
    let mut steps: BTreeMap<&str, Option<u32>> = BTreeMap::new();
    for step in &law.formula.lets {
        let own = degree_of(&step.value, chosen, &steps);
        steps.insert(&step.name, own);
    }
    degree_of(&law.formula.right, chosen, &steps)
}

fn degree_of(expr: &Expr, chosen: &[&str], steps: &BTreeMap<&str, Option<u32>>) -> Option<u32> {
    let of = |e: &Expr| degree_of(e, chosen, steps);
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Text(_) => Some(0),
        ExprKind::Name(name) | ExprKind::Indexed { name, .. } => match steps.get(name.as_str()) {
            Some(step) => *step,
            None => Some(u32::from(chosen.contains(&name.as_str()))),
        },
        ExprKind::Unary(UnaryOp::Neg, a) => of(a),
        ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) => Some(of(a)?.max(of(b)?)),
        ExprKind::Binary(BinaryOp::Mul, a, b) => Some(of(a)?.saturating_add(of(b)?)),
        ExprKind::Binary(BinaryOp::Div, a, b) if of(b)? == 0 => of(a),
        ExprKind::If(test, a, b) if of(test)? == 0 => Some(of(a)?.max(of(b)?)),
        _ => {
            let parts = expr.children().into_iter().map(of);
            parts.into_iter().all(|d| d == Some(0)).then_some(0)
        }
    }
}

/// A sample of the runs on which starts are projected.
pub(crate) struct Projection<'p> {
    program: &'p Program,
    bound: Bound<'p>,
    target: Vec<f64>,
    weights: Vec<f64>,
    linear: Vec<usize>,
}

impl<'p> Projection<'p> {
    /// `program` computes the right side as written, `target` is what it should be at each run; `relative` weighs runs by
    /// the inverse of their size. None where nothing is linear.
    pub fn new(
        law: &Law,
        program: &'p Program,
        binding: &Binding,
        target: &[f64],
        relative: bool,
    ) -> Option<Self> {
        let names = linear_coefs(law);
        let linear: Vec<usize> = (0..program.coordinates().len())
            .filter(|j| {
                let coef = &law.coefs[program.coordinates()[*j].coef];
                names.contains(&coef.name.as_str())
            })
            .collect();
        if linear.is_empty() || linear.len() > MOST {
            return None;
        }
        let n = binding.n;
        let kept = n.min(BLOCK);
        let rows: Vec<usize> = (0..kept).map(|k| k * n / kept).collect();
        let pick = |column: &[f64]| -> Vec<f64> { rows.iter().map(|i| column[*i]).collect() };
        let columns: Vec<Vec<f64>> = engine::columns(program, law, binding)
            .into_iter()
            .map(|c| if c.is_empty() { Vec::new() } else { pick(c) })
            .collect();
        let views: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let codes: Vec<Vec<u32>> = engine::codes(program, binding)
            .into_iter()
            .map(|c| rows.iter().map(|i| c[*i]).collect())
            .collect();
        let target = pick(target);
        let own = binding.weights();
        let weigh = |(y, i): (&f64, &usize)| {
            let size = if relative {
                y.abs().max(f64::MIN_POSITIVE.sqrt())
            } else {
                1.0
            };
            own[*i] / (size * size)
        };
        let weights = target.iter().zip(&rows).map(weigh).collect();
        Some(Self {
            bound: program.bind(kept, &views, &codes),
            program,
            target,
            weights,
            linear,
        })
    }

    pub fn workspace(&self) -> Workspace {
        self.program.workspace()
    }

    /// Whether [`Self::refine`] is worth its price.
    pub fn refines(&self) -> bool {
        self.linear.len() <= MOST_REFINED
    }

    /// Puts the best amplitudes into the law's coordinates; false where the law has no value there.
    pub fn project(&self, ws: &mut Workspace, theta: &mut [f64]) -> bool {
        let coordinates = self.program.coordinates();
        for j in &self.linear {
            // Any value will do where the law is linear in it; in a logarithm that of the start is kept.
            if !coordinates[*j].log {
                theta[*j] = 0.0;
            }
        }
        let (n, p, k) = (self.target.len(), theta.len(), self.linear.len());
        let mut values = vec![0.0; n];
        self.bound.evaluate(ws, theta, &mut values);
        let slopes = self.bound.jacobian(ws, theta);
        let mut basis = vec![0.0; n * k];
        for (row, slopes) in basis.chunks_exact_mut(k).zip(slopes.chunks_exact(p)) {
            for (b, j) in row.iter_mut().zip(&self.linear) {
                *b = slopes[*j];
            }
        }
        if values.iter().chain(&basis).any(|x| !x.is_finite()) {
            return false;
        }
        // What the amplitudes have to explain: the target without the rest of the law.
        let rest: Vec<f64> = (0..n)
            .map(|i| {
                let own: f64 = (0..k)
                    .filter(|a| coordinates[self.linear[*a]].log)
                    .map(|a| basis[i * k + a])
                    .sum();
                self.target[i] - (values[i] - own)
            })
            .collect();
        let Some(found) = self.least_squares(&basis, &rest) else {
            return false;
        };
        for (a, j) in self.linear.iter().enumerate() {
            let c = &coordinates[*j];
            theta[*j] = if c.log {
                (theta[*j] + found[a].ln()).clamp(c.lower, c.upper)
            } else {
                found[a].clamp(c.lower, c.upper)
            };
        }
        theta.iter().all(|x| x.is_finite())
    }

    /// Goes down from a start by Gauss and Newton in the other coefficients alone, the amplitudes always at their best
    /// (Kaufman 1975): what is left has no valley along which an amplitude makes up for an exponent. The sum of squares;
    /// none where the law has no value at the start.
    pub fn refine(&self, ws: &mut Workspace, theta: &mut Vec<f64>) -> Option<f64> {
        let coordinates = self.program.coordinates();
        let others: Vec<usize> = (0..theta.len())
            .filter(|j| !self.linear.contains(j))
            .collect();
        let q = others.len();
        if !self.project(ws, theta) {
            return None;
        }
        let mut here = self.look(ws, theta, &others)?;
        let mut lambda = 1e-2;
        for _ in 0..REFINED {
            let mut h = here.hessian.clone();
            for a in 0..q {
                h[a * q + a] += lambda * h[a * q + a] + f64::MIN_POSITIVE;
            }
            let mut step = here.gradient.clone();
            if !cholesky(&mut h, q) {
                lambda = lambda.max(1e-6) * 10.0;
                if lambda > 1e12 {
                    break;
                }
                continue;
            }
            cholesky_solve(&h, q, &mut step);
            let mut next = theta.clone();
            for (j, d) in others.iter().zip(&step) {
                let c = &coordinates[*j];
                next[*j] = (next[*j] + d).clamp(c.lower, c.upper);
            }
            let there = self
                .project(ws, &mut next)
                .then(|| self.look(ws, &next, &others))
                .flatten();
            match there {
                Some(there) if there.sum < here.sum => {
                    let small = here.sum - there.sum <= 1e-9 * here.sum;
                    (*theta, here) = (next, there);
                    lambda *= 0.2;
                    if small {
                        break;
                    }
                }
                _ => {
                    lambda = lambda.max(1e-6) * 6.0;
                    if lambda > 1e12 {
                        break;
                    }
                }
            }
        }
        Some(here.sum)
    }

    /// Sum of squares at a start, with its slopes in the other coordinates once the amplitudes have followed.
    fn look(&self, ws: &mut Workspace, theta: &[f64], others: &[usize]) -> Option<Slopes> {
        let (n, p, q) = (self.target.len(), theta.len(), others.len());
        let mut values = vec![0.0; n];
        self.bound.evaluate(ws, theta, &mut values);
        let slopes = self.bound.jacobian(ws, theta);
        if values.iter().chain(&slopes).any(|x| !x.is_finite()) {
            return None;
        }
        let roots: Vec<f64> = self.weights.iter().map(|w| w.sqrt()).collect();
        let column =
            |j: usize| -> Vec<f64> { (0..n).map(|i| roots[i] * slopes[i * p + j]).collect() };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut basis: Vec<Vec<f64>> = Vec::new();
        let without = |basis: &[Vec<f64>], v: &mut [f64]| {
            for b in basis {
                let share = dot(b, v);
                v.iter_mut().zip(b).for_each(|(v, b)| *v -= share * b);
            }
        };
        for j in &self.linear {
            let mut v = column(*j);
            let before = dot(&v, &v).sqrt();
            without(&basis, &mut v);
            without(&basis, &mut v);
            let after = dot(&v, &v).sqrt();
            if after > 1e-9 * before {
                v.iter_mut().for_each(|x| *x /= after);
                basis.push(v);
            }
        }
        let rest: Vec<f64> = (0..n)
            .map(|i| roots[i] * (self.target[i] - values[i]))
            .collect();
        let columns: Vec<Vec<f64>> = others
            .iter()
            .map(|j| {
                let mut v = column(*j);
                without(&basis, &mut v);
                v
            })
            .collect();
        let mut hessian = vec![0.0; q * q];
        for a in 0..q {
            for b in 0..q {
                hessian[a * q + b] = dot(&columns[a], &columns[b]);
            }
        }
        let found = Slopes {
            sum: dot(&rest, &rest),
            gradient: columns.iter().map(|c| dot(c, &rest)).collect(),
            hessian,
        };
        let numbers = found.hessian.iter().chain(&found.gradient);
        (found.sum.is_finite() && numbers.into_iter().all(|x| x.is_finite())).then_some(found)
    }

    /// The sum of squares at a start whose amplitudes are at their best.
    pub fn sum(&self, ws: &mut Workspace, theta: &[f64]) -> f64 {
        let mut values = vec![0.0; self.target.len()];
        self.bound.evaluate(ws, theta, &mut values);
        let parts = values.iter().zip(&self.target).zip(&self.weights);
        parts.map(|((f, t), w)| w * (t - f) * (t - f)).sum()
    }

    /// Amplitudes; those that must be positive and would not be are held at a small part of their start.
    fn least_squares(&self, basis: &[f64], rest: &[f64]) -> Option<Vec<f64>> {
        let k = self.linear.len();
        let positive: Vec<bool> = self
            .linear
            .iter()
            .map(|j| self.program.coordinates()[*j].log)
            .collect();
        let mut held: Vec<bool> = vec![false; k];
        for _ in 0..=k {
            let found = self.solve(basis, rest, &held)?;
            let below: Vec<usize> = (0..k)
                .filter(|a| !held[*a] && positive[*a] && found[*a] <= HELD)
                .collect();
            if below.is_empty() {
                return Some(found);
            }
            below.into_iter().for_each(|a| held[a] = true);
        }
        None
    }

    fn solve(&self, basis: &[f64], rest: &[f64], held: &[bool]) -> Option<Vec<f64>> {
        let k = held.len();
        let (mut gram, mut side) = (vec![0.0; k * k], vec![0.0; k]);
        for ((row, t), w) in basis.chunks_exact(k).zip(rest).zip(&self.weights) {
            let left: f64 = (0..k).filter(|a| held[*a]).map(|a| HELD * row[a]).sum();
            // A run has one level of an index: of a hundred amplitudes two or three are in its row.
            let seen = (0..k).filter(|a| !held[*a] && row[*a] != 0.0);
            let seen: Vec<usize> = seen.collect();
            for (i, a) in seen.iter().enumerate() {
                side[*a] += w * row[*a] * (t - left);
                for b in &seen[..=i] {
                    gram[a * k + b] += w * row[*a] * row[*b];
                }
            }
        }
        let scale: Vec<f64> = (0..k).map(|a| gram[a * k + a].sqrt()).collect();
        for a in 0..k {
            let seen = scale[a] > 0.0;
            if held[a] || !seen {
                side[a] = 0.0;
                for b in 0..k {
                    gram[a * k + b] = 0.0;
                    gram[b * k + a] = 0.0;
                }
                gram[a * k + a] = 1.0;
                continue;
            }
            side[a] /= scale[a];
            for b in 0..a {
                gram[a * k + b] /= scale[a] * if scale[b] > 0.0 { scale[b] } else { 1.0 };
            }
            gram[a * k + a] = 1.0 + RIDGE;
        }
        if gram.iter().chain(&side).any(|x| !x.is_finite()) || !cholesky(&mut gram, k) {
            return None;
        }
        cholesky_solve(&gram, k, &mut side);
        Some(
            (0..k)
                .map(|a| match held[a] {
                    true => HELD,
                    false if scale[a] > 0.0 => side[a] / scale[a],
                    // A level of which the sample has no run stays at its start.
                    false => f64::from(self.program.coordinates()[self.linear[a]].log),
                })
                .collect(),
        )
    }
}

/// Steps of a refinement.
const REFINED: usize = 40;

/// The sum of squares of a start, minus half its gradient, and its Gauss–Newton matrix.
struct Slopes {
    sum: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

/// The share of its start at which an amplitude is held that least squares would make negative.
const HELD: f64 = 1e-3;

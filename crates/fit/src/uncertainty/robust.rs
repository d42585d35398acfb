//! Covariance from the scores of single runs, or of groups of runs that hang together, with the corrections that hold it
//! when there are few of them.
//!
//! # Formula
//!
//! ```text
//! Σ = B (Σ_g s_g s_gᵀ) B        s_g = J_gᵀ (I − H_gg)^(−1/2) w_g ψ_g        H = W^½ J (JᵀWJ)⁻¹ Jᵀ W^½
//! B   the inverse Hessian
//! ```
//!
//! The power −1/2 of what leverage leaves of a residual makes Σ unbiased where all runs have the same noise (HC2 for
//! single runs, CR2 for groups). Its degrees of freedom follow from the same matrices, coefficient by coefficient, and
//! are far fewer than the runs where a few of them carry a coefficient.
//!
//! All of it needs p numbers and a p × p matrix of each group, never a matrix of runs by runs: with X_g = W^½ J_g L,
//! LLᵀ = (JᵀWJ)⁻¹, both H_gg and its root live in the p columns of X_g.
//!
//! # Source
//!
//! `bell_mccaffrey2002`, bias reduction in standard errors; `pustejovsky_tipton2018`; `mackinnon_white1985` for HC2.

use super::curvature::{Bend, bend, free_inverse, leading, product, spread_out};
use crate::certificate::{Peak, final_penalty};
use crate::engine::Solved;
use crate::target::Target;
use isoflop_numerics::linear;
use isoflop_numerics::penalty::Penalty;

/// What leverage leaves of a group is kept from zero: a group that alone determines a coefficient has no residual left
/// to say how far it varies.
const LEAST_LEFT: f64 = 0.02;

/// A covariance in the solver's frame, and the degrees of freedom of each coordinate.
pub(super) struct Robust {
    pub covariance: Vec<f64>,
    pub df: Vec<f64>,
}

/// By runs, or by groups where `groups` names one for each run.
pub(super) fn robust(solved: &Solved<'_>, peak: &Peak, groups: Option<&[usize]>) -> Option<Robust> {
    let p = solved.frame.bound.program().coordinates().len();
    let open: Vec<usize> = (0..p).filter(|j| peak.free[*j]).collect();
    let end = &solved.ends[0];
    let penalty = final_penalty(solved, end);
    let weights = solved.binding.weights();
    let observed = solved.frame.observed;
    let mut target = Target::new(solved.frame, weights, penalty, solved.nat);
    let x = &end.outcome.x;
    let k = open.len();
    let information = |i: usize, residual: f64| match penalty {
        Penalty::Binomial | Penalty::Student { .. } => {
            weights[i] * penalty.of(residual, observed[i])[2].max(0.0)
        }
        _ => weights[i],
    };
    let mut gram = vec![0.0; k * k];
    target.visit(x, |i, residual, row| {
        add_outer(&mut gram, information(i, residual), &open, row);
    });
    let inverse = linear::inverse_positive(&gram, k)?;
    let mut root = inverse.clone();
    if !linear::cholesky(&mut root, k) {
        return None;
    }
    for i in 0..k {
        root[i * k + i + 1..(i + 1) * k].fill(0.0);
    }
    let mut sums = Sums::new(root, k);
    let count = groups.map_or(0, |codes| codes.iter().max().map_or(0, |m| m + 1));
    let mut scores = vec![vec![0.0; k]; count];
    let mut grams = vec![vec![0.0; k * k]; count];
    let mut free = vec![0.0; k];
    let own: Vec<usize> = (0..k).collect();
    target.visit(x, |i, residual, row| {
        for (to, j) in free.iter_mut().zip(&open) {
            *to = row[*j];
        }
        let score = weights[i] * penalty.of(residual, observed[i])[1];
        let info = information(i, residual);
        match groups {
            None => sums.one(&free, score, info),
            Some(codes) => {
                let g = codes[i];
                for (s, r) in scores[g].iter_mut().zip(&free) {
                    *s += score * r;
                }
                add_outer(&mut grams[g], info, &own, &free);
            }
        }
    });
    for (score, gram) in scores.iter().zip(&grams) {
        sums.group(score, gram);
    }
    let bread = bread(solved, peak, penalty, &inverse, x)?;
    let meat = spread_out(&sums.meat, &peak.free[..p]);
    let covariance = product(&product(&bread, &meat, p), &bread, p);
    let inner = sums.degrees_of_freedom();
    let mut df = vec![1.0; p];
    for (j, value) in open.iter().zip(inner) {
        df[*j] = value;
    }
    Some(Robust { covariance, df })
}

/// The inverse Hessian; where a penalty is straight for most runs, the Hessian of its mean curvature, which does not
/// hang on the few runs inside the corner.
fn bread(
    solved: &Solved<'_>,
    peak: &Peak,
    penalty: Penalty,
    inverse: &[f64],
    x: &[f64],
) -> Option<Vec<f64>> {
    let p = solved.frame.bound.program().coordinates().len();
    let Bend { mean, kinked, .. } = bend(solved, peak, penalty, x);
    if kinked && mean < 0.5 {
        let scaled: Vec<f64> = inverse.iter().map(|v| v / mean).collect();
        return Some(spread_out(&scaled, &peak.free[..p]));
    }
    free_inverse(&leading(&peak.hessian, peak.dim, p), &peak.free[..p])
}

fn add_outer(to: &mut [f64], weight: f64, open: &[usize], row: &[f64]) {
    let k = open.len();
    for (a, i) in open.iter().enumerate() {
        for (b, j) in open.iter().enumerate() {
            to[a * k + b] += weight * row[*i] * row[*j];
        }
    }
}

/// Sums over groups: the meat, and what the degrees of freedom need.
struct Sums {
    k: usize,
    /// L, lower triangular, LLᵀ = (JᵀWJ)⁻¹.
    root: Vec<f64>,
    meat: Vec<f64>,
    /// By coordinate: Σ(a − q), Σ[(a − q)² − q²] and YᵀY.
    first: Vec<f64>,
    second: Vec<f64>,
    cross: Vec<Vec<f64>>,
}

impl Sums {
    fn new(root: Vec<f64>, k: usize) -> Self {
        Self {
            k,
            root,
            meat: vec![0.0; k * k],
            first: vec![0.0; k],
            second: vec![0.0; k],
            cross: vec![vec![0.0; k * k]; k],
        }
    }

    /// Lᵀv.
    fn turned(&self, v: &[f64]) -> Vec<f64> {
        (0..self.k)
            .map(|a| (a..self.k).map(|i| self.root[i * self.k + a] * v[i]).sum())
            .collect()
    }

    /// A run that is a group of its own.
    fn one(&mut self, row: &[f64], score: f64, info: f64) {
        let k = self.k;
        let x: Vec<f64> = self.turned(row).iter().map(|v| v * info.sqrt()).collect();
        let h: f64 = x.iter().map(|v| v * v).sum();
        let left = (1.0 - h).max(LEAST_LEFT);
        let s = score * score / left;
        for a in 0..k {
            for b in 0..k {
                self.meat[a * k + b] += s * row[a] * row[b];
            }
        }
        for c in 0..k {
            // b = Lᵀe_c, u = (1 − h)^(−1/2) x·b.
            let along: f64 = (0..=c).map(|a| self.root[c * k + a] * x[a]).sum();
            let u = along * along / left;
            self.add(
                c,
                u,
                &x.iter()
                    .map(|v| v * along / left.sqrt())
                    .collect::<Vec<_>>(),
            );
        }
    }

    /// A group by its summed score and its JᵀWJ.
    fn group(&mut self, score: &[f64], gram: &[f64]) {
        let k = self.k;
        // S = Lᵀ(JᵀWJ)L of the group.
        let mut half = vec![0.0; k * k];
        for c in 0..k {
            let column: Vec<f64> = (0..k)
                .map(|i| (c..k).map(|j| gram[i * k + j] * self.root[j * k + c]).sum())
                .collect();
            let column = self.turned(&column);
            for a in 0..k {
                half[a * k + c] = column[a];
            }
        }
        let symmetric: Vec<f64> = (0..k * k)
            .map(|e| 0.5 * (half[e] + half[(e % k) * k + e / k]))
            .collect();
        let axes = linear::symmetric_eigen(&symmetric, k);
        // (I − XXᵀ)^(−1/2) = I + X U D Uᵀ Xᵀ with D = ((1 − λ)^(−1/2) − 1)/λ.
        let corrected = |v: &[f64]| -> Vec<f64> {
            let mut out = v.to_vec();
            for (lambda, axis) in &axes {
                let left = (1.0 - lambda).max(LEAST_LEFT);
                let grown = if *lambda > 1e-9 {
                    (left.powf(-0.5) - 1.0) / lambda
                } else {
                    0.5
                };
                let along: f64 = axis.iter().zip(v).map(|(a, b)| a * b).sum();
                for (o, a) in out.iter_mut().zip(axis) {
                    *o += grown * along * a;
                }
            }
            out
        };
        let times = |v: &[f64]| -> Vec<f64> {
            (0..k)
                .map(|a| (0..k).map(|b| symmetric[a * k + b] * v[b]).sum())
                .collect()
        };
        // z = Lᵀs, corrected (I + S U D Uᵀ) z, and back: s̃ = (JᵀWJ) L z̃.
        let z = self.turned(score);
        let grown: Vec<f64> = corrected(&z).iter().zip(&z).map(|(c, z)| c - z).collect();
        let z: Vec<f64> = times(&grown).iter().zip(&z).map(|(s, z)| s + z).collect();
        let fixed = self.untwisted(&z);
        for a in 0..k {
            for b in 0..k {
                self.meat[a * k + b] += fixed[a] * fixed[b];
            }
        }
        for c in 0..k {
            let b: Vec<f64> = (0..k)
                .map(|a| if a <= c { self.root[c * k + a] } else { 0.0 })
                .collect();
            // b̃ = b + U D Uᵀ S b: u = X b̃.
            let sb = times(&b);
            let grown: Vec<f64> = corrected(&sb).iter().zip(&sb).map(|(c, s)| c - s).collect();
            let tilde: Vec<f64> = grown.iter().zip(&b).map(|(g, b)| g + b).collect();
            let y = times(&tilde);
            let u: f64 = tilde.iter().zip(&y).map(|(t, y)| t * y).sum();
            self.add(c, u, &y);
        }
    }

    /// Solves Lᵀs = z.
    fn untwisted(&self, z: &[f64]) -> Vec<f64> {
        let k = self.k;
        let mut s = z.to_vec();
        for a in (0..k).rev() {
            for i in a + 1..k {
                s[a] -= self.root[i * k + a] * s[i];
            }
            s[a] /= self.root[a * k + a];
        }
        s
    }

    fn add(&mut self, c: usize, u: f64, y: &[f64]) {
        let k = self.k;
        let q: f64 = y.iter().map(|v| v * v).sum();
        self.first[c] += u - q;
        self.second[c] += (u - q).powi(2) - q * q;
        for a in 0..k {
            for b in 0..k {
                self.cross[c][a * k + b] += y[a] * y[b];
            }
        }
    }

    /// (tr M)² / tr M² of each coordinate.
    fn degrees_of_freedom(&self) -> Vec<f64> {
        (0..self.k)
            .map(|c| {
                let frobenius: f64 = self.cross[c].iter().map(|v| v * v).sum();
                let df = self.first[c].powi(2) / (self.second[c] + frobenius);
                if df.is_finite() { df.max(1.0) } else { 1.0 }
            })
            .collect()
    }
}

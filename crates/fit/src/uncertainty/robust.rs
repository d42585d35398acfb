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
//! With X_g = W^½ J_g L, LLᵀ = (JᵀWJ)⁻¹, both H_gg and its root live in the p columns of X_g, or in its rows where these
//! are fewer: a group costs the smaller of the two cubed.
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
    let score = |i: usize, residual: f64| weights[i] * penalty.of(residual, observed[i])[1];
    let sums = match groups {
        None => {
            let mut sums = Sums::new(root, k, weights.len());
            let mut free = vec![0.0; k];
            target.visit(x, |i, residual, row| {
                open.iter().zip(&mut free).for_each(|(j, to)| *to = row[*j]);
                sums.one(&free, score(i, residual), information(i, residual));
            });
            sums
        }
        Some(codes) => {
            let (rows, members) = rows_of_groups(&mut target, x, &open, codes);
            let mut sums = Sums::new(root, k, members.len());
            for group in members.iter().filter(|group| !group.is_empty()) {
                let runs: Vec<Run<'_>> = group
                    .iter()
                    .map(|i| Run {
                        slopes: &rows.slopes[i * k..(i + 1) * k],
                        score: score(*i, rows.residuals[*i]),
                        info: information(*i, rows.residuals[*i]),
                    })
                    .collect();
                if runs.len() < k {
                    sums.small_group(&runs);
                } else {
                    sums.group(&runs);
                }
            }
            sums
        }
    };
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

/// A run of a group.
struct Run<'a> {
    /// By the free coordinates.
    slopes: &'a [f64],
    score: f64,
    info: f64,
}

/// All runs, in the order of the table.
struct Rows {
    slopes: Vec<f64>,
    residuals: Vec<f64>,
}

/// Slopes and residuals of the runs, and the runs of each group: n × k numbers, where a matrix of each group would be as
/// many as coefficients squared for a group of two runs.
fn rows_of_groups(
    target: &mut Target<'_>,
    x: &[f64],
    open: &[usize],
    codes: &[usize],
) -> (Rows, Vec<Vec<usize>>) {
    let mut rows = Rows {
        slopes: Vec::with_capacity(codes.len() * open.len()),
        residuals: Vec::with_capacity(codes.len()),
    };
    target.visit(x, |_, residual, row| {
        rows.slopes.extend(open.iter().map(|j| row[*j]));
        rows.residuals.push(residual);
    });
    let count = codes.iter().max().map_or(0, |m| m + 1);
    let mut members = vec![Vec::new(); count];
    for (run, code) in codes.iter().enumerate() {
        members[*code].push(run);
    }
    (rows, members)
}

fn add_outer(to: &mut [f64], weight: f64, open: &[usize], row: &[f64]) {
    let k = open.len();
    for (a, i) in open.iter().enumerate() {
        for (b, j) in open.iter().enumerate() {
            to[a * k + b] += weight * row[*i] * row[*j];
        }
    }
}

/// ((1 − λ)^(−1/2) − 1)/λ.
fn growth(lambda: f64) -> f64 {
    let left = (1.0 - lambda).max(LEAST_LEFT);
    match lambda > 1e-9 {
        true => (left.powf(-0.5) - 1.0) / lambda,
        false => 0.5,
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
    cross: Cross,
}

/// Σ y yᵀ of each coordinate, of which the degrees of freedom take the squared norm.
enum Cross {
    Whole(Vec<Vec<f64>>),
    /// Only its trace. A matrix without negative eigenvalues has a norm of at most that: the degrees of freedom come out
    /// too few, and with many groups hardly so.
    Traces(Vec<f64>),
}

/// Groups × coordinates³ above which only traces are summed: 4,000 groups and 154 coefficients would take minutes.
const WORK: usize = 1_000_000_000;

impl Sums {
    fn new(root: Vec<f64>, k: usize, groups: usize) -> Self {
        let whole = groups.saturating_mul(k * k * k) <= WORK;
        Self {
            k,
            root,
            meat: vec![0.0; k * k],
            first: vec![0.0; k],
            second: vec![0.0; k],
            cross: match whole {
                true => Cross::Whole(vec![vec![0.0; k * k]; k]),
                false => Cross::Traces(vec![0.0; k]),
            },
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

    /// A group of fewer runs than coordinates, by the matrix of its runs by runs.
    fn small_group(&mut self, runs: &[Run<'_>]) {
        let (k, m) = (self.k, runs.len());
        // X = W½ J L, run by run.
        let x: Vec<Vec<f64>> = runs
            .iter()
            .map(|run| {
                let turned = self.turned(run.slopes);
                turned.iter().map(|v| v * run.info.sqrt()).collect()
            })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let hat: Vec<f64> = (0..m * m).map(|e| dot(&x[e / m], &x[e % m])).collect();
        let axes = linear::symmetric_eigen(&hat, m);
        // Xᵀv for a vector over the runs.
        let down = |v: &[f64]| -> Vec<f64> {
            (0..k)
                .map(|a| x.iter().zip(v).map(|(row, v)| row[a] * v).sum())
                .collect()
        };
        let summed: Vec<f64> = (0..k)
            .map(|a| runs.iter().map(|r| r.score * r.slopes[a]).sum())
            .collect();
        let z = self.turned(&summed);
        let mut fixed = z.clone();
        for (lambda, axis) in &axes {
            let v = down(axis);
            let along = growth(*lambda) * dot(&v, &z);
            fixed.iter_mut().zip(&v).for_each(|(f, v)| *f += along * v);
        }
        self.add_score(&fixed);
        for c in 0..k {
            let b: Vec<f64> = x
                .iter()
                .map(|row| dot(&self.root[c * k..=c * k + c], row))
                .collect();
            // (I − XXᵀ)^(−1/2) B.
            let mut tilde = b.clone();
            for (lambda, axis) in &axes {
                let along = growth(*lambda) * lambda * dot(axis, &b);
                tilde
                    .iter_mut()
                    .zip(axis)
                    .for_each(|(t, a)| *t += along * a);
            }
            self.add(c, dot(&tilde, &tilde), &down(&tilde));
        }
    }

    /// A group by its summed score and its JᵀWJ.
    fn group(&mut self, runs: &[Run<'_>]) {
        let k = self.k;
        let own: Vec<usize> = (0..k).collect();
        let (mut score, mut gram) = (vec![0.0; k], vec![0.0; k * k]);
        for run in runs {
            for (s, r) in score.iter_mut().zip(run.slopes) {
                *s += run.score * r;
            }
            add_outer(&mut gram, run.info, &own, run.slopes);
        }
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
                let along: f64 = axis.iter().zip(v).map(|(a, b)| a * b).sum();
                for (o, a) in out.iter_mut().zip(axis) {
                    *o += growth(*lambda) * along * a;
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
        let z = self.turned(&score);
        let grown: Vec<f64> = corrected(&z).iter().zip(&z).map(|(c, z)| c - z).collect();
        let z: Vec<f64> = times(&grown).iter().zip(&z).map(|(s, z)| s + z).collect();
        self.add_score(&z);
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

    /// Adds s̃ s̃ᵀ to the meat, Lᵀs̃ = z.
    fn add_score(&mut self, z: &[f64]) {
        let (k, s) = (self.k, self.untwisted(z));
        for (a, row) in self.meat.chunks_exact_mut(k).enumerate() {
            row.iter_mut().zip(&s).for_each(|(m, b)| *m += s[a] * b);
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
        match &mut self.cross {
            Cross::Traces(traces) => traces[c] += q,
            Cross::Whole(all) => {
                for (a, row) in all[c].chunks_exact_mut(k).enumerate() {
                    row.iter_mut().zip(y).for_each(|(m, b)| *m += y[a] * b);
                }
            }
        }
    }

    /// (tr M)² / tr M² of each coordinate.
    fn degrees_of_freedom(&self) -> Vec<f64> {
        (0..self.k)
            .map(|c| {
                let frobenius: f64 = match &self.cross {
                    Cross::Traces(traces) => traces[c] * traces[c],
                    Cross::Whole(all) => all[c].iter().map(|v| v * v).sum(),
                };
                let df = self.first[c].powi(2) / (self.second[c] + frobenius);
                if df.is_finite() { df.max(1.0) } else { 1.0 }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group of two runs beside four coordinates, by its runs and by its coordinates.
    #[test]
    fn a_small_group_counts_alike_by_its_runs_and_by_its_coordinates() {
        let k = 4;
        let rows: Vec<Vec<f64>> = (0..9)
            .map(|i| {
                let x = f64::from(i);
                vec![1.0, x, (1.3 * x).sin(), (0.7 * x * x).cos()]
            })
            .collect();
        let mut gram = vec![0.0; k * k];
        let own: Vec<usize> = (0..k).collect();
        rows.iter()
            .for_each(|row| add_outer(&mut gram, 1.0, &own, row));
        let mut root = linear::inverse_positive(&gram, k).expect("positive");
        assert!(linear::cholesky(&mut root, k));
        for i in 0..k {
            root[i * k + i + 1..(i + 1) * k].fill(0.0);
        }
        let run = |i: usize, score| Run {
            slopes: &rows[i],
            score,
            info: 1.0,
        };
        let groups = [[run(0, 0.3), run(1, -0.2)], [run(5, 0.1), run(8, 0.7)]];
        let mut by_runs = Sums::new(root.clone(), k, groups.len());
        let mut by_coordinates = Sums::new(root, k, groups.len());
        for group in &groups {
            by_runs.small_group(group);
            by_coordinates.group(group);
        }
        let alike = |a: &[f64], b: &[f64]| {
            let off = a.iter().zip(b).map(|(a, b)| (a - b).abs());
            off.fold(0.0, f64::max)
        };
        assert!(alike(&by_runs.meat, &by_coordinates.meat) < 1e-9);
        let (a, b) = (
            by_runs.degrees_of_freedom(),
            by_coordinates.degrees_of_freedom(),
        );
        assert!(alike(&a, &b) < 1e-7, "{a:?} {b:?}");
        // The trace bounds the norm: never more degrees of freedom.
        by_runs.cross = Cross::Traces(by_traces(&by_coordinates));
        let least = by_runs.degrees_of_freedom();
        assert!(
            least.iter().zip(&b).all(|(l, b)| l <= &(b + 1e-9)),
            "{least:?} {b:?}"
        );
    }

    fn by_traces(sums: &Sums) -> Vec<f64> {
        let Cross::Whole(all) = &sums.cross else {
            return Vec::new();
        };
        let trace = |m: &Vec<f64>| (0..sums.k).map(|a| m[a * sums.k + a]).sum();
        all.iter().map(trace).collect()
    }
}

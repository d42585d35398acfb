//! What chance does to residuals: tests that several rules share, made from the law linearised about an optimum for
//! Huber's penalty at two robust standard deviations, whatever penalty the fit has.
//!
//! # Formula
//!
//! ```text
//! F = (ψᵀP_Zψ / q) / ((ψᵀψ − ψᵀP_Zψ) / (n − p − q))      added columns Z, made orthogonal to the Jacobian first
//! tᵢ = (rᵢ + hᵢ/(1 − hᵢ) ψᵢ) √(1 − hᵢ) / s₍ᵢ₎             deviation of run i from what the others say of it
//! ```
//!
//! # Source
//!
//! Score tests of M-estimators: Hampel, Ronchetti, Rousseeuw, Stahel 1986, chapter 7. Deleted residuals: Cook, Weisberg
//! 1982, section 2.2.

use isoflop_fit::{Fit, Refits};
use isoflop_numerics::dist::{f_tail, normal_quantile, robust_sd, sorted_quantile, t_above};
use isoflop_numerics::random::Stream;

/// Corner of the penalty in robust standard deviations.
const CORNER: f64 = 2.0;
/// Variance of a normal value that is pulled in at two standard deviations.
const PULLED_VARIANCE: f64 = 0.9205;
/// Part of a column that must be left after projection: less is rounding and curvature.
const LEFT: f64 = 0.02;
/// Simulated tables of chance.
const TABLES: u64 = 300;
/// A typical residual of this many roundings is none.
const ROUNDINGS: f64 = 1e3;

/// The residuals of a fit and the directions in which its coefficients can still move them.
pub(crate) struct Yardstick {
    /// Columns of the weighted Jacobian, by the number of the coordinate.
    columns: Vec<(usize, Vec<f64>)>,
    /// Orthonormal columns that span them.
    basis: Vec<Vec<f64>>,
    /// Weighted residuals, pulled in at the corner, orthogonal to the basis.
    scores: Vec<f64>,
    /// Weighted residuals as they are.
    pub residuals: Vec<f64>,
    /// Roots of the weights.
    roots: Vec<f64>,
    /// Diagonal of the hat matrix.
    pub leverage: Vec<f64>,
    /// Standard deviation of the noise.
    pub sd: f64,
    /// Whether the law passes through all runs to rounding: there is no noise to judge by.
    pub exact: bool,
}

/// What columns explain that the law leaves.
pub(crate) struct Added {
    /// Share of the sum of squares.
    pub share: f64,
    /// That share without what chance explains, as adjusted R² is.
    pub adjusted: f64,
    /// Probability of as much by chance.
    pub p_value: f64,
}

/// A shift of some runs.
pub(crate) struct Shift {
    /// Estimate, in units of the residuals.
    pub size: f64,
    /// Estimate over its standard error.
    pub t: f64,
    /// Probability of as much by chance, upwards.
    pub p_value: f64,
}

impl Yardstick {
    /// None for fits that cannot be repeated, and where no degree of freedom is left.
    pub fn new(refits: &Refits<'_>, fit: &Fit) -> Option<Self> {
        let linear = refits.linear(CORNER)?;
        let n = linear.residuals.len();
        let coordinates = refits.coordinates();
        let p = coordinates.len();
        let roots: Vec<f64> = linear.weights.iter().map(|w| w.sqrt()).collect();
        // A coefficient on its bound moves nothing.
        let free = |j: &usize| !fit.certificate.at_bound.contains(&coordinates[*j].name);
        let slopes = (0..p).filter(free).map(|j| {
            let column = (0..n).map(|i| roots[i] * linear.slopes[i * p + j]);
            (j, column.collect::<Vec<f64>>())
        });
        let columns: Vec<(usize, Vec<f64>)> = slopes.collect();
        let mut basis: Vec<Vec<f64>> = Vec::new();
        for (_, column) in &columns {
            if let Some(unit) = beside(column.clone(), &basis, 1e-9) {
                basis.push(unit);
            }
        }
        if n <= basis.len() + 1 {
            return None;
        }
        let residuals: Vec<f64> = linear
            .residuals
            .iter()
            .zip(&roots)
            .map(|(r, w)| r * w)
            .collect();
        let pulled = linear.residuals.iter().zip(&roots).map(|(r, w)| {
            let c = linear.corner;
            r.clamp(-c, c) * w
        });
        let scores = orthogonal(pulled.collect(), &basis);
        let leverage = (0..n)
            .map(|i| basis.iter().map(|b| b[i] * b[i]).sum::<f64>().min(1.0))
            .collect();
        let freedom = (n - basis.len()) as f64;
        let sd = (dot(&scores, &scores) / (freedom * PULLED_VARIANCE)).sqrt();
        let exact = robust_sd(&linear.residuals) < ROUNDINGS * linear.rounding;
        Some(Self {
            columns,
            basis,
            scores,
            residuals,
            roots,
            leverage,
            sd,
            exact,
        })
    }

    /// Runs.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Degrees of freedom of the residuals.
    pub fn freedom(&self) -> usize {
        self.len() - self.basis.len()
    }

    /// The residuals pulled in, by run.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Residuals over what their leverage leaves of the noise.
    pub fn standardised(&self) -> Vec<f64> {
        let pairs = self.residuals.iter().zip(&self.leverage);
        pairs
            .map(|(r, h)| r / (self.sd * (1.0 - h).max(0.05).sqrt()))
            .collect()
    }

    /// The F test of added columns. None when the law has them all, or when no degree of freedom is left.
    pub fn added(&self, columns: &[Vec<f64>]) -> Option<Added> {
        let mut basis = self.basis.clone();
        let own = basis.len();
        for column in columns {
            let weighted = self.weighted(column);
            if let Some(unit) = beside(weighted, &basis, LEFT) {
                basis.push(unit);
            }
        }
        let new = &basis[own..];
        let left = self.len().checked_sub(basis.len()).filter(|d| *d >= 2)?;
        if new.is_empty() {
            return None;
        }
        let total = dot(&self.scores, &self.scores);
        let explained: f64 = new.iter().map(|z| dot(z, &self.scores).powi(2)).sum();
        let (q, df) = (new.len() as f64, left as f64);
        let rest = (total - explained).max(f64::MIN_POSITIVE);
        Some(Added {
            share: explained / total,
            adjusted: (1.0 - (rest / df) / (total / self.freedom() as f64)).max(0.0),
            p_value: f_tail((explained / q) / (rest / df), q, df),
        })
    }

    /// The shift of the runs marked, over which the law is fitted to the others. None where the law can follow them.
    pub fn shift(&self, marked: &[usize]) -> Option<Shift> {
        let mut column = vec![0.0; self.len()];
        for i in marked {
            column[*i] = self.roots[*i];
        }
        let whole = dot(&column, &column).sqrt();
        let left = orthogonal(column, &self.basis);
        let norm = dot(&left, &left).sqrt();
        let df = self.freedom().checked_sub(1).filter(|d| *d >= 2)? as f64;
        if norm < LEFT * whole {
            return None;
        }
        let along = dot(&left, &self.scores) / norm;
        let rest = (dot(&self.scores, &self.scores) - along * along).max(f64::MIN_POSITIVE);
        let t = along / (rest / df).sqrt();
        Some(Shift {
            size: along / norm,
            t,
            p_value: t_above(t, df),
        })
    }

    /// The same residuals with the shift of the runs marked taken out.
    pub fn without_shift(&self, marked: &[usize]) -> Self {
        let mut column = vec![0.0; self.len()];
        for i in marked {
            column[*i] = self.roots[*i];
        }
        self.freer(vec![column])
    }

    /// The same residuals with a parabola along an axis taken out.
    pub fn beside_bend(&self, axis: &[f64]) -> Self {
        let centre = axis.iter().sum::<f64>() / axis.len() as f64;
        let first: Vec<f64> = axis.iter().map(|x| x - centre).collect();
        let second: Vec<f64> = first.iter().map(|x| x * x).collect();
        self.freer(vec![self.weighted(&first), self.weighted(&second)])
    }

    /// The residuals of a law that has these weighted columns as well.
    fn freer(&self, columns: Vec<Vec<f64>>) -> Self {
        let mut basis = self.basis.clone();
        for column in columns {
            if let Some(unit) = beside(column, &basis, LEFT) {
                basis.push(unit);
            }
        }
        let scores = orthogonal(self.scores.clone(), &basis);
        Self {
            columns: self.columns.clone(),
            scores,
            basis,
            residuals: self.residuals.clone(),
            roots: self.roots.clone(),
            leverage: self.leverage.clone(),
            sd: self.sd,
            exact: self.exact,
        }
    }

    /// How far each run lies from what the others say of it: in units of the residuals, and in standard deviations of
    /// such a difference where the noise is even.
    pub fn deleted(&self) -> Vec<(f64, f64)> {
        let total = dot(&self.scores, &self.scores);
        let df = (self.freedom() - 1).max(1) as f64;
        (0..self.len())
            .map(|i| {
                let (r, s) = (self.residuals[i], self.scores[i]);
                let left = (1.0 - self.leverage[i]).max(1e-6);
                let off = r + self.leverage[i] / left * s;
                let rest = (total - s * s / left).max(0.0) / (df * PULLED_VARIANCE);
                let sd = rest.sqrt().max(0.5 * self.sd);
                (off, off * left.sqrt() / sd)
            })
            .collect()
    }

    /// The probability that chance alone makes a deleted residual as large as `t`, among all runs.
    pub fn chance_of(&self, t: f64) -> f64 {
        let df = (self.freedom() - 1).max(1) as f64;
        (2.0 * t_above(t.abs(), df) * self.len() as f64).min(1.0)
    }

    /// How a coordinate follows each run: θ̂ⱼ moves by so much when the weighted residual rises by one. None where the
    /// others can do all that it does.
    pub fn follows(&self, coordinate: usize) -> Option<Vec<f64>> {
        let mut others: Vec<Vec<f64>> = Vec::new();
        for (j, column) in &self.columns {
            if *j != coordinate
                && let Some(unit) = beside(column.clone(), &others, 1e-9)
            {
                others.push(unit);
            }
        }
        let (_, own) = self.columns.iter().find(|(j, _)| *j == coordinate)?;
        let left = orthogonal(own.clone(), &others);
        let square = dot(&left, &left);
        (square > 1e-18 * dot(own, own)).then(|| left.iter().map(|x| x / square).collect())
    }

    /// How far chance moves what follows the runs by one of `follows`, when the runs that move it most are left out: in
    /// its standard errors, one run, two runs, … `most`, as no more than one table of a hundred does.
    pub fn chance_of_dropping(&self, follows: &[Vec<f64>], most: usize, seed: u64) -> Vec<f64> {
        let n = self.len();
        let scaled: Vec<Vec<f64>> = follows
            .iter()
            .map(|f| {
                let norm = dot(f, f).sqrt();
                let pull = f.iter().zip(&self.leverage);
                pull.map(|(f, h)| f / (norm * (1.0 - h).max(0.01)))
                    .collect()
            })
            .collect();
        let mut moved: Vec<Vec<f64>> = vec![Vec::new(); most];
        for replicate in 0..TABLES {
            let mut stream = Stream::new(seed, "audit influence", replicate);
            let noise = (0..n).map(|_| normal_quantile(stream.open_unit()));
            let residuals = orthogonal(noise.collect(), &self.basis);
            let moves = |f: &Vec<f64>| f.iter().zip(&residuals).map(|(f, r)| f * r).collect();
            let all: Vec<Vec<f64>> = scaled.iter().map(moves).collect();
            let size = |m: &&Vec<f64>| m.iter().fold(0.0f64, |far, x| far.max(x.abs()));
            let Some(far) = all.iter().max_by(|a, b| size(a).total_cmp(&size(b))) else {
                break;
            };
            let sign = far
                .iter()
                .copied()
                .fold(0.0f64, |m, x| if x.abs() > m.abs() { x } else { m });
            let mut along: Vec<f64> = far.iter().map(|x| x * sign.signum()).collect();
            along.sort_by(|a, b| b.total_cmp(a));
            let mut sum = 0.0;
            for (k, x) in along.into_iter().take(most).enumerate() {
                sum += x.max(0.0);
                moved[k].push(sum);
            }
        }
        moved
            .into_iter()
            .map(|mut of| {
                of.sort_by(f64::total_cmp);
                sorted_quantile(&of, 0.99)
            })
            .collect()
    }

    fn weighted(&self, column: &[f64]) -> Vec<f64> {
        column.iter().zip(&self.roots).map(|(x, w)| x * w).collect()
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What is left of a column beside an orthonormal basis; twice, because once leaves rounding.
fn orthogonal(mut column: Vec<f64>, basis: &[Vec<f64>]) -> Vec<f64> {
    for b in basis.iter().chain(basis) {
        let along = dot(&column, b);
        for (x, b) in column.iter_mut().zip(b) {
            *x -= along * b;
        }
    }
    column
}

/// The unit vector of what is left of a column; none when that is less than a share of it.
pub(super) fn beside(column: Vec<f64>, basis: &[Vec<f64>], least: f64) -> Option<Vec<f64>> {
    let whole = dot(&column, &column).sqrt();
    let mut left = orthogonal(column, basis);
    let norm = dot(&left, &left).sqrt();
    if !(norm > least * whole && norm.is_finite()) {
        return None;
    }
    for x in &mut left {
        *x /= norm;
    }
    Some(left)
}

/// The F ratio of a regression on columns and a constant, with its degrees of freedom. None without one.
pub(super) fn regression(values: &[f64], columns: &[Vec<f64>]) -> Option<(f64, f64, f64)> {
    let n = values.len();
    let one = vec![1.0 / (n as f64).sqrt(); n];
    let scores = orthogonal(values.to_vec(), std::slice::from_ref(&one));
    let mut basis = vec![one];
    for column in columns {
        if let Some(unit) = beside(column.clone(), &basis, LEFT) {
            basis.push(unit);
        }
    }
    let q = basis.len() - 1;
    let df = n.checked_sub(basis.len()).filter(|d| *d >= 2 && q > 0)? as f64;
    let explained: f64 = basis[1..].iter().map(|z| dot(z, &scores).powi(2)).sum();
    let rest = (dot(&scores, &scores) - explained).max(f64::MIN_POSITIVE);
    Some(((explained / q as f64) / (rest / df), q as f64, df))
}

//! Cells: rows that agree in all inputs, such as seeds of one setting. Whether they are independent measurements is read
//! from their residuals.
//!
//! # Formula
//!
//! ```text
//! z_g = √W_g r̄_g          weighted mean residual of cell g, W_g the sum of its weights, √wᵢ rᵢ clipped at the corner
//! M   = (I − UUᵀ) z        U spans the slopes of the law and a polynomial of the inputs (logarithms where they span more
//!                          than a factor 10) of the highest degree ≤ 3 that leaves half of the G cells
//! F   = [M'M/(G − rank U)] / [Σ wᵢ (rᵢ − r̄_g)²/(n − G)]       alike at 5 %
//! ```
//!
//! A law that misses does so smoothly over the inputs, and the polynomial takes that; what cells share beyond it has no
//! cause in the inputs. Seeds that scatter as much as cells do are independent measurements, and stay single.

use crate::binding::Binding;
use crate::dependence::{Groups, MANY, MOST, coded};
use crate::target::Target;
use isoflop_numerics::dist;
use std::cmp::Ordering;

/// Residuals of a cell are alike when independent ones would look so in fewer than this share of the tables. Groups that
/// are none cost little, their errors hold as well; a group that is missed costs the coverage.
const DOUBT: f64 = 0.05;
/// Highest degree of the polynomial.
const DEGREE: usize = 3;
/// Inputs that span more than this factor enter by their logarithms.
const SPAN: f64 = 10.0;
/// A column that keeps less than this share of its length beside the others adds nothing.
const NEW: f64 = 1e-7;
/// Cells × columns² above which a projection would take longer than the fit: the polynomial stays below it, and where the
/// slopes of the law alone exceed it only the number of coefficients is taken off.
const WORK: usize = 200_000_000;

/// Groups of rows with equal inputs, where their residuals are alike.
pub(crate) fn cells(
    binding: &Binding,
    target: &mut Target<'_>,
    x: &[f64],
    residuals: &[f64],
    corner: f64,
) -> Option<Groups> {
    let (n, p) = (binding.n, x.len());
    if n > MOST {
        return None;
    }
    let groups = by_inputs(binding);
    let count = groups.count;
    if count == n || count <= p + 1 {
        return None;
    }
    let members = groups.members();
    let repeated: usize = members.iter().map(Vec::len).filter(|m| *m > 1).sum();
    if (repeated as f64) < MANY * n as f64 {
        return None;
    }
    let weights = binding.weights();
    // Runs of one setting have one noise, but settings have each their own where weights or standard deviations say so:
    // only √w r is alike over cells.
    let clipped = |i: usize| {
        let root = weights[i].sqrt();
        (root * residuals[i]).clamp(-corner, corner) / root
    };
    let mut within = 0.0;
    let mut between: Vec<f64> = Vec::with_capacity(count);
    for group in &members {
        let size: f64 = group.iter().map(|i| weights[*i]).sum();
        let sum: f64 = group.iter().map(|i| weights[*i] * clipped(*i)).sum();
        let mean = sum / size;
        between.push(size.sqrt() * mean);
        let about = group
            .iter()
            .map(|i| weights[*i] * (clipped(*i) - mean).powi(2));
        within += about.sum::<f64>();
    }
    let taken = match count.saturating_mul(p * p) > WORK {
        true => p,
        false => {
            let space = smooth(binding, target, x, &members);
            space.take_from(&mut between);
            space.axes.len()
        }
    };
    let (above, below) = (
        count.saturating_sub(taken).max(1) as f64,
        (n - count) as f64,
    );
    let f = between.iter().map(|z| z * z).sum::<f64>() / above / (within / below);
    (dist::f_tail(f, above, below) < DOUBT).then(|| Groups {
        of: "equal inputs".to_owned(),
        why: format!(
            "and residuals at equal inputs are alike (F = {f:.1} on {above} and {below} degrees of freedom)"
        ),
        inferred: true,
        ..groups
    })
}

/// Rows by their inputs and levels.
fn by_inputs(binding: &Binding) -> Groups {
    let apart = |a: usize, b: usize| {
        let inputs = binding.inputs.iter().map(|(_, v)| v[a].total_cmp(&v[b]));
        let levels = binding.indexes.iter().map(|(_, v)| v[a].cmp(&v[b]));
        inputs
            .chain(levels)
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    let mut order: Vec<usize> = (0..binding.n).collect();
    order.sort_unstable_by(|a, b| apart(*a, *b).then(a.cmp(b)));
    let mut labels = vec![0; binding.n];
    let cells = order.chunk_by(|a, b| apart(*a, *b).is_eq());
    for (count, cell) in (0u32..).zip(cells) {
        cell.iter().for_each(|i| labels[*i] = count);
    }
    coded(&labels, "")
}

/// What a law can explain or miss smoothly: its own slopes, and the polynomial.
fn smooth(binding: &Binding, target: &mut Target<'_>, x: &[f64], members: &[Vec<usize>]) -> Space {
    let weights = binding.weights();
    let size = |group: &Vec<usize>| group.iter().map(|i| weights[*i]).sum::<f64>();
    let root: Vec<f64> = members.iter().map(|g| size(g).sqrt()).collect();
    let mut cell_of = vec![usize::MAX; binding.n];
    for (cell, group) in members.iter().enumerate() {
        cell_of[group[0]] = cell;
    }
    let mut slopes = vec![vec![0.0; members.len()]; x.len()];
    target.visit(x, |i, _, row| {
        let cell = cell_of[i];
        if cell != usize::MAX {
            for (column, slope) in slopes.iter_mut().zip(row) {
                column[cell] = slope * root[cell];
            }
        }
    });
    let mut space = Space::default();
    slopes.into_iter().for_each(|column| space.add(column));
    let inputs: Vec<Vec<f64>> = binding
        .inputs
        .iter()
        .filter_map(|(_, values)| scaled(members.iter().map(|g| values[g[0]]).collect()))
        .collect();
    // Monomials of one degree, each with the number of its last input: none is made twice.
    let mut last: Vec<(usize, Vec<f64>)> = vec![(0, root)];
    for degree in 0..=DEGREE {
        let before = space.axes.len();
        if degree > 0 {
            // Twelve inputs have 455 monomials to the third degree: too many are not made at all.
            let next: usize = last.iter().map(|(from, _)| inputs.len() - from).sum();
            let work = members.len().saturating_mul((before + next).pow(2));
            if next > members.len() || work > WORK {
                break;
            }
            last = next_degree(&last, &inputs);
        }
        last.iter().for_each(|(_, m)| space.add(m.clone()));
        if 2 * space.axes.len() > members.len() {
            space.axes.truncate(before);
            break;
        }
    }
    space
}

/// Between −1 and 1, by the logarithm where the input spans orders of magnitude; none for an input that never changes.
fn scaled(mut values: Vec<f64>) -> Option<Vec<f64>> {
    let ends = |v: &[f64]| {
        let low = v.iter().copied().fold(f64::INFINITY, f64::min);
        (low, v.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let (low, high) = ends(&values);
    if low > 0.0 && high > SPAN * low {
        values.iter_mut().for_each(|v| *v = v.ln());
    }
    let (low, high) = ends(&values);
    let half = 0.5 * high - 0.5 * low;
    (half > 0.0 && half.is_finite()).then(|| {
        let middle = low + half;
        values.iter().map(|v| (v - middle) / half).collect()
    })
}

fn next_degree(last: &[(usize, Vec<f64>)], inputs: &[Vec<f64>]) -> Vec<(usize, Vec<f64>)> {
    let mut next = Vec::new();
    for (from, monomial) in last {
        for (k, input) in inputs.iter().enumerate().skip(*from) {
            let product = monomial.iter().zip(input).map(|(m, x)| m * x).collect();
            next.push((k, product));
        }
    }
    next
}

/// Orthonormal axes.
#[derive(Default)]
struct Space {
    axes: Vec<Vec<f64>>,
}

impl Space {
    /// Adds the direction of a column, if it is a new one.
    fn add(&mut self, mut column: Vec<f64>) {
        let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let before = length(&column);
        // Twice is enough.
        self.take_from(&mut column);
        self.take_from(&mut column);
        let after = length(&column);
        if before.is_finite() && after > NEW * before {
            column.iter_mut().for_each(|x| *x /= after);
            self.axes.push(column);
        }
    }

    fn take_from(&self, column: &mut [f64]) {
        for axis in &self.axes {
            let along: f64 = axis.iter().zip(&*column).map(|(a, x)| a * x).sum();
            for (x, a) in column.iter_mut().zip(axis) {
                *x -= along * a;
            }
        }
    }
}

//! Implicit values: the unknown at which an equation is zero, found row by row in its bracket, with derivatives
//! by the implicit function theorem.

use super::ops::{self, Op};
use super::workspace::{Adjoints, BLOCK, Sweep};

/// How deep `solve` is nested in these ops.
pub(super) fn depth(ops: &[Op]) -> usize {
    ops.iter()
        .map(|op| match op {
            Op::Root { inner, .. } => 1 + depth(inner),
            _ => 0,
        })
        .max()
        .unwrap_or(0)
}

/// Bisection to the last bit, for all rows of the block at once; NaN where the equation has one sign at both ends, and
/// where it changes sign through a pole: there it is larger than at the ends, or not finite.
///
/// Between ends of one sign the midpoint is the geometric mean, so that a root of any size is found to full
/// relative precision in at most some 70 steps.
pub(super) fn forward(op: &Op, sweep: &Sweep<'_>, values: &mut [f64]) {
    let Op::Root {
        out,
        unknown,
        lower,
        upper,
        equation,
        inner,
    } = op
    else {
        return;
    };
    let n = sweep.rows;
    let mut a = sweep.source(values, *lower).to_vec();
    let mut b = sweep.source(values, *upper).to_vec();
    let y = usize::from(*unknown) * BLOCK;
    let residual = |values: &mut [f64], at: &[f64]| -> Vec<f64> {
        values[y..y + n].copy_from_slice(at);
        ops::forward(inner, sweep, values);
        sweep.register(values, *equation).to_vec()
    };
    let fa = residual(values, &a);
    let fb = residual(values, &b);
    let mut exact = vec![f64::NAN; n];
    for i in 0..n {
        if fa[i] == 0.0 {
            exact[i] = a[i];
        } else if fb[i] == 0.0 {
            exact[i] = b[i];
        }
    }
    let bracketed: Vec<bool> = (0..n).map(|i| a[i] < b[i] && fa[i] * fb[i] < 0.0).collect();
    for _ in 0..1100 {
        let middle: Vec<f64> = a.iter().zip(&b).map(|(a, b)| midpoint(*a, *b)).collect();
        let open: Vec<usize> = (0..n)
            .filter(|&i| bracketed[i] && middle[i] > a[i] && middle[i] < b[i])
            .collect();
        if open.is_empty() {
            break;
        }
        let fm = residual(values, &middle);
        for i in open {
            if fm[i] * fa[i] > 0.0 {
                a[i] = middle[i];
            } else {
                b[i] = middle[i];
            }
        }
    }
    let roots: Vec<f64> = (0..n)
        .map(|i| {
            if bracketed[i] {
                midpoint(a[i], b[i])
            } else {
                exact[i]
            }
        })
        .collect();
    let left = residual(values, &roots);
    let out = usize::from(*out) * BLOCK;
    for i in 0..n {
        let root = !bracketed[i] || left[i].abs() <= fa[i].abs().max(fb[i].abs());
        values[out + i] = if root { roots[i] } else { f64::NAN };
    }
}

fn midpoint(a: f64, b: f64) -> f64 {
    if a > 0.0 && b / a > 4.0 {
        (a.ln() * 0.5 + b.ln() * 0.5).exp().clamp(a, b)
    } else {
        a + 0.5 * (b - a)
    }
}

/// dy = −(∂F/∂y)⁻¹ dF: one sweep through the equation with seed one, scaled row by row.
pub(super) fn reverse(
    op: &Op,
    sweep: &Sweep<'_>,
    values: &[f64],
    adj: &mut Adjoints,
    deeper: &mut [Adjoints],
) {
    let Op::Root {
        out,
        unknown,
        equation,
        inner,
        ..
    } = op
    else {
        return;
    };
    let (Some((own, deeper)), Some(a)) = (deeper.split_first_mut(), adj.of(*out)) else {
        return;
    };
    let n = sweep.rows;
    own.clear();
    own.seed(*equation);
    ops::reverse(inner, sweep, values, own, deeper);
    let share: Vec<f64> = match own.of(*unknown) {
        Some(slope) => adj
            .column(a, n)
            .iter()
            .zip(own.column(slope, n))
            .map(|(a, s)| -a / s)
            .collect(),
        // The equation does not depend on its unknown: the root is not determined.
        None => vec![f64::NAN; n],
    };
    let (first, last) = (usize::from(*unknown), usize::from(*out));
    adj.absorb(own, &share, |r| r >= first && r < last);
}

//! Kernels that sum: many products of columns in one pass, each in eight lanes that the caller folds at the end.
//!
//! A tile of a few rows by a few columns of a Gram matrix reads each of its columns once, and has enough sums under
//! way to hide the latency of one. Tiles that stick out over the last column repeat it. The lanes of a sum lie side
//! by side in memory because that is what makes the compiler keep them in one vector.

use super::{Arithmetic, kernels};

/// A sum in eight lanes.
pub type Lanes = [f64; LANES];

const LANES: usize = 8;

/// The sum of the lanes, in a fixed order.
#[must_use]
pub fn fold(lanes: &Lanes) -> f64 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

kernels! {
    /// out\[k\] += Σ w·xₖ, where xₖ begins at `starts[k]` in `columns` and is as long as w.
    pub fn add_dots<M>(columns: &[f64], starts: &[usize], w: &[f64], out: &mut [Lanes]) {
        let mut k = 0;
        while k < starts.len() {
            let columns = pick(columns, starts, k, starts.len(), w.len());
            let sums = tile::<M, 1, 6>([w], columns, None);
            for c in 0..6 {
                if k + c < starts.len() {
                    add(&mut out[k + c], &sums[0][c]);
                }
            }
            k += 6;
        }
    }

    /// The lower triangle of XᵀWX, row by row, is added to `out`: Σ w·xₖ·xₗ for l ≤ k. Column xₖ begins at `starts[k]`
    /// in `columns` and is as long as w.
    pub fn add_gram<M>(columns: &[f64], starts: &[usize], w: &[f64], out: &mut [Lanes]) {
        let n = w.len();
        let mut k = 0;
        while k + 1 < starts.len() {
            let rows = pick::<2>(columns, starts, k, k + 2, n);
            let mut l = 0;
            while l < k + 2 {
                let sums = tile::<M, 2, 3>(rows, pick(columns, starts, l, k + 2, n), Some(w));
                add_row(out, k, l, &sums[0]);
                add_row(out, k + 1, l, &sums[1]);
                l += 3;
            }
            k += 2;
        }
        if k < starts.len() {
            let row = pick::<1>(columns, starts, k, k + 1, n);
            let mut l = 0;
            while l < k + 1 {
                let sums = tile::<M, 1, 6>(row, pick(columns, starts, l, k + 1, n), Some(w));
                add_row(out, k, l, &sums[0]);
                l += 6;
            }
        }
    }
}

/// Columns `first`, `first` + 1, …; the one before `end` again where there are no more.
#[inline(always)]
fn pick<'a, const C: usize>(
    columns: &'a [f64],
    starts: &[usize],
    first: usize,
    end: usize,
    n: usize,
) -> [&'a [f64]; C] {
    let mut out = [&columns[..0]; C];
    for (c, column) in out.iter_mut().enumerate() {
        let k = if first + c < end { first + c } else { end - 1 };
        *column = &columns[starts[k]..starts[k] + n];
    }
    out
}

/// Adds sums of row k and columns l, l + 1, … to a lower triangle, as far as they lie in it.
#[inline(always)]
fn add_row<const C: usize>(out: &mut [Lanes], k: usize, l: usize, sums: &[Lanes; C]) {
    let row = k * (k + 1) / 2;
    for c in 0..C {
        if l + c <= k {
            add(&mut out[row + l + c], &sums[c]);
        }
    }
}

#[inline(always)]
fn add(out: &mut Lanes, sum: &Lanes) {
    for l in 0..LANES {
        out[l] += sum[l];
    }
}

/// Σ w·xᵣ·y_c for all r and c; without w, Σ xᵣ·y_c.
#[inline(always)]
fn tile<M: Arithmetic, const R: usize, const C: usize>(
    x: [&[f64]; R],
    y: [&[f64]; C],
    w: Option<&[f64]>,
) -> [[Lanes; C]; R] {
    let n = x[0].len();
    let mut sums = [[[0.0f64; LANES]; C]; R];
    let whole = n / LANES * LANES;
    let mut i = 0;
    while i < whole {
        step::<M, R, C>(&mut sums, x, y, w, |x| eight(x, i));
        i += LANES;
    }
    if whole < n {
        step::<M, R, C>(&mut sums, x, y, w, |x| last(x, whole));
    }
    sums
}

#[inline(always)]
fn step<M: Arithmetic, const R: usize, const C: usize>(
    sums: &mut [[Lanes; C]; R],
    x: [&[f64]; R],
    y: [&[f64]; C],
    w: Option<&[f64]>,
    load: impl Fn(&[f64]) -> Lanes,
) {
    for r in 0..R {
        let mut a = load(x[r]);
        if let Some(w) = w {
            let w = load(w);
            for l in 0..LANES {
                a[l] *= w[l];
            }
        }
        for c in 0..C {
            let b = load(y[c]);
            for l in 0..LANES {
                sums[r][c][l] = M::fma(a[l], b[l], sums[r][c][l]);
            }
        }
    }
}

#[inline(always)]
fn eight(x: &[f64], i: usize) -> Lanes {
    let mut out = [0.0; LANES];
    out.copy_from_slice(&x[i..i + LANES]);
    out
}

/// The rows from `i`, fewer than eight, and zeros.
#[inline(always)]
fn last(x: &[f64], i: usize) -> Lanes {
    let mut out = [0.0; LANES];
    out[..x.len() - i].copy_from_slice(&x[i..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, so that every order of summation gives the same sums.
    fn whole(n: usize, k: usize) -> f64 {
        ((n * 7 + k * 13) % 11) as f64 - 5.0
    }

    #[test]
    fn sums_are_those_of_plain_loops_for_every_count_and_length() {
        for count in 0..9 {
            for n in [0, 1, 7, 8, 9, 31, 240] {
                let columns: Vec<f64> = (0..count * 256).map(|i| whole(i % 256, i / 256)).collect();
                let starts: Vec<usize> = (0..count).map(|k| k * 256).collect();
                let w: Vec<f64> = (0..n).map(|i| whole(i, 40)).collect();
                let x = |k: usize, i: usize| whole(i, k);
                let mut dots = vec![[0.125; 8]; count];
                add_dots(&columns, &starts, &w, &mut dots);
                let mut gram = vec![[0.25; 8]; count * (count + 1) / 2];
                add_gram(&columns, &starts, &w, &mut gram);
                for k in 0..count {
                    let want: f64 = (0..n).map(|i| w[i] * x(k, i)).sum();
                    assert_eq!(fold(&dots[k]), 1.0 + want, "{count} columns of {n}");
                    for l in 0..=k {
                        let want: f64 = (0..n).map(|i| w[i] * x(k, i) * x(l, i)).sum();
                        let found = fold(&gram[k * (k + 1) / 2 + l]);
                        assert_eq!(found, 2.0 + want, "{count} columns of {n}: {k}, {l}");
                    }
                }
            }
        }
    }
}

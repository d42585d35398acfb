//! Small dense linear algebra: an in-place Cholesky for the solver's inner loop, `nalgebra` for the rest.
//! Matrices are square, row by row, in one slice.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Lower Cholesky factor of `a` (p × p), written over its lower triangle; false when `a` is not positive definite.
///
/// A row's factor begins where the row begins: what stands before its first entry that is not zero is not touched, so
/// that an arrow (a diagonal and a few full rows at the end) costs p² and not p³.
///
/// A pivot counts as zero below `1e-14` of its diagonal entry: beyond that the step it would give is noise.
#[must_use]
pub fn cholesky(a: &mut [f64], p: usize) -> bool {
    let mut first = [0; 64];
    let mut many = Vec::new();
    let first = if p <= first.len() {
        &mut first[..p]
    } else {
        many.resize(p, 0);
        &mut many[..]
    };
    for i in 0..p {
        let (above, row) = a.split_at_mut(i * p);
        let row = &mut row[..=i];
        first[i] = row.iter().position(|x| *x != 0.0).unwrap_or(i);
        for j in first[i]..i {
            let other = &above[j * p..=j * p + j];
            let begin = first[i].max(first[j]);
            let mut x = row[j];
            for k in begin..j {
                x -= row[k] * other[k];
            }
            row[j] = x / other[j];
        }
        let original = row[i];
        let pivot = row[first[i]..i]
            .iter()
            .fold(original, |pivot, x| pivot - x * x);
        if pivot.is_nan() || pivot <= 1e-14 * original {
            return false;
        }
        row[i] = pivot.sqrt();
    }
    true
}

/// Solves L Lᵀ x = b in place, L from [`cholesky`].
pub fn cholesky_solve(l: &[f64], p: usize, b: &mut [f64]) {
    for i in 0..p {
        let row = &l[i * p..=i * p + i];
        let dot = row[..i].iter().zip(&*b);
        b[i] = dot.fold(b[i], |x, (l, b)| x - l * b) / row[i];
    }
    for i in (0..p).rev() {
        let row = &l[i * p..=i * p + i];
        b[i] /= row[i];
        let x = b[i];
        b[..i].iter_mut().zip(row).for_each(|(b, l)| *b -= l * x);
    }
}

/// Below this share an entry off the diagonal counts as zero.
const TINY: f64 = f64::EPSILON;
/// Sweeps after which an iteration that has not ended has failed.
const SWEEPS: usize = 10_000;

/// xᵀ A y for a p × p matrix.
#[must_use]
pub fn quadratic(a: &[f64], x: &[f64], y: &[f64]) -> f64 {
    let p = x.len();
    let mut sum = 0.0;
    for i in 0..p {
        let mut row = 0.0;
        for j in 0..p {
            row += a[i * p + j] * y[j];
        }
        sum += x[i] * row;
    }
    sum
}

/// Eigenvalues in rising order with their unit eigenvectors, of a symmetric p × p matrix.
#[must_use]
pub fn symmetric_eigen(a: &[f64], p: usize) -> Vec<(f64, Vec<f64>)> {
    if p == 0 || a.iter().any(|x| !x.is_finite()) {
        return Vec::new();
    }
    let Some(eigen) = SymmetricEigen::try_new(DMatrix::from_row_slice(p, p, a), TINY, SWEEPS)
    else {
        return Vec::new();
    };
    let mut pairs: Vec<(f64, Vec<f64>)> = (0..p)
        .map(|k| {
            (
                eigen.eigenvalues[k],
                eigen.eigenvectors.column(k).iter().copied().collect(),
            )
        })
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.iter_mut().for_each(|(_, vector)| orient(vector));
    pairs
}

/// The inverse of a symmetric positive definite p × p matrix; none when it is not positive definite.
#[must_use]
pub fn inverse_positive(a: &[f64], p: usize) -> Option<Vec<f64>> {
    let scale: Vec<f64> = (0..p).map(|j| a[j * p + j].sqrt()).collect();
    if scale.iter().any(|s| *s <= 0.0 || !s.is_finite()) {
        return None;
    }
    let mut l: Vec<f64> = (0..p * p)
        .map(|k| a[k] / (scale[k / p] * scale[k % p]))
        .collect();
    if !cholesky(&mut l, p) {
        return None;
    }
    let mut inverse = vec![0.0; p * p];
    for j in 0..p {
        let mut e = vec![0.0; p];
        e[j] = 1.0;
        cholesky_solve(&l, p, &mut e);
        for i in 0..p {
            inverse[i * p + j] = e[i] / (scale[i] * scale[j]);
        }
    }
    for i in 0..p {
        for j in 0..i {
            let mean = 0.5 * (inverse[i * p + j] + inverse[j * p + i]);
            inverse[i * p + j] = mean;
            inverse[j * p + i] = mean;
        }
    }
    Some(inverse)
}

/// The upper triangle R of a matrix of `p` columns, row by row: RᵀR = AᵀA without the loss of half the digits that
/// forming AᵀA means. None with fewer rows than columns or entries that are not finite.
#[must_use]
pub fn triangle(a: &[f64], p: usize) -> Option<Vec<f64>> {
    let mut rows = Triangle::new(p);
    rows.add(a);
    rows.finish()
}

/// Rows of a triangle that are taken in at once.
const ROWS: usize = 4096;

/// [`triangle`] of a matrix that is never whole: its rows come in pieces, in any number, and only the last few thousand
/// are held. How the rows are cut does not change the result.
#[derive(Clone, Debug)]
pub struct Triangle {
    p: usize,
    /// Rows not yet taken in, after the triangle of those before.
    held: Vec<f64>,
    rows: usize,
    finite: bool,
}

impl Triangle {
    /// No rows of `p` columns.
    #[must_use]
    pub fn new(p: usize) -> Self {
        Self {
            p,
            held: Vec::new(),
            rows: 0,
            finite: true,
        }
    }

    /// Adds rows, one after the other.
    pub fn add(&mut self, mut a: &[f64]) {
        if self.p == 0 {
            return;
        }
        self.rows += a.len() / self.p;
        self.finite = self.finite && a.iter().all(|x| x.is_finite());
        while self.finite && !a.is_empty() {
            let room = (ROWS.max(2 * self.p) * self.p).saturating_sub(self.held.len());
            let (now, later) = a.split_at(room.min(a.len()));
            self.held.extend_from_slice(now);
            a = later;
            if !a.is_empty() {
                self.held = upper(&self.held, self.p);
            }
        }
    }

    /// R, row by row.
    #[must_use]
    pub fn finish(self) -> Option<Vec<f64>> {
        let whole = self.p > 0 && self.rows >= self.p && self.finite;
        whole.then(|| upper(&self.held, self.p))
    }
}

/// R of rows that are at least as many as columns.
fn upper(rows: &[f64], p: usize) -> Vec<f64> {
    let r = DMatrix::from_row_slice(rows.len() / p, p, rows)
        .qr()
        .unpack_r();
    r.transpose().as_slice().to_vec()
}

/// Singular values of a p × p matrix in rising order with their unit vectors on the right.
#[must_use]
pub fn singular(a: &[f64], p: usize) -> Option<Vec<(f64, Vec<f64>)>> {
    // A growing exponential overflows some columns, and the iteration never ends on what is not a number.
    if a.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let svd = DMatrix::from_row_slice(p, p, a).try_svd(false, true, TINY, SWEEPS)?;
    let rows = svd.v_t?;
    let mut pairs: Vec<(f64, Vec<f64>)> = (0..p)
        .map(|k| {
            (
                svd.singular_values[k],
                rows.row(k).iter().copied().collect(),
            )
        })
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.iter_mut().for_each(|(_, vector)| orient(vector));
    Some(pairs)
}

/// Makes the largest entry positive: an eigenvector has no sign of its own.
fn orient(vector: &mut [f64]) {
    let larger = |m: f64, x: f64| if x.abs() > m.abs() + 1e-12 { x } else { m };
    if vector.iter().copied().fold(0.0, larger) < 0.0 {
        vector.iter_mut().for_each(|x| *x = -*x);
    }
}

/// (AᵀA)⁻¹ from the triangle of A, a matrix of `p` columns, row by row; none when some column adds nothing to those
/// before it.
#[must_use]
pub fn inverse_gram(r: &[f64], p: usize) -> Option<Vec<f64>> {
    let length = |j: usize| (0..=j).map(|i| r[i * p + j].powi(2)).sum::<f64>().sqrt();
    let independent = |j: usize| r[j * p + j].abs() > 1e-13 * length(j);
    if !(0..p).all(independent) {
        return None;
    }
    let mut inverse = vec![0.0; p * p];
    for j in 0..p {
        for i in (0..=j).rev() {
            let known: f64 = (i + 1..=j).map(|k| r[i * p + k] * inverse[k * p + j]).sum();
            inverse[i * p + j] = (f64::from(u8::from(i == j)) - known) / r[i * p + i];
        }
    }
    let entry = |i: usize, j: usize| {
        (0..p)
            .map(|k| inverse[i * p + k] * inverse[j * p + k])
            .sum()
    };
    Some((0..p * p).map(|k| entry(k / p, k % p)).collect())
}

/// Solves a general square system by LU with partial pivoting; none when it is singular.
#[must_use]
pub fn solve_general(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let p = b.len();
    // With every coordinate on a bound nothing is left to solve.
    if p == 0 {
        return Some(Vec::new());
    }
    let lu = DMatrix::from_row_slice(p, p, a).lu();
    lu.solve(&DVector::from_column_slice(b))
        .map(|x| x.iter().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f64; 9] = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];

    #[test]
    fn cholesky_solves() {
        let mut l = A;
        assert!(cholesky(&mut l, 3));
        let mut x = [1.0, 2.0, 3.0];
        cholesky_solve(&l, 3, &mut x);
        for i in 0..3 {
            let b: f64 = (0..3).map(|j| A[i * 3 + j] * x[j]).sum();
            assert!((b - (i as f64 + 1.0)).abs() < 1e-14);
        }
    }

    #[test]
    fn cholesky_refuses_an_indefinite_matrix() {
        assert!(!cholesky(&mut [1.0, 2.0, 2.0, 1.0], 2));
        assert!(!cholesky(&mut [1.0, 1.0, 1.0, 1.0], 2));
    }

    #[test]
    fn eigenvalues_rise_and_vectors_are_unit() {
        let pairs = symmetric_eigen(&A, 3);
        assert!(pairs.windows(2).all(|w| w[0].0 <= w[1].0));
        for (value, v) in pairs {
            assert!((quadratic(&A, &v, &v) - value).abs() < 1e-12);
            assert!((v.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_inverse_of_a_gram_matrix_keeps_the_digits_that_forming_it_would_lose() {
        // Two columns at an angle of 1e-6: AᵀA has a determinant of 4e-12 among entries of 2.
        let angle = 1e-6;
        let a = [1.0, 1.0 + angle, 1.0, 1.0 - angle];
        let gram = |a: &[f64]| triangle(a, 2).and_then(|r| inverse_gram(&r, 2));
        let inverse = gram(&a).expect("independent columns");
        let wanted = [
            0.5 + 0.5 / (angle * angle),
            -0.5 / (angle * angle),
            0.5 / (angle * angle),
        ];
        assert!((inverse[0] / wanted[0] - 1.0).abs() < 1e-9);
        assert!((inverse[1] / wanted[1] - 1.0).abs() < 1e-9);
        assert!((inverse[3] / wanted[2] - 1.0).abs() < 1e-9);
        assert!(gram(&[1.0, 2.0, 1.0, 2.0]).is_none());
        assert!(gram(&[1.0, 2.0]).is_none());
    }

    #[test]
    fn a_triangle_is_the_same_however_its_rows_are_cut() {
        let p = 3;
        let a: Vec<f64> = (0..10_000 * p)
            .map(|k| (k as f64 * 0.7).sin() + f64::from(u8::from(k % p == 0)))
            .collect();
        let whole = triangle(&a, p).expect("finite");
        for piece in [1, 7, ROWS, ROWS + 1, 9_999] {
            let mut pieces = Triangle::new(p);
            a.chunks(piece * p).for_each(|rows| pieces.add(rows));
            assert_eq!(
                pieces.finish().as_ref(),
                Some(&whole),
                "{piece} rows at once"
            );
        }
        for i in 0..p {
            for j in i..p {
                let gram: f64 = a.chunks(p).map(|row| row[i] * row[j]).sum();
                let again: f64 = (0..p).map(|k| whole[k * p + i] * whole[k * p + j]).sum();
                assert!((gram - again).abs() < 1e-10 * gram.abs().max(1.0));
            }
        }
        let mut endless = Triangle::new(p);
        endless.add(&a);
        endless.add(&[1.0, f64::INFINITY, 1.0]);
        endless.add(&a);
        assert_eq!(endless.finish(), None);
    }

    #[test]
    fn the_first_singular_value_belongs_to_the_weakest_direction() {
        let a = [3.0, 4.0, -0.8e-9, 0.6e-9, 0.0, 0.0];
        let r = triangle(&a, 2).expect("more rows than columns");
        let pairs = singular(&r, 2).expect("finite");
        let (value, v) = &pairs[0];
        assert!((value / 1e-9 - 1.0).abs() < 1e-12 && (pairs[1].0 / 5.0 - 1.0).abs() < 1e-12);
        assert!((v[0] - 0.8).abs() < 1e-9 && (v[1] + 0.6).abs() < 1e-9);
    }

    #[test]
    fn an_arrow_keeps_its_shape_in_the_factor() {
        let p = 90;
        let mut a = vec![0.0; p * p];
        for i in 0..p {
            a[i * p + i] = 3.0 + i as f64;
            a[(p - 1) * p + i] += 0.1 * (1.0 + i as f64).sqrt();
            a[i * p + p - 1] = a[(p - 1) * p + i];
        }
        let mut l = a.clone();
        assert!(cholesky(&mut l, p));
        let below = |i: usize| l[i * p..i * p + i].iter().any(|x| *x != 0.0);
        assert!((0..p - 1).all(|i| !below(i)) && below(p - 1));
        let truth: Vec<f64> = (0..p).map(|i| (i as f64).sin()).collect();
        let mut b: Vec<f64> = a
            .chunks(p)
            .map(|row| row.iter().zip(&truth).map(|(a, x)| a * x).sum())
            .collect();
        cholesky_solve(&l, p, &mut b);
        assert!(b.iter().zip(&truth).all(|(x, t)| (x - t).abs() < 1e-13));
    }

    #[test]
    fn a_system_without_unknowns_is_solved() {
        assert_eq!(solve_general(&[], &[]), Some(Vec::new()));
    }

    #[test]
    fn inverse_is_the_inverse() {
        let inverse = inverse_positive(&A, 3).expect("positive definite");
        for i in 0..3 {
            for j in 0..3 {
                let x: f64 = (0..3).map(|k| A[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!((x - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
        assert!(inverse_positive(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}

//! Small dense linear algebra: an in-place Cholesky for the solver's inner loop, `nalgebra` for the rest.
//! Matrices are square, row by row, in one slice.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// Lower Cholesky factor of `a` (p × p), written over its lower triangle; false when `a` is not positive definite.
///
/// A pivot counts as zero below `1e-14` of its diagonal entry: beyond that the step it would give is noise.
#[must_use]
pub fn cholesky(a: &mut [f64], p: usize) -> bool {
    for j in 0..p {
        let original = a[j * p + j];
        let mut pivot = original;
        for k in 0..j {
            pivot -= a[j * p + k] * a[j * p + k];
        }
        if pivot.is_nan() || pivot <= 1e-14 * original {
            return false;
        }
        let root = pivot.sqrt();
        a[j * p + j] = root;
        for i in j + 1..p {
            let mut x = a[i * p + j];
            for k in 0..j {
                x -= a[i * p + k] * a[j * p + k];
            }
            a[i * p + j] = x / root;
        }
    }
    true
}

/// Solves L Lᵀ x = b in place, L from [`cholesky`].
pub fn cholesky_solve(l: &[f64], p: usize, b: &mut [f64]) {
    for i in 0..p {
        let mut x = b[i];
        for k in 0..i {
            x -= l[i * p + k] * b[k];
        }
        b[i] = x / l[i * p + i];
    }
    for i in (0..p).rev() {
        let mut x = b[i];
        for k in i + 1..p {
            x -= l[k * p + i] * b[k];
        }
        b[i] = x / l[i * p + i];
    }
}

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
    let eigen = SymmetricEigen::new(DMatrix::from_row_slice(p, p, a));
    let mut pairs: Vec<(f64, Vec<f64>)> = (0..p)
        .map(|k| {
            (
                eigen.eigenvalues[k],
                eigen.eigenvectors.column(k).iter().copied().collect(),
            )
        })
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, vector) in &mut pairs {
        // An eigenvector has no sign of its own: its largest entry is made positive.
        let largest = vector
            .iter()
            .copied()
            .fold(0.0f64, |m, x| if x.abs() > m.abs() + 1e-12 { x } else { m });
        if largest < 0.0 {
            vector.iter_mut().for_each(|x| *x = -*x);
        }
    }
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

/// Solves a general square system by LU with partial pivoting; none when it is singular.
#[must_use]
pub fn solve_general(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let p = b.len();
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

//! Matrices as windows into slices, and their product.
//!
//! The constructors check that the last element lies inside the slice; with that, every element does, and the pointer
//! that `matrixmultiply` is given is good. A matrix that is written to has rows that do not overlap.

/// A matrix that is read: element (i, j) is `data[i · row_stride + j · column_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, R> {
    data: &'a [R],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, R> Matrix<'a, R> {
    /// Rows that are `stride` apart.
    ///
    /// # Panics
    ///
    /// When the slice does not hold them.
    #[must_use]
    #[track_caller]
    pub fn new(data: &'a [R], rows: usize, columns: usize, stride: usize) -> Self {
        check(data.len(), rows, columns, stride);
        Self {
            data,
            rows,
            columns,
            row_stride: stride,
            column_stride: 1,
        }
    }

    /// Rows one behind the other.
    #[must_use]
    #[track_caller]
    pub fn dense(data: &'a [R], rows: usize, columns: usize) -> Self {
        Self::new(data, rows, columns, columns)
    }

    /// The same elements with rows as columns.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// A matrix that is written to.
#[derive(Debug)]
pub struct MatrixMut<'a, R> {
    data: &'a mut [R],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a, R> MatrixMut<'a, R> {
    /// Rows that are `stride` apart.
    ///
    /// # Panics
    ///
    /// When the slice does not hold them, or when rows overlap.
    #[must_use]
    #[track_caller]
    pub fn new(data: &'a mut [R], rows: usize, columns: usize, stride: usize) -> Self {
        check(data.len(), rows, columns, stride);
        Self {
            data,
            rows,
            columns,
            stride,
        }
    }

    /// Rows one behind the other.
    #[must_use]
    #[track_caller]
    pub fn dense(data: &'a mut [R], rows: usize, columns: usize) -> Self {
        Self::new(data, rows, columns, columns)
    }
}

#[track_caller]
fn check(len: usize, rows: usize, columns: usize, stride: usize) {
    assert!(
        rows > 0 && columns > 0 && columns <= stride,
        "an empty matrix, or rows that overlap"
    );
    let last = (rows - 1)
        .checked_mul(stride)
        .and_then(|at| at.checked_add(columns));
    assert!(
        last.is_some_and(|last| last <= len),
        "a matrix beyond its slice"
    );
}

/// The shape of `sgemm` and `dgemm` of `matrixmultiply`.
type Gemm<R> = unsafe fn(
    usize,
    usize,
    usize,
    R,
    *const R,
    isize,
    isize,
    *const R,
    isize,
    isize,
    R,
    *mut R,
    isize,
    isize,
);

/// C ← α A B + β C.
pub(super) fn product<R>(
    gemm: Gemm<R>,
    alpha: R,
    a: Matrix<'_, R>,
    b: Matrix<'_, R>,
    beta: R,
    c: MatrixMut<'_, R>,
) {
    assert!(
        a.columns == b.rows && a.rows == c.rows && b.columns == c.columns,
        "the product of a {} × {} and a {} × {} matrix is not {} × {}",
        a.rows,
        a.columns,
        b.rows,
        b.columns,
        c.rows,
        c.columns
    );
    // SAFETY: the constructors have checked that every element of the three windows lies inside its slice, so strides
    // fit into an isize; `c` is borrowed for writing alone, and its rows do not overlap.
    unsafe {
        gemm(
            a.rows,
            a.columns,
            b.columns,
            alpha,
            a.data.as_ptr(),
            a.row_stride as isize,
            a.column_stride as isize,
            b.data.as_ptr(),
            b.row_stride as isize,
            b.column_stride as isize,
            beta,
            c.data.as_mut_ptr(),
            c.stride as isize,
            1,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Real as _;

    #[test]
    fn windows_and_transposes_multiply_as_by_hand() {
        // A is the left half of a 2 × 4 block, B is transposed.
        let a = [1.0, 2.0, 9.0, 9.0, 3.0, 4.0, 9.0, 9.0];
        let b = [5.0, 6.0, 7.0, 8.0];
        let mut c = [1.0; 6];
        let (a, b) = (
            Matrix::new(&a, 2, 2, 4),
            Matrix::dense(&b, 2, 2).transposed(),
        );
        f64::product(2.0, a, b, 1.0, MatrixMut::new(&mut c, 2, 2, 3));
        assert_eq!(c, [35.0, 47.0, 1.0, 79.0, 107.0, 1.0]);
    }

    #[test]
    #[should_panic(expected = "beyond its slice")]
    fn a_window_beyond_its_slice_is_refused() {
        let _ = Matrix::new(&[0.0f32; 7], 2, 4, 4);
    }
}

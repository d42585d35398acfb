//! What this machine can do: the rate of its matrix product, against which training is measured.

use crate::clock::Clock;
use crate::kernels::Real as _;
use crate::kernels::matrix::{Matrix, MatrixMut};

/// Side of the matrices.
const SIDE: usize = 512;

/// FLOP a second of one thread in a large single-precision matrix product: the best of several tries within `secs`.
#[must_use]
pub fn product_rate(secs: f64) -> f64 {
    let fill = |step: usize| {
        (0..SIDE * SIDE)
            .map(|i| (i * step % 17) as f32 - 8.0)
            .collect::<Vec<_>>()
    };
    let (a, b) = (fill(3), fill(5));
    let mut c = vec![0.0f32; SIDE * SIDE];
    let whole = Clock::start();
    let mut best = f64::INFINITY;
    loop {
        let one = Clock::start();
        f32::product(
            1.0,
            Matrix::dense(&a, SIDE, SIDE),
            Matrix::dense(&b, SIDE, SIDE),
            0.0,
            MatrixMut::dense(&mut c, SIDE, SIDE),
        );
        best = best.min(one.secs());
        if whole.secs() >= secs {
            break;
        }
    }
    2.0 * (SIDE as f64).powi(3) / best.max(1e-9)
}

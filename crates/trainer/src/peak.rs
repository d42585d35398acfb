//! What this machine can do: the rate of its matrix product, against which training is measured.

use crate::clock::Clock;
use crate::kernels::Real as _;
use crate::kernels::matrix::{Matrix, MatrixMut};

/// Side of the matrices.
const SIDE: usize = 512;

/// FLOP a second of one thread in a large single-precision matrix product, repeated for `secs` of the processor.
#[must_use]
pub fn product_rate(secs: f64) -> f64 {
    let fill = |step: usize| {
        (0..SIDE * SIDE)
            .map(|i| (i * step % 17) as f32 - 8.0)
            .collect::<Vec<_>>()
    };
    let (a, b) = (fill(3), fill(5));
    let mut c = vec![0.0f32; SIDE * SIDE];
    let clock = Clock::start();
    let mut products = 0.0;
    while products == 0.0 || clock.busy_secs() < secs {
        f32::product(
            1.0,
            Matrix::dense(&a, SIDE, SIDE),
            Matrix::dense(&b, SIDE, SIDE),
            0.0,
            MatrixMut::dense(&mut c, SIDE, SIDE),
        );
        products += 1.0;
    }
    products * 2.0 * (SIDE as f64).powi(3) / clock.busy_secs().max(1e-9)
}

//! The number type of a model: `f32` trains, `f64` proves the gradients.
//!
//! All of the model is written once, over this trait. In `f64` a central difference and a gradient agree to seven
//! digits, so that a wrong factor cannot hide in rounding.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use super::matrix::{Matrix, MatrixMut};

/// A floating-point number that a model can be made of.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// The nearest number.
    fn of(x: f64) -> Self;
    /// As `f64`, exactly.
    fn wide(self) -> f64;
    /// Square root.
    #[must_use]
    fn root(self) -> Self;
    /// e^x, in a form that loops vectorise; NaN stays NaN.
    #[must_use]
    fn exponential(self) -> Self;
    /// C ← α A B + β C.
    fn product(
        alpha: Self,
        a: Matrix<'_, Self>,
        b: Matrix<'_, Self>,
        beta: Self,
        c: MatrixMut<'_, Self>,
    );
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(x: f64) -> Self {
        x as Self
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn exponential(self) -> Self {
        /// Adding it rounds to a whole number, which is then in the low bits.
        const ROUND: f32 = 12_582_912.0;
        const LN2_HIGH: f32 = 0.693_359_4;
        const LN2_LOW: f32 = -2.121_944_4e-4;
        let x = self.clamp(-87.3, 88.3);
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = x - n * LN2_HIGH - n * LN2_LOW;
        let p = 1.0 / 120.0 + r * (1.0 / 720.0);
        let p = 1.0 / 24.0 + r * p;
        let p = 1.0 / 6.0 + r * p;
        let p = 1.0 + r * (1.0 + r * (0.5 + r * p));
        p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
    }

    fn product(
        alpha: Self,
        a: Matrix<'_, Self>,
        b: Matrix<'_, Self>,
        beta: Self,
        c: MatrixMut<'_, Self>,
    ) {
        super::matrix::product(matrixmultiply::sgemm, alpha, a, b, beta, c);
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    #[inline(always)]
    fn root(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn exponential(self) -> Self {
        self.exp()
    }

    fn product(
        alpha: Self,
        a: Matrix<'_, Self>,
        b: Matrix<'_, Self>,
        beta: Self,
        c: MatrixMut<'_, Self>,
    ) {
        super::matrix::product(matrixmultiply::dgemm, alpha, a, b, beta, c);
    }
}

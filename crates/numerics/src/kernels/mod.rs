//! Column kernels: plain loops that the compiler vectorises, compiled three times and chosen at run time.
//!
//! Every kernel is an `#[inline(always)]` body, instantiated for any processor, for x86-64 with AVX2 and FMA, and for
//! x86-64 with AVX-512. The one `unsafe` of the workspace is the call into the latter two, in the macro `kernels!`
//! below: it is sound because [`width`] names an instance only after `is_x86_feature_detected!` has said that the
//! processor has every feature that the instance enables. Nothing else here is unsafe: slices are indexed with checks
//! that the optimiser removes because every body first cuts its slices to one length.
//!
//! Products and sums are fused (one rounding) where the processor can; so the last bit of a result may differ
//! between processors with and without FMA, and never between runs, threads or block positions on one machine. The
//! two vector widths give the same bits: sums are kept in a fixed number of lanes.

mod columns;
mod math;
mod sums;

pub use columns::*;
pub use math::{exp, ln, ln_1p};
pub use sums::{Lanes, add_dots, add_gram, fold};

/// Which instance of the kernels a processor can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// The instance for any processor.
    Any,
    /// Vectors of four: AVX2 and FMA.
    Four,
    /// Vectors of eight: AVX-512 (F and DQ), besides AVX2 and FMA.
    Eight,
}

/// The widest instance that this machine can run; the standard library remembers what it has detected.
#[inline]
#[must_use]
pub fn width() -> Width {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx2") && has!("fma") {
            if has!("avx512f") && has!("avx512dq") {
                return Width::Eight;
            }
            return Width::Four;
        }
    }
    Width::Any
}

/// How a processor multiplies and adds; exp and ln follow from it.
pub trait Arithmetic {
    /// a·b + c.
    fn fma(a: f64, b: f64, c: f64) -> f64;

    /// e^x.
    #[inline(always)]
    #[must_use]
    fn exp(x: f64) -> f64
    where
        Self: Sized,
    {
        math::exp_with::<Self>(x)
    }

    /// Natural logarithm.
    #[inline(always)]
    #[must_use]
    fn ln(x: f64) -> f64
    where
        Self: Sized,
    {
        math::ln_with::<Self>(x)
    }
}

/// Two roundings: what every processor has.
pub struct Plain;

impl Arithmetic for Plain {
    #[inline(always)]
    fn fma(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
}

/// One rounding: only inside `#[target_feature(enable = "fma")]`, elsewhere `mul_add` is a slow library call.
pub struct Fused;

impl Arithmetic for Fused {
    #[inline(always)]
    fn fma(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

/// Defines kernels: each body is instantiated for every [`Width`] and chosen at run time.
///
/// Exported so that a benchmark can hold the tape against a loop written by hand under the same dispatch.
#[doc(hidden)]
#[macro_export]
macro_rules! kernels {
    ($($(#[$meta:meta])* pub fn $name:ident<$m:ident>($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {
        $(
            $(#[$meta])*
            #[inline]
            pub fn $name($($arg: $ty),*) $(-> $ret)? {
                #[inline(always)]
                fn body<$m: $crate::kernels::Arithmetic>($($arg: $ty),*) $(-> $ret)? $body

                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2,fma")]
                fn wide($($arg: $ty),*) $(-> $ret)? {
                    body::<$crate::kernels::Fused>($($arg),*)
                }

                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2,fma,avx512f,avx512dq")]
                fn widest($($arg: $ty),*) $(-> $ret)? {
                    body::<$crate::kernels::Fused>($($arg),*)
                }

                #[cfg(target_arch = "x86_64")]
                match $crate::kernels::width() {
                    // SAFETY: `width` has just found the four features that this instance enables.
                    $crate::kernels::Width::Eight => return unsafe { widest($($arg),*) },
                    // SAFETY: `width` has just found the two features that this instance enables.
                    $crate::kernels::Width::Four => return unsafe { wide($($arg),*) },
                    $crate::kernels::Width::Any => {}
                }
                body::<$crate::kernels::Plain>($($arg),*)
            }
        )*
    };
}
pub use kernels;

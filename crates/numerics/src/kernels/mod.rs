//! Column kernels: plain loops that the compiler vectorises, compiled twice and chosen at run time.
//!
//! Every kernel is an `#[inline(always)]` body, instantiated once for any x86-64 and once under
//! `#[target_feature(enable = "avx2,fma")]`. The one `unsafe` of the workspace is the call into the second
//! instance, in the macro `kernels!` below: it is sound because it runs only after `is_x86_feature_detected!` has
//! said that the processor has both features (see [`wide`]). Nothing else here is unsafe: slices are indexed with
//! checks that the optimiser removes because every body first cuts its slices to one length.
//!
//! Products and sums are fused (one rounding) where the processor can; so the last bit of a result may differ
//! between processors with and without FMA, and never between runs, threads or block positions on one machine.

mod columns;
mod math;

pub use columns::*;
pub use math::{exp, ln, ln_1p};

/// Whether the wide instances are used on this machine.
#[inline]
#[must_use]
pub fn wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// How a processor multiplies and adds.
pub(crate) trait Arithmetic {
    /// a·b + c.
    fn fma(a: f64, b: f64, c: f64) -> f64;
}

/// Two roundings: what every processor has.
pub(crate) struct Plain;

impl Arithmetic for Plain {
    #[inline(always)]
    fn fma(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
}

/// One rounding: only inside `#[target_feature(enable = "fma")]`, elsewhere `mul_add` is a slow library call.
pub(crate) struct Fused;

impl Arithmetic for Fused {
    #[inline(always)]
    fn fma(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

/// Defines kernels: each body is instantiated for [`Plain`] and for [`Fused`] and chosen at run time.
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
                fn instance($($arg: $ty),*) $(-> $ret)? {
                    body::<$crate::kernels::Fused>($($arg),*)
                }

                #[cfg(target_arch = "x86_64")]
                if $crate::kernels::wide() {
                    // SAFETY: `wide` has just found both features that the instance enables.
                    return unsafe { instance($($arg),*) };
                }
                body::<$crate::kernels::Plain>($($arg),*)
            }
        )*
    };
}
pub(crate) use kernels;

//! exp, ln and ln(1 + x) without branches, so that loops over them vectorise.
//!
//! Largest error of each: below 1 ulp (tests, against the system library, near every edge of the range). The
//! polynomials are fdlibm's for ln and the Taylor series to degree 13 for exp on |r| ≤ ln 2 / 2, where its
//! remainder is below 2⁻⁶⁰.

use super::{Arithmetic, Plain};

const LN2_HI: f64 = 6.931_471_803_691_238e-1;
const LN2_LO: f64 = 1.908_214_929_270_587_7e-10;
/// 1.5 · 2⁵²: adding it rounds to a whole number and leaves that number in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// e^x; overflows to infinity, underflows gradually to zero, keeps NaN.
#[inline(always)]
pub(crate) fn exp_with<M: Arithmetic>(x: f64) -> f64 {
    let x = if x > 1000.0 { 1000.0 } else { x };
    let x = if x < -1000.0 { -1000.0 } else { x };
    let k = M::fma(x, std::f64::consts::LOG2_E, ROUND) - ROUND;
    let r = M::fma(k, -LN2_HI, x);
    let r_low = k * -LN2_LO;
    let r = r + r_low;
    let p = 1.0 / 6_227_020_800.0;
    let p = M::fma(p, r, 1.0 / 479_001_600.0);
    let p = M::fma(p, r, 1.0 / 39_916_800.0);
    let p = M::fma(p, r, 1.0 / 3_628_800.0);
    let p = M::fma(p, r, 1.0 / 362_880.0);
    let p = M::fma(p, r, 1.0 / 40_320.0);
    let p = M::fma(p, r, 1.0 / 5_040.0);
    let p = M::fma(p, r, 1.0 / 720.0);
    let p = M::fma(p, r, 1.0 / 120.0);
    let p = M::fma(p, r, 1.0 / 24.0);
    let p = M::fma(p, r, 1.0 / 6.0);
    let p = M::fma(p, r, 0.5);
    let e = 1.0 + M::fma(p, r * r, r);
    // 2^k as two factors, so that k from -1075 to 1024 neither overflows early nor loses the subnormals.
    let half = M::fma(k, 0.5, ROUND);
    let first = f64::from_bits(half.to_bits().wrapping_add(1023) << 52);
    let rest = (k - (half - ROUND)) + ROUND;
    let second = f64::from_bits(rest.to_bits().wrapping_add(1023) << 52);
    e * first * second
}

/// Natural logarithm; -infinity at zero, NaN below.
#[inline(always)]
pub(crate) fn ln_with<M: Arithmetic>(x: f64) -> f64 {
    const SQRT_HALF_HIGH: u64 = 0x3fe6_a09e_0000_0000;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let tiny = x < f64::MIN_POSITIVE;
    let scaled = if tiny {
        x * 18_014_398_509_481_984.0
    } else {
        x
    };
    let shift = if tiny { 1023.0 + 54.0 } else { 1023.0 };
    let bits = scaled.to_bits().wrapping_add(ONE - SQRT_HALF_HIGH);
    // The exponent as a float: bits of 2⁵² + e, minus 2⁵².
    let e = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    let k = e - shift;
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF_HIGH));
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = M::fma(
        w,
        M::fma(w, 1.531_383_769_920_937_3e-1, 2.222_219_843_214_978_4e-1),
        3.999_999_999_940_942e-1,
    ) * w;
    let odd = M::fma(
        w,
        M::fma(
            w,
            M::fma(w, 1.479_819_860_511_658_6e-1, 1.818_357_216_161_805e-1),
            2.857_142_874_366_239e-1,
        ),
        6.666_666_666_666_735e-1,
    ) * z;
    let r = even + odd;
    let half_square = 0.5 * f * f;
    let low = M::fma(k, LN2_LO, s * (half_square + r));
    let y = M::fma(k, LN2_HI, (low - half_square) + f);
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    let y = if x == f64::INFINITY { f64::INFINITY } else { y };
    if x >= 0.0 { y } else { f64::NAN }
}

/// ln(1 + x) for x ≥ 0, exact to rounding also where 1 + x rounds to 1.
#[inline(always)]
pub(crate) fn ln_1p_with<M: Arithmetic>(x: f64) -> f64 {
    let w = 1.0 + x;
    let corrected = ln_with::<M>(w) * (x / (w - 1.0));
    if w == 1.0 { x } else { corrected }
}

/// e^x of one number, with the same digits as the column kernels on a machine without FMA.
#[must_use]
pub fn exp(x: f64) -> f64 {
    exp_with::<Plain>(x)
}

/// Natural logarithm of one number.
#[must_use]
pub fn ln(x: f64) -> f64 {
    ln_with::<Plain>(x)
}

/// ln(1 + x) of one number, x ≥ 0.
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    ln_1p_with::<Plain>(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Fused;

    fn ulps(a: f64, b: f64) -> f64 {
        if a == b || (a.is_nan() && b.is_nan()) {
            return 0.0;
        }
        let unit = f64::from_bits(b.abs().to_bits() + 1) - b.abs();
        ((a - b) / unit).abs()
    }

    /// A fixed walk over the doubles: no randomness, many exponents and mantissas.
    fn walk(n: u64, f: impl Fn(u64) -> f64) -> impl Iterator<Item = f64> {
        (0..n).map(move |i| f(i.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    #[test]
    fn exp_is_within_one_ulp_of_the_system() {
        let unit = |h: u64| (h >> 11) as f64 / (1u64 << 53) as f64;
        for x in walk(400_000, |h| -708.0 + 1417.0 * unit(h)) {
            assert!(ulps(exp_with::<Plain>(x), x.exp()) <= 1.0, "{x}");
            assert!(ulps(exp_with::<Fused>(x), x.exp()) <= 1.0, "{x}");
        }
        for x in walk(100_000, |h| (unit(h) - 0.5) * 1e-3) {
            assert!(ulps(exp_with::<Fused>(x), x.exp()) <= 1.0, "{x}");
        }
    }

    #[test]
    fn exp_at_the_edges() {
        for f in [exp_with::<Plain>, exp_with::<Fused>] {
            assert_eq!(f(0.0), 1.0);
            assert_eq!(f(f64::INFINITY), f64::INFINITY);
            assert_eq!(f(f64::NEG_INFINITY), 0.0);
            assert!(f(f64::NAN).is_nan());
            assert_eq!(f(710.0), f64::INFINITY);
            assert!(f(709.78).is_finite());
            assert_eq!(f(-746.0), 0.0);
            // Two roundings in the subnormal range: one unit of the smallest subnormal either way.
            assert!((f(-744.0) - (-744.0f64).exp()).abs() <= 5e-324);
            assert!(f(-745.0) > 0.0);
        }
    }

    #[test]
    fn ln_is_within_one_ulp_of_the_system() {
        for x in walk(400_000, |h| f64::from_bits(h & 0x7fef_ffff_ffff_ffff)) {
            assert!(ulps(ln_with::<Plain>(x), x.ln()) <= 1.0, "{x:e}");
            assert!(ulps(ln_with::<Fused>(x), x.ln()) <= 1.0, "{x:e}");
        }
        for x in walk(100_000, |h| {
            0.5 + 1.5 * (h >> 11) as f64 / (1u64 << 53) as f64
        }) {
            assert!(ulps(ln_with::<Fused>(x), x.ln()) <= 1.0, "{x}");
        }
    }

    #[test]
    fn ln_at_the_edges() {
        for f in [ln_with::<Plain>, ln_with::<Fused>] {
            assert_eq!(f(1.0), 0.0);
            assert_eq!(f(0.0), f64::NEG_INFINITY);
            assert_eq!(f(f64::INFINITY), f64::INFINITY);
            assert!(f(-1.0).is_nan());
            assert!(f(f64::NAN).is_nan());
            assert!(ulps(f(5e-324), 5e-324f64.ln()) <= 1.0);
        }
    }

    #[test]
    fn ln_1p_keeps_small_arguments() {
        for x in [0.0, 1e-300, 1e-20, 1e-16, 3e-16, 1e-9, 1e-3, 0.5, 1.0, 1e10] {
            assert!(ulps(ln_1p_with::<Plain>(x), x.ln_1p()) <= 3.0, "{x:e}");
        }
    }
}

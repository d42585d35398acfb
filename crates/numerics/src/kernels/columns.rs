//! Kernels over columns. All slices of one call have one length; longer ones are cut to the first.
#![expect(
    clippy::extra_unused_type_parameters,
    reason = "every kernel takes its arithmetic, also those that only add or only multiply"
)]

use super::kernels;
use super::math::{exp_with, ln_1p_with, ln_with};

kernels! {
    /// out = e^(s·x + c).
    pub fn exp_linear<M>(out: &mut [f64], s: f64, x: &[f64], c: f64) {
        let n = out.len();
        let x = &x[..n];
        for i in 0..n {
            out[i] = exp_with::<M>(M::fma(s, x[i], c));
        }
    }

    /// out = e^(s·x + y).
    pub fn exp_linear_column<M>(out: &mut [f64], s: f64, x: &[f64], y: &[f64]) {
        let n = out.len();
        let (x, y) = (&x[..n], &y[..n]);
        for i in 0..n {
            out[i] = exp_with::<M>(M::fma(s, x[i], y[i]));
        }
    }

    /// out = s·x + c.
    pub fn linear<M>(out: &mut [f64], s: f64, x: &[f64], c: f64) {
        let n = out.len();
        let x = &x[..n];
        for i in 0..n {
            out[i] = M::fma(s, x[i], c);
        }
    }

    /// out = s·x + y.
    pub fn linear_column<M>(out: &mut [f64], s: f64, x: &[f64], y: &[f64]) {
        let n = out.len();
        let (x, y) = (&x[..n], &y[..n]);
        for i in 0..n {
            out[i] = M::fma(s, x[i], y[i]);
        }
    }

    /// out = x + y + c.
    pub fn sum<M>(out: &mut [f64], x: &[f64], y: &[f64], c: f64) {
        let n = out.len();
        let (x, y) = (&x[..n], &y[..n]);
        for i in 0..n {
            out[i] = (x[i] + y[i]) + c;
        }
    }

    /// out += x.
    pub fn add_to<M>(out: &mut [f64], x: &[f64]) {
        let n = out.len();
        let x = &x[..n];
        for i in 0..n {
            out[i] += x[i];
        }
    }

    /// out = x·y.
    pub fn product<M>(out: &mut [f64], x: &[f64], y: &[f64]) {
        let n = out.len();
        let (x, y) = (&x[..n], &y[..n]);
        for i in 0..n {
            out[i] = x[i] * y[i];
        }
    }

    /// out = s·x.
    pub fn scaled<M>(out: &mut [f64], s: f64, x: &[f64]) {
        let n = out.len();
        let x = &x[..n];
        for i in 0..n {
            out[i] = s * x[i];
        }
    }

    /// out = x / y.
    pub fn quotient<M>(out: &mut [f64], x: &[f64], y: &[f64]) {
        let n = out.len();
        let (x, y) = (&x[..n], &y[..n]);
        for i in 0..n {
            out[i] = x[i] / y[i];
        }
    }

    /// out = e^x.
    pub fn exp_column<M>(out: &mut [f64], x: &[f64]) {
        let n = out.len();
        let x = &x[..n];
        for i in 0..n {
            out[i] = exp_with::<M>(x[i]);
        }
    }

    /// out = ln x.
    pub fn ln_column<M>(out: &mut [f64], x: &[f64]) {
        let n = out.len();
        let x = &x[..n];
        for i in 0..n {
            out[i] = ln_with::<M>(x[i]);
        }
    }

    /// out = 1 / (1 + e^-x).
    pub fn sigmoid_column<M>(out: &mut [f64], x: &[f64]) {
        let n = out.len();
        let x = &x[..n];
        for i in 0..n {
            out[i] = 1.0 / (1.0 + exp_with::<M>(-x[i]));
        }
    }

    /// out = ln(1 + e^x), without overflow.
    pub fn softplus_column<M>(out: &mut [f64], x: &[f64]) {
        let n = out.len();
        let x = &x[..n];
        for i in 0..n {
            let positive = if x[i] > 0.0 { x[i] } else { 0.0 };
            let y = positive + ln_1p_with::<M>(exp_with::<M>(-x[i].abs()));
            out[i] = if x[i].is_nan() { x[i] } else { y };
        }
    }

    /// out = ln(e^x + e^y), without overflow; -infinity where both are.
    pub fn log_add_exp<M>(out: &mut [f64], x: &[f64], y: &[f64]) {
        let n = out.len();
        let (x, y) = (&x[..n], &y[..n]);
        for i in 0..n {
            let high = if x[i] > y[i] { x[i] } else { y[i] };
            let gap = -(x[i] - y[i]).abs();
            let sum = high + ln_1p_with::<M>(exp_with::<M>(gap));
            out[i] = if high == f64::NEG_INFINITY { high } else { sum };
        }
    }

    /// out = a·e^x / (e^x + e^y): the adjoint a of ln(e^x + e^y), as far as it is x's.
    pub fn log_add_exp_share<M>(out: &mut [f64], x: &[f64], y: &[f64], a: &[f64]) {
        let n = out.len();
        let (x, y, a) = (&x[..n], &y[..n], &a[..n]);
        for i in 0..n {
            // The smaller term's share of the larger is at most one: nothing overflows or cancels.
            let small = exp_with::<M>(-(x[i] - y[i]).abs());
            let own = if x[i] > y[i] { 1.0 } else { small };
            out[i] = a[i] * (own / (1.0 + small));
        }
    }

    /// Σ x·y, summed in sixteen lanes and folded in a fixed order.
    pub fn dot<M>(x: &[f64], y: &[f64]) -> f64 {
        let n = x.len();
        let y = &y[..n];
        let mut lanes = [0.0f64; 16];
        let whole = n / 16 * 16;
        let mut i = 0;
        while i < whole {
            let (a, b) = (&x[i..i + 16], &y[i..i + 16]);
            for l in 0..16 {
                lanes[l] = M::fma(a[l], b[l], lanes[l]);
            }
            i += 16;
        }
        for l in 0..n - whole {
            lanes[l] = M::fma(x[whole + l], y[whole + l], lanes[l]);
        }
        for width in [8, 4, 2, 1] {
            for l in 0..width {
                lanes[l] += lanes[l + width];
            }
        }
        lanes[0]
    }

    /// Σ x, summed as [`dot`] sums.
    pub fn total<M>(x: &[f64]) -> f64 {
        let n = x.len();
        let mut lanes = [0.0f64; 16];
        let whole = n / 16 * 16;
        let mut i = 0;
        while i < whole {
            let a = &x[i..i + 16];
            for l in 0..16 {
                lanes[l] += a[l];
            }
            i += 16;
        }
        for l in 0..n - whole {
            lanes[l] += x[whole + l];
        }
        for width in [8, 4, 2, 1] {
            for l in 0..width {
                lanes[l] += lanes[l + width];
            }
        }
        lanes[0]
    }

    /// Huber values, slopes and curvatures of residuals times weights:
    /// value = w·ρ(r), slope = w·ρ'(r), curve = w·ρ''(r), majorant = w·ρ'(r)/r.
    pub fn huber_columns<M>(
        r: &[f64],
        w: &[f64],
        delta: f64,
        value: &mut [f64],
        slope: &mut [f64],
        curve: &mut [f64],
        majorant: &mut [f64],
    ) {
        let n = r.len();
        let w = &w[..n];
        let (value, slope) = (&mut value[..n], &mut slope[..n]);
        let (curve, majorant) = (&mut curve[..n], &mut majorant[..n]);
        for i in 0..n {
            let a = r[i].abs();
            let inside = a <= delta;
            let cut = if inside { r[i] } else { delta.copysign(r[i]) };
            slope[i] = w[i] * cut;
            value[i] = w[i] * (cut * (r[i] - 0.5 * cut));
            curve[i] = if inside { w[i] } else { 0.0 };
            majorant[i] = if inside { w[i] } else { w[i] * delta / a };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_sums_every_length() {
        for n in [0, 1, 15, 16, 17, 240, 256] {
            let x: Vec<f64> = (0..n).map(|i| f64::from(i) + 1.0).collect();
            let want: f64 = x.iter().map(|v| v * v).sum();
            assert_eq!(dot(&x, &x), want);
            assert_eq!(total(&x), x.iter().sum::<f64>());
        }
    }

    #[test]
    fn log_add_exp_neither_overflows_nor_loses_the_small_term() {
        let mut out = [0.0; 4];
        let x = [1000.0, -1000.0, f64::NEG_INFINITY, 0.0];
        let y = [1000.0, -1001.0, f64::NEG_INFINITY, -40.0];
        log_add_exp(&mut out, &x, &y);
        assert!((out[0] - (1000.0 + 2f64.ln())).abs() < 1e-12);
        assert!((out[1] - (-1000.0 + (-1f64).exp().ln_1p())).abs() < 1e-12);
        assert_eq!(out[2], f64::NEG_INFINITY);
        assert!((out[3] - (-40f64).exp()).abs() < 1e-30);
    }

    #[test]
    fn softplus_is_linear_far_right_and_exponential_far_left() {
        let mut out = [0.0; 3];
        softplus_column(&mut out, &[800.0, -50.0, 0.0]);
        assert_eq!(out[0], 800.0);
        assert!((out[1] / (-50f64).exp() - 1.0).abs() < 1e-14);
        assert!((out[2] - 2f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn huber_columns_agree_with_the_definition() {
        let r = [0.0, 0.5, -0.5, 2.0, -3.0];
        let w = [1.0, 2.0, 1.0, 1.0, 0.5];
        let (mut v, mut s, mut c, mut m) = ([0.0; 5], [0.0; 5], [0.0; 5], [0.0; 5]);
        huber_columns(&r, &w, 1.0, &mut v, &mut s, &mut c, &mut m);
        assert_eq!(v, [0.0, 0.25, 0.125, 1.5, 1.25]);
        assert_eq!(s, [0.0, 1.0, -0.5, 1.0, -0.5]);
        assert_eq!(c, [1.0, 2.0, 1.0, 0.0, 0.0]);
        assert_eq!(m, [1.0, 2.0, 1.0, 0.5, 0.5 / 3.0]);
    }
}

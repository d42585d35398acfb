//! The loops that time goes to: matrix products through `matrixmultiply`, everything else as plain loops.
//!
//! This folder is the one place of the crate with `unsafe`, in two forms. [`matrix`] hands pointers to
//! `matrixmultiply`, after its types have proved that every element lies inside its slice. The macro `vectorised!`
//! below calls the AVX2 instance of a loop only after `is_x86_feature_detected!` has said that the processor has it.
//! Loops are not fused into multiply-adds, so both instances give the same bits; `matrixmultiply` chooses its own
//! instance by the processor, so a result is the same on every run of one machine, and may differ in its last bits
//! between kinds of machines.

pub mod matrix;
mod real;

pub use real::Real;

/// Defines loops over a [`Real`]: each body is compiled for any processor and for AVX2, and chosen at run time.
macro_rules! vectorised {
    ($($(#[$meta:meta])* pub fn $name:ident<$r:ident>($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {
        $(
            $(#[$meta])*
            #[inline]
            pub fn $name<$r: Real>($($arg: $ty),*) $(-> $ret)? {
                #[inline(always)]
                fn body<$r: Real>($($arg: $ty),*) $(-> $ret)? $body

                #[cfg(target_arch = "x86_64")]
                #[target_feature(enable = "avx2")]
                fn wide<$r: Real>($($arg: $ty),*) $(-> $ret)? {
                    body::<$r>($($arg),*)
                }

                #[cfg(target_arch = "x86_64")]
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has AVX2, which is all that `wide` enables.
                    return unsafe { wide::<$r>($($arg),*) };
                }
                body::<$r>($($arg),*)
            }
        )*
    };
}

/// Numbers that a loop keeps in flight; a sum is this many sums, added at the end, on every processor.
const LANES: usize = 16;

/// Σ f(i), in a fixed number of lanes.
#[inline(always)]
fn lanes<R: Real>(n: usize, f: impl Fn(usize) -> R) -> R {
    let mut sums = [R::ZERO; LANES];
    let whole = n - n % LANES;
    let mut at = 0;
    while at < whole {
        for (l, sum) in sums.iter_mut().enumerate() {
            *sum += f(at + l);
        }
        at += LANES;
    }
    for i in whole..n {
        sums[i - whole] += f(i);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            let other = sums[l + width];
            sums[l] += other;
        }
        width /= 2;
    }
    sums[0]
}

/// Added to the mean square, so that a row of zeros has a root.
const NORM_FLOOR: f64 = 1e-5;

vectorised! {
    /// y += x.
    pub fn add<R>(y: &mut [R], x: &[R]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y += *x;
        }
    }

    /// Root-mean-square norm of rows of the gain's width: `out = x · inverse · gain`; `inverse` is kept, one a row.
    pub fn norm<R>(x: &[R], gain: &[R], out: &mut [R], inverse: &mut [R]) {
        let width = gain.len();
        for ((x, out), inverse) in
            x.chunks_exact(width).zip(out.chunks_exact_mut(width)).zip(inverse.iter_mut())
        {
            let squares = lanes(width, |i| x[i] * x[i]);
            let r = R::ONE / (squares / R::of(width as f64) + R::of(NORM_FLOOR)).root();
            *inverse = r;
            for i in 0..width {
                out[i] = x[i] * r * gain[i];
            }
        }
    }

    /// The backward pass of [`norm`]: adds to the gradients of its input and of its gain.
    pub fn norm_back<R>(x: &[R], gain: &[R], inverse: &[R], from: &[R], to: &mut [R], to_gain: &mut [R]) {
        let width = gain.len();
        let share = R::ONE / R::of(width as f64);
        for (((x, from), to), r) in x
            .chunks_exact(width)
            .zip(from.chunks_exact(width))
            .zip(to.chunks_exact_mut(width))
            .zip(inverse)
        {
            let r = *r;
            let (x, from, to) = (&x[..width], &from[..width], &mut to[..width]);
            let along = lanes(width, |i| from[i] * gain[i] * x[i]) * r * r * r * share;
            for i in 0..width {
                to_gain[i] += from[i] * x[i] * r;
                to[i] += from[i] * gain[i] * r - x[i] * along;
            }
        }
    }

    /// GELU in its tanh form, written with a sigmoid: x·σ(1.5958 (x + 0.044715 x³)).
    pub fn gelu<R>(x: &[R], out: &mut [R]) {
        let (a, b) = (R::of(GELU_SLOPE), R::of(GELU_SLOPE * GELU_CUBE));
        for (x, out) in x.iter().zip(out) {
            let x = *x;
            *out = x / (R::ONE + (-(x * (a + b * x * x))).exponential());
        }
    }

    /// The backward pass of [`gelu`]: multiplies the gradient in place.
    pub fn gelu_back<R>(x: &[R], gradient: &mut [R]) {
        let (a, b) = (R::of(GELU_SLOPE), R::of(GELU_SLOPE * GELU_CUBE));
        let three = R::of(3.0);
        for (x, g) in x.iter().zip(gradient) {
            let x = *x;
            let s = R::ONE / (R::ONE + (-(x * (a + b * x * x))).exponential());
            let slope = a + three * b * x * x;
            *g *= s + x * s * (R::ONE - s) * slope;
        }
    }

    /// Softmax of the first `until` numbers of a row in place, zero behind them.
    pub fn softmax<R>(row: &mut [R], until: usize) {
        let (seen, rest) = row.split_at_mut(until);
        let mut top = seen[0];
        for x in seen.iter() {
            if *x > top {
                top = *x;
            }
        }
        for x in seen.iter_mut() {
            *x = (*x - top).exponential();
        }
        let total = lanes(seen.len(), |i| seen[i]);
        let share = R::ONE / total;
        for x in seen.iter_mut() {
            *x *= share;
        }
        rest.fill(R::ZERO);
    }

    /// The backward pass of [`softmax`]: the gradient of the probabilities becomes that of the scores.
    pub fn softmax_back<R>(probabilities: &[R], gradient: &mut [R]) {
        let n = probabilities.len().min(gradient.len());
        let (p, g) = (&probabilities[..n], &mut gradient[..n]);
        let mean = lanes(n, |i| p[i] * g[i]);
        for i in 0..n {
            g[i] = p[i] * (g[i] - mean);
        }
    }

    /// −ln p of one target from a row of logits. The row becomes its gradient times `scale`.
    pub fn cross_entropy<R>(row: &mut [R], target: usize, scale: R) -> f64 {
        let mut top = row[0];
        for x in row.iter() {
            if *x > top {
                top = *x;
            }
        }
        let own = row[target] - top;
        for x in row.iter_mut() {
            *x = (*x - top).exponential();
        }
        let total = lanes(row.len(), |i| row[i]);
        let share = scale / total;
        for x in row.iter_mut() {
            *x *= share;
        }
        row[target] -= scale;
        total.wide().ln() - own.wide()
    }

    /// Turns pairs (first half, second half) of one head by the angles of its position.
    pub fn turn<R>(head: &mut [R], cosine: &[R], sine: &[R]) {
        let half = cosine.len();
        let (left, right) = head.split_at_mut(half);
        let (right, sine) = (&mut right[..half], &sine[..half]);
        for i in 0..half {
            let (x, y) = (left[i], right[i]);
            left[i] = x * cosine[i] - y * sine[i];
            right[i] = x * sine[i] + y * cosine[i];
        }
    }

    /// Σ x², for the norm of a gradient.
    pub fn sum_squares<R>(x: &[R]) -> f64 {
        lanes(x.len(), |i| x[i] * x[i]).wide()
    }

    /// One AdamW step on one tensor.
    pub fn adamw<R>(step: &AdamStep<R>, values: &mut [R], gradient: &[R], first: &mut [R], second: &mut [R]) {
        let n = values.len();
        let (gradient, first, second) = (&gradient[..n], &mut first[..n], &mut second[..n]);
        for i in 0..n {
            let g = gradient[i] * step.gradient_scale;
            let m = step.beta1 * first[i] + (R::ONE - step.beta1) * g;
            let v = step.beta2 * second[i] + (R::ONE - step.beta2) * g * g;
            first[i] = m;
            second[i] = v;
            let moved = step.rate * m / ((v * step.second_scale).root() + step.epsilon);
            values[i] = values[i] * step.keep - moved;
        }
    }
}

/// √(8/π).
const GELU_SLOPE: f64 = 1.595_769_121_605_731;
/// Weight of the cube in GELU's tanh form.
const GELU_CUBE: f64 = 0.044_715;

/// The numbers of one AdamW step.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep<R> {
    /// Learning rate over 1 − β₁ᵗ.
    pub rate: R,
    /// 1 − rate of decay: what is kept of a value.
    pub keep: R,
    /// Decay of the first moment.
    pub beta1: R,
    /// Decay of the second moment.
    pub beta2: R,
    /// 1 / (1 − β₂ᵗ).
    pub second_scale: R,
    /// Added to the root of the second moment.
    pub epsilon: R,
    /// What clipping leaves of the gradient.
    pub gradient_scale: R,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_exponential_is_accurate_to_a_few_units() {
        // The polynomial is cut at r⁷/5040 with |r| ≤ ln 2 / 2: 1.2e-7, two units in the last place.
        let mut worst = 0.0f64;
        for i in -87_000..88_000 {
            let x = i as f32 * 1e-3;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(x.exponential()) / exact - 1.0).abs());
        }
        assert!(worst < 3e-7, "{worst}");
        assert!(f32::NAN.exponential().is_nan());
        assert!((-500.0f32).exponential() < 1e-37);
    }

    #[test]
    fn softmax_sums_to_one_over_what_was_seen() {
        let mut row = vec![3.0f64, -1.0, 0.5, 100.0];
        softmax(&mut row, 3);
        assert!((row[..3].iter().sum::<f64>() - 1.0).abs() < 1e-15);
        assert_eq!(row[3], 0.0);
    }

    #[test]
    fn lanes_add_every_element_once() {
        for n in [0, 1, 15, 16, 17, 100] {
            assert_eq!(lanes(n, |i| i as f64), (0..n).sum::<usize>() as f64);
        }
    }

    #[test]
    fn turning_forth_and_back_gives_the_same_head() {
        let mut head = [1.0f64, 2.0, 3.0, 4.0];
        let (cosine, sine) = ([0.3f64.cos(), 1.1f64.cos()], [0.3f64.sin(), 1.1f64.sin()]);
        turn(&mut head, &cosine, &sine);
        assert!((head[0] - (0.3f64.cos() - 3.0 * 0.3f64.sin())).abs() < 1e-15);
        turn(&mut head, &cosine, &sine.map(|s| -s));
        for (x, expected) in head.iter().zip([1.0, 2.0, 3.0, 4.0]) {
            assert!((x - expected).abs() < 1e-14);
        }
    }
}

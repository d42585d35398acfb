//! The yardstick: objective, gradient and JᵀHJ of the Chinchilla law with Huber's penalty on ln L, written out.
//!
//! Blocks of rows; in each block one fused loop for the columns (two exponentials, one logarithm, one division, the
//! five derivatives, penalty, slope, curvature), then sums with eight lanes that read every column once for four
//! products.

use isoflop_numerics::kernels;

const BLOCK: usize = 256;
const LANES: usize = 8;

type Columns = [[f64; BLOCK]; 12];

/// Data and results.
pub struct ByHand<'a> {
    ln_n: &'a [f64],
    ln_d: &'a [f64],
    ln_loss: &'a [f64],
    weights: &'a [f64],
    delta: f64,
    columns: Box<Columns>,
    pub gradient: [f64; 5],
    pub hessian: [f64; 25],
}

impl<'a> ByHand<'a> {
    pub fn new(
        ln_n: &'a [f64],
        ln_d: &'a [f64],
        ln_loss: &'a [f64],
        weights: &'a [f64],
        delta: f64,
    ) -> Self {
        Self {
            ln_n,
            ln_d,
            ln_loss,
            weights,
            delta,
            columns: Box::new([[0.0; BLOCK]; 12]),
            gradient: [0.0; 5],
            hessian: [0.0; 25],
        }
    }

    /// The objective at (ln E, ln A, ln B, α, β); gradient and JᵀHJ are left in their fields.
    pub fn objective(&mut self, theta: &[f64]) -> f64 {
        let theta = [theta[0], theta[1], theta[2], theta[3], theta[4]];
        let mut sums = [0.0; 21];
        let mut start = 0;
        while start < self.ln_n.len() {
            let at = start..(start + BLOCK).min(self.ln_n.len());
            columns(
                &mut self.columns,
                &theta,
                self.delta,
                &self.ln_n[at.clone()],
                &self.ln_d[at.clone()],
                &self.ln_loss[at.clone()],
                &self.weights[at.clone()],
            );
            add_sums(&self.columns, at.len(), &mut sums);
            start = at.end;
        }
        self.gradient.copy_from_slice(&sums[1..6]);
        let mut k = 6;
        for i in 0..5 {
            for j in 0..=i {
                self.hessian[i * 5 + j] = sums[k];
                self.hessian[j * 5 + i] = sums[k];
                k += 1;
            }
        }
        sums[0]
    }
}

kernels::kernels! {
    /// Columns 0 to 4: derivatives of the residual by ln E, ln A, ln B, α, β; 5: penalty, 6: slope, 7 to 11:
    /// the derivatives times the curvature.
    pub fn columns<M>(
        out: &mut Columns,
        theta: &[f64; 5],
        delta: f64,
        ln_n: &[f64],
        ln_d: &[f64],
        ln_loss: &[f64],
        weights: &[f64],
    ) {
        let n = ln_n.len();
        let e = M::exp(theta[0]);
        let mut i = 0;
        while i < n {
            let take = |x: &[f64]| -> [f64; LANES] {
                match x[i..].first_chunk() {
                    Some(eight) => *eight,
                    None => std::array::from_fn(|l| x.get(i + l).copied().unwrap_or(0.0)),
                }
            };
            let (x, z, t, w) = (take(ln_n), take(ln_d), take(ln_loss), take(weights));
            let eight = eight::<M>(theta, e, delta, &x, &z, &t, &w);
            for k in 0..12 {
                out[k][i..i + LANES].copy_from_slice(&eight[k]);
            }
            i += LANES;
        }
    }

    /// Σ penalty, Σ slope·Jⱼ, Σ curvature·JᵢJⱼ for j ≤ i, added to `sums`.
    pub fn add_sums<M>(columns: &Columns, n: usize, sums: &mut [f64; 21]) {
        let [c0, c1, c2, c3, c4, value, slope, s0, s1, s2, s3, s4] = columns;
        let of_slope = four::<M>(slope, [c0, c1, c2, c3], n);
        let of_4 = four::<M>(s4, [c0, c1, c2, c3], n);
        let of_3 = four::<M>(s3, [c0, c1, c2, c3], n);
        let of_low = four::<M>(c0, [s0, s1, s2, s4], n);
        for k in 0..4 {
            sums[1 + k] += of_slope[k];
            sums[16 + k] += of_4[k];
            sums[12 + k] += of_3[k];
        }
        sums[6] += of_low[0];
        sums[7] += of_low[1];
        sums[9] += of_low[2];
        sums[0] += total(value, n);
        sums[5] += one::<M>(slope, c4, n);
        sums[8] += one::<M>(s1, c1, n);
        sums[10] += one::<M>(s2, c1, n);
        sums[11] += one::<M>(s2, c2, n);
        sums[20] += one::<M>(s4, c4, n);
    }
}

/// The columns of eight rows.
#[inline(always)]
fn eight<M: kernels::Arithmetic>(
    theta: &[f64; 5],
    e: f64,
    delta: f64,
    ln_n: &[f64; LANES],
    ln_d: &[f64; LANES],
    ln_loss: &[f64; LANES],
    weights: &[f64; LANES],
) -> [[f64; LANES]; 12] {
    let mut out = [[0.0; LANES]; 12];
    let (mut a, mut b) = ([0.0; LANES], [0.0; LANES]);
    let (mut y, mut curve) = ([0.0; LANES], [0.0; LANES]);
    for l in 0..LANES {
        a[l] = M::exp(M::fma(-theta[3], ln_n[l], theta[1]));
    }
    for l in 0..LANES {
        b[l] = M::exp(M::fma(-theta[4], ln_d[l], theta[2]));
    }
    for l in 0..LANES {
        y[l] = e + a[l] + b[l];
    }
    for l in 0..LANES {
        let inverse = -1.0 / y[l];
        out[0][l] = e * inverse;
        out[1][l] = a[l] * inverse;
        out[2][l] = b[l] * inverse;
        out[3][l] = -out[1][l] * ln_n[l];
        out[4][l] = -out[2][l] * ln_d[l];
    }
    for l in 0..LANES {
        let r = ln_loss[l] - M::ln(y[l]);
        let inside = r.abs() <= delta;
        let cut = if inside { r } else { delta.copysign(r) };
        out[5][l] = weights[l] * (cut * (r - 0.5 * cut));
        out[6][l] = weights[l] * cut;
        curve[l] = if inside { weights[l] } else { 0.0 };
    }
    for k in 0..5 {
        for l in 0..LANES {
            out[7 + k][l] = curve[l] * out[k][l];
        }
    }
    out
}

/// Σ x·yₖ for four columns.
#[inline(always)]
fn four<M: kernels::Arithmetic>(x: &[f64; BLOCK], y: [&[f64; BLOCK]; 4], n: usize) -> [f64; 4] {
    let mut lanes = [[0.0; LANES]; 4];
    let whole = n / LANES * LANES;
    let mut i = 0;
    while i < whole {
        for k in 0..4 {
            for l in 0..LANES {
                lanes[k][l] = M::fma(x[i + l], y[k][i + l], lanes[k][l]);
            }
        }
        i += LANES;
    }
    let mut out = [0.0; 4];
    for k in 0..4 {
        for i in whole..n {
            out[k] += x[i] * y[k][i];
        }
        out[k] += lanes[k].iter().sum::<f64>();
    }
    out
}

#[inline(always)]
fn one<M: kernels::Arithmetic>(x: &[f64; BLOCK], y: &[f64; BLOCK], n: usize) -> f64 {
    let mut lanes = [0.0; 2 * LANES];
    let whole = n / (2 * LANES) * (2 * LANES);
    let mut i = 0;
    while i < whole {
        for l in 0..2 * LANES {
            lanes[l] = M::fma(x[i + l], y[i + l], lanes[l]);
        }
        i += 2 * LANES;
    }
    let rest: f64 = (whole..n).map(|i| x[i] * y[i]).sum();
    rest + lanes.iter().sum::<f64>()
}

#[inline(always)]
fn total(x: &[f64; BLOCK], n: usize) -> f64 {
    let mut lanes = [0.0; 2 * LANES];
    let whole = n / (2 * LANES) * (2 * LANES);
    let mut i = 0;
    while i < whole {
        for l in 0..2 * LANES {
            lanes[l] += x[i + l];
        }
        i += 2 * LANES;
    }
    let rest: f64 = x[whole..n].iter().sum();
    rest + lanes.iter().sum::<f64>()
}

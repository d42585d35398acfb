//! The yardstick: objective, gradient and JᵀHJ of the Chinchilla law with Huber's penalty on ln L, written out.
//!
//! Blocks of rows; in each block one fused loop for the columns (two exponentials, one logarithm, one division, the
//! five derivatives, penalty, slope, curvature), then the summing kernels that the tape uses too.

use isoflop_numerics::kernels;

const BLOCK: usize = 256;
const LANES: usize = 8;

type Columns = [[f64; BLOCK]; 8];

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
            columns: Box::new([[0.0; BLOCK]; 8]),
            gradient: [0.0; 5],
            hessian: [0.0; 25],
        }
    }

    /// The objective at (ln E, ln A, ln B, α, β); gradient and JᵀHJ are left in their fields.
    pub fn objective(&mut self, theta: &[f64]) -> f64 {
        let theta = [theta[0], theta[1], theta[2], theta[3], theta[4]];
        let (mut value, mut side, mut gram) = (0.0, [[0.0; LANES]; 5], [[0.0; LANES]; 15]);
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
            let n = at.len();
            let [derivatives @ .., penalty, slope, curve] = &*self.columns;
            let starts = [0, BLOCK, 2 * BLOCK, 3 * BLOCK, 4 * BLOCK];
            value += kernels::total(&penalty[..n]);
            kernels::add_dots(derivatives.as_flattened(), &starts, &slope[..n], &mut side);
            kernels::add_gram(derivatives.as_flattened(), &starts, &curve[..n], &mut gram);
            start = at.end;
        }
        for (g, lanes) in self.gradient.iter_mut().zip(&side) {
            *g = kernels::fold(lanes);
        }
        let mut k = 0;
        for i in 0..5 {
            for j in 0..=i {
                self.hessian[i * 5 + j] = kernels::fold(&gram[k]);
                self.hessian[j * 5 + i] = self.hessian[i * 5 + j];
                k += 1;
            }
        }
        value
    }
}

kernels::kernels! {
    /// Columns 0 to 4: derivatives of the residual by ln E, ln A, ln B, α, β; 5: penalty, 6: slope, 7: curvature.
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
            for k in 0..8 {
                out[k][i..i + LANES].copy_from_slice(&eight[k]);
            }
            i += LANES;
        }
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
) -> [[f64; LANES]; 8] {
    let mut out = [[0.0; LANES]; 8];
    let (mut a, mut b) = ([0.0; LANES], [0.0; LANES]);
    let mut y = [0.0; LANES];
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
        out[7][l] = if inside { weights[l] } else { 0.0 };
    }
    out
}

//! Scalars of the tape: what is one number for all rows. Evaluated once for each coefficient vector, with the
//! derivative of every port (a scalar that a column op reads) by the solver's coordinates.

use super::graph::{Bin, Un};
use isoflop_numerics::kernels;

/// f(x).
pub(super) fn apply_un(f: Un, x: f64) -> f64 {
    match f {
        Un::Neg => -x,
        Un::Not => f64::from(x == 0.0),
        Un::Exp => kernels::exp(x),
        Un::Ln => kernels::ln(x),
        Un::Sqrt => x.sqrt(),
        Un::Abs => x.abs(),
        Un::Sigmoid => 1.0 / (1.0 + kernels::exp(-x)),
        Un::Softplus => log_add_exp(0.0, x),
        Un::Tanh => x.tanh(),
        Un::Sin => x.sin(),
        Un::Cos => x.cos(),
        Un::Atan => x.atan(),
        Un::PowConst(c) => x.powf(f64::from_bits(c)),
    }
}

/// f'(x), given y = f(x).
pub(super) fn slope_un(f: Un, x: f64, y: f64) -> f64 {
    match f {
        Un::Neg => -1.0,
        Un::Not => 0.0,
        Un::Exp => y,
        Un::Ln => 1.0 / x,
        Un::Sqrt => 0.5 / y,
        Un::Abs => {
            if x == 0.0 {
                0.0
            } else {
                x.signum()
            }
        }
        Un::Sigmoid => y * (1.0 - y),
        Un::Softplus => 1.0 / (1.0 + kernels::exp(-x)),
        Un::Tanh => 1.0 - y * y,
        Un::Sin => x.cos(),
        Un::Cos => -x.sin(),
        Un::Atan => 1.0 / (1.0 + x * x),
        Un::PowConst(c) => {
            let c = f64::from_bits(c);
            c * x.powf(c - 1.0)
        }
    }
}

/// f(x, y); comparisons give 1 or 0.
pub(super) fn apply_bin(f: Bin, x: f64, y: f64) -> f64 {
    let truth = f64::from;
    match f {
        Bin::Add => x + y,
        Bin::Sub => x - y,
        Bin::Mul => x * y,
        Bin::Div => x / y,
        Bin::Pow => x.powf(y),
        Bin::Min => {
            if x.is_nan() || x < y {
                x
            } else {
                y
            }
        }
        Bin::Max => {
            if x.is_nan() || x > y {
                x
            } else {
                y
            }
        }
        Bin::Lt => truth(x < y),
        Bin::Le => truth(x <= y),
        Bin::Gt => truth(x > y),
        Bin::Ge => truth(x >= y),
        Bin::Eq => truth(x == y),
        Bin::Ne => truth(x != y),
        Bin::And => truth(x != 0.0 && y != 0.0),
        Bin::Or => truth(x != 0.0 || y != 0.0),
    }
}

/// (∂f/∂x, ∂f/∂y), given v = f(x, y).
pub(super) fn slope_bin(f: Bin, x: f64, y: f64, v: f64) -> (f64, f64) {
    match f {
        Bin::Add => (1.0, 1.0),
        Bin::Sub => (1.0, -1.0),
        Bin::Mul => (y, x),
        Bin::Div => (1.0 / y, -v / y),
        Bin::Pow => (y * x.powf(y - 1.0), if x > 0.0 { v * x.ln() } else { 0.0 }),
        Bin::Min => {
            if x < y {
                (1.0, 0.0)
            } else {
                (0.0, 1.0)
            }
        }
        Bin::Max => {
            if x > y {
                (1.0, 0.0)
            } else {
                (0.0, 1.0)
            }
        }
        _ => (0.0, 0.0),
    }
}

/// ln(e^x + e^y) without overflow.
pub(super) fn log_add_exp(x: f64, y: f64) -> f64 {
    let high = if x > y { x } else { y };
    if high == f64::NEG_INFINITY {
        return high;
    }
    high + kernels::ln_1p(kernels::exp(-(x - y).abs()))
}

/// One step of the scalar tape; operands are earlier steps.
#[derive(Clone, Debug)]
pub(super) enum ScalarOp {
    Const(f64),
    Coord(u32),
    Un(Un, u32),
    Bin(Bin, u32, u32),
    Select(u32, u32, u32),
    LogAddExp(u32, u32),
}

/// Evaluates the steps at coordinates `theta`.
pub(super) fn forward(ops: &[ScalarOp], theta: &[f64], values: &mut [f64]) {
    for (i, op) in ops.iter().enumerate() {
        let at = |k: u32| values[k as usize];
        values[i] = match *op {
            ScalarOp::Const(c) => c,
            ScalarOp::Coord(j) => theta[j as usize],
            ScalarOp::Un(f, a) => apply_un(f, at(a)),
            ScalarOp::Bin(f, a, b) => apply_bin(f, at(a), at(b)),
            ScalarOp::Select(c, a, b) => {
                if at(c) == 0.0 {
                    at(b)
                } else {
                    at(a)
                }
            }
            ScalarOp::LogAddExp(a, b) => log_add_exp(at(a), at(b)),
        };
    }
}

/// Writes ∂(step `of`)/∂θ into `row` (length of θ). `adjoint` is scratch of the tape's length.
pub(super) fn reverse(
    ops: &[ScalarOp],
    values: &[f64],
    of: u32,
    adjoint: &mut [f64],
    row: &mut [f64],
) {
    let top = of as usize;
    adjoint[..=top].fill(0.0);
    row.fill(0.0);
    adjoint[top] = 1.0;
    for i in (0..=top).rev() {
        let a = adjoint[i];
        if a == 0.0 {
            continue;
        }
        let at = |k: u32| values[k as usize];
        match ops[i] {
            ScalarOp::Const(_) => {}
            ScalarOp::Coord(j) => row[j as usize] += a,
            ScalarOp::Un(f, x) => adjoint[x as usize] += a * slope_un(f, at(x), values[i]),
            ScalarOp::Bin(f, x, y) => {
                let (dx, dy) = slope_bin(f, at(x), at(y), values[i]);
                adjoint[x as usize] += a * dx;
                adjoint[y as usize] += a * dy;
            }
            ScalarOp::Select(c, x, y) => adjoint[if at(c) == 0.0 { y } else { x } as usize] += a,
            ScalarOp::LogAddExp(x, y) => {
                adjoint[x as usize] += a * kernels::exp(at(x) - values[i]);
                adjoint[y as usize] += a * kernels::exp(at(y) - values[i]);
            }
        }
    }
}

//! Column ops: forward over a block of rows, and the reverse sweep that gives every row's derivative by every port.

use super::graph::{Bin, Un};
use super::scalar;
use super::workspace::{Adjoints, BLOCK, Column, Sweep};
use isoflop_numerics::kernels;

/// Where a column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Src {
    /// A register, filled by an earlier op.
    Reg(u16),
    /// A column known when the table was bound.
    Data(u16),
}

/// What is added to a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addend {
    Port(u16),
    Column(Src),
}

/// One step over a block of rows. Operands in registers come from earlier ops, so their numbers are below `out`.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// out = e^(s·x + y).
    ExpLinear {
        out: u16,
        s: u16,
        x: Src,
        y: Addend,
    },
    /// out = s·x + y.
    Linear {
        out: u16,
        s: u16,
        x: Src,
        y: Addend,
    },
    /// out = x + y + c.
    Sum {
        out: u16,
        x: Src,
        y: Src,
        c: u16,
    },
    Un {
        f: Un,
        out: u16,
        x: Src,
    },
    Bin {
        f: Bin,
        out: u16,
        x: Src,
        y: Src,
    },
    LogAddExp {
        out: u16,
        x: Src,
        y: Src,
    },
    /// out = x where c ≠ 0, else y.
    Select {
        out: u16,
        c: Src,
        x: Src,
        y: Src,
    },
    Fill {
        out: u16,
        port: u16,
    },
    /// out = the coordinate of the row's level.
    Gather {
        out: u16,
        group: u16,
    },
    /// out = the unknown in [lower, upper] at which register `equation`, computed by `inner`, is zero.
    Root {
        out: u16,
        unknown: u16,
        lower: Src,
        upper: Src,
        equation: u16,
        inner: Vec<Op>,
    },
}

impl Op {
    /// The register that the op fills.
    pub fn out(&self) -> u16 {
        match *self {
            Self::ExpLinear { out, .. }
            | Self::Linear { out, .. }
            | Self::Sum { out, .. }
            | Self::Un { out, .. }
            | Self::Bin { out, .. }
            | Self::LogAddExp { out, .. }
            | Self::Select { out, .. }
            | Self::Fill { out, .. }
            | Self::Gather { out, .. }
            | Self::Root { out, .. } => out,
        }
    }
}

/// Registers of one block, cut at an output register: operands below, output above.
fn split(values: &mut [f64], out: u16, rows: usize) -> (&[f64], &mut [f64]) {
    let (low, high) = values.split_at_mut(usize::from(out) * BLOCK);
    (low, &mut high[..rows])
}

/// Runs ops forward.
pub(super) fn forward(ops: &[Op], sweep: &Sweep<'_>, values: &mut [f64]) {
    let n = sweep.rows;
    for op in ops {
        match op {
            Op::ExpLinear { out, s, x, y } => {
                let (low, o) = split(values, *out, n);
                let x = sweep.source(low, *x);
                match *y {
                    Addend::Port(c) => kernels::exp_linear(o, sweep.port(*s), x, sweep.port(c)),
                    Addend::Column(y) => {
                        kernels::exp_linear_column(o, sweep.port(*s), x, sweep.source(low, y));
                    }
                }
            }
            Op::Linear { out, s, x, y } => {
                let (low, o) = split(values, *out, n);
                let x = sweep.source(low, *x);
                match *y {
                    Addend::Port(c) => kernels::linear(o, sweep.port(*s), x, sweep.port(c)),
                    Addend::Column(y) => {
                        kernels::linear_column(o, sweep.port(*s), x, sweep.source(low, y))
                    }
                }
            }
            Op::Sum { out, x, y, c } => {
                let (low, o) = split(values, *out, n);
                kernels::sum(
                    o,
                    sweep.source(low, *x),
                    sweep.source(low, *y),
                    sweep.port(*c),
                );
            }
            Op::Un { f, out, x } => {
                let (low, o) = split(values, *out, n);
                unary(*f, o, sweep.source(low, *x));
            }
            Op::Bin { f, out, x, y } => {
                let (low, o) = split(values, *out, n);
                binary(*f, o, sweep.source(low, *x), sweep.source(low, *y));
            }
            Op::LogAddExp { out, x, y } => {
                let (low, o) = split(values, *out, n);
                kernels::log_add_exp(o, sweep.source(low, *x), sweep.source(low, *y));
            }
            Op::Select { out, c, x, y } => {
                let (low, o) = split(values, *out, n);
                let (c, x, y) = (
                    sweep.source(low, *c),
                    sweep.source(low, *x),
                    sweep.source(low, *y),
                );
                for i in 0..n {
                    o[i] = if c[i] == 0.0 { y[i] } else { x[i] };
                }
            }
            Op::Fill { out, port } => split(values, *out, n).1.fill(sweep.port(*port)),
            Op::Gather { out, group } => sweep.gather(split(values, *out, n).1, *group),
            Op::Root { .. } => super::root::forward(op, sweep, values),
        }
    }
}

fn unary(f: Un, out: &mut [f64], x: &[f64]) {
    match f {
        Un::Exp => kernels::exp_column(out, x),
        Un::Ln => kernels::ln_column(out, x),
        Un::Sigmoid => kernels::sigmoid_column(out, x),
        Un::Softplus => kernels::softplus_column(out, x),
        _ => {
            for (o, x) in out.iter_mut().zip(x) {
                *o = scalar::apply_un(f, *x);
            }
        }
    }
}

fn binary(f: Bin, out: &mut [f64], x: &[f64], y: &[f64]) {
    match f {
        Bin::Mul => kernels::product(out, x, y),
        Bin::Div => kernels::quotient(out, x, y),
        _ => {
            for ((o, x), y) in out.iter_mut().zip(x).zip(y) {
                *o = scalar::apply_bin(f, *x, *y);
            }
        }
    }
}

/// Runs ops backward. The adjoint of the output register must be set; afterwards every port column and group
/// column of `adj` holds that row's derivative.
pub(super) fn reverse(
    ops: &[Op],
    sweep: &Sweep<'_>,
    values: &[f64],
    adj: &mut Adjoints,
    deeper: &mut [Adjoints],
) {
    let n = sweep.rows;
    for op in ops.iter().rev() {
        let out = op.out();
        let Some(a) = adj.of(out) else { continue };
        match op {
            Op::ExpLinear { s, x, y, .. } => {
                let sent = adj.sent(out);
                let v = sweep.register(values, out);
                adj.fill(a, sent, n, |a, t| kernels::product(t, a, v));
                reverse_linear(sweep, values, adj, sent, *s, *x, *y);
            }
            Op::Linear { s, x, y, .. } => reverse_linear(sweep, values, adj, a, *s, *x, *y),
            Op::Sum { x, y, c, .. } => {
                adj.pass(adj.port(sweep, *c), a, n);
                adj.pass(adj.source(*x), a, n);
                adj.pass(adj.source(*y), a, n);
            }
            Op::Un { f, x, .. } => reverse_unary(sweep, values, adj, *f, out, *x),
            Op::Bin { f, x, y, .. } => reverse_binary(sweep, values, adj, *f, out, *x, *y),
            Op::LogAddExp { x, y, .. } => {
                let (u, w) = (sweep.source(values, *x), sweep.source(values, *y));
                adj.put(adj.source(*x), a, n, |a, t| {
                    kernels::log_add_exp_share(t, u, w, a)
                });
                adj.put(adj.source(*y), a, n, |a, t| {
                    kernels::log_add_exp_share(t, w, u, a)
                });
            }
            Op::Select { c, x, y, .. } => {
                let c = sweep.source(values, *c);
                for (source, wanted) in [(*x, true), (*y, false)] {
                    adj.put(adj.source(source), a, n, |a, t| {
                        for i in 0..n {
                            t[i] = if (c[i] != 0.0) == wanted { a[i] } else { 0.0 };
                        }
                    });
                }
            }
            Op::Fill { port, .. } => adj.pass(adj.port(sweep, *port), a, n),
            Op::Gather { group, .. } => adj.pass(Some(adj.group(*group)), a, n),
            Op::Root { .. } => super::root::reverse(op, sweep, values, adj, deeper),
        }
    }
}

/// Passes the derivative `t` of s·x + y on to s, x and y.
fn reverse_linear(
    sweep: &Sweep<'_>,
    values: &[f64],
    adj: &mut Adjoints,
    t: Column,
    s: u16,
    x: Src,
    y: Addend,
) {
    let n = sweep.rows;
    match y {
        Addend::Port(c) => adj.pass(adj.port(sweep, c), t, n),
        Addend::Column(y) => adj.pass(adj.source(y), t, n),
    }
    let u = sweep.source(values, x);
    adj.put(adj.port(sweep, s), t, n, |t, o| kernels::product(o, t, u));
    let factor = sweep.port(s);
    adj.put(adj.source(x), t, n, |t, o| kernels::scaled(o, factor, t));
}

fn reverse_unary(sweep: &Sweep<'_>, values: &[f64], adj: &mut Adjoints, f: Un, out: u16, x: Src) {
    let Some(a) = adj.of(out) else { return };
    let (v, u) = (sweep.register(values, out), sweep.source(values, x));
    adj.put(adj.source(x), a, sweep.rows, |a, t| match f {
        Un::Exp => kernels::product(t, a, v),
        Un::Ln => kernels::quotient(t, a, u),
        _ => {
            for i in 0..a.len() {
                t[i] = a[i] * scalar::slope_un(f, u[i], v[i]);
            }
        }
    });
}

fn reverse_binary(
    sweep: &Sweep<'_>,
    values: &[f64],
    adj: &mut Adjoints,
    f: Bin,
    out: u16,
    x: Src,
    y: Src,
) {
    let Some(a) = adj.of(out) else { return };
    let (u, w) = (sweep.source(values, x), sweep.source(values, y));
    let v = sweep.register(values, out);
    for (source, first) in [(x, true), (y, false)] {
        adj.put(adj.source(source), a, sweep.rows, |a, t| match f {
            Bin::Mul => kernels::product(t, a, if first { w } else { u }),
            Bin::Div if first => kernels::quotient(t, a, w),
            _ => {
                for i in 0..a.len() {
                    let (dx, dy) = scalar::slope_bin(f, u[i], w[i], v[i]);
                    t[i] = a[i] * if first { dx } else { dy };
                }
            }
        });
    }
}

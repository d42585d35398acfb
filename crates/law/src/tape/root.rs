//! Implicit values: the unknown at which an equation is zero, found row by row in its bracket, with derivatives
//! by the implicit function theorem.

use super::ops::{self, Op};
use super::workspace::{Adjoints, BLOCK, Sweep};

/// How deep `solve` is nested in these ops.
pub(super) fn depth(ops: &[Op]) -> usize {
    ops.iter()
        .map(|op| match op {
            Op::Root { inner, .. } => 1 + depth(inner),
            _ => 0,
        })
        .max()
        .unwrap_or(0)
}

/// The root to the last bits, for all rows of the block at once; NaN where the equation has one sign at both ends, and
/// where it changes sign through a pole: there it is larger than at the ends, or not finite.
///
/// Between ends of one sign and more than a factor four apart the next point is their geometric mean, so that a root of
/// any size is found to full relative precision. Closer together the equation is interpolated, which takes some eight
/// points where halves would take fifty ([`Bracket`]).
pub(super) fn forward(op: &Op, sweep: &Sweep<'_>, values: &mut [f64]) {
    let Op::Root {
        out,
        unknown,
        lower,
        upper,
        equation,
        inner,
    } = op
    else {
        return;
    };
    let n = sweep.rows;
    let a = sweep.source(values, *lower).to_vec();
    let b = sweep.source(values, *upper).to_vec();
    let y = usize::from(*unknown) * BLOCK;
    let residual = |values: &mut [f64], at: &[f64]| -> Vec<f64> {
        values[y..y + n].copy_from_slice(at);
        ops::forward(inner, sweep, values);
        sweep.register(values, *equation).to_vec()
    };
    let fa = residual(values, &a);
    let fb = residual(values, &b);
    let mut brackets: Vec<Bracket> = (0..n)
        .map(|i| Bracket::new((a[i], fa[i]), (b[i], fb[i])))
        .collect();
    let mut at = a;
    for _ in 0..POINTS {
        let mut open = false;
        for (x, bracket) in at.iter_mut().zip(&brackets) {
            open |= bracket.root.is_none();
            *x = bracket.root.unwrap_or_else(|| bracket.next());
        }
        if !open {
            break;
        }
        let found = residual(values, &at);
        for ((bracket, x), f) in brackets.iter_mut().zip(&at).zip(found) {
            if bracket.root.is_none() {
                bracket.narrow(*x, f);
            }
        }
    }
    let roots: Vec<f64> = brackets.iter().map(Bracket::nearest).collect();
    let left = residual(values, &roots);
    let out = usize::from(*out) * BLOCK;
    for i in 0..n {
        let is_root = left[i].abs() <= fa[i].abs().max(fb[i].abs());
        values[out + i] = if is_root { roots[i] } else { f64::NAN };
    }
}

/// Points at which an equation is looked at; halving from one end of the numbers to the other takes 1100.
const POINTS: usize = 1100;

/// Two points between which an equation changes its sign, and the one before them.
///
/// # Source
///
/// Chandrupatla (1997), Advances in Engineering Software 28: inverse quadratic interpolation where three points say that
/// it will do better than halves.
struct Bracket {
    /// The last point, the other side, and the point before.
    last: (f64, f64),
    other: (f64, f64),
    before: (f64, f64),
    /// The sign of the equation at the lower end; a point without a value counts to the upper.
    sign: f64,
    /// The root, once it is known; NaN for none.
    root: Option<f64>,
}

impl Bracket {
    fn new(lower: (f64, f64), upper: (f64, f64)) -> Self {
        let root = match (lower.1 == 0.0, upper.1 == 0.0) {
            (true, _) => Some(lower.0),
            (false, true) => Some(upper.0),
            _ if lower.0 < upper.0 && lower.1 * upper.1 < 0.0 => None,
            // Values of 1e-200 have a product of zero.
            _ if lower.0 < upper.0 && lower.1.signum() * upper.1.signum() < 0.0 => None,
            _ => Some(f64::NAN),
        };
        Self {
            last: lower,
            other: upper,
            before: lower,
            sign: lower.1.signum(),
            root,
        }
    }

    fn ends(&self) -> (f64, f64) {
        let (a, b) = (self.last.0, self.other.0);
        (a.min(b), a.max(b))
    }

    /// The next point to look at, inside the bracket.
    fn next(&self) -> f64 {
        let (low, high) = self.ends();
        let half = midpoint(low, high);
        if low > 0.0 && high / low > 4.0 || high < 0.0 && low / high > 4.0 {
            return half;
        }
        let [(a, fa), (b, fb), (c, fc)] = [self.last, self.other, self.before];
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        if !(phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi) {
            return half;
        }
        let share =
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb);
        if !share.is_finite() {
            return half;
        }
        // Not on an end: a step of a rounding closes the bracket from the other side.
        let least = (f64::EPSILON * a.abs().max(b.abs()) / (b - a).abs()).min(0.5);
        let point = a + share.clamp(least, 1.0 - least) * (b - a);
        if low < point && point < high {
            point
        } else {
            half
        }
    }

    fn narrow(&mut self, x: f64, f: f64) {
        let lower_side = |f: f64| f.signum() * self.sign > 0.0 && !f.is_nan();
        if f == 0.0 {
            self.root = Some(x);
            return;
        }
        if lower_side(f) == lower_side(self.last.1) {
            self.before = self.last;
        } else {
            self.before = self.other;
            self.other = self.last;
        }
        self.last = (x, f);
        let (low, high) = self.ends();
        let half = midpoint(low, high);
        if half <= low || half >= high || high - low <= f64::EPSILON * low.abs().max(high.abs()) {
            self.root = Some(self.nearest());
        }
    }

    /// The end at which the equation is nearer to zero.
    fn nearest(&self) -> f64 {
        self.root.unwrap_or_else(|| {
            let last = self.last.1.abs() <= self.other.1.abs() || self.other.1.is_nan();
            if last { self.last.0 } else { self.other.0 }
        })
    }
}

fn midpoint(a: f64, b: f64) -> f64 {
    if a > 0.0 && b / a > 4.0 {
        (a.ln() * 0.5 + b.ln() * 0.5).exp().clamp(a, b)
    } else if b < 0.0 && a / b > 4.0 {
        -midpoint(-b, -a)
    } else {
        a + 0.5 * (b - a)
    }
}

/// dy = −(∂F/∂y)⁻¹ dF: one sweep through the equation with seed one, scaled row by row.
pub(super) fn reverse(
    op: &Op,
    sweep: &Sweep<'_>,
    values: &[f64],
    adj: &mut Adjoints,
    deeper: &mut [Adjoints],
) {
    let Op::Root {
        out,
        unknown,
        equation,
        inner,
        ..
    } = op
    else {
        return;
    };
    let (Some((own, deeper)), Some(a)) = (deeper.split_first_mut(), adj.of(*out)) else {
        return;
    };
    let n = sweep.rows;
    own.clear();
    own.seed(*equation);
    ops::reverse(inner, sweep, values, own, deeper);
    let share: Vec<f64> = match own.of(*unknown) {
        Some(slope) => adj
            .column(a, n)
            .iter()
            .zip(own.column(slope, n))
            .map(|(a, s)| -a / s)
            .collect(),
        // The equation does not depend on its unknown: the root is not determined.
        None => vec![f64::NAN; n],
    };
    let (first, last) = (usize::from(*unknown), usize::from(*out));
    adj.absorb(own, &share, |r| r >= first && r < last);
}

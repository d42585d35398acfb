//! Numbers that carry their first and second derivatives by two directions: what a planner needs to find an optimum
//! to the last digit.

use isoflop_formula::ast::Function;

use super::Number;

/// A value with its derivatives by two variables x and y, up to the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jet {
    /// The value.
    pub value: f64,
    /// ∂/∂x.
    pub x: f64,
    /// ∂/∂y.
    pub y: f64,
    /// ∂²/∂x².
    pub xx: f64,
    /// ∂²/∂x∂y.
    pub xy: f64,
    /// ∂²/∂y².
    pub yy: f64,
}

impl Jet {
    /// A number that depends on neither variable.
    #[must_use]
    pub fn constant(value: f64) -> Self {
        Self {
            value,
            x: 0.0,
            y: 0.0,
            xx: 0.0,
            xy: 0.0,
            yy: 0.0,
        }
    }

    /// e^x: a quantity whose logarithm is the first variable.
    #[must_use]
    pub fn exp_x(x: f64) -> Self {
        let value = x.exp();
        Self {
            x: value,
            xx: value,
            ..Self::constant(value)
        }
    }

    /// e^y: a quantity whose logarithm is the second variable.
    #[must_use]
    pub fn exp_y(y: f64) -> Self {
        let value = y.exp();
        Self {
            y: value,
            yy: value,
            ..Self::constant(value)
        }
    }

    /// The natural logarithm.
    #[must_use]
    pub fn ln(self) -> Self {
        let v = self.value;
        self.through(v.ln(), 1.0 / v, -1.0 / (v * v))
    }

    /// e to this power.
    #[must_use]
    pub fn exp(self) -> Self {
        let e = self.value.exp();
        self.through(e, e, e)
    }

    /// A function of this number, given its value and two derivatives there.
    fn through(self, f: f64, slope: f64, curve: f64) -> Self {
        // The derivative of a root at zero is infinite; times no change it is still no change.
        if self.is_constant() {
            return Self::constant(f);
        }
        Self {
            value: f,
            x: slope * self.x,
            y: slope * self.y,
            xx: curve * self.x * self.x + slope * self.xx,
            xy: curve * self.x * self.y + slope * self.xy,
            yy: curve * self.y * self.y + slope * self.yy,
        }
    }

    fn is_constant(&self) -> bool {
        [self.x, self.y, self.xx, self.xy, self.yy]
            .iter()
            .all(|d| *d == 0.0)
    }

    fn scaled(self, by: f64) -> Self {
        Self {
            value: by * self.value,
            x: by * self.x,
            y: by * self.y,
            xx: by * self.xx,
            xy: by * self.xy,
            yy: by * self.yy,
        }
    }

    fn power(self, exponent: f64) -> Self {
        let v = self.value;
        let (f, slope) = (v.powf(exponent), exponent * v.powf(exponent - 1.0));
        self.through(
            f,
            slope,
            exponent * (exponent - 1.0) * v.powf(exponent - 2.0),
        )
    }

    /// ln Σ e^a, its largest argument taken out.
    fn log_sum_exp(args: &[Self]) -> Self {
        let top = args
            .iter()
            .map(|a| a.value)
            .fold(f64::NEG_INFINITY, f64::max);
        if !top.is_finite() {
            return Self::constant(top);
        }
        let shift = Self::constant(top);
        let sum = args
            .iter()
            .fold(Self::constant(0.0), |sum, a| sum.plus(a.minus(shift).exp()));
        sum.ln().plus(shift)
    }

    /// The argument that `better` prefers over all others; a NaN among them stays visible.
    fn pick(args: &[Self], better: fn(f64, f64) -> bool) -> Self {
        let first = args
            .first()
            .copied()
            .unwrap_or_else(|| Self::constant(f64::NAN));
        args.iter().skip(1).fold(first, |best, a| {
            if best.value.is_nan() || !(a.value.is_nan() || better(a.value, best.value)) {
                best
            } else {
                *a
            }
        })
    }
}

impl Number for Jet {
    fn constant(x: f64) -> Self {
        Self::constant(x)
    }

    fn known(&self) -> f64 {
        self.value
    }

    fn negated(self) -> Self {
        self.scaled(-1.0)
    }

    fn plus(self, b: Self) -> Self {
        Self {
            value: self.value + b.value,
            x: self.x + b.x,
            y: self.y + b.y,
            xx: self.xx + b.xx,
            xy: self.xy + b.xy,
            yy: self.yy + b.yy,
        }
    }

    fn times(self, b: Self) -> Self {
        let a = self;
        Self {
            value: a.value * b.value,
            x: a.x * b.value + a.value * b.x,
            y: a.y * b.value + a.value * b.y,
            xx: a.xx * b.value + 2.0 * a.x * b.x + a.value * b.xx,
            xy: a.xy * b.value + a.x * b.y + a.y * b.x + a.value * b.xy,
            yy: a.yy * b.value + 2.0 * a.y * b.y + a.value * b.yy,
        }
    }

    fn over(self, b: Self) -> Self {
        if b.is_constant() {
            return Self {
                value: self.value / b.value,
                ..self.scaled(1.0 / b.value)
            };
        }
        let v = b.value;
        self.times(b.through(1.0 / v, -1.0 / (v * v), 2.0 / (v * v * v)))
    }

    fn raised(self, exponent: Self) -> Self {
        if exponent.is_constant() {
            return self.power(exponent.value);
        }
        let mut out = exponent.times(self.ln()).exp();
        out.value = self.value.powf(exponent.value);
        out
    }

    fn call(function: Function, args: &[Self]) -> Self {
        let Some(a) = args.first().copied() else {
            return Self::constant(f64::NAN);
        };
        let v = a.value;
        match function {
            Function::Exp => a.exp(),
            Function::Ln => a.ln(),
            Function::Log2 => a.ln().scaled(std::f64::consts::LOG2_E),
            Function::Log10 => a.ln().scaled(std::f64::consts::LOG10_E),
            Function::Sqrt => a.power(0.5),
            Function::Abs => a.through(v.abs(), v.signum(), 0.0),
            Function::Min => Self::pick(args, |x, best| x < best),
            Function::Max => Self::pick(args, |x, best| x > best),
            Function::Sigmoid => {
                let s = function.apply(&[v]);
                a.through(s, s * (1.0 - s), s * (1.0 - s) * (1.0 - 2.0 * s))
            }
            Function::Softplus => {
                let s = Function::Sigmoid.apply(&[v]);
                a.through(function.apply(&[v]), s, s * (1.0 - s))
            }
            Function::Tanh => {
                let t = v.tanh();
                a.through(t, 1.0 - t * t, -2.0 * t * (1.0 - t * t))
            }
            Function::Sin => a.through(v.sin(), v.cos(), -v.sin()),
            Function::Cos => a.through(v.cos(), -v.sin(), -v.cos()),
            Function::Atan => {
                let w = 1.0 + v * v;
                a.through(v.atan(), 1.0 / w, -2.0 * v / (w * w))
            }
            Function::Logsumexp => Self::log_sum_exp(args),
        }
    }
}

//! A law as a function of its inputs, for one coefficient vector: values, derivatives by two inputs, and the form of the
//! formula where it is a sum of powers.
//!
//! The [tape](crate::tape) moves coefficients over a table; a planner moves the inputs at given coefficients. One walk
//! over the formula serves plain numbers, [jets](Jet) and [forms](Powers), so that they cannot disagree.

mod build;
mod jet;
mod powers;
mod steps;

use isoflop_formula::ast::{BinaryOp, Function};

pub use jet::Jet;
pub use powers::{Powers, Sum, Term};

/// A law, ready to be evaluated at inputs and coefficients. As data it is a list of steps: see `steps.rs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    nodes: Vec<Node>,
    coefs: Vec<String>,
    inputs: Vec<String>,
}

/// One step; operands are earlier steps, the last one is the response.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Const(f64),
    Coef(usize),
    Input(usize),
    Neg(usize),
    Binary(BinaryOp, usize, usize),
    Call(Function, Vec<usize>),
    Choose(usize, usize, usize),
}

impl Surface {
    /// Names of the coefficients it takes, `E[c4]` for a level; fixed and tied ones are inside.
    #[must_use]
    pub fn coefs(&self) -> &[String] {
        &self.coefs
    }

    /// Letters of the inputs it takes, in the order of the law.
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The response. `work` is scratch that may be kept between calls.
    ///
    /// # Panics
    ///
    /// When there are fewer coefficients or inputs than [`Self::coefs`] and [`Self::inputs`] name.
    pub fn at<T: Number>(&self, coefs: &[f64], inputs: &[T], work: &mut Vec<T>) -> T {
        work.clear();
        let mut args: Vec<T> = Vec::new();
        for node in &self.nodes {
            let value = match node {
                Node::Const(c) => T::constant(*c),
                Node::Coef(k) => T::constant(coefs[*k]),
                Node::Input(k) => inputs[*k],
                Node::Neg(a) => work[*a].negated(),
                Node::Binary(op, a, b) => binary(*op, work[*a], work[*b]),
                Node::Call(function, of) => {
                    args.clear();
                    args.extend(of.iter().map(|k| work[*k]));
                    T::call(*function, &args)
                }
                Node::Choose(test, yes, no) => {
                    let test = work[*test].known();
                    if test.is_nan() {
                        T::constant(f64::NAN)
                    } else if test == 0.0 {
                        work[*no]
                    } else {
                        work[*yes]
                    }
                }
            };
            work.push(value);
        }
        work.last()
            .copied()
            .unwrap_or_else(|| T::constant(f64::NAN))
    }
}

/// What a law can be evaluated on.
pub trait Number: Copy {
    /// A number that depends on nothing.
    fn constant(x: f64) -> Self;
    /// Its value, for comparisons; NaN when it is not known.
    fn known(&self) -> f64;
    /// −a.
    fn negated(self) -> Self;
    /// a + b.
    fn plus(self, b: Self) -> Self;
    /// a − b.
    fn minus(self, b: Self) -> Self {
        self.plus(b.negated())
    }
    /// a · b.
    fn times(self, b: Self) -> Self;
    /// a / b.
    fn over(self, b: Self) -> Self;
    /// a to the power of `exponent`.
    fn raised(self, exponent: Self) -> Self;
    /// A function of the language.
    fn call(function: Function, args: &[Self]) -> Self;
}

impl Number for f64 {
    fn constant(x: f64) -> Self {
        x
    }

    fn known(&self) -> f64 {
        *self
    }

    fn negated(self) -> Self {
        -self
    }

    fn plus(self, b: Self) -> Self {
        self + b
    }

    fn times(self, b: Self) -> Self {
        self * b
    }

    fn over(self, b: Self) -> Self {
        self / b
    }

    fn raised(self, exponent: Self) -> Self {
        self.powf(exponent)
    }

    fn call(function: Function, args: &[Self]) -> Self {
        function.apply(args)
    }
}

fn binary<T: Number>(op: BinaryOp, a: T, b: T) -> T {
    let truth = |test: fn(f64, f64) -> bool| {
        let (x, y) = (a.known(), b.known());
        T::constant(if x.is_nan() || y.is_nan() {
            f64::NAN
        } else {
            f64::from(test(x, y))
        })
    };
    match op {
        BinaryOp::Add => a.plus(b),
        BinaryOp::Sub => a.minus(b),
        BinaryOp::Mul => a.times(b),
        BinaryOp::Div => a.over(b),
        BinaryOp::Pow => a.raised(b),
        BinaryOp::Lt => truth(|x, y| x < y),
        BinaryOp::Le => truth(|x, y| x <= y),
        BinaryOp::Gt => truth(|x, y| x > y),
        BinaryOp::Ge => truth(|x, y| x >= y),
        BinaryOp::Eq => truth(|x, y| x == y),
        BinaryOp::Ne => truth(|x, y| x != y),
        BinaryOp::And => truth(|x, y| x != 0.0 && y != 0.0),
        BinaryOp::Or => truth(|x, y| x != 0.0 || y != 0.0),
    }
}

#[cfg(test)]
mod tests;

//! The reference evaluator: one number from one set of values, by walking the tree.
//!
//! Slow and plain on purpose. Compiled laws are tested against it.

use thiserror::Error;

use crate::ast::{BinaryOp, Expr, ExprKind, Formula, Function, UnaryOp};

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A name without a value.
    #[error("`{name}` has no value")]
    Unbound {
        /// The name.
        name: String,
    },
    /// A quoted text, which is not a number.
    #[error("the text \"{text}\" is not a number")]
    Text {
        /// The text.
        text: String,
    },
}

/// Gives the value of a name; the second argument holds the index columns of an indexed one.
pub type Lookup<'a> = dyn Fn(&str, Option<&[String]>) -> Option<f64> + 'a;

/// The value of an expression.
///
/// Arithmetic is that of `f64`: a logarithm of a negative number is NaN, a division by zero infinite.
/// Comparisons and `and`, `or`, `not` give 1 or 0, and take anything but 0 for true. Only the branch of
/// an `if` that is taken is evaluated. A `solve` without a change of sign between its bounds is NaN,
/// and so is one whose sign changes through a pole.
///
/// # Errors
///
/// [`EvalError`] for a name without a value and for a quoted text.
pub fn evaluate(expr: &Expr, lookup: &Lookup<'_>) -> Result<f64, EvalError> {
    let scope = Scope {
        lookup,
        bound: None,
    };
    value(expr, &scope)
}

/// The value of a formula's right side, its `let` steps included.
///
/// # Errors
///
/// As for [`evaluate`].
pub fn evaluate_right(formula: &Formula, lookup: &Lookup<'_>) -> Result<f64, EvalError> {
    steps(
        formula,
        0,
        &Scope {
            lookup,
            bound: None,
        },
    )
}

/// Names with values: an innermost binding, then the outer ones, then the caller's.
struct Scope<'a> {
    lookup: &'a Lookup<'a>,
    bound: Option<(&'a str, f64, &'a Scope<'a>)>,
}

impl Scope<'_> {
    fn get(&self, name: &str) -> Option<f64> {
        match self.bound {
            Some((own, value, _)) if own == name => Some(value),
            Some((_, _, outer)) => outer.get(name),
            None => (self.lookup)(name, None),
        }
    }
}

fn steps(formula: &Formula, from: usize, scope: &Scope<'_>) -> Result<f64, EvalError> {
    let Some(step) = formula.lets.get(from) else {
        return value(&formula.right, scope);
    };
    let inner = Scope {
        lookup: scope.lookup,
        bound: Some((&step.name, value(&step.value, scope)?, scope)),
    };
    steps(formula, from + 1, &inner)
}

fn value(expr: &Expr, scope: &Scope<'_>) -> Result<f64, EvalError> {
    Ok(match &expr.kind {
        ExprKind::Number(x) => *x,
        ExprKind::Text(text) => return Err(EvalError::Text { text: text.clone() }),
        ExprKind::Name(name) => scope.get(name).ok_or_else(|| unbound(name))?,
        ExprKind::Indexed { name, index } => {
            let columns: Vec<String> = index.iter().map(|(column, _)| column.clone()).collect();
            (scope.lookup)(name, Some(&columns)).ok_or_else(|| unbound(name))?
        }
        ExprKind::Unary(UnaryOp::Neg, a) => -value(a, scope)?,
        ExprKind::Unary(UnaryOp::Not, a) => truth(value(a, scope)? == 0.0),
        ExprKind::Binary(op, a, b) => binary(*op, value(a, scope)?, value(b, scope)?),
        ExprKind::Call(function, args) => {
            let args: Result<Vec<f64>, _> = args.iter().map(|a| value(a, scope)).collect();
            function.apply(&args?)
        }
        ExprKind::If(test, yes, no) => {
            let branch = if value(test, scope)? == 0.0 { no } else { yes };
            value(branch, scope)?
        }
        ExprKind::Solve {
            name,
            lower,
            upper,
            equation,
            ..
        } => {
            let at = |y: f64| {
                let inner = Scope {
                    lookup: scope.lookup,
                    bound: Some((name, y, scope)),
                };
                value(equation, &inner)
            };
            bisect(value(lower, scope)?, value(upper, scope)?, at)?
        }
    })
}

impl Function {
    /// Its value; no arguments give NaN.
    #[must_use]
    pub fn apply(self, args: &[f64]) -> f64 {
        let x = args.first().copied().unwrap_or(f64::NAN);
        match self {
            Self::Exp => x.exp(),
            Self::Ln => x.ln(),
            Self::Log2 => x.log2(),
            Self::Log10 => x.log10(),
            Self::Sqrt => x.sqrt(),
            Self::Abs => x.abs(),
            // A NaN among the arguments stays visible, which f64::min would hide.
            Self::Min => args
                .iter()
                .skip(1)
                .fold(x, |a, b| if a.is_nan() || *b > a { a } else { *b }),
            Self::Max => args
                .iter()
                .skip(1)
                .fold(x, |a, b| if a.is_nan() || *b < a { a } else { *b }),
            Self::Sigmoid => {
                if x >= 0.0 {
                    1.0 / (1.0 + (-x).exp())
                } else {
                    x.exp() / (1.0 + x.exp())
                }
            }
            Self::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Self::Tanh => x.tanh(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Atan => x.atan(),
            Self::Logsumexp => {
                let top = Self::Max.apply(args);
                if top.is_infinite() {
                    return top;
                }
                top + args.iter().map(|a| (a - top).exp()).sum::<f64>().ln()
            }
        }
    }
}

fn binary(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Lt => truth(a < b),
        BinaryOp::Le => truth(a <= b),
        BinaryOp::Gt => truth(a > b),
        BinaryOp::Ge => truth(a >= b),
        BinaryOp::Eq => truth(a == b),
        BinaryOp::Ne => truth(a != b),
        BinaryOp::And => truth(a != 0.0 && b != 0.0),
        BinaryOp::Or => truth(a != 0.0 || b != 0.0),
    }
}

fn unbound(name: &str) -> EvalError {
    EvalError::Unbound {
        name: name.to_owned(),
    }
}

fn truth(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

/// The zero of `f` between the bounds, halved until no double lies between them.
fn bisect(
    lower: f64,
    upper: f64,
    f: impl Fn(f64) -> Result<f64, EvalError>,
) -> Result<f64, EvalError> {
    let (mut low, mut high) = (lower, upper);
    let (at_low, at_high) = (f(low)?, f(high)?);
    if at_low == 0.0 {
        return Ok(low);
    }
    if at_high == 0.0 {
        return Ok(high);
    }
    if !(low < high && (at_low < 0.0) != (at_high < 0.0)) || at_low.is_nan() || at_high.is_nan() {
        return Ok(f64::NAN);
    }
    loop {
        let middle = low + (high - low) / 2.0;
        if !(low < middle && middle < high) {
            // Through a pole the sign changes as well, but the equation is larger there than at the ends.
            let here = f(middle)?.abs();
            let root = here <= at_low.abs().max(at_high.abs());
            return Ok(if root { middle } else { f64::NAN });
        }
        let here = f(middle)?;
        if here == 0.0 || here.is_nan() {
            return Ok(if here == 0.0 { middle } else { f64::NAN });
        }
        if (here < 0.0) == (at_low < 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

//! The value of a law at one point, by the reference evaluator. Fits use the compiled tape; this is for
//! single questions and for checking the tape.

use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use isoflop_formula::{EvalError, evaluate, evaluate_right};

use crate::law::Law;

/// Where a law is evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct At<'a> {
    /// Coefficient values; `E[c4]` names one level, `w[c4,code]` one of two indexes. Fixed and tied coefficients need none.
    pub coefs: &'a [(String, f64)],
    /// Inputs by letter.
    pub inputs: &'a [(String, f64)],
    /// The level of each index.
    pub levels: &'a [(String, String)],
}

impl Law {
    /// The response at one point. A left side such as `ln L` is undone; one that cannot be undone gives NaN.
    ///
    /// # Errors
    ///
    /// [`EvalError`] for a coefficient or input without a value.
    ///
    /// # Example
    ///
    /// ```
    /// use isoflop_law::{At, Law};
    ///
    /// let law = Law::builtin("power")?;
    /// let coefs = [("a".to_owned(), 8.0), ("b".to_owned(), 0.5)];
    /// let inputs = [("x".to_owned(), 16.0)];
    /// let y = law.value(&At { coefs: &coefs, inputs: &inputs, levels: &[] })?;
    /// assert_eq!(y, 2.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn value(&self, at: &At<'_>) -> Result<f64, EvalError> {
        let lookup = |name: &str, index: Option<&[String]>| {
            number(at.inputs, name).or_else(|| self.coef_value(at, name, index, 0))
        };
        let right = evaluate_right(&self.formula, &lookup)?;
        Ok(match &self.formula.left {
            Some(left) => undo(left, right).unwrap_or(f64::NAN),
            None => right,
        })
    }

    /// A given value first, then the fixed one, then the tie. Ties of a checked law end; the depth guards
    /// against a law that was put together by hand.
    fn coef_value(
        &self,
        at: &At<'_>,
        name: &str,
        index: Option<&[String]>,
        depth: usize,
    ) -> Option<f64> {
        let coef = self.coef(name)?;
        if let Some(value) = number(at.coefs, name) {
            return Some(value);
        }
        if let Some(index) = index.filter(|i| !i.is_empty()) {
            let level = |column: &String| {
                at.levels
                    .iter()
                    .find(|(c, _)| c == column)
                    .map(|(_, l)| l.as_str())
            };
            let levels: Vec<&str> = index.iter().map(level).collect::<Option<_>>()?;
            let named =
                |separator| number(at.coefs, &format!("{name}[{}]", levels.join(separator)));
            if let Some(value) = named(",").or_else(|| named(", ")) {
                return Some(value);
            }
        }
        if coef.fixed.is_some() || depth > self.coefs.len() {
            return coef.fixed;
        }
        let (_, expr) = coef.tie.as_ref()?;
        evaluate(expr, &|name, index| {
            self.coef_value(at, name, index, depth + 1)
        })
        .ok()
    }
}

fn number(pairs: &[(String, f64)], name: &str) -> Option<f64> {
    pairs.iter().find(|(n, _)| n == name).map(|(_, x)| *x)
}

/// The value of the one name in `left` at which `left` is `target`.
fn undo(left: &Expr, target: f64) -> Option<f64> {
    let constant = |e: &Expr| evaluate(e, &|_, _| None).ok();
    match &left.kind {
        ExprKind::Name(_) => Some(target),
        ExprKind::Unary(UnaryOp::Neg, a) => undo(a, -target),
        ExprKind::Call(function, args) => match args.as_slice() {
            [a] => undo(a, function.inverse()?(target)),
            _ => None,
        },
        ExprKind::Binary(op, a, b) => match (constant(a), constant(b)) {
            (None, Some(c)) => undo(a, undo_left(*op, target, c)?),
            (Some(c), None) => undo(b, undo_right(*op, target, c)?),
            _ => None,
        },
        _ => None,
    }
}

/// x with x op c = target.
fn undo_left(op: BinaryOp, target: f64, c: f64) -> Option<f64> {
    Some(match op {
        BinaryOp::Add => target - c,
        BinaryOp::Sub => target + c,
        BinaryOp::Mul => target / c,
        BinaryOp::Div => target * c,
        BinaryOp::Pow => target.powf(1.0 / c),
        _ => return None,
    })
}

/// x with c op x = target.
fn undo_right(op: BinaryOp, target: f64, c: f64) -> Option<f64> {
    Some(match op {
        BinaryOp::Add => target - c,
        BinaryOp::Sub => c - target,
        BinaryOp::Mul => target / c,
        BinaryOp::Div => c / target,
        BinaryOp::Pow => target.ln() / c.ln(),
        _ => return None,
    })
}

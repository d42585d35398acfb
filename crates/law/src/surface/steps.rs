//! A surface as data: the steps as arrays that a small interpreter in another language can run.
//!
//! ```text
//! ["number", 6.0]   ["coef", 0]   ["input", 1]   ["neg", 2]   ["+", 0, 3]   ["exp", 4]   ["min", 1, 5]   ["if", 6, 2, 4]
//! ```
//!
//! Whole numbers after a name are positions: among the coefficients, among the inputs, otherwise among the steps before.
//! The last step is the response. What JSON cannot hold is written as a word: `"Infinity"`, `"-Infinity"`, `"NaN"`.

use isoflop_formula::ast::BinaryOp;
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

use super::{Node, Surface};

impl Serialize for Surface {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Surface", 3)?;
        out.serialize_field("coefs", &self.coefs)?;
        out.serialize_field("inputs", &self.inputs)?;
        out.serialize_field("steps", &self.nodes)?;
        out.end()
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, places): (&str, &[usize]) = match self {
            Self::Const(x) => return constant(*x, serializer),
            Self::Coef(k) => ("coef", &[*k]),
            Self::Input(k) => ("input", &[*k]),
            Self::Neg(a) => ("neg", &[*a]),
            Self::Binary(op, a, b) => (sign(*op), &[*a, *b]),
            Self::Call(function, args) => (function.name(), args),
            Self::Choose(test, yes, no) => ("if", &[*test, *yes, *no]),
        };
        let mut out = serializer.serialize_seq(Some(1 + places.len()))?;
        out.serialize_element(name)?;
        for place in places {
            out.serialize_element(place)?;
        }
        out.end()
    }
}

fn constant<S: Serializer>(x: f64, serializer: S) -> Result<S::Ok, S::Error> {
    let mut out = serializer.serialize_seq(Some(2))?;
    out.serialize_element("number")?;
    if x.is_finite() {
        out.serialize_element(&x)?;
    } else {
        out.serialize_element(match x {
            x if x.is_nan() => "NaN",
            x if x > 0.0 => "Infinity",
            _ => "-Infinity",
        })?;
    }
    out.end()
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Pow => "^",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
    }
}

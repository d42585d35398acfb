//! A syntax tree back into text: as few parentheses as the grammar allows, one spacing.
//!
//! Reading the text again gives an equal tree, provided its numbers are finite and not negative (a
//! negative number is read as a minus and a number, with the same value).

use std::fmt::{Display, Formatter, Result, Write};

use crate::ast::{BinaryOp, Expr, ExprKind, Formula, Function, UnaryOp};
use crate::token::{is_keyword, is_plain_name};

/// Precedences of the grammar; a child that binds less tightly than its place demands gets parentheses.
const CONDITIONAL: u8 = 0;
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const NEGATION: u8 = 7;
const POWER: u8 = 8;
const PRIMARY: u8 = 9;

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for step in &self.lets {
            f.write_str("let ")?;
            name(f, &step.name)?;
            write!(f, " = {}; ", step.value)?;
        }
        if let Some(left) = &self.left {
            write!(f, "{left} = ")?;
        }
        write!(f, "{}", self.right)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            ExprKind::Number(value) => f.write_str(&number(*value)),
            ExprKind::Text(text) => write!(f, "\"{}\"", text.replace('"', "\"\"")),
            ExprKind::Name(word) => name(f, word),
            ExprKind::Indexed { name: word, index } => {
                name(f, word)?;
                f.write_char('[')?;
                for (i, (column, _)) in index.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { ", " })?;
                    name(f, column)?;
                }
                f.write_char(']')
            }
            ExprKind::Unary(UnaryOp::Neg, inner) => {
                f.write_char('-')?;
                child(f, inner, NEGATION)
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                f.write_str("not ")?;
                child(f, inner, NOT)
            }
            ExprKind::Binary(op, a, b) => binary(f, *op, a, b),
            ExprKind::Call(function, args) => {
                f.write_str(function.name())?;
                list(f, args)
            }
            ExprKind::If(test, yes, no) => write!(f, "if {test} then {yes} else {no}"),
            ExprKind::Solve {
                name: unknown,
                lower,
                upper,
                equation,
                ..
            } => {
                f.write_str("solve(")?;
                name(f, unknown)?;
                write!(f, ", {lower}, {upper}, {equation})")
            }
        }
    }
}

/// A number in the fewest digits that read back as the same double, with an exponent where that is
/// clearly shorter: `400`, `0.34`, `5.76e23`.
#[must_use]
pub fn number(value: f64) -> String {
    let plain = format!("{value}");
    let scientific = format!("{value:e}");
    if plain.len() > scientific.len() + 3 {
        scientific
    } else {
        plain
    }
}

fn binary(f: &mut Formatter<'_>, op: BinaryOp, a: &Expr, b: &Expr) -> Result {
    let own = precedence(op);
    let (left, right) = match op {
        BinaryOp::Pow => (PRIMARY, NEGATION),
        _ if own == COMPARE => (SUM, SUM),
        _ => (own, own + 1),
    };
    child(f, a, left)?;
    f.write_str(sign(op))?;
    child(f, b, right)
}

/// A child that must bind at least as tightly as `least`.
fn child(f: &mut Formatter<'_>, expr: &Expr, least: u8) -> Result {
    if binding(expr) < least {
        write!(f, "({expr})")
    } else {
        write!(f, "{expr}")
    }
}

fn list(f: &mut Formatter<'_>, args: &[Expr]) -> Result {
    f.write_char('(')?;
    for (i, arg) in args.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { ", " })?;
        write!(f, "{arg}")?;
    }
    f.write_char(')')
}

fn name(f: &mut Formatter<'_>, word: &str) -> Result {
    let reserved =
        is_keyword(word) || Function::from_name(word).is_some() || matches!(word, "log" | "solve");
    if reserved || !is_plain_name(word) {
        write!(f, "`{word}`")
    } else {
        f.write_str(word)
    }
}

fn binding(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Number(value) if value.is_sign_negative() => NEGATION,
        ExprKind::Unary(UnaryOp::Neg, _) => NEGATION,
        ExprKind::Unary(UnaryOp::Not, _) => NOT,
        ExprKind::Binary(op, ..) => precedence(*op),
        ExprKind::If(..) => CONDITIONAL,
        _ => PRIMARY,
    }
}

fn precedence(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => OR,
        BinaryOp::And => AND,
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge | BinaryOp::Eq | BinaryOp::Ne => {
            COMPARE
        }
        BinaryOp::Add | BinaryOp::Sub => SUM,
        BinaryOp::Mul | BinaryOp::Div => PRODUCT,
        BinaryOp::Pow => POWER,
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => " or ",
        BinaryOp::And => " and ",
        BinaryOp::Lt => " < ",
        BinaryOp::Le => " <= ",
        BinaryOp::Gt => " > ",
        BinaryOp::Ge => " >= ",
        BinaryOp::Eq => " == ",
        BinaryOp::Ne => " != ",
        BinaryOp::Add => " + ",
        BinaryOp::Sub => " - ",
        BinaryOp::Mul => " * ",
        BinaryOp::Div => " / ",
        BinaryOp::Pow => "^",
    }
}

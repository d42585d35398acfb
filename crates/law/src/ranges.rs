//! What mathematics asks of the names of a bare formula: which must be above zero for the formula to have a value.
//!
//! | place                                                                  | asks                             |
//! | ---------------------------------------------------------------------- | -------------------------------- |
//! | alone, in a product or a quotient under a logarithm: `ln(x / m)`         | above zero                       |
//! | the same under a power with a coefficient in its exponent: `(c / N)^b`   | above zero                       |
//! | the same under a fixed power that is no whole number: `k^0.5`           | above zero, of coefficients only |
//! | anywhere else                                                          | nothing                          |
//!
//! Nothing else is assumed: an amplitude, a floor, a rate or an exponent may have any value and either sign. A fit looks
//! at all of them, and measures those [`amplitudes`] on a logarithmic scale that it finds above zero.

use std::cell::Cell;
use std::collections::BTreeSet;

use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Formula, Function, UnaryOp};
use isoflop_formula::evaluate;

use crate::law::{Law, VarRole};

/// The names of a formula that must be above zero.
pub(crate) struct Positive(BTreeSet<String>);

impl Positive {
    /// `is_var` tells the columns among the names.
    pub(crate) fn new(formula: &Formula, is_var: &dyn Fn(&str) -> bool) -> Self {
        let mut walk = Walk {
            formula,
            is_var,
            seen: BTreeSet::new(),
            asked: BTreeSet::new(),
        };
        for step in &formula.lets {
            walk.visit(&step.value);
        }
        if let Some(left) = &formula.left {
            walk.visit(left);
        }
        walk.visit(&formula.right);
        Self(walk.seen)
    }

    pub(crate) fn holds(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Lower and upper bound of a coefficient.
    pub(crate) fn range(&self, name: &str) -> (f64, f64) {
        let lower = if self.holds(name) {
            0.0
        } else {
            f64::NEG_INFINITY
        };
        (lower, f64::INFINITY)
    }
}

struct Walk<'a> {
    formula: &'a Formula,
    is_var: &'a dyn Fn(&str) -> bool,
    seen: BTreeSet<String>,
    /// Steps that were followed, with what was asked of their columns: `let a = b * b` and so on for thirty steps is
    /// followed thirty times, and a step that names itself once.
    asked: BTreeSet<(&'a str, bool)>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Call(Function::Ln | Function::Log2 | Function::Log10, args) => {
                self.ask(&args[0], true);
            }
            ExprKind::Binary(BinaryOp::Pow, base, exponent) => {
                match evaluate(exponent, &|_, _| None) {
                    Ok(power) if power.fract() == 0.0 => {}
                    Ok(_) => self.ask(base, false),
                    Err(_) => {
                        let moves = self.moves(exponent);
                        self.ask(base, moves);
                    }
                }
            }
            _ => {}
        }
        for part in expr.children() {
            self.visit(part);
        }
    }

    /// Whether a coefficient stands in it.
    fn moves(&self, expr: &Expr) -> bool {
        let names = self.formula.depends_on(expr);
        names.into_iter().any(|name| !(self.is_var)(name))
    }

    /// Every factor of a product must be above zero for the product to be so for whatever the others are. A column
    /// under a fixed power is judged by its values, not by its sign.
    fn ask(&mut self, expr: &'a Expr, vars: bool) {
        match &expr.kind {
            ExprKind::Name(name) | ExprKind::Indexed { name, .. } => {
                if let Some(value) = self.formula.step(name) {
                    if self.asked.insert((name, vars)) {
                        self.ask(value, vars);
                    }
                } else if vars || !(self.is_var)(name) {
                    self.seen.insert(name.clone());
                }
            }
            ExprKind::Binary(BinaryOp::Mul | BinaryOp::Div, a, b) => {
                self.ask(a, vars);
                self.ask(b, vars);
            }
            ExprKind::Binary(BinaryOp::Pow, base, exponent) => {
                let even = evaluate(exponent, &|_, _| None).is_ok_and(|x| x % 2.0 == 0.0);
                if !even {
                    self.ask(base, vars);
                }
            }
            _ => {}
        }
    }
}

/// Title of a law that was typed.
pub(crate) const TYPED: &str = "Formula as typed";

impl Law {
    /// Whether the law is a formula as typed, with nothing said about its coefficients but what the user changed.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        self.title == TYPED
    }

    /// Coefficients without a range that multiply a power or an exponential, or are a term beside one under a power:
    /// where such a one is above zero, its logarithm is the scale on which it varies. With `floors` also the terms that
    /// stand alone beside them.
    #[must_use]
    pub fn amplitudes(&self, floors: bool) -> Vec<String> {
        let mut found = Vec::new();
        let terms = Terms::new(self, floors);
        terms.of(&self.formula.right, false, &mut found);
        found.retain(|name| {
            let open = |c: &crate::Coef| {
                c.lower == f64::NEG_INFINITY
                    && c.upper == f64::INFINITY
                    && c.start.is_empty()
                    && c.fixed.is_none()
                    && c.tie.is_none()
                    && c.prior.is_none()
                    && c.pool.is_none()
            };
            self.coef(name).is_some_and(open)
        });
        found.sort();
        found.dedup();
        found
    }

    /// The one open amplitude of a right side that is a product of it, of powers and of numbers above zero: k in k·x^a. Its
    /// sign is that of the response.
    pub fn sole_factor(&self) -> Option<String> {
        let terms = Terms::new(self, false);
        if terms.is_negated(&self.formula.right) {
            return None;
        }
        let mut factors = Vec::new();
        terms.factors(&self.formula.right, &mut factors);
        let mut names = Vec::new();
        for factor in factors {
            match &factor.kind {
                ExprKind::Name(name) | ExprKind::Indexed { name, .. } => names.push(name),
                ExprKind::Number(x) if *x > 0.0 => {}
                _ if terms.is_power(factor) => {}
                _ => return None,
            }
        }
        match names.as_slice() {
            [name] if terms.left.get() > 0 => {
                self.amplitudes(false).into_iter().find(|n| n == *name)
            }
            _ => None,
        }
    }
}

struct Terms<'a> {
    law: &'a Law,
    floors: bool,
    /// Places that may still be looked at.
    left: Cell<usize>,
}

/// Places of a formula that are looked at for amplitudes: `let b = a + a; let c = b + b` has two to the number of steps.
const PLACES: usize = 2000;

impl<'a> Terms<'a> {
    fn new(law: &'a Law, floors: bool) -> Self {
        let left = Cell::new(PLACES);
        Self { law, floors, left }
    }

    /// Whether one more place may be looked at.
    fn goes_on(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    /// Amplitudes among the terms of a sum; `base` says that the sum is raised to a power.
    fn of(&self, expr: &'a Expr, base: bool, found: &mut Vec<String>) {
        if !self.goes_on() {
            return;
        }
        match &expr.kind {
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) => {
                self.of(a, base, found);
                self.of(b, base, found);
            }
            ExprKind::Unary(UnaryOp::Neg, a) => self.of(a, base, found),
            ExprKind::Name(name) if self.step(name).is_some() => {
                if let Some(value) = self.step(name) {
                    self.of(value, base, found);
                }
            }
            _ => self.term(expr, base, found),
        }
    }

    fn term(&self, expr: &'a Expr, base: bool, found: &mut Vec<String>) {
        let mut factors = Vec::new();
        self.factors(expr, &mut factors);
        let varying = factors.iter().any(|f| self.is_power(f));
        let alone = factors.len() == 1;
        for factor in &factors {
            match &factor.kind {
                ExprKind::Name(name) | ExprKind::Indexed { name, .. }
                    if varying || (alone && self.floors) || (!alone && base) =>
                {
                    found.push(name.clone());
                }
                ExprKind::Binary(BinaryOp::Pow, inner, _) if self.is_power(factor) => {
                    self.of(inner, true, found);
                }
                _ => {}
            }
        }
    }

    /// Factors above the line and powers below it.
    fn factors(&self, expr: &'a Expr, out: &mut Vec<&'a Expr>) {
        if !self.goes_on() {
            return;
        }
        match &expr.kind {
            ExprKind::Binary(BinaryOp::Mul, a, b) => {
                self.factors(a, out);
                self.factors(b, out);
            }
            ExprKind::Binary(BinaryOp::Div, a, b) => {
                self.factors(a, out);
                out.push(b);
            }
            ExprKind::Unary(UnaryOp::Neg, a) => self.factors(a, out),
            ExprKind::Name(name) => match self.step(name) {
                Some(value) => self.factors(value, out),
                None => out.push(expr),
            },
            _ => out.push(expr),
        }
    }

    /// Whether a minus stands before a factor.
    fn is_negated(&self, expr: &Expr) -> bool {
        if !self.goes_on() {
            return false;
        }
        match &expr.kind {
            ExprKind::Unary(UnaryOp::Neg, _) => true,
            ExprKind::Binary(BinaryOp::Mul | BinaryOp::Div, a, b) => {
                self.is_negated(a) || self.is_negated(b)
            }
            ExprKind::Name(name) => self.step(name).is_some_and(|e| self.is_negated(e)),
            _ => false,
        }
    }

    fn step(&self, name: &str) -> Option<&'a Expr> {
        self.law.formula.step(name)
    }

    /// A power with a coefficient in its exponent, or an exponential, of something that varies.
    fn is_power(&self, expr: &Expr) -> bool {
        let has = |e: &Expr, what: fn(&Law, &str) -> bool| self.has(e, what);
        let coef: fn(&Law, &str) -> bool = |law, name| law.coef(name).is_some();
        let input: fn(&Law, &str) -> bool =
            |law, name| law.var(name).is_some_and(|v| v.role == VarRole::Input);
        match &expr.kind {
            ExprKind::Binary(BinaryOp::Pow, base, exponent) => {
                has(exponent, coef) && (has(base, input) || has(exponent, input))
            }
            ExprKind::Call(Function::Exp, args) => has(&args[0], input),
            _ => false,
        }
    }

    fn has(&self, expr: &Expr, what: fn(&Law, &str) -> bool) -> bool {
        let names = self.law.formula.depends_on(expr);
        names.into_iter().any(|name| what(self.law, name))
    }
}

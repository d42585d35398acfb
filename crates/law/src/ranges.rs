//! Ranges of the coefficients of a bare formula, read off their places.
//!
//! | place                                                                        | range     |
//! | ---------------------------------------------------------------------------- | --------- |
//! | exponent of a decaying power: `N^-b`, `A / N^b`, `(c / N)^b`                  | [0, 3]    |
//! | exponent elsewhere: `N^b`                                                     | [-3, 3]   |
//! | amplitude or scale of a power, or a term beside powers: `E + A / N^b`         | [0, inf)  |
//! | anywhere else: `a + b * x`, `ln(L) = a - b * ln(N)`, inside a function        | free      |
//!
//! So a law made of powers keeps its amplitudes positive, as all published ones have them, and a line may
//! slope either way. A coefficient with several places gets a range that admits all of them. `a - b * N^c`
//! keeps b positive too: the sign is in the formula.

use std::collections::BTreeMap;

use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Formula, UnaryOp};

use crate::law::Var;

/// The range of every name of a formula.
pub(crate) struct Ranges(BTreeMap<String, Places>);

impl Ranges {
    pub(crate) fn new(formula: &Formula, vars: &[Var]) -> Self {
        let mut walk = Walk {
            varying: vars.iter().map(|v| v.name.as_str()).collect(),
            seen: BTreeMap::new(),
        };
        for step in &formula.lets {
            walk.visit(&step.value, Spot::Free, false);
            if walk.varies(&step.value) {
                walk.varying.push(&step.name);
            }
        }
        walk.visit(&formula.right, Spot::Free, false);
        Self(walk.seen)
    }

    /// Lower and upper bound.
    pub(crate) fn of(&self, name: &str) -> (f64, f64) {
        self.0.get(name).copied().unwrap_or_default().range()
    }
}

/// The places in which a name was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    decaying: bool,
    exponent: bool,
    amplitude: bool,
    free: bool,
}

impl Places {
    fn range(self) -> (f64, f64) {
        let inf = f64::INFINITY;
        match self {
            Self { free: true, .. }
            | Self {
                exponent: true,
                amplitude: true,
                ..
            } => (-inf, inf),
            Self {
                amplitude: true, ..
            } => (0.0, inf),
            Self { exponent: true, .. } => (-3.0, 3.0),
            Self { decaying: true, .. } => (0.0, 3.0),
            Self { .. } => (-inf, inf),
        }
    }
}

/// What a name means where the walk stands.
#[derive(Clone, Copy, PartialEq)]
enum Spot {
    Free,
    Amplitude,
    Exponent { falling: bool },
}

/// A walk over the formula that notes the places of every name.
struct Walk<'a> {
    /// Variables, and `let` names whose value holds one.
    varying: Vec<&'a str>,
    seen: BTreeMap<String, Places>,
}

impl<'a> Walk<'a> {
    /// `below` says whether the walk stands in a denominator.
    fn visit(&mut self, expr: &'a Expr, place: Spot, below: bool) {
        match &expr.kind {
            ExprKind::Name(name) | ExprKind::Indexed { name, .. } => self.note(name, place),
            ExprKind::Unary(UnaryOp::Neg, a) => {
                let place = match place {
                    Spot::Exponent { falling } => Spot::Exponent { falling: !falling },
                    other => other,
                };
                self.visit(a, place, below);
            }
            ExprKind::Binary(BinaryOp::Pow, base, exponent) => {
                let scale = if self.varies(base) && place == Spot::Free {
                    Spot::Amplitude
                } else {
                    place
                };
                self.visit(base, scale, below);
                let place = match place {
                    Spot::Exponent { .. } => place,
                    _ => Spot::Exponent {
                        falling: below != self.falls(base),
                    },
                };
                self.visit(exponent, place, below);
            }
            ExprKind::Binary(
                op @ (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div),
                a,
                b,
            ) => {
                let place = if place == Spot::Free && self.has_power(expr) {
                    Spot::Amplitude
                } else {
                    place
                };
                self.visit(a, place, below);
                let subtracted = *op == BinaryOp::Sub;
                let place = match place {
                    Spot::Exponent { falling } if subtracted => {
                        Spot::Exponent { falling: !falling }
                    }
                    other => other,
                };
                self.visit(b, place, below != (*op == BinaryOp::Div));
            }
            _ => {
                for part in expr.children() {
                    self.visit(part, Spot::Free, false);
                }
            }
        }
    }

    fn note(&mut self, name: &str, place: Spot) {
        let places = self.seen.entry(name.to_owned()).or_default();
        match place {
            Spot::Free => places.free = true,
            Spot::Amplitude => places.amplitude = true,
            Spot::Exponent { falling: true } => places.decaying = true,
            Spot::Exponent { falling: false } => places.exponent = true,
        }
    }

    /// Whether a variable stands anywhere in it.
    fn varies(&self, expr: &Expr) -> bool {
        expr.names()
            .iter()
            .any(|(name, _)| self.varying.contains(name))
    }

    /// Whether it is a ratio with variables below the line only.
    fn falls(&self, base: &Expr) -> bool {
        matches!(&base.kind, ExprKind::Binary(BinaryOp::Div, a, b) if !self.varies(a) && self.varies(b))
    }

    /// Whether a power of a variable is among its terms and factors.
    fn has_power(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Binary(BinaryOp::Pow, base, _) => self.varies(base),
            ExprKind::Binary(
                BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div,
                a,
                b,
            ) => self.has_power(a) || self.has_power(b),
            ExprKind::Unary(UnaryOp::Neg, a) => self.has_power(a),
            _ => false,
        }
    }
}

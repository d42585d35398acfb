//! The graph that a formula is lowered to: hash-consed nodes and the algebra that brings them into the form
//! the tape is fast and safe in.
//!
//! Three classes of node: *scalar* (coefficients and constants only), *data* (columns and constants only,
//! evaluated once) and *vary* (both). Sums of varying things are kept as one affine node Σ sₖ·xₖ + c with
//! scalar s and c. Whatever is known to be positive has a logarithm that is built without evaluating it first, so
//! that products, quotients and powers of positive things become e^(Σ sₖ·xₖ + c): no intermediate can overflow,
//! and a power of a sum of positive terms goes through a log-sum-exp.

use std::collections::HashMap;

/// A node of a [`Graph`]; children always come before their parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id(pub u32);

/// Functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Un {
    Neg,
    Not,
    Exp,
    Ln,
    Sqrt,
    Abs,
    Sigmoid,
    Softplus,
    Tanh,
    Sin,
    Cos,
    Atan,
    /// x^c; the bits of c.
    PowConst(u64),
}

/// Functions of two arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bin {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Min,
    Max,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    And,
    Or,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// Bits of a constant.
    Const(u64),
    /// Solver coordinate.
    Coord(u32),
    /// Coordinate of an indexed coefficient, gathered by the row's level.
    Level(u32),
    /// Data column.
    Var(u32),
    /// Unknown of a `solve`.
    Unknown(u32),
    /// Σ scalar·column + scalar.
    Affine(Vec<(Id, Id)>, Id),
    Un(Un, Id),
    Bin(Bin, Id, Id),
    /// if c ≠ 0 then a else b.
    Select(Id, Id, Id),
    /// ln(e^a + e^b).
    LogAddExp(Id, Id),
    /// The value of the unknown in [lower, upper] at which the equation is zero.
    Root {
        unknown: u32,
        lower: Id,
        upper: Id,
        equation: Id,
    },
}

/// What a node depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Const,
    Scalar,
    Data,
    Vary,
}

impl Class {
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Const, x) | (x, Self::Const) => x,
            _ => Self::Vary,
        }
    }

    /// Constant or scalar: one number for all rows.
    pub fn is_scalar(self) -> bool {
        matches!(self, Self::Const | Self::Scalar)
    }

    /// Constant or data: known before any coefficient is.
    pub fn is_known(self) -> bool {
        matches!(self, Self::Const | Self::Data)
    }
}

/// A growing set of nodes, each stored once.
#[derive(Default)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    pub classes: Vec<Class>,
    positive: Vec<bool>,
    known: HashMap<Node, Id>,
    /// Whether each variable is declared positive.
    pub positive_vars: Vec<bool>,
}

impl Graph {
    pub fn class(&self, id: Id) -> Class {
        self.classes[id.0 as usize]
    }

    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub fn positive(&self, id: Id) -> bool {
        self.positive[id.0 as usize]
    }

    /// The constant's value, if the node is one.
    pub fn value(&self, id: Id) -> Option<f64> {
        match self.node(id) {
            Node::Const(bits) => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }

    pub fn intern(&mut self, node: Node) -> Id {
        if let Some(id) = self.known.get(&node) {
            return *id;
        }
        let class = self.class_of(&node);
        let positive = self.positive_of(&node);
        let id =
            Id(u32::try_from(self.nodes.len()).expect("a formula has far fewer than 2³² nodes"));
        self.nodes.push(node.clone());
        self.classes.push(class);
        self.positive.push(positive);
        self.known.insert(node, id);
        id
    }

    fn class_of(&self, node: &Node) -> Class {
        match node {
            Node::Const(_) => Class::Const,
            Node::Coord(_) => Class::Scalar,
            Node::Level(_) | Node::Unknown(_) | Node::Root { .. } => Class::Vary,
            Node::Var(_) => Class::Data,
            Node::Affine(terms, c) => terms.iter().fold(self.class(*c), |k, (s, x)| {
                k.join(self.class(*s)).join(self.class(*x))
            }),
            Node::Un(_, a) => self.class(*a),
            Node::Bin(_, a, b) | Node::LogAddExp(a, b) => self.class(*a).join(self.class(*b)),
            Node::Select(c, a, b) => self.class(*c).join(self.class(*a)).join(self.class(*b)),
        }
    }

    fn positive_of(&self, node: &Node) -> bool {
        match node {
            Node::Const(bits) => f64::from_bits(*bits) > 0.0,
            Node::Var(v) => self.positive_vars[*v as usize],
            Node::Affine(terms, c) => {
                (self.positive(*c) || self.value(*c) == Some(0.0))
                    && terms
                        .iter()
                        .all(|(s, x)| self.positive(*s) && self.positive(*x))
            }
            Node::Un(Un::Exp | Un::Sigmoid | Un::Softplus, _) => true,
            Node::Un(Un::Sqrt | Un::PowConst(_), a) => self.positive(*a),
            Node::Bin(Bin::Add | Bin::Mul | Bin::Div | Bin::Min | Bin::Max, a, b)
            | Node::Select(_, a, b) => self.positive(*a) && self.positive(*b),
            Node::Bin(Bin::Pow, a, _) => self.positive(*a),
            Node::Root { lower, .. } => self.positive(*lower) || self.value(*lower) == Some(0.0),
            _ => false,
        }
    }

    pub fn constant(&mut self, x: f64) -> Id {
        // One zero: −0 and 0 are the same constant.
        let x = if x == 0.0 { 0.0 } else { x };
        self.intern(Node::Const(x.to_bits()))
    }

    pub fn un(&mut self, f: Un, a: Id) -> Id {
        if let Some(x) = self.value(a) {
            return self.constant(super::scalar::apply_un(f, x));
        }
        match (f, self.node(a)) {
            (Un::Ln, Node::Un(Un::Exp, u)) => *u,
            (Un::Neg, Node::Un(Un::Neg, u)) => *u,
            (Un::Neg, _) if self.class(a) == Class::Vary => {
                let minus = self.constant(-1.0);
                self.mul(minus, a)
            }
            _ => self.intern(Node::Un(f, a)),
        }
    }

    pub fn bin(&mut self, f: Bin, a: Id, b: Id) -> Id {
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.constant(super::scalar::apply_bin(f, x, y));
        }
        match f {
            Bin::Add => self.add(a, b),
            Bin::Sub => {
                let minus = self.neg(b);
                self.add(a, minus)
            }
            Bin::Mul => self.mul(a, b),
            Bin::Div => self.div(a, b),
            Bin::Pow => self.pow(a, b),
            _ => self.intern(Node::Bin(f, a, b)),
        }
    }

    pub fn neg(&mut self, a: Id) -> Id {
        self.un(Un::Neg, a)
    }

    pub fn select(&mut self, c: Id, a: Id, b: Id) -> Id {
        match self.value(c) {
            Some(x) if x != 0.0 => a,
            Some(_) => b,
            None => self.intern(Node::Select(c, a, b)),
        }
    }

    /// Both are one number for all rows, or both are known before any coefficient: plain arithmetic will do.
    fn plain(&self, a: Id, b: Id) -> bool {
        let (a, b) = (self.class(a), self.class(b));
        (a.is_scalar() && b.is_scalar()) || (a.is_known() && b.is_known())
    }

    pub fn add(&mut self, a: Id, b: Id) -> Id {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => return self.constant(x + y),
            (Some(0.0), _) => return b,
            (_, Some(0.0)) => return a,
            _ => {}
        }
        if self.plain(a, b) {
            return match self.node(b) {
                Node::Un(Un::Neg, u) => {
                    let u = *u;
                    self.intern(Node::Bin(Bin::Sub, a, u))
                }
                _ => self.intern(Node::Bin(Bin::Add, a, b)),
            };
        }
        let (mut terms, c) = self.affine(a);
        let (more, d) = self.affine(b);
        let c = self.add(c, d);
        for (s, x) in more {
            match terms.iter().position(|(_, y)| *y == x) {
                Some(i) => terms[i].0 = self.add(terms[i].0, s),
                None => terms.push((s, x)),
            }
        }
        self.make_affine(terms, c)
    }

    /// A node as Σ s·x + c.
    pub fn affine(&mut self, a: Id) -> (Vec<(Id, Id)>, Id) {
        match self.node(a) {
            Node::Affine(terms, c) => (terms.clone(), *c),
            _ if self.class(a).is_scalar() => (Vec::new(), a),
            _ => {
                let one = self.constant(1.0);
                let zero = self.constant(0.0);
                (vec![(one, a)], zero)
            }
        }
    }

    fn make_affine(&mut self, terms: Vec<(Id, Id)>, c: Id) -> Id {
        let terms: Vec<_> = terms
            .into_iter()
            .filter(|(s, _)| self.value(*s) != Some(0.0))
            .collect();
        match terms.as_slice() {
            [] => c,
            [(s, x)] if self.value(*s) == Some(1.0) && self.value(c) == Some(0.0) => *x,
            _ => self.intern(Node::Affine(terms, c)),
        }
    }

    /// Multiplies every part of an affine node by a scalar.
    fn scale(&mut self, s: Id, a: Id) -> Id {
        let (terms, c) = self.affine(a);
        let terms = terms
            .into_iter()
            .map(|(t, x)| (self.mul(s, t), x))
            .collect();
        let c = self.mul(s, c);
        self.make_affine(terms, c)
    }

    pub fn mul(&mut self, a: Id, b: Id) -> Id {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => return self.constant(x * y),
            (Some(1.0), _) => return b,
            (_, Some(1.0)) => return a,
            (Some(0.0), _) | (_, Some(0.0)) => return self.constant(0.0),
            (Some(-1.0), _) if self.class(b) != Class::Vary => return self.neg(b),
            (_, Some(-1.0)) if self.class(a) != Class::Vary => return self.neg(a),
            _ => {}
        }
        if self.plain(a, b) {
            return self.intern(Node::Bin(Bin::Mul, a, b));
        }
        let exponential = |g: &Self, x: Id| {
            g.class(x) == Class::Vary && matches!(g.node(x), Node::Un(Un::Exp, _))
        };
        if (exponential(self, a) || exponential(self, b))
            && let (Some(u), Some(v)) = (self.cheap_ln(a), self.cheap_ln(b))
        {
            let sum = self.add(u, v);
            return self.un(Un::Exp, sum);
        }
        if self.class(a).is_scalar() {
            return self.scale(a, b);
        }
        if self.class(b).is_scalar() {
            return self.scale(b, a);
        }
        self.intern(Node::Bin(Bin::Mul, a, b))
    }

    pub fn div(&mut self, a: Id, b: Id) -> Id {
        if self.value(b) == Some(1.0) {
            return a;
        }
        if self.plain(a, b) {
            return self.intern(Node::Bin(Bin::Div, a, b));
        }
        if (matches!(self.node(b), Node::Un(Un::Exp, _)) || self.class(b) == Class::Data)
            && let Some(u) = self.cheap_ln(b)
            && (matches!(self.node(a), Node::Un(Un::Exp, _))
                || matches!(self.node(b), Node::Un(Un::Exp, _)))
        {
            let minus = self.neg(u);
            let inverse = self.un(Un::Exp, minus);
            return self.mul(a, inverse);
        }
        if self.class(b).is_scalar() {
            let one = self.constant(1.0);
            let inverse = self.div(one, b);
            return self.mul(inverse, a);
        }
        self.intern(Node::Bin(Bin::Div, a, b))
    }

    pub fn pow(&mut self, base: Id, exponent: Id) -> Id {
        match (self.value(base), self.value(exponent)) {
            (Some(x), Some(y)) => return self.constant(x.powf(y)),
            (_, Some(1.0)) => return base,
            (_, Some(0.0)) | (Some(1.0), _) => return self.constant(1.0),
            _ => {}
        }
        let known = self.class(base).is_known() && self.class(exponent).is_known();
        if known {
            return self.intern(Node::Bin(Bin::Pow, base, exponent));
        }
        if let Some(u) = self.ln_of(base) {
            let product = self.mul(exponent, u);
            return self.un(Un::Exp, product);
        }
        if let Some(c) = self.value(exponent) {
            return self.un(Un::PowConst(c.to_bits()), base);
        }
        if self.class(base).is_scalar() && self.class(exponent).is_scalar() {
            return self.intern(Node::Bin(Bin::Pow, base, exponent));
        }
        let u = self.un(Un::Ln, base);
        let product = self.mul(exponent, u);
        self.un(Un::Exp, product)
    }

    /// The logarithm of a positive node where it costs nothing at run time beyond scalars and known columns.
    fn cheap_ln(&mut self, a: Id) -> Option<Id> {
        if let Node::Un(Un::Exp, u) = self.node(a) {
            return Some(*u);
        }
        if !self.positive(a) {
            return None;
        }
        if let Node::Affine(terms, c) = self.node(a).clone() {
            let [(s, x)] = terms.as_slice() else {
                return None;
            };
            if self.value(c) != Some(0.0) {
                return None;
            }
            let (u, v) = (self.cheap_ln(*s)?, self.cheap_ln(*x)?);
            return Some(self.add(u, v));
        }
        match self.class(a) {
            Class::Vary => None,
            Class::Scalar => match *self.node(a) {
                Node::Bin(Bin::Mul, x, y) if self.positive(x) && self.positive(y) => {
                    let (u, v) = (self.cheap_ln(x)?, self.cheap_ln(y)?);
                    Some(self.add(u, v))
                }
                Node::Bin(Bin::Div, x, y) if self.positive(x) && self.positive(y) => {
                    let (u, v) = (self.cheap_ln(x)?, self.cheap_ln(y)?);
                    let minus = self.neg(v);
                    Some(self.add(u, minus))
                }
                _ => Some(self.un(Un::Ln, a)),
            },
            Class::Const | Class::Data => Some(self.un(Un::Ln, a)),
        }
    }

    /// The logarithm of a positive node, through a log-sum-exp where it is a sum of positive terms.
    pub fn ln_of(&mut self, a: Id) -> Option<Id> {
        if let Some(u) = self.cheap_ln(a) {
            return Some(u);
        }
        if !self.positive(a) {
            return None;
        }
        if let Node::Affine(terms, c) = self.node(a).clone() {
            let mut sum = if self.value(c) == Some(0.0) {
                None
            } else {
                Some(self.ln_of(c)?)
            };
            for (s, x) in terms {
                let (u, v) = (self.ln_of(s)?, self.ln_of(x)?);
                let term = self.add(u, v);
                sum = Some(match sum {
                    None => term,
                    Some(t) => self.log_add_exp(t, term),
                });
            }
            return sum;
        }
        if let Node::Un(Un::Sqrt, u) = *self.node(a) {
            let half = self.constant(0.5);
            let v = self.ln_of(u)?;
            return Some(self.mul(half, v));
        }
        Some(self.un(Un::Ln, a))
    }

    pub fn log_add_exp(&mut self, a: Id, b: Id) -> Id {
        if let (Some(x), Some(y)) = (self.value(a), self.value(b)) {
            return self.constant(super::scalar::log_add_exp(x, y));
        }
        self.intern(Node::LogAddExp(a, b))
    }
}

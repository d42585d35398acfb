//! From the syntax tree of a law to the graph: names become coordinates, levels or columns, the left side is
//! moved to the right.

use super::graph::{Bin, Graph, Id, Node, Un};
use super::program::{Coordinate, Group};
use crate::{Coef, Law, VarRole};
use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Span};
use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Function, UnaryOp};
use std::collections::BTreeMap;

/// Which value of the law a program computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The response itself, y.
    Response,
    /// Its natural logarithm, ln y.
    LnResponse,
    /// The right side, on the scale of the left side as written.
    AsWritten,
    /// The left side as written, a function of the observed response: no coefficients.
    Observed,
}

/// Level names of each index, for the coefficients that use it: index variable names (joined with `,` when there
/// are several) and the labels in a fixed order.
pub type Levels = Vec<(String, Vec<String>)>;

pub(super) struct Lowering<'a> {
    pub graph: Graph,
    pub coordinates: Vec<Coordinate>,
    pub groups: Vec<Group>,
    pub vars: Vec<String>,
    law: &'a Law,
    names: BTreeMap<String, Id>,
    levels: &'a Levels,
    unknowns: u32,
    faults: Vec<Diagnostic>,
}

impl<'a> Lowering<'a> {
    /// Lowers the law; the result is the node of the wanted output.
    pub fn run(
        law: &'a Law,
        levels: &'a Levels,
        output: Output,
    ) -> Result<(Self, Id), Diagnostics> {
        let mut me = Self {
            graph: Graph::default(),
            coordinates: Vec::new(),
            groups: Vec::new(),
            vars: Vec::new(),
            law,
            names: BTreeMap::new(),
            levels,
            unknowns: 0,
            faults: Vec::new(),
        };
        for var in law.vars.iter().filter(|v| v.role != VarRole::Index) {
            let position = me.vars.len() as u32;
            me.vars.push(var.name.clone());
            me.graph.positive_vars.push(var.positive);
            let id = me.graph.intern(Node::Var(position));
            me.names.insert(var.name.clone(), id);
        }
        let root = if output == Output::Observed {
            let left = law.formula.left.clone();
            left.map(|l| me.expr(&l))
        } else {
            Some(me.right_side(output))
        };
        match root {
            Some(root) if me.faults.is_empty() => Ok((me, root)),
            _ => Err(Diagnostics(me.faults)),
        }
    }

    fn right_side(&mut self, output: Output) -> Id {
        for coef in self.law.coefs.iter().filter(|c| c.tie.is_none()) {
            if coef.index.is_empty() {
                let id = self.coefficient(coef);
                self.names.insert(coef.name.clone(), id);
            } else {
                self.indexed(coef);
            }
        }
        self.ties();
        for step in &self.law.formula.lets {
            let id = self.expr(&step.value);
            self.names.insert(step.name.clone(), id);
        }
        let right = self.expr(&self.law.formula.right);
        let Some(left) = self.law.formula.left.clone() else {
            return right;
        };
        match output {
            Output::Response => self.solved_for_response(&left, right),
            Output::LnResponse => {
                let y = self.solved_for_response(&left, right);
                self.graph.un(Un::Ln, y)
            }
            Output::AsWritten | Output::Observed => right,
        }
    }

    /// Ties may refer to each other in any order; the law file's reader has refused cycles.
    fn ties(&mut self) {
        let mut open: Vec<&Coef> = self.law.coefs.iter().filter(|c| c.tie.is_some()).collect();
        while !open.is_empty() {
            let before = open.len();
            open.retain(|coef| {
                let Some((_, tie)) = &coef.tie else {
                    return false;
                };
                let ready = tie.names().iter().all(|(n, _)| self.names.contains_key(*n));
                if ready {
                    let id = self.expr(tie);
                    self.names.insert(coef.name.clone(), id);
                }
                !ready
            });
            if open.len() == before {
                let names: Vec<&str> = open.iter().map(|c| c.name.as_str()).collect();
                self.faults.push(Diagnostic::error(
                    "bad-tie",
                    format!(
                        "the ties of {} refer to each other or to names that do not exist",
                        names.join(", ")
                    ),
                ));
                return;
            }
        }
    }

    /// A plain coefficient: constant when fixed, e^coordinate when it must be positive, else the coordinate.
    fn coefficient(&mut self, coef: &Coef) -> Id {
        if let Some(value) = coef.fixed {
            return self.graph.constant(value);
        }
        let log = self.coordinate(coef, None);
        let j = self.coordinates.len() as u32 - 1;
        let node = self.graph.intern(Node::Coord(j));
        if log {
            self.graph.un(Un::Exp, node)
        } else {
            node
        }
    }

    fn indexed(&mut self, coef: &Coef) {
        if let Some(value) = coef.fixed {
            let id = self.graph.constant(value);
            self.names.insert(coef.name.clone(), id);
            return;
        }
        let index = coef.index.join(",");
        let Some((_, labels)) = self.levels.iter().find(|(name, _)| *name == index) else {
            self.faults.push(Diagnostic::error(
                "unknown-index",
                format!(
                    "`{}[{index}]` needs the levels of `{index}`, and none were given",
                    coef.name
                ),
            ));
            return;
        };
        let base = self.coordinates.len();
        let mut log = false;
        for label in labels {
            log = self.coordinate(coef, Some(label));
        }
        let group = self.groups.len() as u32;
        self.groups.push(Group {
            coef: coef.name.clone(),
            index,
            base,
            levels: labels.len(),
        });
        let node = self.graph.intern(Node::Level(group));
        let id = if log {
            self.graph.un(Un::Exp, node)
        } else {
            node
        };
        self.names.insert(coef.name.clone(), id);
    }

    /// Adds a coordinate; says whether it is the logarithm of the coefficient.
    fn coordinate(&mut self, coef: &Coef, level: Option<&str>) -> bool {
        let log = log_coordinate(coef.lower, coef.upper);
        let name = match level {
            Some(level) => format!("{}[{level}]", coef.name),
            None => coef.name.clone(),
        };
        let inside = |x: f64| if log { x.ln() } else { x };
        self.coordinates.push(Coordinate {
            label: if log {
                format!("ln {name}")
            } else {
                name.clone()
            },
            name,
            coef: self
                .law
                .coefs
                .iter()
                .position(|c| c.name == coef.name)
                .unwrap_or(0),
            log,
            lower: inside(coef.lower),
            upper: inside(coef.upper),
        });
        log
    }

    /// y from g(y) = right, undoing the left side from the outside in.
    fn solved_for_response(&mut self, left: &Expr, right: Id) -> Id {
        match &left.kind {
            ExprKind::Name(_) => right,
            ExprKind::Call(f, args) if args.len() == 1 => {
                let inner = match f {
                    Function::Ln => self.graph.un(Un::Exp, right),
                    Function::Log2 => self.scaled_exp(std::f64::consts::LN_2, right),
                    Function::Log10 => self.scaled_exp(std::f64::consts::LN_10, right),
                    Function::Exp => self.graph.un(Un::Ln, right),
                    Function::Sqrt => {
                        let two = self.graph.constant(2.0);
                        self.graph.pow(right, two)
                    }
                    _ => return self.cannot_solve(left.span),
                };
                self.solved_for_response(&args[0], inner)
            }
            ExprKind::Unary(UnaryOp::Neg, a) => {
                let inner = self.graph.neg(right);
                self.solved_for_response(a, inner)
            }
            ExprKind::Binary(op, a, b) => self.undo_binary(*op, a, b, left.span, right),
            _ => self.cannot_solve(left.span),
        }
    }

    fn undo_binary(&mut self, op: BinaryOp, a: &Expr, b: &Expr, span: Span, right: Id) -> Id {
        let response = self.law.response().name.clone();
        let has = |e: &Expr| e.names().iter().any(|(n, _)| *n == response);
        let (inner, other, first) = match (has(a), has(b)) {
            (true, false) => (a, b, true),
            (false, true) => (b, a, false),
            _ => return self.cannot_solve(span),
        };
        let k = self.expr(other);
        let g = &mut self.graph;
        let solved = match (op, first) {
            (BinaryOp::Add, _) => g.bin(Bin::Sub, right, k),
            (BinaryOp::Sub, true) => g.add(right, k),
            (BinaryOp::Sub, false) => g.bin(Bin::Sub, k, right),
            (BinaryOp::Mul, _) => g.div(right, k),
            (BinaryOp::Div, true) => g.mul(right, k),
            (BinaryOp::Div, false) => g.div(k, right),
            (BinaryOp::Pow, true) => {
                let one = g.constant(1.0);
                let inverse = g.div(one, k);
                g.pow(right, inverse)
            }
            _ => return self.cannot_solve(span),
        };
        self.solved_for_response(inner, solved)
    }

    fn scaled_exp(&mut self, scale: f64, x: Id) -> Id {
        let s = self.graph.constant(scale);
        let u = self.graph.mul(s, x);
        self.graph.un(Un::Exp, u)
    }

    fn cannot_solve(&mut self, span: Span) -> Id {
        let d = Diagnostic::error("left-side", "the left side cannot be solved for the response")
            .at(self.excerpt(span, "this step cannot be undone"))
            .help(
                "write the response alone, or ln, log2, log10, exp, sqrt, a power, a sum or a product with known \
                 columns around it",
            );
        self.faults.push(d);
        self.graph.constant(f64::NAN)
    }

    fn excerpt(&self, span: Span, label: &str) -> Excerpt {
        Excerpt::of("<formula>", &self.law.formula_text, span, label)
    }

    fn expr(&mut self, e: &Expr) -> Id {
        match &e.kind {
            ExprKind::Number(x) => self.graph.constant(*x),
            ExprKind::Text(_) => self.refuse(e.span, "text has no value in a law"),
            ExprKind::Name(name) | ExprKind::Indexed { name, .. } => match self.names.get(name) {
                Some(id) => *id,
                None => self.refuse(
                    e.span,
                    "this name is neither a variable, a coefficient nor a `let`",
                ),
            },
            ExprKind::Unary(op, a) => {
                let a = self.expr(a);
                self.graph.un(
                    if *op == UnaryOp::Neg {
                        Un::Neg
                    } else {
                        Un::Not
                    },
                    a,
                )
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                self.graph.bin(binary(*op), a, b)
            }
            ExprKind::Call(f, args) => {
                let args: Vec<Id> = args.iter().map(|a| self.expr(a)).collect();
                self.call(*f, &args)
            }
            ExprKind::If(c, a, b) => {
                let (c, a, b) = (self.expr(c), self.expr(a), self.expr(b));
                self.graph.select(c, a, b)
            }
            ExprKind::Solve {
                name,
                lower,
                upper,
                equation,
                ..
            } => {
                let (lower, upper) = (self.expr(lower), self.expr(upper));
                let unknown = self.unknowns;
                self.unknowns += 1;
                let y = self.graph.intern(Node::Unknown(unknown));
                let hidden = self.names.insert(name.clone(), y);
                let equation = self.expr(equation);
                match hidden {
                    Some(id) => self.names.insert(name.clone(), id),
                    None => self.names.remove(name),
                };
                self.graph.intern(Node::Root {
                    unknown,
                    lower,
                    upper,
                    equation,
                })
            }
        }
    }

    fn refuse(&mut self, span: Span, why: &str) -> Id {
        let d = Diagnostic::error("bad-name", why).at(self.excerpt(span, "here"));
        self.faults.push(d);
        self.graph.constant(f64::NAN)
    }

    fn call(&mut self, f: Function, args: &[Id]) -> Id {
        let g = &mut self.graph;
        let a = args[0];
        match f {
            Function::Exp => g.un(Un::Exp, a),
            Function::Ln => natural_log(g, a),
            Function::Log2 | Function::Log10 => {
                let base = if f == Function::Log2 {
                    std::f64::consts::LN_2
                } else {
                    std::f64::consts::LN_10
                };
                let u = natural_log(g, a);
                let k = g.constant(base);
                if g.class(u).is_known() {
                    g.intern(Node::Bin(Bin::Div, u, k))
                } else {
                    g.div(u, k)
                }
            }
            Function::Sqrt => g.un(Un::Sqrt, a),
            Function::Abs => g.un(Un::Abs, a),
            Function::Sigmoid => g.un(Un::Sigmoid, a),
            Function::Softplus => g.un(Un::Softplus, a),
            Function::Tanh => g.un(Un::Tanh, a),
            Function::Sin => g.un(Un::Sin, a),
            Function::Cos => g.un(Un::Cos, a),
            Function::Atan => g.un(Un::Atan, a),
            Function::Min => args[1..].iter().fold(a, |x, y| g.bin(Bin::Min, x, *y)),
            Function::Max => args[1..].iter().fold(a, |x, y| g.bin(Bin::Max, x, *y)),
            Function::Logsumexp => args[1..].iter().fold(a, |x, y| g.log_add_exp(x, *y)),
        }
    }
}

/// Whether a coefficient with this range moves on a logarithmic scale: positive without an upper end, or positive
/// over at least two orders of magnitude. Exponents, with ranges like [0, 2], keep their own scale.
fn log_coordinate(lower: f64, upper: f64) -> bool {
    lower >= 0.0 && (upper.is_infinite() || (lower > 0.0 && upper / lower >= 100.0))
}

/// ln of a node; known columns keep the plain logarithm.
fn natural_log(g: &mut Graph, a: Id) -> Id {
    if matches!(g.node(a), Node::Affine(terms, _) if terms.len() == 1)
        && let Some(u) = g.ln_of(a)
    {
        return u;
    }
    g.un(Un::Ln, a)
}

fn binary(op: BinaryOp) -> Bin {
    match op {
        BinaryOp::Add => Bin::Add,
        BinaryOp::Sub => Bin::Sub,
        BinaryOp::Mul => Bin::Mul,
        BinaryOp::Div => Bin::Div,
        BinaryOp::Pow => Bin::Pow,
        BinaryOp::Lt => Bin::Lt,
        BinaryOp::Le => Bin::Le,
        BinaryOp::Gt => Bin::Gt,
        BinaryOp::Ge => Bin::Ge,
        BinaryOp::Eq => Bin::Eq,
        BinaryOp::Ne => Bin::Ne,
        BinaryOp::And => Bin::And,
        BinaryOp::Or => Bin::Or,
    }
}

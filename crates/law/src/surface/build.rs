//! From a law to the steps of a [`Surface`]: names to slots, ties and fixed values put in, the left side undone.

use isoflop_base::{Diagnostic, Diagnostics, closest};
use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Function, UnaryOp};

use super::{Node, Surface};
use crate::law::{Coef, Law, VarRole};

impl Surface {
    /// Prepares a law. `levels` says which level of each index is meant.
    ///
    /// # Errors
    ///
    /// - `missing-level` for an indexed coefficient whose index has no level.
    /// - `implicit-law` when the formula solves for something: such a law has no derivatives here.
    /// - `bad-left-side` when the left side cannot be undone.
    pub fn compile(law: &Law, levels: &[(String, String)]) -> Result<Self, Diagnostics> {
        let mut build = Build {
            law,
            levels,
            scope: Vec::new(),
            surface: Self {
                nodes: Vec::new(),
                coefs: Vec::new(),
                inputs: law
                    .vars
                    .iter()
                    .filter(|v| v.role == VarRole::Input)
                    .map(|v| v.name.clone())
                    .collect(),
            },
        };
        build.law()?;
        Ok(build.surface)
    }
}

struct Build<'a> {
    law: &'a Law,
    levels: &'a [(String, String)],
    /// `let` names with their steps, innermost last.
    scope: Vec<(&'a str, usize)>,
    surface: Surface,
}

impl<'a> Build<'a> {
    fn law(&mut self) -> Result<(), Diagnostic> {
        let law = self.law;
        for step in &law.formula.lets {
            let at = self.expr(&step.value)?;
            self.scope.push((&step.name, at));
        }
        let right = self.expr(&law.formula.right)?;
        let root = match &law.formula.left {
            Some(left) => self.undo(left, right)?,
            None => right,
        };
        // The response is the last step.
        if root + 1 != self.surface.nodes.len() {
            let zero = self.push(Node::Const(0.0));
            self.push(Node::Binary(BinaryOp::Add, root, zero));
        }
        Ok(())
    }

    fn push(&mut self, node: Node) -> usize {
        self.surface.nodes.push(node);
        self.surface.nodes.len() - 1
    }

    fn expr(&mut self, expr: &'a Expr) -> Result<usize, Diagnostic> {
        let node = match &expr.kind {
            ExprKind::Number(x) => Node::Const(*x),
            ExprKind::Name(name) => return self.name(name, &[]),
            ExprKind::Indexed { name, index } => {
                let index: Vec<&str> = index.iter().map(|(column, _)| column.as_str()).collect();
                return self.name(name, &index);
            }
            ExprKind::Unary(UnaryOp::Neg, a) => Node::Neg(self.expr(a)?),
            ExprKind::Unary(UnaryOp::Not, a) => {
                let a = self.expr(a)?;
                let zero = self.push(Node::Const(0.0));
                Node::Binary(BinaryOp::Eq, a, zero)
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                Node::Binary(*op, a, b)
            }
            ExprKind::Call(function, args) => {
                let args: Result<Vec<usize>, _> = args.iter().map(|a| self.expr(a)).collect();
                Node::Call(*function, args?)
            }
            ExprKind::If(test, yes, no) => {
                let (test, yes, no) = (self.expr(test)?, self.expr(yes)?, self.expr(no)?);
                Node::Choose(test, yes, no)
            }
            ExprKind::Text(text) => {
                let message = format!("the text \"{text}\" in the formula is not a number");
                return Err(Diagnostic::error("not-a-number", message));
            }
            ExprKind::Solve { .. } => {
                let message = format!(
                    "the law {} is implicit: it solves an equation, and has no derivatives by its inputs here",
                    self.law.id
                );
                return Err(Diagnostic::error("implicit-law", message)
                    .help("`predict` evaluates such a law at given points"));
            }
        };
        Ok(self.push(node))
    }

    fn name(&mut self, name: &'a str, index: &[&str]) -> Result<usize, Diagnostic> {
        if let Some((_, at)) = self.scope.iter().rev().find(|(own, _)| *own == name) {
            return Ok(*at);
        }
        if let Some(k) = self.surface.inputs.iter().position(|i| i == name) {
            return Ok(self.push(Node::Input(k)));
        }
        let law = self.law;
        match law.coef(name) {
            Some(coef) => self.coef(coef, index),
            None => {
                let message = format!("the law {} has no value for `{name}`", law.id);
                Err(Diagnostic::error("unknown-name", message))
            }
        }
    }

    fn coef(&mut self, coef: &'a Coef, index: &[&str]) -> Result<usize, Diagnostic> {
        if let Some(x) = coef.fixed {
            return Ok(self.push(Node::Const(x)));
        }
        if let Some((_, tie)) = &coef.tie {
            return self.expr(tie);
        }
        let name = if coef.index.is_empty() {
            coef.name.clone()
        } else {
            let index = if index.is_empty() {
                coef.index.iter().map(String::as_str).collect()
            } else {
                index.to_vec()
            };
            let found: Result<Vec<&str>, _> = index.iter().map(|i| self.level(i)).collect();
            format!("{}[{}]", coef.name, found?.join(","))
        };
        let slot = self
            .surface
            .coefs
            .iter()
            .position(|c| *c == name)
            .unwrap_or_else(|| {
                self.surface.coefs.push(name);
                self.surface.coefs.len() - 1
            });
        Ok(self.push(Node::Coef(slot)))
    }

    fn level(&self, index: &str) -> Result<&'a str, Diagnostic> {
        let given = self.levels.iter().find(|(name, _)| name == index);
        given.map(|(_, level)| level.as_str()).ok_or_else(|| {
            let d = Diagnostic::error(
                "missing-level",
                format!("the law {} needs a value of {index}", self.law.id),
            );
            let names = self.levels.iter().map(|(name, _)| name.as_str());
            match closest(index, names) {
                Some(near) => d.help(format!("`{near}` was given")),
                None => d.help(format!("give it: {index}=NAME")),
            }
        })
    }

    /// The step at which the response alone stands on the left.
    fn undo(&mut self, left: &'a Expr, right: usize) -> Result<usize, Diagnostic> {
        let response = self.law.response().name.as_str();
        match &left.kind {
            ExprKind::Name(name) if name == response => Ok(right),
            ExprKind::Unary(UnaryOp::Neg, a) => {
                let right = self.push(Node::Neg(right));
                self.undo(a, right)
            }
            ExprKind::Call(function, args) => match args.as_slice() {
                [a] => {
                    let right = self
                        .inverse(*function, right)
                        .ok_or_else(|| self.not_undone(left))?;
                    self.undo(a, right)
                }
                _ => Err(self.not_undone(left)),
            },
            ExprKind::Binary(op, a, b) => {
                let first = a.names().iter().any(|(name, _)| *name == response);
                let second = b.names().iter().any(|(name, _)| *name == response);
                let (inner, other) = match (first, second) {
                    (true, false) => (a, b),
                    (false, true) => (b, a),
                    _ => return Err(self.not_undone(left)),
                };
                let other = self.expr(other)?;
                let node = match (op, first) {
                    (BinaryOp::Add, _) => Node::Binary(BinaryOp::Sub, right, other),
                    (BinaryOp::Mul, _) => Node::Binary(BinaryOp::Div, right, other),
                    (BinaryOp::Sub, true) => Node::Binary(BinaryOp::Add, right, other),
                    (BinaryOp::Sub, false) => Node::Binary(BinaryOp::Sub, other, right),
                    (BinaryOp::Div, true) => Node::Binary(BinaryOp::Mul, right, other),
                    (BinaryOp::Div, false) => Node::Binary(BinaryOp::Div, other, right),
                    (BinaryOp::Pow, true) => {
                        let one = self.push(Node::Const(1.0));
                        let root = self.push(Node::Binary(BinaryOp::Div, one, other));
                        Node::Binary(BinaryOp::Pow, right, root)
                    }
                    (BinaryOp::Pow, false) => {
                        let top = self.push(Node::Call(Function::Ln, vec![right]));
                        let base = self.push(Node::Call(Function::Ln, vec![other]));
                        Node::Binary(BinaryOp::Div, top, base)
                    }
                    _ => return Err(self.not_undone(left)),
                };
                let right = self.push(node);
                self.undo(inner, right)
            }
            _ => Err(self.not_undone(left)),
        }
    }

    fn not_undone(&self, left: &Expr) -> Diagnostic {
        let message = format!(
            "the left side `{left}` of the law {} cannot be solved for {}",
            self.law.id,
            self.law.response().name
        );
        Diagnostic::error("bad-left-side", message)
    }

    /// The step that undoes a function.
    fn inverse(&mut self, function: Function, x: usize) -> Option<usize> {
        let one = self.push(Node::Const(1.0));
        let raise = |build: &mut Self, base: f64| {
            let base = build.push(Node::Const(base));
            Node::Binary(BinaryOp::Pow, base, x)
        };
        let node = match function {
            Function::Exp => Node::Call(Function::Ln, vec![x]),
            Function::Ln => Node::Call(Function::Exp, vec![x]),
            Function::Log2 => raise(self, 2.0),
            Function::Log10 => raise(self, 10.0),
            Function::Sqrt => Node::Binary(BinaryOp::Mul, x, x),
            Function::Sigmoid => {
                let rest = self.push(Node::Binary(BinaryOp::Sub, one, x));
                let odds = self.push(Node::Binary(BinaryOp::Div, x, rest));
                Node::Call(Function::Ln, vec![odds])
            }
            Function::Softplus => {
                let minus = self.push(Node::Neg(x));
                let decay = self.push(Node::Call(Function::Exp, vec![minus]));
                let rest = self.push(Node::Binary(BinaryOp::Sub, one, decay));
                let ln = self.push(Node::Call(Function::Ln, vec![rest]));
                Node::Binary(BinaryOp::Add, x, ln)
            }
            Function::Tanh => {
                let up = self.push(Node::Binary(BinaryOp::Add, one, x));
                let down = self.push(Node::Binary(BinaryOp::Sub, one, x));
                let ratio = self.push(Node::Binary(BinaryOp::Div, up, down));
                let ln = self.push(Node::Call(Function::Ln, vec![ratio]));
                let half = self.push(Node::Const(0.5));
                Node::Binary(BinaryOp::Mul, half, ln)
            }
            _ => return None,
        };
        Some(self.push(node))
    }
}

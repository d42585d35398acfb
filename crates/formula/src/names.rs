//! Which names a tree uses.

use std::collections::BTreeSet;

use isoflop_base::Span;

use crate::ast::{Expr, ExprKind, Formula};

/// A use of a name: the name, its index columns (none for a plain name) and its place.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// The name.
    pub name: &'a str,
    /// Index columns of `E[corpus]`, each with its bytes.
    pub index: &'a [(String, Span)],
    /// Bytes of the whole use.
    pub span: Span,
}

impl Formula {
    /// Every use of a name in order of appearance, repeated uses included; without the names that `let`
    /// steps set and without the unknown of a `solve`.
    #[must_use]
    pub fn uses(&self) -> Vec<Use<'_>> {
        let mut bound: Vec<&str> = Vec::new();
        let mut found = Vec::new();
        for step in &self.lets {
            collect(&step.value, &mut bound, &mut found);
            bound.push(&step.name);
        }
        if let Some(left) = &self.left {
            collect(left, &mut bound, &mut found);
        }
        collect(&self.right, &mut bound, &mut found);
        found
    }

    /// As [`Self::uses`], names and places only.
    #[must_use]
    pub fn names(&self) -> Vec<(&str, Span)> {
        self.uses().iter().map(|u| (u.name, u.span)).collect()
    }
}

impl Formula {
    /// The value of the step of this name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Expr> {
        let found = self.lets.iter().rfind(|s| s.name == name);
        found.map(|s| &s.value)
    }

    /// The names that an expression of this formula depends on, steps followed and left out. Each step is followed once,
    /// so that thirty steps that name the one before twice are thirty looks, and a step that names itself is one.
    #[must_use]
    pub fn depends_on<'a>(&'a self, expr: &'a Expr) -> BTreeSet<&'a str> {
        let (mut found, mut followed) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            for (name, _) in expr.names() {
                match self.step(name) {
                    Some(value) if followed.insert(name) => open.push(value),
                    Some(_) => {}
                    None => {
                        found.insert(name);
                    }
                }
            }
        }
        found
    }
}

impl Expr {
    /// Every use of a name in order of appearance, repeated uses included; without the unknown of a `solve`.
    #[must_use]
    pub fn uses(&self) -> Vec<Use<'_>> {
        let mut found = Vec::new();
        collect(self, &mut Vec::new(), &mut found);
        found
    }

    /// As [`Self::uses`], names and places only.
    #[must_use]
    pub fn names(&self) -> Vec<(&str, Span)> {
        self.uses().iter().map(|u| (u.name, u.span)).collect()
    }

    /// The same expression with other names, where `rename` gives one; unknowns of `solve` keep theirs.
    #[must_use]
    pub fn renamed(&self, rename: &dyn Fn(&str) -> Option<String>) -> Self {
        let other = |name: &String| rename(name).unwrap_or_else(|| name.clone());
        let inner = |e: &Self| Box::new(e.renamed(rename));
        let kind = match &self.kind {
            ExprKind::Number(x) => ExprKind::Number(*x),
            ExprKind::Text(text) => ExprKind::Text(text.clone()),
            ExprKind::Name(name) => ExprKind::Name(other(name)),
            ExprKind::Indexed { name, index } => ExprKind::Indexed {
                name: other(name),
                index: index.clone(),
            },
            ExprKind::Unary(op, a) => ExprKind::Unary(*op, inner(a)),
            ExprKind::Binary(op, a, b) => ExprKind::Binary(*op, inner(a), inner(b)),
            ExprKind::Call(f, args) => {
                ExprKind::Call(*f, args.iter().map(|a| a.renamed(rename)).collect())
            }
            ExprKind::If(c, a, b) => ExprKind::If(inner(c), inner(a), inner(b)),
            ExprKind::Solve {
                name,
                name_span,
                lower,
                upper,
                equation,
            } => {
                let equation = equation.renamed(&|n| (n != name).then(|| rename(n)).flatten());
                ExprKind::Solve {
                    name: name.clone(),
                    name_span: *name_span,
                    lower: inner(lower),
                    upper: inner(upper),
                    equation: Box::new(equation),
                }
            }
        };
        Self {
            kind,
            span: self.span,
        }
    }

    /// The parts of this node, left to right.
    #[must_use]
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Name(_)
            | ExprKind::Indexed { .. } => Vec::new(),
            ExprKind::Unary(_, a) => vec![a],
            ExprKind::Binary(_, a, b) => vec![a, b],
            ExprKind::Call(_, args) => args.iter().collect(),
            ExprKind::If(a, b, c) => vec![a, b, c],
            ExprKind::Solve {
                lower,
                upper,
                equation,
                ..
            } => vec![lower, upper, equation],
        }
    }
}

fn collect<'a>(expr: &'a Expr, bound: &mut Vec<&'a str>, found: &mut Vec<Use<'a>>) {
    match &expr.kind {
        ExprKind::Name(name) if !bound.contains(&name.as_str()) => found.push(Use {
            name,
            index: &[],
            span: expr.span,
        }),
        ExprKind::Indexed { name, index } => found.push(Use {
            name,
            index,
            span: expr.span,
        }),
        ExprKind::Solve {
            name,
            lower,
            upper,
            equation,
            ..
        } => {
            collect(lower, bound, found);
            collect(upper, bound, found);
            bound.push(name);
            collect(equation, bound, found);
            bound.pop();
        }
        _ => {
            for part in expr.children() {
                collect(part, bound, found);
            }
        }
    }
}

//! Which names a tree uses.

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

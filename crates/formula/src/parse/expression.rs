//! Expressions: the grammar from `expr` down.

use isoflop_base::{Span, closest};

use super::cursor::{Parser, Stop, Suffixes};
use crate::ast::{BinaryOp, Expr, ExprKind, Function, UnaryOp};
use crate::function::foreign_function;
use crate::token::{Kind, Token};

/// How deep brackets, functions and signs may nest.
const MAX_NESTING: usize = 200;
/// How high a tree may grow; every walk over a tree recurses that deep, on stacks of a megabyte.
const MAX_HEIGHT: usize = 500;

const LOWEST: u8 = 1;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const POWER: u8 = 8;

/// A subtree and its height.
struct Tree {
    expr: Expr,
    height: usize,
}

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Result<Expr, Stop> {
        self.binary(LOWEST).map(|tree| tree.expr)
    }

    /// Operators of precedence `lowest` and above.
    fn binary(&mut self, lowest: u8) -> Result<Tree, Stop> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep());
        }
        let mut left = self.prefix(lowest)?;
        while let Some((op, precedence)) = self.peek_operator() {
            if precedence < lowest {
                break;
            }
            self.at += 1;
            let right = self.binary(if op == BinaryOp::Pow {
                POWER
            } else {
                precedence + 1
            })?;
            if precedence == COMPARE && self.peek_operator().is_some_and(|(_, p)| p == COMPARE) {
                let help = "write `a < b and b < c`";
                return Err(self.stop("formula-syntax", "comparisons cannot be chained", help));
            }
            let span = left.expr.span.to(right.expr.span);
            let height = left.height.max(right.height);
            left = self.node(
                ExprKind::Binary(op, Box::new(left.expr), Box::new(right.expr)),
                span,
                height,
            )?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn prefix(&mut self, lowest: u8) -> Result<Tree, Stop> {
        let start = self.peek().span;
        let (op, operand) = match self.peek().kind {
            Kind::Symbol("-") => (UnaryOp::Neg, POWER),
            Kind::Keyword("not") if lowest <= NOT => (UnaryOp::Not, NOT),
            Kind::Keyword("if") if lowest == LOWEST => return self.conditional(),
            Kind::Keyword(word @ ("not" | "if")) => {
                return Err(self.stop(
                    "formula-syntax",
                    format!("`{word}` cannot stand behind an operator"),
                    "put it in parentheses",
                ));
            }
            _ => return self.primary(),
        };
        self.at += 1;
        let inner = self.binary(operand)?;
        let span = start.to(inner.expr.span);
        self.node(
            ExprKind::Unary(op, Box::new(inner.expr)),
            span,
            inner.height,
        )
    }

    fn conditional(&mut self) -> Result<Tree, Stop> {
        let start = self.peek().span;
        self.at += 1;
        let test = self.binary(LOWEST)?;
        self.expect_keyword("then")?;
        let yes = self.binary(LOWEST)?;
        self.expect_keyword("else")?;
        let no = self.binary(LOWEST)?;
        let span = start.to(no.expr.span);
        let height = test.height.max(yes.height).max(no.height);
        let kind = ExprKind::If(Box::new(test.expr), Box::new(yes.expr), Box::new(no.expr));
        self.node(kind, span, height)
    }

    fn primary(&mut self) -> Result<Tree, Stop> {
        let Token { kind, span } = self.peek().clone();
        match kind {
            Kind::Number(value, suffix) => {
                self.at += 1;
                self.check_suffix(suffix, span);
                self.node(ExprKind::Number(value), span, 0)
            }
            Kind::Text(text) => {
                self.at += 1;
                self.node(ExprKind::Text(text), span, 0)
            }
            Kind::Name(name, quoted) => {
                self.at += 1;
                self.named(name, quoted, span)
            }
            Kind::Symbol("(") => {
                self.at += 1;
                let inner = self.binary(LOWEST)?;
                let end = self.close(")", span)?;
                Ok(Tree {
                    expr: Expr {
                        kind: inner.expr.kind,
                        span: span.to(end),
                    },
                    height: inner.height,
                })
            }
            _ => Err(self.expected("a number, a name or `(`")),
        }
    }

    fn check_suffix(&mut self, suffix: Option<char>, span: Span) {
        let Some(letter) = suffix.filter(|_| self.suffixes == Suffixes::Refused) else {
            return;
        };
        let written = &self.text[span.start..span.end - letter.len_utf8()];
        let zeros = match letter {
            'K' | 'k' => 3,
            'M' => 6,
            'B' => 9,
            _ => 12,
        };
        let help = if written.contains(['e', 'E']) {
            format!("write the number out, or `{written} * {letter}` for a product")
        } else {
            format!(
                "write `{written}e{zeros}` for the number, `{written} * {letter}` for a product"
            )
        };
        let message = format!("the suffix {letter} of a number has no meaning in a law");
        self.fault("number-suffix", message, span, &help);
    }

    /// A name, an indexed name, a call or `solve`; the name itself is read already.
    fn named(&mut self, name: String, quoted: bool, span: Span) -> Result<Tree, Stop> {
        if !quoted {
            if name == "solve" && self.peek().kind == Kind::Symbol("(") {
                return self.solve(span);
            }
            if let Some(function) = Function::from_name(&name) {
                return self.call(function, span);
            }
            if name == "log" || self.peek().kind == Kind::Symbol("(") {
                return self.unknown_function(&name, span);
            }
        }
        if self.accept_symbol("[") {
            let mut index = vec![self.name("the name of an index column")?];
            while self.accept_symbol(",") {
                index.push(self.name("the name of an index column")?);
            }
            let end = self.close("]", span)?;
            return self.node(ExprKind::Indexed { name, index }, span.to(end), 0);
        }
        self.node(ExprKind::Name(name), span, 0)
    }

    fn call(&mut self, function: Function, span: Span) -> Result<Tree, Stop> {
        if self.peek().kind != Kind::Symbol("(") {
            return self.bare_call(function, span);
        }
        let (args, height, end) = self.arguments()?;
        if function.takes_one() && args.len() != 1 {
            let message = format!(
                "{} takes one argument, found {}",
                function.name(),
                args.len()
            );
            self.fault("argument-count", message, span.to(end), "");
        }
        self.node(ExprKind::Call(function, args), span.to(end), height)
    }

    /// `ln L`: one argument without parentheses.
    fn bare_call(&mut self, function: Function, span: Span) -> Result<Tree, Stop> {
        let name = function.name();
        if !function.takes_one() || !matches!(self.peek().kind, Kind::Number(..) | Kind::Name(..)) {
            let message = format!("{name} is a function and needs its argument in parentheses");
            let help = format!("write `{name}(x)`; a column of that name is written in backquotes");
            self.fault("formula-syntax", message, span, &help);
            return Err(Stop);
        }
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.too_deep());
        }
        let inner = self.primary()?;
        self.nesting -= 1;
        if self.peek().kind == Kind::Symbol("^") {
            let operand = &self.text[inner.expr.span.start..inner.expr.span.end];
            let exponent = self.tokens.get(self.at + 1);
            let (power, end) = match exponent {
                Some(Token {
                    kind: Kind::Number(..) | Kind::Name(..),
                    span,
                }) => (&self.text[self.peek().span.start..span.end], *span),
                _ => ("^…", self.peek().span),
            };
            let message = format!("`{name} {operand}{power}` can be read in two ways");
            let help = format!("write `{name}({operand}){power}` or `{name}({operand}{power})`");
            self.fault("ambiguous-power", message, span.to(end), &help);
            return Err(Stop);
        }
        let whole = span.to(inner.expr.span);
        self.node(
            ExprKind::Call(function, vec![inner.expr]),
            whole,
            inner.height,
        )
    }

    fn unknown_function(&mut self, name: &str, span: Span) -> Result<Tree, Stop> {
        if name == "log" {
            let message = "`log` is not a function: its base is not known";
            self.fault(
                "bare-log",
                message.to_owned(),
                span,
                "write `ln` (natural), `log2` or `log10`",
            );
        } else {
            let known = Function::ALL.map(Function::name);
            let help = match (foreign_function(name), closest(name, known)) {
                (Some(advice), _) => advice.to_owned(),
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) => format!(
                    "write `{name} * (…)` for a product; the functions are {}",
                    known.join(", ")
                ),
            };
            self.fault(
                "unknown-function",
                format!("there is no function `{name}`"),
                span,
                &help,
            );
        }
        if self.peek().kind == Kind::Symbol("(") {
            self.arguments()?;
        } else if matches!(self.peek().kind, Kind::Number(..) | Kind::Name(..)) {
            self.at += 1;
        }
        self.node(ExprKind::Number(0.0), span, 0)
    }

    fn arguments(&mut self) -> Result<(Vec<Expr>, usize, Span), Stop> {
        let open = self.peek().span;
        self.at += 1;
        let mut args = Vec::new();
        let mut height = 0;
        loop {
            let arg = self.binary(LOWEST)?;
            height = height.max(arg.height);
            args.push(arg.expr);
            if !self.accept_symbol(",") {
                break;
            }
        }
        let end = self.close(")", open)?;
        Ok((args, height, end))
    }

    fn solve(&mut self, span: Span) -> Result<Tree, Stop> {
        let open = self.peek().span;
        self.at += 1;
        let usage = "solve(unknown, lower, upper, expression that is zero at the answer)";
        let (name, name_span) = self.name(&format!("the name of the unknown: {usage}"))?;
        let mut parts = Vec::new();
        let mut height = 0;
        for part in ["the lower bound", "the upper bound", "the equation"] {
            self.expect_symbol(",", &format!("`,` and {part}: {usage}"))?;
            let tree = self.binary(LOWEST)?;
            height = height.max(tree.height);
            parts.push(Box::new(tree.expr));
        }
        let end = self.close(")", open)?;
        let (Some(equation), Some(upper), Some(lower)) = (parts.pop(), parts.pop(), parts.pop())
        else {
            return Err(Stop);
        };
        let kind = ExprKind::Solve {
            name,
            name_span,
            lower,
            upper,
            equation,
        };
        self.node(kind, span.to(end), height)
    }

    fn node(&mut self, kind: ExprKind, span: Span, below: usize) -> Result<Tree, Stop> {
        let height = below + 1;
        if height > MAX_HEIGHT {
            return Err(self.too_deep());
        }
        Ok(Tree {
            expr: Expr { kind, span },
            height,
        })
    }

    fn peek_operator(&self) -> Option<(BinaryOp, u8)> {
        Some(match self.peek().kind {
            Kind::Keyword("or") => (BinaryOp::Or, 1),
            Kind::Keyword("and") => (BinaryOp::And, 2),
            Kind::Symbol("<") => (BinaryOp::Lt, COMPARE),
            Kind::Symbol("<=") => (BinaryOp::Le, COMPARE),
            Kind::Symbol(">") => (BinaryOp::Gt, COMPARE),
            Kind::Symbol(">=") => (BinaryOp::Ge, COMPARE),
            Kind::Symbol("==") => (BinaryOp::Eq, COMPARE),
            Kind::Symbol("!=") => (BinaryOp::Ne, COMPARE),
            Kind::Symbol("+") => (BinaryOp::Add, 5),
            Kind::Symbol("-") => (BinaryOp::Sub, 5),
            Kind::Symbol("*") => (BinaryOp::Mul, 6),
            Kind::Symbol("/") => (BinaryOp::Div, 6),
            Kind::Symbol("^") => (BinaryOp::Pow, POWER),
            _ => return None,
        })
    }

    fn too_deep(&mut self) -> Stop {
        let message = format!(
            "the expression nests too deeply: at most {MAX_NESTING} levels, or {MAX_HEIGHT} terms in a row"
        );
        self.stop("nesting", message, "name parts of it with `let`")
    }
}

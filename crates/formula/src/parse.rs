//! Tokens into a syntax tree, by precedence climbing.
//!
//! ```text
//! formula    = { let separator } expr [ "=" expr ]
//! let        = "let" NAME "=" expr
//! assignment = NAME "=" expr
//! separator  = ";" | line end outside brackets, between two complete lines
//!
//! expr       = "if" expr "then" expr "else" expr | or
//! or         = and { "or" and }
//! and        = not { "and" not }
//! not        = "not" not | comparison
//! comparison = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
//! sum        = product { ( "+" | "-" ) product }
//! product    = unary { ( "*" | "/" ) unary }
//! unary      = "-" unary | power
//! power      = primary [ "^" ( "-" )* power ]
//! primary    = NUMBER | TEXT | NAME [ "[" NAME { "," NAME } "]" ]
//!            | FUNCTION "(" expr { "," expr } ")" | FUNCTION primary    (the second for one argument only)
//!            | "solve" "(" NAME "," expr "," expr "," expr ")"
//!            | "(" expr ")"
//!
//! NUMBER     = digits [ "." digits ] [ "e" [ "+" | "-" ] digits ] [ suffix ]     digits may hold "_"
//! suffix     = "K" | "k" | "M" | "B" | "T"     in filters and column expressions only
//! NAME       = letter or "_", then letters, digits, "_"; or anything in backquotes
//! TEXT       = "…" or '…', the quote doubled inside
//! ```
//!
//! A suffix is refused in laws because `2B` could mean `2 * B` there. `ln N^2` is refused because
//! readers disagree about it. A failed statement is skipped to its separator, so that one run reports
//! the faults of all statements.

use isoflop_base::{Diagnostic, Diagnostics, Span, closest};

use crate::ast::{BinaryOp, Expr, ExprKind, Formula, Function, Let, UnaryOp};
use crate::function::foreign_function;
use crate::place::Place;
use crate::token::{Kind, Token, tokens};

/// How deep brackets, functions and signs may nest.
const MAX_NESTING: usize = 200;
/// How high a tree may grow; every walk over a tree recurses that deep, on stacks of a megabyte.
const MAX_HEIGHT: usize = 500;

const LOWEST: u8 = 1;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const POWER: u8 = 8;

/// Reads a law: `let` steps, then `left = right` or a bare expression.
///
/// # Errors
///
/// Every fault found, each with its place.
pub fn parse_formula(text: &str, file: &str) -> Result<Formula, Diagnostics> {
    parse_formula_at(text, &Place::whole(file, text))
}

/// [`parse_formula`] for a formula that stands inside a larger file; spans in the tree still count from
/// the formula's first byte.
///
/// # Errors
///
/// Every fault found, each with its place in the larger file.
pub fn parse_formula_at(text: &str, place: &Place<'_>) -> Result<Formula, Diagnostics> {
    let mut parser = Parser::new(text, place, Suffixes::Refused);
    let formula = parser.formula();
    parser.finish(formula)
}

/// Reads a filter or a column expression: `tokens > 1e9 and optimizer == "adam"`.
///
/// # Errors
///
/// Every fault found, each with its place.
pub fn parse_expr(text: &str, file: &str) -> Result<Expr, Diagnostics> {
    let place = Place::whole(file, text);
    let mut parser = Parser::new(text, &place, Suffixes::Allowed);
    let expr = parser.alone();
    parser.finish(expr)
}

/// Reads the expression of a tie inside a law file: as [`parse_expr`], but without suffixes.
///
/// # Errors
///
/// Every fault found, each with its place in the larger file.
pub fn parse_expr_at(text: &str, place: &Place<'_>) -> Result<Expr, Diagnostics> {
    let mut parser = Parser::new(text, place, Suffixes::Refused);
    let expr = parser.alone();
    parser.finish(expr)
}

/// Reads a new column with its name: `C = 6 * N * D`.
///
/// # Errors
///
/// Every fault found, each with its place.
pub fn parse_assignment(text: &str, file: &str) -> Result<(String, Expr), Diagnostics> {
    let place = Place::whole(file, text);
    let mut parser = Parser::new(text, &place, Suffixes::Allowed);
    let pair = parser.assignment();
    parser.finish(pair)
}

/// Whether `1.4T` is a number.
#[derive(Clone, Copy, PartialEq)]
enum Suffixes {
    Allowed,
    Refused,
}

/// The fault is already recorded; the statement cannot be read on.
struct Stop;

/// A subtree and its height.
struct Tree {
    expr: Expr,
    height: usize,
}

struct Parser<'a> {
    text: &'a str,
    place: &'a Place<'a>,
    tokens: Vec<Token>,
    at: usize,
    nesting: usize,
    suffixes: Suffixes,
    faults: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, place: &'a Place<'a>, suffixes: Suffixes) -> Self {
        let (tokens, faults) = tokens(text, place);
        Self {
            text,
            place,
            tokens,
            at: 0,
            nesting: 0,
            suffixes,
            faults,
        }
    }

    fn finish<T>(self, result: Result<T, Stop>) -> Result<T, Diagnostics> {
        match result {
            Ok(value) if self.faults.is_empty() => Ok(value),
            _ => Err(Diagnostics(self.faults)),
        }
    }

    // Statements.

    fn formula(&mut self) -> Result<Formula, Stop> {
        let mut lets: Vec<Let> = Vec::new();
        let mut body = Err(Stop);
        self.skip_separators();
        if self.faults.is_empty() && self.peek().kind == Kind::End {
            return Err(self.expected("a formula such as `L = E + A / N^alpha`"));
        }
        while self.peek().kind != Kind::End {
            let parsed = if self.accept_keyword("let") {
                self.let_step(&lets).map(|step| lets.push(step))
            } else {
                body = self.sides();
                body.as_ref().map(|_| ()).map_err(|_| Stop)
            };
            let ended = parsed.and_then(|()| self.end_of_statement());
            if ended.is_err() {
                self.nesting = 0;
                self.skip_statement();
            }
            self.skip_separators();
            if body.is_ok() && self.peek().kind != Kind::End {
                let help = "steps before the formula start with `let`";
                return Err(self.stop(
                    "formula-syntax",
                    "the formula ends here, but more text follows",
                    help,
                ));
            }
        }
        if body.is_err() && self.faults.is_empty() {
            return Err(self.expected("a formula after the `let` steps"));
        }
        let (left, right) = body?;
        Ok(Formula { lets, left, right })
    }

    fn let_step(&mut self, before: &[Let]) -> Result<Let, Stop> {
        let (name, name_span) = self.name("a name after `let`")?;
        if before.iter().any(|step| step.name == name) {
            self.fault(
                "duplicate-name",
                format!("`{name}` is set by two `let` steps"),
                name_span,
                "give the second one another name",
            );
        }
        self.expect_symbol("=", "`=` after the name of the step")?;
        let value = self.expr()?;
        Ok(Let {
            name,
            name_span,
            value,
        })
    }

    fn sides(&mut self) -> Result<(Option<Expr>, Expr), Stop> {
        let first = self.expr()?;
        if !self.accept_symbol("=") {
            return Ok((None, first));
        }
        let right = self.expr()?;
        if self.peek().kind == Kind::Symbol("=") {
            return Err(self.stop(
                "formula-syntax",
                "found a second `=`, expected the end of the formula",
                "write `==` to compare",
            ));
        }
        Ok((Some(first), right))
    }

    fn alone(&mut self) -> Result<Expr, Stop> {
        self.tokens
            .retain(|t| t.kind != Kind::Separator || self.text[t.span.start..].starts_with(';'));
        let expr = self.expr()?;
        match self.peek().kind {
            Kind::End => Ok(expr),
            Kind::Symbol("=") => Err(self.stop(
                "formula-syntax",
                "found `=` in an expression",
                "write `==` to compare",
            )),
            _ => Err(self.unexpected("the end of the expression")),
        }
    }

    fn assignment(&mut self) -> Result<(String, Expr), Stop> {
        let (name, _) = self.name("the name of the new column, as in `C = 6 * N * D`")?;
        self.expect_symbol("=", "`=` after the name of the new column")?;
        Ok((name, self.alone()?))
    }

    fn end_of_statement(&mut self) -> Result<(), Stop> {
        match self.peek().kind {
            Kind::Separator | Kind::End => Ok(()),
            _ => Err(self.unexpected("an operator or the end of the formula")),
        }
    }

    fn skip_statement(&mut self) {
        while !matches!(self.peek().kind, Kind::Separator | Kind::End) {
            self.at += 1;
        }
    }

    fn skip_separators(&mut self) {
        while self.peek().kind == Kind::Separator {
            self.at += 1;
        }
    }

    // Expressions.

    fn expr(&mut self) -> Result<Expr, Stop> {
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

    // Pieces.

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

    fn peek(&self) -> &Token {
        // The last token is `End` and is never passed.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
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

    fn accept_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek().kind, Kind::Symbol(s) if s == symbol);
        self.at += usize::from(found);
        found
    }

    fn accept_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek().kind, Kind::Keyword(k) if k == keyword);
        self.at += usize::from(found);
        found
    }

    fn expect_symbol(&mut self, symbol: &str, what: &str) -> Result<(), Stop> {
        if self.accept_symbol(symbol) {
            Ok(())
        } else {
            Err(self.expected(what))
        }
    }

    fn expect_keyword(&mut self, keyword: &str) -> Result<(), Stop> {
        if self.accept_keyword(keyword) {
            return Ok(());
        }
        Err(self.expected(&format!(
            "`{keyword}`: the form is `if a < b then x else y`"
        )))
    }

    fn close(&mut self, symbol: &str, open: Span) -> Result<Span, Stop> {
        let span = self.peek().span;
        if self.accept_symbol(symbol) {
            return Ok(span);
        }
        if self.peek().kind == Kind::End {
            let message = format!("this bracket is never closed: expected `{symbol}`");
            self.fault("formula-syntax", message, open, "");
            return Err(Stop);
        }
        Err(self.unexpected(&format!("an operator or `{symbol}`")))
    }

    /// A name that is not a function, with its bytes.
    fn name(&mut self, what: &str) -> Result<(String, Span), Stop> {
        let Token { kind, span } = self.peek().clone();
        match kind {
            Kind::Name(name, quoted) => {
                self.at += 1;
                if !quoted
                    && (Function::from_name(&name).is_some() || name == "solve" || name == "log")
                {
                    let message = format!("`{name}` is a function and cannot be a name");
                    self.fault(
                        "reserved-name",
                        message,
                        span,
                        "choose another name, or write it in backquotes",
                    );
                }
                Ok((name, span))
            }
            _ => Err(self.expected(what)),
        }
    }

    // Faults.

    fn fault(&mut self, code: &'static str, message: String, span: Span, help: &str) {
        let mut fault = Diagnostic::error(code, message).at(self.place.excerpt(span, "here"));
        if !help.is_empty() {
            fault = fault.help(help);
        }
        self.faults.push(fault);
    }

    /// A fault at the token ahead.
    fn stop(&mut self, code: &'static str, message: impl Into<String>, help: &str) -> Stop {
        let Token { kind, span } = self.peek().clone();
        if kind != Kind::Bad {
            self.fault(code, message.into(), span, help);
        }
        Stop
    }

    fn found(&self) -> String {
        let token = self.peek();
        match token.kind {
            Kind::End => "the end".to_owned(),
            Kind::Separator if self.text[token.span.start..].starts_with('\n') => {
                "the end of the line".to_owned()
            }
            _ => {
                let text: String = self.text[token.span.start..token.span.end]
                    .chars()
                    .take(40)
                    .collect();
                if text.starts_with('`') {
                    text
                } else {
                    format!("`{text}`")
                }
            }
        }
    }

    fn expected(&mut self, what: &str) -> Stop {
        let found = self.found();
        self.stop(
            "formula-syntax",
            format!("found {found}, expected {what}"),
            "",
        )
    }

    /// As [`Self::expected`], for a token behind a complete operand: two operands in a row mean a product.
    fn unexpected(&mut self, what: &str) -> Stop {
        let found = self.found();
        let product = matches!(
            self.peek().kind,
            Kind::Number(..) | Kind::Name(..) | Kind::Symbol("(")
        );
        let help = if product {
            "write `*` for a product"
        } else {
            ""
        };
        self.stop(
            "formula-syntax",
            format!("found {found}, expected {what}"),
            help,
        )
    }

    fn too_deep(&mut self) -> Stop {
        let message = format!(
            "the expression nests too deeply: at most {MAX_NESTING} levels, or {MAX_HEIGHT} terms in a row"
        );
        self.stop("nesting", message, "name parts of it with `let`")
    }
}

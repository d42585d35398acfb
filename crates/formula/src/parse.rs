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

mod cursor;
mod expression;

use isoflop_base::Diagnostics;

use crate::ast::{Expr, Formula, Let};
use crate::place::Place;
use crate::token::Kind;
use cursor::{Parser, Stop, Suffixes};

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

impl Parser<'_> {
    fn formula(&mut self) -> Result<Formula, Stop> {
        let mut lets: Vec<Let> = Vec::new();
        let mut body = Err(Stop);
        self.skip_separators();
        if self.peek().kind == Kind::End {
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
        while !matches!(
            self.peek().kind,
            Kind::Separator | Kind::End | Kind::Keyword("let")
        ) {
            self.at += 1;
        }
    }

    fn skip_separators(&mut self) {
        while self.peek().kind == Kind::Separator {
            self.at += 1;
        }
    }
}

//! The parser's state: the token ahead, taking it or saying what was expected instead.

use isoflop_base::{Diagnostic, Diagnostics, Span};

use crate::ast::Function;
use crate::place::Place;
use crate::token::{Kind, Token, tokens};

/// Whether `1.4T` is a number.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Suffixes {
    Allowed,
    Refused,
}

/// The fault is already recorded; the statement cannot be read on.
pub(super) struct Stop;

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    place: &'a Place<'a>,
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) nesting: usize,
    pub(super) suffixes: Suffixes,
    pub(super) faults: Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, place: &'a Place<'a>, suffixes: Suffixes) -> Self {
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

    pub(super) fn finish<T>(self, result: Result<T, Stop>) -> Result<T, Diagnostics> {
        match result {
            Ok(value) if self.faults.is_empty() => Ok(value),
            _ => {
                let mut faults = self.faults;
                faults.sort_by_key(|d| d.excerpt.as_ref().map(|e| (e.line, e.column)));
                Err(Diagnostics(faults))
            }
        }
    }

    pub(super) fn peek(&self) -> &Token {
        // The last token is `End` and is never passed.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn accept_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek().kind, Kind::Symbol(s) if s == symbol);
        self.at += usize::from(found);
        found
    }

    pub(super) fn accept_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek().kind, Kind::Keyword(k) if k == keyword);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str, what: &str) -> Result<(), Stop> {
        if self.accept_symbol(symbol) {
            Ok(())
        } else {
            Err(self.expected(what))
        }
    }

    pub(super) fn expect_keyword(&mut self, keyword: &str) -> Result<(), Stop> {
        if self.accept_keyword(keyword) {
            return Ok(());
        }
        Err(self.expected(&format!(
            "`{keyword}`: the form is `if a < b then x else y`"
        )))
    }

    pub(super) fn close(&mut self, symbol: &str, open: Span) -> Result<Span, Stop> {
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
    pub(super) fn name(&mut self, what: &str) -> Result<(String, Span), Stop> {
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
    pub(super) fn fault(&mut self, code: &'static str, message: String, span: Span, help: &str) {
        let mut fault = Diagnostic::error(code, message).at(self.place.excerpt(span, "here"));
        if !help.is_empty() {
            fault = fault.help(help);
        }
        self.faults.push(fault);
    }

    /// A fault at the token ahead.
    pub(super) fn stop(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        help: &str,
    ) -> Stop {
        let Token { kind, span } = self.peek().clone();
        if kind != Kind::Bad {
            self.fault(code, message.into(), span, help);
        }
        Stop
    }

    pub(super) fn found(&self) -> String {
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

    pub(super) fn expected(&mut self, what: &str) -> Stop {
        let found = self.found();
        self.stop(
            "formula-syntax",
            format!("found {found}, expected {what}"),
            "",
        )
    }

    /// As [`Self::expected`], for a token behind a complete operand: two operands in a row mean a product.
    pub(super) fn unexpected(&mut self, what: &str) -> Stop {
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
}

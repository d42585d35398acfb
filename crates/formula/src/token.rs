//! Text into tokens. Everything the grammar does not know gets its own advice here, so that the
//! parser only ever sees well-formed pieces.

use isoflop_base::{Diagnostic, Span};

use crate::place::Place;

/// A piece of text with its meaning.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A number and, when one stood directly behind it, its suffix letter; the value holds the factor already.
    Number(f64, Option<char>),
    /// A name; `true` when it stood in backquotes, which makes every word a plain name.
    Name(String, bool),
    Text(String),
    /// `let if then else and or not`.
    Keyword(&'static str),
    /// Operators, brackets, comma.
    Symbol(&'static str),
    /// `;`, or a line end between two statements.
    Separator,
    /// Text that was reported as a fault already; the parser stops here without another message.
    Bad,
    End,
}

const KEYWORDS: [&str; 7] = ["let", "if", "then", "else", "and", "or", "not"];

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 18] = [
    "<=", ">=", "==", "!=", "+", "-", "*", "/", "^", "<", ">", "=", "(", ")", "[", "]", ",", ";",
];

/// Spellings from other languages, with what to write here.
const FOREIGN: [(&str, &str); 15] = [
    ("**", "write `^` for a power"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("<>", "write `!=`"),
    ("&", "write `and`"),
    ("|", "write `or`, or `abs(x)` for an absolute value"),
    ("!", "write `not`"),
    ("−", "write the plain minus sign `-`"),
    ("–", "write the plain minus sign `-`"),
    ("×", "write `*`"),
    ("·", "write `*`"),
    ("÷", "write `/`"),
    ("≤", "write `<=`"),
    ("≥", "write `>=`"),
    ("≠", "write `!=`"),
];

/// Whether a word is one of the language's own and so cannot be a name without backquotes.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// Whether a word can stand as a name as far as its characters go.
pub(crate) fn is_plain_name(word: &str) -> bool {
    word.starts_with(starts_name) && word.chars().all(continues_name)
}

/// The tokens of a text, ending in [`Kind::End`], and every fault on the way.
///
/// A line end becomes a [`Kind::Separator`] only where a statement can end: outside brackets, not
/// after an operator and not before one. A line that begins with `-` therefore continues the line above.
pub(crate) fn tokens(text: &str, place: &Place<'_>) -> (Vec<Token>, Vec<Diagnostic>) {
    let mut lexer = Lexer {
        text,
        place,
        at: 0,
        tokens: Vec::new(),
        faults: Vec::new(),
        line_ends: Vec::new(),
    };
    while lexer.at < text.len() {
        lexer.step();
    }
    let end = Span::new(text.len(), text.len());
    lexer.push(Kind::End, end);
    (separate(lexer.tokens, &lexer.line_ends), lexer.faults)
}

struct Lexer<'a> {
    text: &'a str,
    place: &'a Place<'a>,
    at: usize,
    tokens: Vec<Token>,
    faults: Vec<Diagnostic>,
    /// Index of the token that follows each line end, with the byte of the line end.
    line_ends: Vec<(usize, usize)>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else { return };
        if c == '\n' {
            self.line_ends.push((self.tokens.len(), self.at));
        }
        if c.is_whitespace() {
            self.at += c.len_utf8();
        } else if c.is_ascii_digit()
            || (c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit()))
        {
            self.number();
        } else if starts_name(c) {
            self.word();
        } else if c == '`' {
            self.quoted_name();
        } else if c == '"' || c == '\'' {
            self.quoted_text(c);
        } else {
            self.symbol(c);
        }
    }

    fn push(&mut self, kind: Kind, span: Span) {
        self.tokens.push(Token { kind, span });
        self.at = span.end;
    }

    fn fault(&mut self, code: &'static str, message: String, span: Span, help: &str) {
        let excerpt = self.place.excerpt(span, "here");
        let mut fault = Diagnostic::error(code, message).at(excerpt);
        if !help.is_empty() {
            fault = fault.help(help);
        }
        self.faults.push(fault);
        self.push(Kind::Bad, span);
    }

    /// Digits with `_` between them, a fraction, an exponent, a suffix letter.
    fn number(&mut self) {
        let bytes = self.text.as_bytes();
        let digits = |mut i: usize| {
            while bytes
                .get(i)
                .is_some_and(|b| b.is_ascii_digit() || *b == b'_')
            {
                i += 1;
            }
            i
        };
        let start = self.at;
        let mut end = digits(start);
        if bytes.get(end) == Some(&b'.') {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                end = digits(end + 1 + sign);
            }
        }
        let written = self.text[start..end].replace('_', "");
        let tail = &self.text[end..];
        let word = &tail[..tail.find(|c| !continues_name(c)).unwrap_or(tail.len())];
        let span = Span::new(start, end + word.len());
        let factor = match word {
            "" => 1.0,
            "K" | "k" => 1e3,
            "M" => 1e6,
            "B" => 1e9,
            "T" => 1e12,
            _ => {
                let message = format!(
                    "found `{word}` directly behind the number {written}, expected an operator"
                );
                return self.fault(
                    "formula-syntax",
                    message,
                    span,
                    &format!("write `{written} * {word}`"),
                );
            }
        };
        // The decimal exponent joins the text, so that 1.4T is the double nearest to 1.4e12.
        let value = if word.is_empty() {
            written.parse::<f64>()
        } else {
            written
                .parse::<f64>()
                .map(|x| scaled(&written, factor).unwrap_or(x * factor))
        };
        match value {
            Ok(x) if x.is_finite() => self.push(Kind::Number(x, word.chars().next()), span),
            _ => self.fault(
                "number-range",
                format!(
                    "the number {written} is too large for a double, expected less than 1.8e308"
                ),
                span,
                "",
            ),
        }
    }

    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let word = &rest[..rest.find(|c| !continues_name(c)).unwrap_or(rest.len())];
        let span = Span::new(self.at, self.at + word.len());
        let kind = KEYWORDS
            .iter()
            .find(|k| **k == word)
            .map_or_else(|| Kind::Name(word.to_owned(), false), |k| Kind::Keyword(k));
        self.push(kind, span);
    }

    fn quoted_name(&mut self) {
        let rest = &self.text[self.at + 1..];
        let line = rest.find('\n').unwrap_or(rest.len());
        match rest[..line].find('`') {
            Some(0) => self.fault(
                "formula-syntax",
                "found empty backquotes, expected a name between them".to_owned(),
                Span::new(self.at, self.at + 2),
                "",
            ),
            Some(n) => {
                let span = Span::new(self.at, self.at + n + 2);
                self.push(Kind::Name(rest[..n].to_owned(), true), span);
            }
            None => self.fault(
                "formula-syntax",
                "this backquote is never closed on its line".to_owned(),
                Span::new(self.at, self.at + 1 + line),
                "close the name with a second backquote",
            ),
        }
    }

    /// Text in quotes; the quote itself is written twice inside.
    fn quoted_text(&mut self, quote: char) {
        let mut value = String::new();
        let mut chars = self.text[self.at + 1..].char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            let next = self.at + 1 + i + c.len_utf8();
            if c == quote && chars.peek().is_some_and(|(_, d)| *d == quote) {
                chars.next();
                value.push(quote);
            } else if c == quote {
                let span = Span::new(self.at, next);
                return self.push(Kind::Text(value), span);
            } else if c == '\n' {
                break;
            } else {
                value.push(c);
            }
        }
        let line = self.text[self.at..]
            .find('\n')
            .unwrap_or(self.text.len() - self.at);
        let span = Span::new(self.at, self.at + line);
        let message = "this quoted text is never closed on its line".to_owned();
        self.fault(
            "formula-syntax",
            message,
            span,
            &format!("close it with {quote}"),
        );
    }

    fn symbol(&mut self, c: char) {
        let rest = &self.text[self.at..];
        let foreign = FOREIGN.iter().find(|(f, _)| rest.starts_with(f));
        let symbol = SYMBOLS.iter().find(|s| rest.starts_with(**s));
        match (foreign, symbol) {
            (Some((f, _)), Some(s)) if s.len() >= f.len() => self.known(s),
            (Some((f, advice)), _) => {
                let span = Span::new(self.at, self.at + f.len());
                self.fault(
                    "formula-syntax",
                    format!("`{f}` is not an operator of this language"),
                    span,
                    advice,
                );
            }
            (None, Some(s)) => self.known(s),
            (None, None) => {
                let span = Span::new(self.at, self.at + c.len_utf8());
                let message =
                    format!("found the character `{c}`, which has no meaning in a formula");
                let advice = "a name with other characters than letters, digits and `_` is written in backquotes, as in `eval/loss`";
                self.fault("formula-syntax", message, span, advice);
            }
        }
    }

    fn known(&mut self, symbol: &'static str) {
        let span = Span::new(self.at, self.at + symbol.len());
        let kind = if symbol == ";" {
            Kind::Separator
        } else {
            Kind::Symbol(symbol)
        };
        self.push(kind, span);
    }
}

/// `written · factor`, rounded once: the suffix becomes a decimal exponent before the text is read.
fn scaled(written: &str, factor: f64) -> Option<f64> {
    if written.contains(['e', 'E']) {
        return None;
    }
    format!("{written}e{}", factor.log10().round()).parse().ok()
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Puts a separator at the line ends where a statement can end.
fn separate(tokens: Vec<Token>, line_ends: &[(usize, usize)]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len() + line_ends.len());
    let mut depth = 0usize;
    let mut ends = line_ends.iter().peekable();
    for (i, token) in tokens.into_iter().enumerate() {
        let mut line_end = None;
        while let Some((_, at)) = ends.next_if(|(before, _)| *before == i) {
            line_end = Some(*at);
        }
        if let (Some(at), 0) = (line_end, depth)
            && out.last().is_some_and(|t| ends_statement(&t.kind))
            && starts_statement(&token.kind)
        {
            let span = Span::new(at, at + 1);
            out.push(Token {
                kind: Kind::Separator,
                span,
            });
        }
        match token.kind {
            Kind::Symbol("(" | "[") => depth += 1,
            Kind::Symbol(")" | "]") => depth = depth.saturating_sub(1),
            _ => {}
        }
        out.push(token);
    }
    out
}

fn ends_statement(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Number(..) | Kind::Name(..) | Kind::Text(_) | Kind::Symbol(")" | "]")
    )
}

fn starts_statement(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Number(..)
            | Kind::Name(..)
            | Kind::Text(_)
            | Kind::Symbol("(")
            | Kind::Keyword("let" | "if" | "not")
    )
}

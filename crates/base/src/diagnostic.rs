//! Diagnostics: the input is at fault, and this says where, what was found and what to do.
//!
//! A diagnostic carries its own excerpt (one line of the source), so that it can be shown long after
//! a large file was read and dropped. All faults of an input are collected into [`Diagnostics`]
//! and reported together.

use serde::{Deserialize, Serialize};

/// A half-open range of byte offsets `start..end` in one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// The result can be used with care.
    Warning,
    /// There is no result, or it must not be used.
    Error,
}

/// The line of a source that a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// File name as the user gave it, `<formula>` for a formula on the command line, `<stdin>` for a pipe.
    pub file: String,
    /// Line number, from 1.
    pub line: usize,
    /// Column of the first marked character, from 1, in characters.
    pub column: usize,
    /// The text of the line, without its line end. Long lines are cut by whoever made the excerpt.
    pub text: String,
    /// The bytes of `text` to underline.
    pub span: Span,
    /// What is said at the underline.
    pub label: String,
}

/// How many bytes of a line are kept around the place at fault.
const MOST_SHOWN: usize = 800;

impl Excerpt {
    /// The excerpt of `source` at `span` (byte offsets into the whole source): finds line and column.
    #[must_use]
    pub fn of(file: &str, source: &str, span: Span, label: impl Into<String>) -> Self {
        let start = floor_char(source, span.start);
        let line_start = source[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = source[start..]
            .find('\n')
            .map_or(source.len(), |i| start + i);
        let text = source[line_start..line_end].trim_end_matches('\r');
        let from = (start - line_start).min(text.len());
        let to = floor_char(
            text,
            span.end.saturating_sub(line_start).clamp(from, text.len()),
        );
        let column = text[..from].chars().count() + 1;
        // Lines may be megabytes long.
        let (left, right) = (
            floor_char(text, from.saturating_sub(MOST_SHOWN / 2)),
            floor_char(text, from.saturating_add(MOST_SHOWN / 2)),
        );
        Self {
            file: file.to_owned(),
            line: source[..line_start].matches('\n').count() + 1,
            column,
            text: text[left..right].to_owned(),
            span: Span::new(from - left, to.min(right) - left),
            label: label.into(),
        }
    }
}

/// The largest character boundary of `text` that is not beyond `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One fault of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Stable name in kebab case, for example `unknown-column`.
    pub code: &'static str,
    /// What was found and what was expected: one sentence, lower case, no full stop.
    pub message: String,
    /// Where, when there is a place.
    pub excerpt: Option<Excerpt>,
    /// What to do, a sentence each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error with a code and a message.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            excerpt: None,
            help: Vec::new(),
        }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, excerpt: Excerpt) -> Self {
        self.excerpt = Some(excerpt);
        self
    }

    /// Adds a piece of advice.
    #[must_use]
    pub fn help(mut self, advice: impl Into<String>) -> Self {
        self.help.push(advice.into());
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(e) = &self.excerpt {
            write!(f, "{}:{}:{}: ", e.file, e.line, e.column)?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// All faults of an input, in the order they were found; never empty when used as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// The message of the first fault: the reason in a word, where there is no room for all of them.
    #[must_use]
    pub fn first_message(&self) -> &str {
        self.0.first().map_or("", |d| d.message.as_str())
    }
}

impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, d) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{d}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_finds_line_and_column() {
        let e = Excerpt::of("f", "ab\ncdé f\n", Span::new(8, 9), "here");
        assert_eq!((e.line, e.column, e.text.as_str()), (2, 5, "cdé f"));
        assert_eq!(&e.text[e.span.start..e.span.end], "f");
    }

    #[test]
    fn excerpt_at_the_end_of_the_source() {
        let e = Excerpt::of("f", "a +", Span::new(3, 3), "here");
        assert_eq!((e.line, e.column), (1, 4));
    }
}

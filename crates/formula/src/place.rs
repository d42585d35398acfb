//! Where a formula stands: alone, or inside a larger file such as a law file.

use isoflop_base::{Excerpt, Span};

/// A formula's place in the text that a message should show.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    file: &'a str,
    source: &'a str,
    offset: usize,
    verbatim: bool,
}

impl<'a> Place<'a> {
    /// The formula is the whole source.
    #[must_use]
    pub fn whole(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            source: text,
            offset: 0,
            verbatim: true,
        }
    }

    /// The formula `text` stands somewhere in `span` of `source`. When it does not stand there letter by
    /// letter (a quoted string with escapes), messages underline the whole of `span`.
    #[must_use]
    pub fn inside(file: &'a str, source: &'a str, span: Span, text: &str) -> Self {
        let raw = source.get(span.start..span.end).unwrap_or_default();
        let found = if text.is_empty() {
            None
        } else {
            raw.find(text)
        };
        Self {
            file,
            source,
            offset: found.map_or(span.start, |i| span.start + i),
            verbatim: found.is_some(),
        }
    }

    /// The excerpt of `span`, given in bytes of the formula.
    #[must_use]
    pub fn excerpt(&self, span: Span, label: &str) -> Excerpt {
        let span = if self.verbatim {
            Span::new(self.offset + span.start, self.offset + span.end)
        } else {
            let line = self.source[self.offset..].find('\n');
            let end = line.map_or(self.source.len(), |n| self.offset + n);
            Span::new(self.offset, end)
        };
        Excerpt::of(self.file, self.source, span, label)
    }
}

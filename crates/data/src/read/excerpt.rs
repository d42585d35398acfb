//! Excerpts of tables, whose lines may be megabytes long.

use isoflop_base::{Excerpt, Span};

/// How many characters of a line are shown.
const SHOWN: usize = 120;

/// The line at `span`, cut to what can be shown around the start of the span.
pub(super) fn excerpt(file: &str, text: &str, span: Span, label: &str) -> Excerpt {
    let mut whole = Excerpt::of(file, text, span, label);
    let line = &whole.text;
    let before = line[..whole.span.start].chars().count();
    let skipped = before.saturating_sub(SHOWN / 2);
    let byte = |n: usize| line.char_indices().nth(n).map_or(line.len(), |(at, _)| at);
    let (from, to) = (byte(skipped), byte(skipped + SHOWN));
    let start = whole.span.start - from;
    let end = whole.span.end.min(to) - from;
    whole.text = line[from..to].to_owned();
    whole.span = Span::new(start, end.max(start));
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let text = format!("{}ß{}\n", "a".repeat(1000), "b".repeat(1000));
        let cut = excerpt("f", &text, Span::new(1000, 1002), "here");
        assert_eq!((cut.line, cut.column), (1, 1001));
        assert_eq!(cut.text.chars().count(), SHOWN);
        assert_eq!(&cut.text[cut.span.start..cut.span.end], "ß");
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        let cut = excerpt("f", "a,b\n", Span::new(0, 3), "all");
        assert_eq!((cut.text.as_str(), cut.span), ("a,b", Span::new(0, 3)));
    }
}

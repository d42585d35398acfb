//! Text as text: nothing in it is markup, whatever a name of the data holds.

/// For a page: between tags and in attributes.
pub(super) fn escaped(text: &str) -> String {
    escape(text, true)
}

/// For XML between tags, where quotes are only quotes.
pub(super) fn escaped_text(text: &str) -> String {
    escape(text, false)
}

fn escape(text: &str, quotes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if quotes => out.push_str("&quot;"),
            '\'' if quotes => out.push_str("&#39;"),
            // Control characters have no place in a page, and none in XML.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

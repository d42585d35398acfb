//! Text that a terminal only shows: names of columns and files, and the last words of a trainer, may hold sequences that
//! move the cursor, change the title or hide what follows.

use std::borrow::Cow;

/// The text with every control character but the line end replaced by its picture, one for one. Characters that change the
/// direction of what follows are replaced as well.
#[must_use]
pub fn harmless(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// A JSON document with its delete and C1 characters escaped: JSON itself escapes only those below the space.
#[must_use]
pub fn harmless_json(text: &str) -> Cow<'_, str> {
    let raw = |c: char| ('\u{7f}'..='\u{9f}').contains(&c);
    if !text.contains(raw) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if raw(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// What stands for a character.
pub(crate) fn shown(c: char) -> char {
    match c {
        '\n' => c,
        '\t' => ' ',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let text = "lo\u{1b}[31mss\u{1b}]0;pwn\u{7}\u{9b}2J\u{202e}\rx\n";
        let found = harmless(text);
        assert_eq!(found, "lo␛[31mss␛]0;pwn␇\u{fffd}2J\u{fffd}␍x\n");
        assert_eq!(found.chars().count(), text.chars().count());
        let json = "{\"a\": \"\u{9b}2J\"}";
        assert_eq!(harmless_json(json), "{\"a\": \"\\u009b2J\"}");
        assert_eq!(harmless_json("{}"), "{}");
    }
}

//! Finding one's way in JSON without reading it: where values begin and end, and the members of objects and arrays, each
//! with its place, so that a row can say its line. `NaN` and `Infinity`, which programs write where the format has no
//! word, are made readable.

use std::borrow::Cow;

/// How a text that stands for a number that JSON lacks begins; no text of a file does.
const MARK: char = '\u{1}';

/// A part of a text: from byte, to byte.
pub(super) type Part = (usize, usize);

/// The text with its bare `NaN`, `Infinity` and `-Infinity` as marked texts, which [`unmarked`] knows.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() + 16);
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'"' {
            at = end_of_text(bytes, at);
            continue;
        }
        let rest = &text[at..];
        let bare = ["NaN", "-NaN", "Infinity", "-Infinity"]
            .into_iter()
            .find(|word| rest.starts_with(word) && ends_word(bytes, at + word.len()));
        if let Some(word) = bare {
            out.push_str(&text[copied..at]);
            out.push('"');
            out.push_str("\\u0001");
            out.push_str(word);
            out.push('"');
            at += word.len();
            copied = at;
            continue;
        }
        at += 1;
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// The number that a marked text stands for.
pub(super) fn unmarked(text: &str) -> Option<f64> {
    match text.strip_prefix(MARK)? {
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => Some(f64::NAN),
    }
}

fn ends_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|b| !b.is_ascii_alphanumeric())
}

/// The byte behind a text that begins at `at`; the end where it does not end.
fn end_of_text(bytes: &[u8], at: usize) -> usize {
    let mut i = at + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            b'"' => return i + 1,
            _ => i += 1,
        }
    }
    bytes.len()
}

/// The first byte at or behind `at` that is no white space.
pub(super) fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let blank = rest.iter().position(|b| !b.is_ascii_whitespace());
    blank.map_or(bytes.len(), |n| at + n)
}

/// The byte behind the value that begins at `at`; none where the text ends before it does.
pub(super) fn end_of_value(bytes: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut i = at;
    while i < bytes.len() {
        match bytes[i] {
            b'"' => {
                i = end_of_text(bytes, i);
                if depth == 0 {
                    return Some(i);
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                if depth == 0 {
                    return Some(i);
                }
                depth -= 1;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            b',' if depth == 0 => return Some(i),
            b if b.is_ascii_whitespace() && depth == 0 => return Some(i),
            _ => {}
        }
        i += 1;
    }
    (depth == 0).then_some(i)
}

/// The elements of the array that begins at `at`, and whether it ends.
pub(super) fn elements(bytes: &[u8], at: usize) -> (Vec<Part>, bool) {
    let mut found = Vec::new();
    let mut i = skip_space(bytes, at + 1);
    while i < bytes.len() {
        if bytes[i] == b']' {
            return (found, true);
        }
        let Some(end) = end_of_value(bytes, i) else {
            found.push((i, bytes.len()));
            return (found, false);
        };
        // Two marks in a row hold nothing; a step is made in any case.
        found.push((i, end.max(i + 1)));
        i = skip_space(bytes, end.max(i + 1));
        if bytes.get(i) == Some(&b',') {
            i = skip_space(bytes, i + 1);
        }
    }
    (found, false)
}

/// The members of the object that begins at `at`, as name and value; none where it is none.
pub(super) fn members(bytes: &[u8], at: usize) -> Option<Vec<(Part, Part)>> {
    let mut found = Vec::new();
    let mut i = skip_space(bytes, at + 1);
    while i < bytes.len() {
        if bytes[i] == b'}' {
            return Some(found);
        }
        if bytes[i] != b'"' {
            return None;
        }
        let key = (i, end_of_text(bytes, i));
        i = skip_space(bytes, key.1);
        if bytes.get(i) != Some(&b':') {
            return None;
        }
        i = skip_space(bytes, i + 1);
        let end = end_of_value(bytes, i)?;
        found.push((key, (i, end)));
        i = skip_space(bytes, end.max(i + 1));
        if bytes.get(i) == Some(&b',') {
            i = skip_space(bytes, i + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_words_become_readable_and_texts_stay() {
        let line = r#"{"a": NaN, "b": -Infinity, "NaN": "Infinity é NaN", "c": [NaN]}"#;
        let value: serde_json::Value = serde_json::from_str(&readable(line)).unwrap();
        assert!(unmarked(value["a"].as_str().unwrap()).unwrap().is_nan());
        assert_eq!(
            unmarked(value["b"].as_str().unwrap()),
            Some(f64::NEG_INFINITY)
        );
        assert_eq!(value["NaN"], "Infinity é NaN");
        assert_eq!(unmarked("NaN"), None);
    }

    #[test]
    fn elements_and_members_have_places() {
        let text = br#" [ {"a":[1,2]}, 3 , "x,]" ]"#;
        let (found, ends) = elements(text, 1);
        let shown: Vec<&str> = found
            .iter()
            .map(|(a, b)| std::str::from_utf8(&text[*a..*b]).unwrap())
            .collect();
        assert_eq!(
            (shown, ends),
            (vec![r#"{"a":[1,2]}"#, "3", r#""x,]""#], true)
        );
        assert!(!elements(b"[1, {\"a\":", 0).1);
        assert_eq!(members(br#"{"a": 1, "b": {"c": 2}}"#, 0).unwrap().len(), 2);
        assert_eq!(members(b"{a: 1}", 0), None);
    }

    #[test]
    fn nothing_is_read_for_ever() {
        for text in [
            "[,,,]", "[}", "[:", "{\"a\"", "[\"", "[[[", "{\"a\":}", "[1}]",
        ] {
            let _ = elements(text.as_bytes(), 0);
            let _ = members(text.as_bytes(), 0);
        }
    }
}

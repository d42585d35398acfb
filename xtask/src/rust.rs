//! Just enough of Rust's lexical structure for the rules: code with comments and literals blanked,
//! functions with their extent, test modules, words.

use std::ops::Range;

/// `source` with every comment, string and character literal replaced by spaces. Line ends and all
/// other bytes keep their place, so an offset means the same in both texts.
pub fn blank(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let Some(end) = hidden_end(source, at) else {
            out.push(bytes[at]);
            at += 1;
            continue;
        };
        let end = end.min(bytes.len());
        let hidden = bytes[at..end].iter();
        out.extend(hidden.map(|b| if *b == b'\n' { b'\n' } else { b' ' }));
        at = end;
    }
    String::from_utf8(out).expect("comments and literals begin and end between characters")
}

/// Where the comment or literal that begins at `at` ends, if one does.
fn hidden_end(source: &str, at: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    match bytes[at] {
        b'/' if bytes.get(at + 1) == Some(&b'/') => Some(
            bytes[at..]
                .iter()
                .position(|b| *b == b'\n')
                .map_or(bytes.len(), |n| at + n),
        ),
        b'/' if bytes.get(at + 1) == Some(&b'*') => Some(block_comment_end(bytes, at)),
        b'r' if at == 0 || !is_word(bytes[at - 1]) || raw_prefix(bytes, at) => {
            raw_string_end(bytes, at)
        }
        b'"' => Some(string_end(bytes, at)),
        b'\'' => char_end(source, at),
        _ => None,
    }
}

/// Whether the `r` at `at` follows the `b` or `c` of a raw byte or C string.
fn raw_prefix(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at - 1], b'b' | b'c') && (at == 1 || !is_word(bytes[at - 2]))
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0usize;
    let mut at = start;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..]
        .iter()
        .take_while(|b| **b == b'#')
        .count();
    let open = start + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let closes = |at: usize| {
        bytes[at] == b'"'
            && bytes[at + 1..]
                .iter()
                .take(hashes)
                .filter(|b| **b == b'#')
                .count()
                == hashes
    };
    let close = (open + 1..bytes.len()).find(|at| closes(*at));
    Some(close.map_or(bytes.len(), |at| at + 1 + hashes))
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of a character literal; `None` for a lifetime.
fn char_end(source: &str, start: usize) -> Option<usize> {
    let rest = &source[start + 1..];
    let first = rest.chars().next()?;
    if first == '\\' {
        let after = rest.char_indices().nth(2)?.0;
        return rest[after..].find('\'').map(|n| start + 1 + after + n + 1);
    }
    rest[first.len_utf8()..]
        .starts_with('\'')
        .then(|| start + 1 + first.len_utf8() + 1)
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Offsets at which `word` stands in `code` as a whole word.
pub fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let end = at + word.len();
            (*at == 0 || !is_word(bytes[at - 1])) && (end == bytes.len() || !is_word(bytes[end]))
        })
}

/// The name that begins at `at`, empty when there is none.
pub fn name_at(code: &str, at: usize) -> &str {
    let length = code.as_bytes()[at..]
        .iter()
        .take_while(|b| is_word(**b))
        .count();
    &code[at..at + length]
}

/// One past the bracket that closes the one at `open`, in blanked code.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (n, byte) in code.as_bytes()[open..].iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return open + n + 1;
        }
    }
    code.len()
}

/// A function with a body.
pub struct Function<'a> {
    pub name: &'a str,
    /// From `fn` to the closing brace.
    pub extent: Range<usize>,
}

/// The functions of blanked code, in order; nested ones count too.
pub fn functions(code: &str) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    for at in words(code, "fn") {
        let after = &code[at + 2..];
        let start = at + 2 + (after.len() - after.trim_start().len());
        let name = name_at(code, start);
        if name.is_empty() {
            continue;
        }
        if let Some(open) = body(code, start + name.len()) {
            found.push(Function {
                name,
                extent: at..closing(code, open),
            });
        }
    }
    found
}

/// Where the body of the function opens whose signature goes on at `at`; `None` when it has no body.
fn body(code: &str, mut at: usize) -> Option<usize> {
    let bytes = code.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'{' => return Some(at),
            b';' => return None,
            b'(' | b'[' => at = closing(code, at),
            _ => at += 1,
        }
    }
    None
}

/// The extents of items under `#[cfg(test)]`.
pub fn test_extents(code: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("#[cfg(") {
        let end = closing(code, at + 1);
        if words(&code[at..end], "test").next().is_none() || code[at..end].contains("not(") {
            continue;
        }
        let stop = code[end..].find(['{', ';']).map_or(code.len(), |n| end + n);
        let last = if code[stop..].starts_with('{') {
            closing(code, stop)
        } else {
            stop
        };
        found.push(at..last);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_nothing_moves() {
        let cases = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"x("a\"b", 1)"#, "x(      , 1)"),
            (r###"y(r#"a"b"#)"###, "y(        )"),
            (r#"br"a\" z"#, "b      z"),
            ("'a' '\\'' 'x 'static", "         'x 'static"),
            ("'\\u{e9}' é 'é'", "         é     "),
            ("for r in var {}", "for r in var {}"),
            ("r#fn", "r#fn"),
        ];
        for (source, expected) in cases {
            let got = blank(source);
            assert_eq!(got.len(), source.len(), "{source}");
            assert_eq!(got.trim_end(), expected.trim_end(), "{source}");
        }
    }

    #[test]
    fn unfinished_literals_end_with_the_file() {
        for source in ["\"abc", "r#\"abc", "/* abc", "'\\", "'", "a\\"] {
            assert_eq!(blank(source).len(), source.len(), "{source}");
        }
    }

    #[test]
    fn functions_have_a_name_and_an_extent() {
        let code =
            "fn a(x: [u8; 2]) -> fn(u8) {\n  {}\n}\ntrait T { fn b(); }\nfn c<T>() where T: X {}";
        let found = functions(code);
        let names: Vec<&str> = found.iter().map(|f| f.name).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(&code[found[0].extent.clone()].lines().count(), &3);
    }

    #[test]
    fn words_are_whole() {
        let found: Vec<usize> = words("unsafe unsafe_code nounsafe", "unsafe").collect();
        assert_eq!(found, [0]);
    }

    #[test]
    fn modules_under_cfg_test_are_found() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}\n#[cfg(not(test))]\nfn d() {}";
        let found = test_extents(code);
        assert_eq!(found.len(), 1);
        assert!(code[found[0].clone()].ends_with("fn b() {} }"));
    }
}

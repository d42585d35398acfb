//! Bytes to text: byte-order marks, UTF-16, bytes that are no UTF-8, binary files.

use isoflop_base::{Diagnostic, Excerpt, Span};

use super::input::Loaded;

pub(super) const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Length of the byte-order mark that the source begins with: 0 without one.
pub(super) fn mark(source: &Loaded) -> usize {
    if source.bytes.starts_with(UTF8_MARK) {
        UTF8_MARK.len()
    } else {
        0
    }
}

/// How much of a bad line is shown.
const SHOWN: usize = 120;

/// The text of a source without its byte-order mark: of a large file its first lines.
pub(super) fn text(source: &Loaded) -> Result<&str, Diagnostic> {
    let bytes = &source.bytes[mark(source)..];
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Diagnostic::error(
            "not-utf8",
            format!("{} is UTF-16 text, UTF-8 is expected", source.name),
        )
        .help("save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`"));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| not_utf8(source, bytes, e.valid_up_to()))?;
    if bytes.contains(&0) {
        let at = mark(source) + text.find('\0').unwrap_or_default();
        return Err(Diagnostic::error(
            "binary-file",
            format!("{} is not text: byte {at} is zero", source.name),
        )
        .help("isoflop reads CSV, TSV, JSON Lines and Parquet"));
    }
    Ok(text)
}

fn not_utf8(source: &Loaded, bytes: &[u8], at: usize) -> Diagnostic {
    let name = &source.name;
    let found = format!("byte {} is 0x{:02X}", mark(source) + at, bytes[at]);
    if is_text(bytes) {
        Diagnostic::error("not-utf8", format!("{name} is not UTF-8: {found}"))
            .at(excerpt(name, bytes, at))
            .help("save it as UTF-8, for example with `iconv -f WINDOWS-1252 -t UTF-8`")
    } else {
        Diagnostic::error("binary-file", format!("{name} is not text: {found}"))
            .help("isoflop reads CSV, TSV, JSON Lines and Parquet")
    }
}

/// Whether the first bytes are text in some encoding: nearly all printable.
fn is_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let printable = start
        .iter()
        .filter(|b| **b >= 32 || b.is_ascii_whitespace())
        .count();
    printable * 20 >= start.len() * 19
}

/// The part of the line around a byte that is not UTF-8.
fn excerpt(name: &str, bytes: &[u8], at: usize) -> Excerpt {
    let line_start = bytes[..at]
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |i| i + 1);
    let before = String::from_utf8_lossy(&bytes[line_start..at]);
    let column = before.chars().count();
    let head: String = before
        .chars()
        .skip(column.saturating_sub(SHOWN / 2))
        .collect();
    let rest = bytes[at..]
        .split(|b| matches!(b, b'\n' | b'\r'))
        .next()
        .unwrap_or_default();
    let tail: String = String::from_utf8_lossy(rest)
        .chars()
        .take(SHOWN / 2)
        .collect();
    let marked = tail.chars().next().map_or(0, char::len_utf8);
    Excerpt {
        file: name.to_owned(),
        line: bytes[..at].iter().filter(|b| **b == b'\n').count() + 1,
        column: column + 1,
        span: Span::new(head.len(), head.len() + marked),
        text: head + &tail,
        label: "not UTF-8".to_owned(),
    }
}

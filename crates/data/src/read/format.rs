//! Which format a source is in: by its first bytes, by the ending of its name, then by its first line.

use isoflop_base::Diagnostic;

use super::dialect;
use super::encoding;
use super::input::Loaded;
use super::json;
use super::megatron;
use super::tensorboard;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Cells with a delimiter between them.
    Separated(u8),
    /// One JSON object per line.
    Jsonl,
    /// One JSON document.
    Json,
    /// A training log.
    Megatron,
    /// Records of events.
    TensorBoard,
    /// Columns in pages.
    #[cfg(feature = "parquet")]
    Parquet,
}

/// Endings of files that are texts of lines.
pub(super) const TEXTS: &[&str] = &["csv", "tsv", "jsonl", "ndjson"];

/// First bytes of formats that are known and not read, with what to do.
const OTHERS: &[(&[u8], &str, &str)] = &[
    #[cfg(not(feature = "parquet"))]
    (
        b"PAR1",
        "a Parquet file",
        "write it as CSV or JSON Lines first, or build with the feature `parquet`",
    ),
    (
        b"PARE",
        "an encrypted Parquet file",
        "write it without encryption",
    ),
    (
        b"\x1f\x8b",
        "compressed twice",
        "unpack it once first: `gunzip FILE`",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed with zstd",
        "unpack it first: `zstd -d FILE`",
    ),
    (
        b"BZh",
        "compressed with bzip2",
        "unpack it first: `bunzip2 FILE`",
    ),
    (
        b"\xfd7zXZ",
        "compressed with xz",
        "unpack it first: `unxz FILE`",
    ),
    (
        b"PK\x03\x04",
        "a zip archive or a spreadsheet",
        "save the sheet as CSV",
    ),
    (
        b"ARROW1",
        "an Arrow file",
        "write it as CSV or JSON Lines first",
    ),
    (
        b"SQLite format 3",
        "an SQLite database",
        "export the table as CSV",
    ),
];

/// The format of a source.
///
/// # Errors
///
/// `empty-file`, `format-not-read`, `not-utf8` or `binary-file`.
pub(super) fn recognise(source: &Loaded) -> Result<Format, Diagnostic> {
    #[cfg(feature = "parquet")]
    if source.bytes.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    if tensorboard::is_events(&source.bytes) {
        return Ok(Format::TensorBoard);
    }
    for (start, what, advice) in OTHERS {
        if source.bytes.starts_with(start) {
            let message = format!("{} is {what}, which is not read yet", source.name);
            return Err(Diagnostic::error("format-not-read", message).help(*advice));
        }
    }
    let text = encoding::text(source)?;
    if text.trim().is_empty() {
        let what = if source.bytes.is_empty() {
            "is empty"
        } else {
            "holds only white space"
        };
        return Err(
            Diagnostic::error("empty-file", format!("{} {what}", source.name))
                .help("a table of runs needs a header line and one line per run"),
        );
    }
    let ending = source.ending();
    Ok(match ending.as_deref() {
        // Whatever it is called, an indented document has no object on its first line.
        Some("jsonl" | "ndjson") if source.large.is_none() && json::is_document(text) => {
            Format::Json
        }
        Some("jsonl" | "ndjson") => Format::Jsonl,
        Some("tsv") => Format::Separated(b'\t'),
        Some("csv") => Format::Separated(dialect::delimiter(text)),
        _ if json::is_document(text) => Format::Json,
        _ if text.trim_start().starts_with('{') => Format::Jsonl,
        _ if megatron::is_log(text) => Format::Megatron,
        _ => Format::Separated(dialect::delimiter(text)),
    })
}

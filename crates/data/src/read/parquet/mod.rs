//! Parquet: flat columns of any physical type, nested groups by dotted names.
//!
//! Cells reach the builder as they would from text, so that `"1.4B"` in a column of strings is a number here
//! too. A row's line is its number in the file, from 1. What does not fit a table (lists, maps, binary data) is
//! left out with a note.
//!
//! The crate that decodes pages trusts the file's own table of contents in places; what it trusts is checked
//! here first, so that a damaged file is a diagnostic with a byte position.

mod cells;
mod pages;

use bytes::Bytes;
use isoflop_base::{Diagnostic, Severity};
use parquet::basic::Compression;
use parquet::column::reader::get_column_reader;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::builder::{Builder, Restart};
use super::input::Loaded;
use crate::table::note;
use cells::{Cells, Meaning};
use pages::Pages;

/// Rows that are decoded at a time.
const BATCH: usize = 4096;

/// Length of the file's last part: the length of the footer and the mark `PAR1`.
const TAIL: usize = 8;

/// Column that pandas writes for an index without a name; it only counts rows.
const PANDAS_INDEX: &str = "__index_level_0__";

/// Reads one source into the builder.
///
/// # Errors
///
/// `truncated-file` or `damaged-file` with the byte position, `header-only` if there are no rows.
pub(super) fn read(source: &Loaded, builder: &mut Builder) -> Result<Option<Restart>, Diagnostic> {
    check_tail(source)?;
    let file = SerializedFileReader::new(Bytes::copy_from_slice(&source.bytes)).map_err(|e| {
        let at = source.bytes.len() - TAIL - footer_length(&source.bytes);
        damaged(
            source,
            &format!("its footer at byte {at} cannot be read ({e})"),
        )
    })?;
    let columns = columns(file.metadata(), builder);
    if file.metadata().file_metadata().num_rows() == 0 || columns.is_empty() {
        let message = format!("{} has columns but no rows", source.name);
        return Err(Diagnostic::error("header-only", message));
    }
    tell_single_precision(source, &columns, builder);
    let mut line = 1;
    for group in 0..file.num_row_groups() {
        let reader = file
            .get_row_group(group)
            .map_err(|e| damaged(source, &format!("row group {group} cannot be read ({e})")))?;
        match read_group(source, reader.as_ref(), &columns, line, builder)? {
            Progress::Rows(rows) => line += rows,
            Progress::Restart(restart) => return Ok(Some(restart)),
        }
    }
    Ok(None)
}

/// A column of the file that goes into the table.
struct Wanted {
    /// Leaf of the file's schema.
    leaf: usize,
    /// Column of the builder.
    column: usize,
    name: String,
    meaning: Meaning,
    single: bool,
}

enum Progress {
    Rows(usize),
    Restart(Restart),
}

/// Refuses a file that does not end as one.
fn check_tail(source: &Loaded) -> Result<(), Diagnostic> {
    let bytes = &source.bytes;
    let length = bytes.len();
    if length < 4 + TAIL || !bytes.ends_with(b"PAR1") {
        let message = format!(
            "{} is cut off: it ends at byte {length} without the footer of a Parquet file",
            source.name
        );
        return Err(Diagnostic::error("truncated-file", message).help(
            "copy or download it again; a file that is still being written has no footer yet",
        ));
    }
    let footer = footer_length(bytes);
    if footer > length - TAIL - 4 {
        let what = format!(
            "byte {} says that the footer has {footer} bytes, the file has {length}",
            length - TAIL
        );
        return Err(damaged(source, &what));
    }
    Ok(())
}

fn footer_length(bytes: &[u8]) -> usize {
    let at = bytes.len() - TAIL;
    let field: [u8; 4] = bytes[at..at + 4].try_into().unwrap_or_default();
    u32::from_le_bytes(field) as usize
}

fn damaged(source: &Loaded, what: &str) -> Diagnostic {
    let message = format!("{} is damaged: {what}", source.name);
    Diagnostic::error("damaged-file", message).help("copy or write it again")
}

/// The columns that fit a table; a note names the others.
fn columns(metadata: &ParquetMetaData, builder: &mut Builder) -> Vec<Wanted> {
    let schema = metadata.file_metadata().schema_descr();
    let mut wanted = Vec::new();
    let mut left_out = Vec::new();
    for (leaf, descriptor) in schema.columns().iter().enumerate() {
        let name = descriptor.path().string();
        if name == PANDAS_INDEX {
            continue;
        }
        match meaning(descriptor) {
            Some(meaning) => wanted.push(Wanted {
                leaf,
                column: builder.column(&name),
                name,
                meaning,
                single: descriptor.physical_type() == parquet::basic::Type::FLOAT,
            }),
            None => left_out.push(format!("`{name}`")),
        }
    }
    if !left_out.is_empty() {
        let message = format!(
            "columns of lists or binary data are left out: {}",
            left_out.join(", ")
        );
        let rows = Some(left_out.len());
        builder.note(note("columns-left-out", Severity::Info, message, rows));
    }
    wanted
}

/// What a column's cells are; none for lists and maps, which have several cells per row.
fn meaning(descriptor: &ColumnDescriptor) -> Option<Meaning> {
    if descriptor.max_rep_level() > 0 {
        return None;
    }
    Meaning::of(descriptor)
}

/// Says that numbers have no more than seven digits, because agreement to more will not be found.
fn tell_single_precision(source: &Loaded, columns: &[Wanted], builder: &mut Builder) {
    let names: Vec<String> = columns
        .iter()
        .filter(|c| c.single)
        .map(|c| format!("`{}`", c.name))
        .collect();
    if !names.is_empty() {
        let message = format!(
            "{} of {} stored as float32: rounded to about 7 digits",
            names.join(", "),
            source.name
        );
        builder.note(note("single-precision", Severity::Info, message, None));
    }
}

/// Reads the rows of one group, the first of which is at `line`.
fn read_group(
    source: &Loaded,
    group: &dyn RowGroupReader,
    columns: &[Wanted],
    line: usize,
    builder: &mut Builder,
) -> Result<Progress, Diagnostic> {
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let mut readers = Vec::new();
    for wanted in columns {
        let chunk = group.metadata().column(wanted.leaf);
        check_codec(source, chunk, &wanted.name)?;
        check_chunk(source, chunk, &wanted.name)?;
        let pages = group
            .get_column_page_reader(wanted.leaf)
            .map_err(|e| broken_chunk(source, chunk, &wanted.name, &e.to_string()))?;
        let pages = Box::new(Pages::new(pages));
        let reader = get_column_reader(chunk.column_descr_ptr(), pages);
        readers.push((wanted, chunk, Cells::new(reader, chunk.column_descr())));
    }
    let mut done = 0;
    while done < rows {
        let batch = BATCH.min(rows - done);
        for (wanted, chunk, cells) in &mut readers {
            let read = cells
                .read(batch, wanted.meaning, wanted.column, builder)
                .map_err(|e| broken_chunk(source, chunk, &wanted.name, &e.to_string()))?;
            if read != batch {
                let what = format!("{} of {rows} rows are there", done + read);
                return Err(broken_chunk(source, chunk, &wanted.name, &what));
            }
        }
        if let Some(restart) = builder.end_rows(line + done, batch) {
            return Ok(Progress::Restart(restart));
        }
        done += batch;
    }
    Ok(Progress::Rows(rows))
}

/// First byte of a column's part of the file, and its length.
fn range(chunk: &ColumnChunkMetaData) -> (i64, i64) {
    let start = chunk
        .dictionary_page_offset()
        .unwrap_or(chunk.data_page_offset());
    (start, chunk.compressed_size())
}

/// Refuses a column whose part of the file lies outside of it.
fn check_chunk(source: &Loaded, chunk: &ColumnChunkMetaData, name: &str) -> Result<(), Diagnostic> {
    let (start, length) = range(chunk);
    let end = start.checked_add(length);
    let size = i64::try_from(source.bytes.len()).unwrap_or(i64::MAX);
    if start >= 0 && length >= 0 && end.is_some_and(|end| end <= size) {
        return Ok(());
    }
    let what = format!(
        "column `{name}` should start at byte {start} and have {length} bytes, the file has {size}"
    );
    Err(damaged(source, &what))
}

/// Refuses pages packed in a way that is not read here.
fn check_codec(source: &Loaded, chunk: &ColumnChunkMetaData, name: &str) -> Result<(), Diagnostic> {
    let codec = chunk.compression();
    let named = match codec {
        Compression::BROTLI(_) => "brotli",
        Compression::LZO => "LZO",
        _ => return Ok(()),
    };
    let message = format!(
        "{} packs column `{name}` with {named}, which is not read",
        source.name
    );
    Err(Diagnostic::error("format-not-read", message).help(
        "write it with another codec, for example `df.to_parquet(\"runs.parquet\", compression=\"zstd\")`",
    ))
}

fn broken_chunk(source: &Loaded, chunk: &ColumnChunkMetaData, name: &str, why: &str) -> Diagnostic {
    let (start, length) = range(chunk);
    let end = start.saturating_add(length);
    damaged(
        source,
        &format!("column `{name}` in bytes {start} to {end} cannot be read ({why})"),
    )
}

//! Files in, a table out. The only place of this crate that reads files or standard input.
//!
//! All sources go into one builder by column name, so that files with different columns join. The builder
//! takes every column for numbers until its cells say otherwise; then the pass starts again with that
//! column as text, which costs little because the decision falls within the first rows.

mod builder;
mod chart;
mod column_builder;
mod column_notes;
mod dates;
mod dialect;
mod encoding;
mod excerpt;
mod format;
mod input;
mod json;
mod jsonl;
mod large;
mod megatron;
#[cfg(feature = "parquet")]
mod parquet;
mod percent;
mod scan;
mod separated;
mod stream;
mod tensorboard;
mod unpack;
mod walk;

use std::collections::BTreeSet;
use std::sync::Arc;

use isoflop_base::{Diagnostic, Diagnostics};
use sha2::{Digest, Sha256};

use crate::checks;
use crate::expr;
use crate::options::ReadOptions;
use crate::table::{RunTable, Source};
use builder::{Builder, Restart};
use format::Format;
pub use input::Input;
use input::{Loaded, Origin};

/// Reads tables of runs and applies the options: `--map` is checked, `--let` computed, `--where` applied.
///
/// Several inputs are joined by column name; a column that a file does not have is missing in its rows.
///
/// # Errors
///
/// All faults of all inputs, then all faults of the options.
pub fn read(inputs: &[Input], options: &ReadOptions) -> Result<RunTable, Diagnostics> {
    let loaded = input::load(inputs)?;
    let formats = recognise(&loaded)?;
    let builder = pass_until_settled(&loaded, &formats)?;
    let read: Vec<Origin> = loaded.into_iter().map(Loaded::into_origin).collect();
    let table = finish(builder, &read)?;
    let mut table = expr::apply(table, options)?;
    let notes = checks::of_table(&table);
    table.add_notes(notes);
    Ok(table)
}

/// Reports every source that cannot be read as a table, before any row is parsed.
fn recognise(loaded: &[Loaded]) -> Result<Vec<Format>, Diagnostics> {
    let mut formats = Vec::new();
    let mut faults = Diagnostics::default();
    for source in loaded {
        match format::recognise(source) {
            Ok(format) => formats.push(format),
            Err(fault) => faults.0.push(fault),
        }
    }
    if faults.0.is_empty() {
        Ok(formats)
    } else {
        Err(faults)
    }
}

/// Reads all sources, again from the start whenever a column turns out to be text. Each restart settles at
/// least one column, so there are at most as many as columns.
fn pass_until_settled(loaded: &[Loaded], formats: &[Format]) -> Result<Builder, Diagnostics> {
    let mut text_columns = BTreeSet::new();
    loop {
        let mut builder = Builder::new(text_columns);
        match pass(&mut builder, loaded, formats)? {
            None => return Ok(builder),
            Some(Restart) => text_columns = builder.into_text_columns(),
        }
    }
}

fn pass(
    builder: &mut Builder,
    loaded: &[Loaded],
    formats: &[Format],
) -> Result<Option<Restart>, Diagnostics> {
    let mut faults = Diagnostics::default();
    for (source, format) in loaded.iter().zip(formats) {
        let outcome = read_one(source, *format, builder);
        if let (Err(_), Some(large)) = (&outcome, &source.large) {
            // A fault is shown with its line, for which all of the text must be at hand.
            let whole = large.whole(&source.name).map_err(Diagnostics::from);
            let again = whole.and_then(|whole| pass_until_settled(&[whole], &[*format]));
            if let Err(shown) = again {
                faults.0.extend(shown.0);
                continue;
            }
        }
        match outcome {
            Ok(None) => {}
            Ok(restart) => return Ok(restart),
            Err(fault) => faults.0.push(fault),
        }
    }
    if faults.0.is_empty() {
        Ok(builder.settle())
    } else {
        Err(faults)
    }
}

fn read_one(
    source: &Loaded,
    format: Format,
    builder: &mut Builder,
) -> Result<Option<Restart>, Diagnostic> {
    builder.begin_source(&source.name);
    let found = match format {
        Format::Separated(delimiter) => separated::read(source, delimiter, builder),
        Format::Jsonl => jsonl::read(source, builder),
        Format::Json => json::read(source, builder),
        Format::Megatron => megatron::read(source, builder),
        Format::TensorBoard => tensorboard::read(source, builder),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::read(source, builder),
    };
    source.unchanged().and(found)
}

/// Cells that a table may have beside those that its sources hold: gaps take room as well.
const MOST_CELLS: usize = 1_000_000_000;

fn finish(builder: Builder, loaded: &[Origin]) -> Result<RunTable, Diagnostics> {
    let (rows, columns) = builder.size();
    if builder.is_sparse() || rows.saturating_mul(columns) > MOST_CELLS {
        return Err(too_sparse(loaded, rows, columns).into());
    }
    let parts = builder.finish();
    let sources = loaded
        .iter()
        .zip(&parts.rows_of_source)
        .map(|(source, rows)| Source {
            name: source.name.clone(),
            sha256: source.sha256.clone(),
            bytes: source.size,
            rows: *rows,
        })
        .collect();
    let table = RunTable {
        columns: parts.columns.into_iter().map(Arc::new).collect(),
        places: parts.places,
        sources,
        account: parts.account,
        notes: parts.notes,
        twins: parts.twins,
        ..RunTable::default()
    };
    if table.rows() == 0 {
        return Err(no_usable_row(&table).into());
    }
    Ok(table)
}

fn too_sparse(loaded: &[Origin], rows: usize, columns: usize) -> Diagnostic {
    let names: Vec<&str> = loaded.iter().take(3).map(|s| s.name.as_str()).collect();
    let message = format!(
        "{} would make a table of {rows} rows and {columns} columns or more, nearly all of whose cells are empty",
        names.join(", ")
    );
    Diagnostic::error("too-many-cells", message)
        .help("keys that change from line to line, such as the names of runs, become columns: write them as values")
        .help("or give the files one by one")
}

fn no_usable_row(table: &RunTable) -> Diagnostic {
    let mut fault = Diagnostic::error(
        "no-rows",
        format!("no row of {} could be read", table.source_names()),
    );
    for group in table.skipped() {
        fault = fault.help(format!(
            "{} ({}): {}",
            crate::accounting::count(group.rows, "row"),
            group.places.first().map_or("", String::as_str),
            group.reason
        ));
    }
    fault
}

/// SHA-256 of bytes, in hexadecimal: how tables and laws are told apart in a result's provenance.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        text
    })
}

//! CSV and its relatives: a header line, cells with a delimiter between them, quotes around some.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Read};

use isoflop_base::{DecimalMark, Diagnostic, Severity, Span};

use super::builder::{Builder, Restart};
use super::chart::Chart;
use super::dialect::MarkEvidence;
use super::encoding;
use super::excerpt::excerpt;
use super::input::Loaded;
use crate::table::note;

/// A cell of a ragged row with more line breaks than this was opened by a quote that nobody closed.
const LINES_IN_A_CELL: usize = 3;

/// Reads one source into the builder.
///
/// # Errors
///
/// `header-only`, `no-header`, `unclosed-quote`; single bad rows are skipped and counted instead.
pub(super) fn read(
    source: &Loaded,
    delimiter: u8,
    builder: &mut Builder,
) -> Result<Option<Restart>, Diagnostic> {
    let text = encoding::text(source)?;
    let mut reader = csv_reader(Breaks::of(source.reader()?), delimiter);
    let header = reader.headers().map_err(|e| broken(source, &e))?.clone();
    refuse_numbers_as_header(source, text, &header)?;
    let mark = decimal_mark(text, delimiter);
    tell_dialect(source, delimiter, mark, builder);
    let mut layout = Layout {
        width: header.len(),
        chart: Chart::of(&header),
        columns: Vec::new(),
        mark,
    };
    if layout.chart.is_none() {
        layout.columns = name_columns(&header, builder);
    }
    let (rows, restart) = read_rows(source, text, &mut reader, &mut layout, builder)?;
    if let Some(chart) = &layout.chart {
        builder.note(chart.note(&source.name, rows));
    }
    if rows == 0 {
        let message = format!("{} has a header but no rows", source.name);
        let span = Span::new(0, first_line(text).len());
        let place = excerpt(&source.name, text, span, "the only line");
        return Err(Diagnostic::error("header-only", message).at(place));
    }
    Ok(restart)
}

/// What the header and the first cells say about the rows.
struct Layout {
    /// How many cells a row has.
    width: usize,
    /// Columns of the builder in the order of the cells, unless it is a chart.
    columns: Vec<usize>,
    chart: Option<Chart>,
    mark: DecimalMark,
}

/// Reads all rows and counts them, until a column asks for a restart.
fn read_rows(
    source: &Loaded,
    text: &str,
    reader: &mut csv::Reader<Breaks<impl Read>>,
    layout: &mut Layout,
    builder: &mut Builder,
) -> Result<(usize, Option<Restart>), Diagnostic> {
    let mut record = csv::StringRecord::new();
    let mut rows = 0;
    while reader
        .read_record(&mut record)
        .map_err(|e| broken(source, &e))?
    {
        rows += 1;
        let (start, line) = reader.get_mut().before(&record);
        if is_blank(&record) {
            builder.skip_row("row is blank", line, None);
            continue;
        }
        if let Some(reason) = ragged(&record, layout.width) {
            refuse_unclosed_quote(source, text, &record, (start, line))?;
            builder.skip_row(&reason, line, None);
            continue;
        }
        if let Some(chart) = &mut layout.chart {
            if let restart @ Some(_) = chart.push(&record, line, builder) {
                return Ok((rows, restart));
            }
            continue;
        }
        for (column, cell) in layout.columns.iter().zip(&record) {
            builder.cell(*column, cell, layout.mark);
        }
        if let restart @ Some(_) = builder.end_row(line) {
            return Ok((rows, restart));
        }
    }
    Ok((rows, None))
}

/// Says what is unusual about a file's dialect.
fn tell_dialect(source: &Loaded, delimiter: u8, mark: DecimalMark, builder: &mut Builder) {
    if mark == DecimalMark::Comma {
        let marked = if encoding::mark(source) > 0 {
            ", after a byte-order mark"
        } else {
            ""
        };
        let message = format!(
            "{} has decimal commas and `{}` between cells{marked}",
            source.name,
            shown(delimiter)
        );
        builder.note(note("decimal-comma", Severity::Info, message, None));
    }
}

fn csv_reader<R: Read>(text: R, delimiter: u8) -> csv::Reader<R> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .buffer_capacity(1 << 16)
        .from_reader(text)
}

fn broken(source: &Loaded, error: &csv::Error) -> Diagnostic {
    Diagnostic::error(
        "cannot-read",
        format!("{} cannot be read: {error}", source.name),
    )
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn shown(delimiter: u8) -> &'static str {
    match delimiter {
        b'\t' => "tab",
        b';' => ";",
        b'|' => "|",
        _ => ",",
    }
}

/// A first line of numbers is data: without a header nobody can know which column is which.
fn refuse_numbers_as_header(
    source: &Loaded,
    text: &str,
    header: &csv::StringRecord,
) -> Result<(), Diagnostic> {
    let number = |cell: &str| cell.trim().parse::<f64>().is_ok_and(f64::is_finite);
    if header.is_empty() || !header.iter().all(number) {
        return Ok(());
    }
    let place = text.find(first_line(text)).unwrap_or_default();
    let span = Span::new(place, place + first_line(text).len());
    Err(Diagnostic::error(
        "no-header",
        format!(
            "the first line of {} holds numbers, column names are expected",
            source.name
        ),
    )
    .at(excerpt(&source.name, text, span, "not a header"))
    .help("write a first line such as `params,tokens,loss`"))
}

/// Columns of the builder in the order of the header. An empty name becomes `column_3`, the second of two
/// equal names `loss.2`.
fn name_columns(header: &csv::StringRecord, builder: &mut Builder) -> Vec<usize> {
    let in_header: BTreeSet<&str> = header.iter().map(str::trim).collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    let mut columns = Vec::new();
    for (i, cell) in header.iter().enumerate() {
        let trimmed = cell.trim();
        let base = if trimmed.is_empty() {
            format!("column_{}", i + 1)
        } else {
            trimmed.to_owned()
        };
        let mut name = base.clone();
        if taken.contains(&base) {
            let copy = copies.entry(base.clone()).or_insert(1);
            while taken.contains(&name) || in_header.contains(name.as_str()) {
                *copy += 1;
                name = format!("{base}.{copy}");
            }
            builder.twin(&base);
        }
        columns.push(builder.column(&name));
        taken.insert(name);
    }
    columns
}

/// Looks at the first cells for decimal commas.
fn decimal_mark(text: &str, delimiter: u8) -> DecimalMark {
    let mut evidence = MarkEvidence::default();
    for record in csv_reader(text.as_bytes(), delimiter).records().flatten() {
        record.iter().for_each(|cell| evidence.see(cell));
        if evidence.is_full() {
            break;
        }
    }
    if evidence.decimal_commas(delimiter) {
        DecimalMark::Comma
    } else {
        DecimalMark::Point
    }
}

fn is_blank(record: &csv::StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// Why a row does not fit the header; empty cells beyond the header are a delimiter at the line's end.
fn ragged(record: &csv::StringRecord, width: usize) -> Option<String> {
    let beyond = record
        .iter()
        .skip(width)
        .any(|cell| !cell.trim().is_empty());
    (record.len() < width || beyond).then(|| {
        let cells = crate::accounting::count(record.len(), "cell");
        format!("row has {cells} where the header has {width}")
    })
}

/// Refuses a ragged row that swallowed whole lines; `at` is its first byte and its line.
fn refuse_unclosed_quote(
    source: &Loaded,
    text: &str,
    record: &csv::StringRecord,
    at: (usize, usize),
) -> Result<(), Diagnostic> {
    let breaks = |cell: &str| cell.matches('\n').count();
    if record.iter().all(|cell| breaks(cell) <= LINES_IN_A_CELL) {
        return Ok(());
    }
    let (start, line) = at;
    let fault = Diagnostic::error(
        "unclosed-quote",
        format!("a quote in line {line} of {} is not closed", source.name),
    )
    .help("close the quote, or write it twice if it belongs to the cell");
    Err(match text.get(start..) {
        Some(rest) => {
            let quote = start + rest.find('"').unwrap_or(0);
            let span = Span::new(quote, quote + 1);
            fault.at(excerpt(&source.name, text, span, "opened here"))
        }
        // Beyond the first lines of a large file, which is then read again as a whole.
        None => fault,
    })
}

/// Counts the lines of a text that passes through. The reader's own count is one behind after `\r\n`, whose second half
/// it takes for part of the next record, and does not see blank lines.
struct Breaks<R> {
    text: R,
    /// Bytes that have passed.
    passed: usize,
    /// Runs of line breaks that no record was behind yet.
    runs: VecDeque<Run>,
    /// Lines before the last record.
    lines: usize,
}

/// Line breaks one after the other.
struct Run {
    start: usize,
    end: usize,
    lines: usize,
}

impl<R> Breaks<R> {
    fn of(text: R) -> Self {
        Self {
            text,
            passed: 0,
            runs: VecDeque::new(),
            lines: 0,
        }
    }

    /// First byte of the record and its line, from 1.
    fn before(&mut self, record: &csv::StringRecord) -> (usize, usize) {
        let reported = record.position().map_or(0, csv::Position::byte);
        let mut start = usize::try_from(reported).unwrap_or(usize::MAX);
        while let Some(run) = self.runs.pop_front_if(|run| run.start <= start) {
            start = start.max(run.end);
            self.lines += run.lines;
        }
        (start, self.lines + 1)
    }
}

impl<R: Read> Read for Breaks<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n = self.text.read(to)?;
        for at in memchr::memchr2_iter(b'\n', b'\r', &to[..n]) {
            let lines = usize::from(to[at] == b'\n');
            let at = self.passed + at;
            match self.runs.back_mut().filter(|run| run.end == at) {
                Some(run) => {
                    run.end += 1;
                    run.lines += lines;
                }
                None => self.runs.push_back(Run {
                    start: at,
                    end: at + 1,
                    lines,
                }),
            }
        }
        self.passed += n;
        Ok(n)
    }
}

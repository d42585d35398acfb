//! The table while it is read, from all sources, by column name.

use std::collections::{BTreeSet, HashMap};

use isoflop_base::{DecimalMark, Note};

use super::column_builder::ColumnBuilder;
use crate::accounting::Account;
use crate::column::Column;
use crate::places::{RowPlace, RowPlaces};

/// A column turned out to be text: read again from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Restart;

/// Rows after which the types of columns are looked at for the first time; then at every doubling.
const FIRST_LOOK: usize = 128;

/// Collects cells, row by row.
pub(super) struct Builder {
    columns: Vec<ColumnBuilder>,
    by_name: HashMap<String, usize>,
    places: RowPlaces,
    rows_of_source: Vec<usize>,
    source_name: String,
    account: Account,
    notes: Vec<Note>,
    twins: BTreeSet<String>,
    text_columns: BTreeSet<String>,
    next_look: usize,
    /// Cells that sources gave a value.
    filled: usize,
    /// Whether names of columns kept coming until the table was nearly all gaps: what is read from then on is let go.
    sparse: bool,
}

/// What a finished builder holds.
pub(super) struct Parts {
    pub(super) columns: Vec<Column>,
    pub(super) places: RowPlaces,
    pub(super) rows_of_source: Vec<usize>,
    pub(super) account: Account,
    pub(super) notes: Vec<Note>,
    pub(super) twins: Vec<String>,
}

impl Builder {
    /// A builder that reads the named columns as text and all others as numbers.
    pub(super) fn new(text_columns: BTreeSet<String>) -> Self {
        Self {
            columns: Vec::new(),
            by_name: HashMap::new(),
            places: RowPlaces::default(),
            rows_of_source: Vec::new(),
            source_name: String::new(),
            account: Account::default(),
            notes: Vec::new(),
            twins: BTreeSet::new(),
            text_columns,
            next_look: FIRST_LOOK,
            filled: 0,
            sparse: false,
        }
    }

    /// Rows that follow come from this source.
    pub(super) fn begin_source(&mut self, name: &str) {
        name.clone_into(&mut self.source_name);
        self.rows_of_source.push(0);
    }

    /// The column of this name, made if it is new; its earlier rows are missing.
    pub(super) fn column(&mut self, name: &str) -> usize {
        if let Some(at) = self.by_name.get(name) {
            return *at;
        }
        let short;
        let name = if name.len() > LONGEST_NAME {
            short = shortened(name);
            if let Some(at) = self.by_name.get(&short) {
                return *at;
            }
            short.as_str()
        } else {
            name
        };
        let cells = self.places.len().saturating_mul(self.columns.len());
        if cells > GAPS_ALLOWED && cells / 20 > self.filled && !self.columns.is_empty() {
            self.sparse = true;
        }
        if self.sparse {
            return 0;
        }
        let as_text = self.text_columns.contains(name);
        self.columns.push(ColumnBuilder::new(name, as_text));
        self.by_name.insert(name.to_owned(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    /// Remembers that several columns of a source share this name.
    pub(super) fn twin(&mut self, name: &str) {
        self.twins.insert(name.to_owned());
    }

    /// Sets a cell of the current row; a second value for the same cell is ignored.
    pub(super) fn cell(&mut self, column: usize, text: &str, mark: DecimalMark) {
        self.cell_ahead(column, 0, text, mark);
    }

    /// Sets a cell of the current row to a number.
    pub(super) fn number(&mut self, column: usize, value: f64) {
        self.number_ahead(column, 0, value);
    }

    /// Sets a cell of a row that many after the current one, for sources that give whole columns. The
    /// rows of a column must ascend; rows that are passed over are missing.
    pub(super) fn cell_ahead(
        &mut self,
        column: usize,
        ahead: usize,
        text: &str,
        mark: DecimalMark,
    ) {
        if let Some(column) = self.reach(column, ahead) {
            column.push(text, mark);
        }
    }

    /// Sets a cell of a row that many after the current one to a number.
    pub(super) fn number_ahead(&mut self, column: usize, ahead: usize, value: f64) {
        if let Some(column) = self.reach(column, ahead) {
            column.push_number(value);
        }
    }

    /// Sets a cell of the current row to a text of a source that has numbers as well.
    pub(super) fn quoted(&mut self, column: usize, text: &str) {
        if let Some(column) = self.reach(column, 0) {
            column.push_quoted(text);
        }
    }

    /// The column, padded up to the row; none if the row has its cell. Padding as late as that keeps a
    /// row of few cells cheap in a table of many columns.
    fn reach(&mut self, column: usize, ahead: usize) -> Option<&mut ColumnBuilder> {
        let row = self.places.len() + ahead;
        self.filled += 1;
        let column = &mut self.columns[column];
        (column.len() <= row).then(|| {
            column.pad(row);
            column
        })
    }

    /// Ends the current row; cells that were not set are missing.
    pub(super) fn end_row(&mut self, line: usize) -> Option<Restart> {
        self.end_rows(line, 1)
    }

    /// Ends several rows at once; the first is at `line` and each is one line after the other.
    pub(super) fn end_rows(&mut self, line: usize, rows: usize) -> Option<Restart> {
        let source = u32::try_from(self.rows_of_source.len().saturating_sub(1)).unwrap_or(u32::MAX);
        for line in line..line + rows {
            self.places.push(RowPlace {
                source,
                line: u32::try_from(line).unwrap_or(u32::MAX),
            });
        }
        self.count_rows(rows);
        if self.places.len() < self.next_look {
            return None;
        }
        while self.next_look <= self.places.len() {
            self.next_look *= 2;
        }
        self.settle()
    }

    /// Counts a row of the source that cannot be used.
    pub(super) fn skip_row(&mut self, reason: &str, line: usize, column: Option<usize>) {
        let name = &self.source_name;
        self.account.skip(reason, None, || match column {
            Some(column) => format!("{name}:{line}:{column}"),
            None => format!("{name}:{line}"),
        });
        self.count_rows(1);
    }

    fn count_rows(&mut self, more: usize) {
        if let Some(rows) = self.rows_of_source.last_mut() {
            *rows += more;
        }
    }

    /// Adds a note about a source.
    pub(super) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Asks for a restart if a column that is read as numbers holds words.
    pub(super) fn settle(&self) -> Option<Restart> {
        self.columns
            .iter()
            .any(ColumnBuilder::is_rather_text)
            .then_some(Restart)
    }

    /// The columns to read as text from now on.
    pub(super) fn into_text_columns(self) -> BTreeSet<String> {
        self.columns
            .iter()
            .filter(|c| c.is_text() || c.is_rather_text())
            .map(|c| c.name().to_owned())
            .collect()
    }

    /// Whether the sources would make a table of gaps.
    pub(super) fn is_sparse(&self) -> bool {
        let cells = self.places.len().saturating_mul(self.columns.len());
        self.sparse || cells > GAPS_ALLOWED && cells / 20 > self.filled
    }

    /// Rows and columns of the table so far.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.places.len(), self.columns.len())
    }

    pub(super) fn finish(self) -> Parts {
        let rows = self.places.len();
        let columns = self.columns.into_iter().map(|mut column| {
            column.pad(rows);
            column.finish()
        });
        Parts {
            columns: columns.collect(),
            places: self.places,
            rows_of_source: self.rows_of_source,
            account: self.account,
            notes: self.notes,
            twins: self.twins.into_iter().collect(),
        }
    }
}

/// Cells from which on a table must not be nearly all gaps.
const GAPS_ALLOWED: usize = 20_000_000;

/// Bytes of a name that can still be read by anyone.
const LONGEST_NAME: usize = 400;

/// The beginning of a name, with a number by which two that begin alike are told apart.
fn shortened(name: &str) -> String {
    let digest = super::sha256_hex(name.as_bytes());
    let start: String = name.chars().take(60).collect();
    format!(
        "{start}… ({} characters, {})",
        name.chars().count(),
        &digest[..8]
    )
}

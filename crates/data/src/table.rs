//! The table of runs: columns, where each row came from, and what was left behind on the way.

use std::sync::Arc;

use isoflop_base::{Diagnostics, Evidence, Note, Severity};

use crate::accounting::{Account, Skipped, list_places};
use crate::column::{Column, Values};
use crate::options::Copies;
use crate::places::{RowPlace, RowPlaces};

/// A table of training runs, in columns.
///
/// # Example
///
/// ```
/// use isoflop_data::{Input, ReadOptions, read};
/// let text = b"params,tokens,loss\n70B,1.4T,1.94\n".to_vec();
/// let table = read(&[Input::Reader { name: "runs.csv".into(), bytes: text }], &ReadOptions::default())?;
/// assert_eq!(table.rows(), 1);
/// assert_eq!(table.column("params").unwrap().numbers(), Some(&[70e9][..]));
/// # Ok::<(), isoflop_base::Diagnostics>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunTable {
    pub(crate) columns: Vec<Arc<Column>>,
    pub(crate) places: RowPlaces,
    pub(crate) sources: Vec<Source>,
    /// Rows read from the sources that are not in the table.
    pub(crate) account: Account,
    pub(crate) notes: Vec<Note>,
    /// `--map`: role or letter, and the column it means.
    pub(crate) map: Vec<(String, String)>,
    pub(crate) copies: Copies,
    /// Whether the numbers were looked at already.
    pub(crate) examined: bool,
    /// Names that `--let` defined.
    pub(crate) defined: Vec<String>,
    /// Names that expressions of `--let` and `--where` used, and the columns behind them.
    pub(crate) used: Vec<String>,
    /// Header names that more than one column has.
    pub(crate) twins: Vec<String>,
}

/// One file or stream that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name as the user gave it.
    pub name: String,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: usize,
    /// Rows it held, unreadable ones included.
    pub rows: usize,
}

impl RunTable {
    /// A table of columns that were computed, not read; its rows are numbered from 1 under `name`.
    ///
    /// # Panics
    ///
    /// When the columns differ in length.
    #[must_use]
    pub fn from_columns(name: &str, columns: &[(&str, &[f64])]) -> Self {
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        assert!(
            columns.iter().all(|(_, values)| values.len() == rows),
            "columns of one table have as many rows"
        );
        let bytes: Vec<u8> = columns
            .iter()
            .flat_map(|(name, values)| {
                let numbers = values.iter().flat_map(|x| x.to_le_bytes());
                name.bytes().chain(numbers).collect::<Vec<u8>>()
            })
            .collect();
        Self {
            columns: columns
                .iter()
                .map(|(name, values)| Arc::new(Column::new(*name, Values::Number(values.to_vec()))))
                .collect(),
            places: (1..=u32::try_from(rows).expect("a computed table is small"))
                .map(|line| RowPlace { source: 0, line })
                .collect(),
            sources: vec![Source {
                name: name.to_owned(),
                sha256: crate::sha256_hex(&bytes),
                bytes: bytes.len(),
                rows,
            }],
            ..Self::default()
        }
    }

    /// The table with one more column of text, one value a row.
    ///
    /// # Panics
    ///
    /// When there are not as many values as rows.
    #[must_use]
    pub fn with_text(mut self, name: &str, values: &[String]) -> Self {
        assert_eq!(values.len(), self.rows(), "one value for each row");
        let mut levels: Vec<String> = Vec::new();
        let codes = values
            .iter()
            .map(|value| {
                let known = levels.iter().position(|l| l == value);
                let at = known.unwrap_or_else(|| {
                    levels.push(value.clone());
                    levels.len() - 1
                });
                u32::try_from(at).expect("a computed table is small")
            })
            .collect();
        let column = Column::new(name, Values::Text { codes, levels });
        self.columns.push(Arc::new(column));
        self
    }

    /// Number of rows in the table.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    /// Number of rows that were read: those in the table and those left behind.
    #[must_use]
    pub fn rows_read(&self) -> usize {
        self.rows() + self.account.rows()
    }

    /// The columns, in the order of the header.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().map(AsRef::as_ref)
    }

    /// The column with exactly this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.shared(name).map(AsRef::as_ref)
    }

    pub(crate) fn shared(&self, name: &str) -> Option<&Arc<Column>> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// What was read.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Rows that were read and are not in the table: unreadable lines, and what `--where` left out.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        self.account.groups()
    }

    /// What the reader found that a user must know.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Where a row came from, as `file:line`.
    #[must_use]
    pub fn place(&self, row: usize) -> String {
        format!("{}:{}", self.source_of(row), self.places.get(row).line)
    }

    /// Where the given rows came from.
    #[must_use]
    pub fn places(&self, rows: &[usize]) -> Places {
        Places {
            sources: self.sources.iter().map(|s| s.name.clone()).collect(),
            rows: self.places.gather(rows),
        }
    }

    /// The name of the source a row came from.
    pub(crate) fn source_of(&self, row: usize) -> &str {
        let source = self.sources.get(self.places.get(row).source as usize);
        source.map_or("", |s| s.name.as_str())
    }

    /// The line a row came from, from 1.
    #[must_use]
    pub fn line(&self, row: usize) -> usize {
        self.places.get(row).line as usize
    }

    /// The first places of some rows, in words.
    pub(crate) fn list_places(&self, rows: &[usize]) -> String {
        let mut apart = rows.to_vec();
        apart.dedup_by_key(|row| self.places.get(*row));
        list_places(apart.iter().map(|r| self.place(*r)), apart.len())
    }

    /// Adds notes, each once.
    pub(crate) fn add_notes(&mut self, notes: Vec<Note>) {
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// The sources by name, for messages.
    pub(crate) fn source_names(&self) -> String {
        match self.sources.as_slice() {
            [] => "the table".to_owned(),
            [one] => one.name.clone(),
            [first, rest @ ..] => format!("{} and {} more", first.name, rest.len()),
        }
    }

    /// The table with the rows for which an expression of its columns is true; the others are counted as left out.
    ///
    /// # Errors
    ///
    /// Faults of the expression, with their place in it.
    pub fn filtered(&self, text: &str) -> Result<Self, Diagnostics> {
        crate::expr::filter(self.clone(), text)
    }

    /// The table with every row counted, also those that repeat another: a resample.
    #[must_use]
    pub fn keeping_copies(mut self) -> Self {
        self.copies = Copies::Keep;
        self
    }

    /// The table with its numbers taken as they are, also those that no run can have: rows of a table that was examined
    /// when it was read.
    #[must_use]
    pub fn examined(mut self) -> Self {
        self.examined = true;
        self
    }

    /// Leaves only the given rows, which ascend, column by column: at no time are there two tables.
    pub(crate) fn keep(&mut self, rows: &[usize]) {
        if rows.len() == self.rows() {
            return;
        }
        for column in &mut self.columns {
            *column = Arc::new(column.gather(rows));
        }
        self.places = self.places.gather(rows);
    }

    /// The table with only the given rows, which ascend. Nothing is added to the skipped rows.
    #[must_use]
    pub fn subset(&self, rows: &[usize]) -> Self {
        Self {
            columns: self
                .columns
                .iter()
                .map(|c| Arc::new(c.gather(rows)))
                .collect(),
            places: self.places.gather(rows),
            ..self.clone()
        }
    }
}

/// Where some rows of a table came from: names are written when they are asked for.
#[derive(Clone, Debug)]
pub struct Places {
    sources: Vec<String>,
    rows: RowPlaces,
}

impl Places {
    /// The place of the row at this position, as `file:line`.
    #[must_use]
    pub fn get(&self, at: usize) -> String {
        let place = self.rows.get(at);
        let name = self.sources.get(place.source as usize);
        format!("{}:{}", name.map_or("", String::as_str), place.line)
    }

    /// Keeps the marked rows.
    pub fn retain(&mut self, keep: &[bool]) {
        let kept = self.rows.iter().zip(keep).filter(|(_, keep)| **keep);
        self.rows = kept.map(|(place, _)| place).collect();
    }

    /// All places, in order.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        (0..self.rows.len()).map(|at| self.get(at))
    }
}

/// A note without advice.
pub(crate) fn note(code: &str, severity: Severity, message: String, rows: Option<usize>) -> Note {
    let evidence = rows.map(|n| ("rows".to_owned(), Evidence::Number(n as f64)));
    Note {
        code: code.to_owned(),
        severity,
        message,
        evidence: evidence.into_iter().collect(),
        advice: String::new(),
    }
}

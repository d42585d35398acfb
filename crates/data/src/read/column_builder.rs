//! One column while it is read: numbers until its cells say it is text.

use std::collections::HashMap;

use isoflop_base::{DecimalMark, QuantityError, parse_quantity_with};

use super::{column_notes, dates, percent};
use crate::column::{CellFault, Column, FaultKind, MISSING_CODE, Values};
use crate::header::Header;

/// Cells of a text column that stand for no value. Shorter than the list for numbers: `none` and
/// `unknown` are values of a schedule or an optimiser, `None` and `nan` are what programs write.
const TEXT_GAPS: &[&str] = &[
    "", "-", "--", "–", "—", "n/a", "N/A", "NA", "#N/A", "<NA>", "null", "NULL", "None", "nan",
    "NaN",
];

/// Cells of a column, collected.
pub(super) struct ColumnBuilder {
    name: String,
    header: Header,
    store: Store,
    faults: Vec<CellFault>,
    approximate: Vec<usize>,
    /// Units written in cells, in order of first appearance.
    units: Vec<String>,
    /// Cells that held a number, and cells that held words.
    numeric: usize,
    words: usize,
    forms: Forms,
}

/// How cells were written, as far as a reader of the column must know.
#[derive(Default)]
pub(super) struct Forms {
    /// Rows whose number has a percent sign.
    pub(super) percent: Vec<usize>,
    /// Cells with a lower-case `m` for million.
    pub(super) small_m: usize,
    /// Numbers in quotes in a source that tells numbers from texts.
    pub(super) quoted: usize,
    /// Numbers without quotes there.
    pub(super) bare: usize,
}

enum Store {
    Numbers(Vec<f64>),
    Text(TextStore),
}

#[derive(Default)]
struct TextStore {
    codes: Vec<u32>,
    levels: Vec<String>,
    index: HashMap<String, u32>,
}

impl TextStore {
    fn push(&mut self, text: &str) {
        let repeated = self.codes.last().copied().filter(|code| {
            self.levels
                .get(*code as usize)
                .is_some_and(|level| level == text)
        });
        let code = repeated
            .or_else(|| self.index.get(text).copied())
            .unwrap_or_else(|| {
                // A table has fewer than 2³² rows (lines are counted in 32 bits), so the code fits.
                let code = self.levels.len() as u32;
                self.levels.push(text.to_owned());
                self.index.insert(text.to_owned(), code);
                code
            });
        self.codes.push(code);
    }
}

impl ColumnBuilder {
    pub(super) fn new(name: &str, as_text: bool) -> Self {
        Self {
            name: name.to_owned(),
            header: Header::parse(name),
            store: if as_text {
                Store::Text(TextStore::default())
            } else {
                Store::Numbers(Vec::new())
            },
            faults: Vec::new(),
            approximate: Vec::new(),
            units: Vec::new(),
            numeric: 0,
            words: 0,
            forms: Forms::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn len(&self) -> usize {
        match &self.store {
            Store::Numbers(v) => v.len(),
            Store::Text(t) => t.codes.len(),
        }
    }

    /// Adds missing cells up to `rows`.
    pub(super) fn pad(&mut self, rows: usize) {
        match &mut self.store {
            Store::Numbers(v) => v.resize(rows.max(v.len()), f64::NAN),
            Store::Text(t) => t.codes.resize(rows.max(t.codes.len()), MISSING_CODE),
        }
    }

    /// Adds a number that needs no reading.
    pub(super) fn push_number(&mut self, value: f64) {
        let row = self.len();
        match &mut self.store {
            Store::Numbers(v) => {
                self.numeric += 1;
                self.forms.bare += 1;
                v.push(scaled(value, &self.header));
                if value.is_nan() {
                    self.faults.push(CellFault {
                        row,
                        text: "NaN".to_owned(),
                        kind: FaultKind::Nan,
                    });
                }
            }
            Store::Text(t) => t.push(&value.to_string()),
        }
    }

    /// Adds a text of a source that has numbers as well.
    pub(super) fn push_quoted(&mut self, cell: &str) {
        let numeric = self.numeric;
        self.push(cell, DecimalMark::Point);
        self.forms.quoted += self.numeric - numeric;
    }

    /// Adds a cell of text. The plain forms of numbers take the short way.
    pub(super) fn push(&mut self, cell: &str, mark: DecimalMark) {
        let cell = cell.trim();
        match &mut self.store {
            Store::Text(text) if TEXT_GAPS.contains(&cell) => text.codes.push(MISSING_CODE),
            Store::Text(text) => text.push(cell),
            Store::Numbers(numbers) => {
                if let Some(value) = plain_number(cell, mark) {
                    self.numeric += 1;
                    numbers.push(scaled(value, &self.header));
                } else {
                    self.push_odd(cell, mark);
                }
            }
        }
    }

    /// Adds a cell that is not a plain number to a column of numbers.
    fn push_odd(&mut self, cell: &str, mark: DecimalMark) {
        let row = self.len();
        let value = match parse_quantity_with(cell, mark) {
            Ok(quantity) => {
                self.numeric += 1;
                if quantity.approximate {
                    self.approximate.push(row);
                }
                let percent = quantity.unit.as_deref() == Some("fraction");
                if percent {
                    self.forms.percent.push(row);
                }
                self.forms.small_m += usize::from(is_small_m(cell));
                if let Some(unit) = quantity.unit.filter(|u| !self.units.contains(u)) {
                    self.units.push(unit);
                }
                if quantity.scaled {
                    quantity.value
                } else {
                    scaled(quantity.value, &self.header)
                }
            }
            Err(QuantityError::Missing) => f64::NAN,
            Err(error) => {
                let kind = if error == QuantityError::Nan {
                    FaultKind::Nan
                } else {
                    FaultKind::NotANumber
                };
                // NaN and spreadsheet errors stand where a number should be; only words speak for text.
                self.words += usize::from(!matches!(
                    error,
                    QuantityError::Nan | QuantityError::Spreadsheet
                ));
                self.faults.push(CellFault {
                    row,
                    text: cell.to_owned(),
                    kind,
                });
                f64::NAN
            }
        };
        if let Store::Numbers(numbers) = &mut self.store {
            numbers.push(value);
        }
    }

    /// Whether this column is being read as numbers and holds at least as many words.
    pub(super) fn is_rather_text(&self) -> bool {
        matches!(self.store, Store::Numbers(_)) && self.words > 0 && self.words >= self.numeric
    }

    /// Whether this column is read as text.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.store, Store::Text(_))
    }

    pub(super) fn finish(self) -> Column {
        let mut column = match self.store {
            Store::Text(text) => {
                if let Some(truths) = bools(&text) {
                    return Column::new(self.name, truths);
                }
                return dates::column(&self.name, &text.codes, &text.levels).unwrap_or_else(|| {
                    let (codes, levels) = (text.codes, text.levels);
                    Column::new(self.name, Values::Text { codes, levels })
                });
            }
            Store::Numbers(numbers) => Column::new(self.name, Values::Number(numbers)),
        };
        column.faults = self.faults;
        column.approximate = self.approximate;
        column.notes = column_notes::notes(&column.name, &self.header, &self.units, &self.forms);
        percent::normalise(&mut column, &self.forms.percent);
        if self.header.scaled_by.is_some() {
            column.header_factor = self.header.factor * 10f64.powi(self.header.exponent);
        }
        column.unit = if self.header.unit.is_empty() {
            self.units.into_iter().next().unwrap_or_default()
        } else {
            self.header.unit
        };
        column
    }
}

/// Whether a number ends in a lone lower-case `m`, which would be milli anywhere else.
fn is_small_m(cell: &str) -> bool {
    let number = cell.split('(').next().unwrap_or_default().trim_end();
    let before = number.strip_suffix('m').map(str::trim_end);
    before.is_some_and(|b| b.ends_with(|c: char| c.is_ascii_digit() || c == '.'))
}

fn scaled(value: f64, header: &Header) -> f64 {
    if header.scaled_by.is_none() {
        return value;
    }
    // Through text, so that 0.0288 in a column of trillions is 28.8e9 exactly.
    let shifted = format!("{value:e}");
    shifted
        .split_once('e')
        .and_then(|(digits, exponent)| {
            let exponent: i32 = exponent.parse().ok()?;
            format!("{digits}e{}", exponent + header.exponent)
                .parse::<f64>()
                .ok()
        })
        .map_or(value, |v| v * header.factor)
}

/// A number in its plain form: digits, a point, an exponent. `inf` is a number, `nan` is not.
fn plain_number(cell: &str, mark: DecimalMark) -> Option<f64> {
    let parsed = if mark == DecimalMark::Comma && cell.contains(',') {
        // With a point as well there may be groups of thousands: the long way decides.
        let plain = !cell.contains('.');
        plain.then(|| cell.replacen(',', ".", 1).parse().ok())?
    } else if mark == DecimalMark::Comma && cell.contains('.') {
        None
    } else {
        cell.parse::<f64>().ok()
    };
    parsed.filter(|x| !x.is_nan())
}

/// The column as true and false, if it holds nothing else.
fn bools(text: &TextStore) -> Option<Values> {
    let levels: Option<Vec<bool>> = text
        .levels
        .iter()
        .map(|level| match level.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        })
        .collect();
    let levels = levels.filter(|l| !l.is_empty())?;
    let value = |code: &u32| levels.get(*code as usize).copied();
    Some(Values::Bool(text.codes.iter().map(value).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, cells: &[&str]) -> Column {
        let mut builder = ColumnBuilder::new(name, false);
        cells
            .iter()
            .for_each(|c| builder.push(c, DecimalMark::Point));
        builder.finish()
    }

    #[test]
    fn a_scale_in_the_header_applies_to_plain_numbers_only() {
        let column = column("tokens (T)", &["0.0288", "1.4T", "300 B tokens"]);
        assert_eq!(column.numbers(), Some(&[28.8e9, 1.4e12, 300e9][..]));
        assert_eq!(column.notes[0].code, "header-scale");
    }

    #[test]
    fn units_of_cells_become_the_unit_of_the_column() {
        assert_eq!(column("loss", &["3.1 nats", "3.2"]).unit, "nats");
        assert_eq!(
            column("loss", &["3.1 nats", "4.2 bits"]).notes[0].code,
            "mixed-units"
        );
    }

    #[test]
    fn odd_cells_are_kept_aside_with_their_text() {
        let column = column("loss", &["3.1", "nan", "#DIV/0!", "n/a", "inf"]);
        let odd: Vec<_> = column
            .faults
            .iter()
            .map(|f| (f.row, f.text.as_str(), f.kind))
            .collect();
        assert_eq!(
            odd,
            [
                (1, "nan", FaultKind::Nan),
                (2, "#DIV/0!", FaultKind::NotANumber)
            ]
        );
        assert_eq!(column.numbers().unwrap()[4], f64::INFINITY);
    }

    #[test]
    fn words_make_a_column_text_and_spreadsheet_errors_do_not() {
        let mut builder = ColumnBuilder::new("x", false);
        builder.push("#REF!", DecimalMark::Point);
        assert!(!builder.is_rather_text());
        builder.push("adam", DecimalMark::Point);
        assert!(builder.is_rather_text());
        builder.push("1", DecimalMark::Point);
        builder.push("2", DecimalMark::Point);
        assert!(!builder.is_rather_text());
    }

    #[test]
    fn text_of_true_and_false_becomes_a_column_of_booleans() {
        let mut builder = ColumnBuilder::new("ok", true);
        for cell in ["True", "false", ""] {
            builder.push(cell, DecimalMark::Point);
        }
        let Values::Bool(values) = builder.finish().values else {
            panic!("booleans expected")
        };
        assert_eq!(values, [Some(true), Some(false), None]);
    }
}

//! One column: values by type, and what was wrong with single cells.

use isoflop_base::Note;

/// The code of a missing cell in a text column.
pub const MISSING_CODE: u32 = u32::MAX;

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name as in the header; `loss.2` for the second of two columns called `loss`.
    pub name: String,
    /// Unit of the values, from the header or the cells; empty when nothing says.
    pub unit: String,
    /// The values, one per row.
    pub values: Values,
    /// Cells that hold something that is neither a value nor a gap, by row.
    pub faults: Vec<CellFault>,
    /// Rows whose value calls itself approximate (`~3B`, `70B (est.)`), in order.
    pub approximate: Vec<usize>,
    /// What a user of this column must know, for example that its header says millions.
    pub notes: Vec<Note>,
    /// Factor by which the header had plain numbers multiplied; 1 where it says nothing. An expression that names the
    /// column as its header does takes the numbers as they are written.
    pub header_factor: f64,
}

/// The values of a column.
#[derive(Clone, Debug)]
pub enum Values {
    /// Numbers; NaN where there is none (see [`Column::faults`] for why, if not simply missing).
    Number(Vec<f64>),
    /// Text, coded.
    Text {
        /// Index into `levels` per row, or [`MISSING_CODE`].
        codes: Vec<u32>,
        /// Distinct texts in order of first appearance.
        levels: Vec<String>,
    },
    /// True or false.
    Bool(Vec<Option<bool>>),
}

/// A cell that holds something unusable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellFault {
    /// Row, from 0.
    pub row: usize,
    /// The cell as written.
    pub text: String,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What is wrong with a cell of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The cell says `NaN`, or an expression had no value there.
    Nan,
    /// The cell holds something else than a number.
    NotANumber,
    /// The cell of a column of dates holds something else.
    NotADate,
    /// A percentage above 100 among scores.
    AboveHundred,
}

impl Column {
    /// A column without unit, faults or notes.
    #[must_use]
    pub fn new(name: impl Into<String>, values: Values) -> Self {
        Self {
            name: name.into(),
            unit: String::new(),
            values,
            faults: Vec::new(),
            approximate: Vec::new(),
            notes: Vec::new(),
            header_factor: 1.0,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Number(v) => v.len(),
            Values::Text { codes, .. } => codes.len(),
            Values::Bool(v) => v.len(),
        }
    }

    /// Whether the column has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers, if it is a column of numbers.
    #[must_use]
    pub fn numbers(&self) -> Option<&[f64]> {
        match &self.values {
            Values::Number(v) => Some(v),
            _ => None,
        }
    }

    /// `numbers`, `text` or `true/false`, for messages.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match &self.values {
            Values::Number(_) => "numbers",
            Values::Text { .. } => "text",
            Values::Bool(_) => "true/false",
        }
    }

    /// A number of this column as its cell has it, without the scale of the header.
    pub(crate) fn written(&self, value: f64) -> f64 {
        let power = self.header_factor.log10();
        let exact = format!("{value:e}");
        let shifted = exact.split_once('e').filter(|_| power.fract() == 0.0);
        shifted
            .and_then(|(digits, exponent)| {
                let exponent = exponent.parse::<i32>().ok()? - power as i32;
                format!("{digits}e{exponent}").parse().ok()
            })
            .unwrap_or(value / self.header_factor)
    }

    /// The cell as text; none where there is no usable value.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<String> {
        match &self.values {
            Values::Number(v) => v.get(row).filter(|x| !x.is_nan()).map(f64::to_string),
            Values::Text { codes, levels } => codes
                .get(row)
                .and_then(|code| levels.get(*code as usize))
                .cloned(),
            Values::Bool(v) => v.get(row).copied().flatten().map(|b| b.to_string()),
        }
    }

    /// Why the cell has no value: `is missing`, `is NaN`, `is not a number ("#DIV/0!")`; none if it has one.
    #[must_use]
    pub fn trouble(&self, row: usize) -> Option<String> {
        let absent = match &self.values {
            Values::Number(v) => v[row].is_nan(),
            Values::Text { codes, .. } => codes[row] == MISSING_CODE,
            Values::Bool(v) => v[row].is_none(),
        };
        absent.then(|| match self.fault(row) {
            None => "is missing".to_owned(),
            Some(fault) => match fault.kind {
                FaultKind::Nan => "is NaN".to_owned(),
                FaultKind::NotANumber => format!("is not a number ({:?})", shown(&fault.text)),
                FaultKind::NotADate => format!("is not a date ({:?})", shown(&fault.text)),
                FaultKind::AboveHundred => format!("exceeds 100% ({:?})", shown(&fault.text)),
            },
        })
    }

    /// Whether the cell is a plain gap, not a faulty cell.
    pub(crate) fn is_gap(&self, row: usize) -> bool {
        let absent = match &self.values {
            Values::Number(v) => v[row].is_nan(),
            Values::Text { codes, .. } => codes[row] == MISSING_CODE,
            Values::Bool(v) => v[row].is_none(),
        };
        absent && self.fault(row).is_none()
    }

    /// A cell as bits: equal cells of a column have equal bits.
    pub(crate) fn bits(&self, row: usize) -> u64 {
        match &self.values {
            Values::Number(v) => v[row].to_bits(),
            Values::Text { codes, .. } => u64::from(codes[row]),
            Values::Bool(v) => v[row].map_or(2, u64::from),
        }
    }

    pub(crate) fn fault(&self, row: usize) -> Option<&CellFault> {
        self.faults
            .binary_search_by_key(&row, |f| f.row)
            .ok()
            .map(|at| &self.faults[at])
    }

    /// The column with only the given rows, which ascend. Levels keep their codes.
    pub(crate) fn gather(&self, rows: &[usize]) -> Self {
        let values = match &self.values {
            Values::Number(v) => Values::Number(rows.iter().map(|r| v[*r]).collect()),
            Values::Text { codes, levels } => Values::Text {
                codes: rows.iter().map(|r| codes[*r]).collect(),
                levels: levels.clone(),
            },
            Values::Bool(v) => Values::Bool(rows.iter().map(|r| v[*r]).collect()),
        };
        let moved = |row: usize| rows.binary_search(&row).ok();
        Self {
            name: self.name.clone(),
            unit: self.unit.clone(),
            values,
            faults: self
                .faults
                .iter()
                .filter_map(|f| moved(f.row).map(|row| CellFault { row, ..f.clone() }))
                .collect(),
            approximate: self.approximate.iter().filter_map(|r| moved(*r)).collect(),
            notes: self.notes.clone(),
            header_factor: self.header_factor,
        }
    }
}

/// A factor in a sentence: `1e9`, `86400000000000000000`.
pub(crate) fn factor_words(factor: f64) -> String {
    if factor.abs() < 1e3 {
        format!("factor {factor}")
    } else {
        format!("factor {factor:e}")
    }
}

/// A cell as far as it can be shown in a sentence.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty() -> Column {
        let mut column = Column::new(
            "loss",
            Values::Number(vec![1.0, f64::NAN, f64::NAN, f64::NAN]),
        );
        column.faults = vec![
            CellFault {
                row: 1,
                text: "nan".into(),
                kind: FaultKind::Nan,
            },
            CellFault {
                row: 3,
                text: "#DIV/0!".into(),
                kind: FaultKind::NotANumber,
            },
        ];
        column
    }

    #[test]
    fn a_cell_says_why_it_has_no_value() {
        let column = faulty();
        let said: Vec<_> = (0..4)
            .map(|r| column.trouble(r).unwrap_or_default())
            .collect();
        assert_eq!(
            said,
            ["", "is NaN", "is missing", "is not a number (\"#DIV/0!\")"]
        );
    }

    #[test]
    fn gathering_rows_moves_their_faults_along() {
        let column = faulty().gather(&[0, 3]);
        assert_eq!(column.len(), 2);
        assert_eq!(column.faults[0].row, 1);
        assert_eq!(column.faults.len(), 1);
    }

    #[test]
    fn text_cells_give_their_text_back() {
        let values = Values::Text {
            codes: vec![1, MISSING_CODE, 0],
            levels: vec!["a".into(), "b".into()],
        };
        let column = Column::new("x", values);
        assert_eq!(column.text(0).as_deref(), Some("b"));
        assert_eq!(column.text(1), None);
        assert!(column.is_gap(1));
    }
}

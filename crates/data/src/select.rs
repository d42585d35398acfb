//! The rows that a fit can use: every row is either taken or counted under one reason.

use std::sync::Arc;

use isoflop_base::{Diagnostic, Note};

use crate::accounting::{Account, Skipped};
use crate::checks;
use crate::column::{Column, MISSING_CODE, Values};
use crate::copies;
use crate::resolve::Resolved;
use crate::table::{Places, RunTable};

/// One column that a fit needs.
#[derive(Clone, Debug)]
pub struct Need {
    /// The column.
    pub column: Arc<Column>,
    /// What it is called in reasons: `loss is missing`.
    pub label: String,
    /// What is needed of it.
    pub kind: NeedKind,
    /// Canonical name of the role (`params`, `tokens`, `flops`, `loss`) that its numbers must be possible for; none where
    /// they may be anything.
    pub role: Option<&'static str>,
}

/// What is needed of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeedKind {
    /// A finite number.
    Number,
    /// A finite number above zero.
    Positive,
    /// The measured number, finite; copies of a row are told by it.
    Response,
    /// The measured number, above zero.
    PositiveResponse,
    /// A finite number above zero by which a row counts: a weight, a number of trials.
    Weight,
    /// A value that names a group.
    Level,
}

impl Need {
    /// Needs a resolved column, under its own name.
    #[must_use]
    pub fn new(resolved: &Resolved, kind: NeedKind) -> Self {
        Self {
            column: Arc::clone(&resolved.column),
            label: resolved.column.name.clone(),
            kind,
            role: None,
        }
    }

    /// The need of a column that plays this role, so that numbers that no run can have are faults.
    #[must_use]
    pub fn role(mut self, role: Option<&'static str>) -> Self {
        self.role = role;
        self
    }

    /// The need under another name.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
}

impl NeedKind {
    pub(crate) fn is_response(self) -> bool {
        matches!(self, Self::Response | Self::PositiveResponse)
    }

    fn is_positive(self) -> bool {
        matches!(self, Self::Positive | Self::PositiveResponse | Self::Weight)
    }
}

/// A column of group names, coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    /// What the need was called.
    pub label: String,
    /// Index into `names`, one per kept row.
    pub codes: Vec<usize>,
    /// Names of the groups that occur in kept rows, sorted; numbers by value.
    pub names: Vec<String>,
}

/// Rows that can be used, in columns.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Rows of the table, ascending.
    pub rows: Vec<usize>,
    /// Where they came from.
    pub places: Places,
    /// One column per need of numbers, in the order of the needs.
    pub numbers: Vec<Vec<f64>>,
    /// One column per need of levels, in the order of the needs.
    pub levels: Vec<Levels>,
    /// Rows read and not used, by reason: first those that the reader and `--where` left out.
    pub skipped: Vec<Skipped>,
    /// Rows read: as many as rows kept and rows skipped together.
    pub read: usize,
    /// What must be said about the selection.
    pub notes: Vec<Note>,
    /// Numbers that no run can have, each with the option that mends it: nothing may be fitted to these rows.
    pub faults: Vec<Diagnostic>,
}

impl RunTable {
    /// Takes the rows in which all needs are met.
    ///
    /// A row with several faults is counted under the first need that it fails. A row that repeats an
    /// earlier one in every cell is left out when its response has six digits or more, because a
    /// measurement does not repeat that exactly, unless [`crate::Copies::Keep`] was asked for; rounded repeats
    /// (trials, counts) are kept with a note.
    #[must_use]
    pub fn select(&self, needs: &[Need]) -> Selection {
        // Columns are shared, so the clone takes no room.
        self.clone().into_selection(needs.to_vec())
    }

    /// [`Self::select`], giving the table up: columns that no need names are let go first, and of the others there are
    /// never two copies.
    #[must_use]
    pub fn into_selection(self, needs: Vec<Need>) -> Selection {
        let (rows, account, notes, faults) = self.usable(&needs);
        let places = self.places(&rows);
        drop(self);
        let of_levels = |n: &&Need| n.kind == NeedKind::Level;
        let levels = needs
            .iter()
            .filter(of_levels)
            .map(|n| levels(n, &rows))
            .collect();
        let numbers = needs
            .into_iter()
            .filter(|n| n.kind != NeedKind::Level)
            .map(|n| match Arc::try_unwrap(n.column) {
                Ok(Column {
                    values: Values::Number(mut v),
                    ..
                }) => {
                    // Rows ascend, so a value is read before its place is written.
                    for (to, from) in rows.iter().enumerate() {
                        v[to] = v[*from];
                    }
                    v.truncate(rows.len());
                    v.shrink_to_fit();
                    v
                }
                Ok(column) => rows.iter().map(|r| number(&column, *r)).collect(),
                Err(shared) => rows.iter().map(|r| number(&shared, *r)).collect(),
            })
            .collect();
        Selection {
            read: rows.len() + account.rows(),
            skipped: account.groups().to_vec(),
            places,
            rows,
            numbers,
            levels,
            notes,
            faults,
        }
    }

    /// Rows in which all needs are met, ascending; the account of all others; what must be said; what is impossible.
    fn usable(&self, needs: &[Need]) -> (Vec<usize>, Account, Vec<Note>, Vec<Diagnostic>) {
        let mut account = self.account.clone();
        let mut rows = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            match needs
                .iter()
                .find_map(|n| trouble(n, row).map(|why| (n, why)))
            {
                None => rows.push(row),
                Some((need, why)) => {
                    let reason = format!("{} {why}", need.label);
                    account.skip(&reason, Some(&need.label), || self.place(row));
                }
            }
        }
        let mut notes = copies::leave_out(self, needs, &mut rows, &mut account);
        let (found, faults) = checks::of_selection(self, needs, &rows);
        notes.extend(found);
        (rows, account, notes, faults)
    }
}

/// Why a row does not meet a need: `is missing`, `is infinite`, `is not above zero`.
fn trouble(need: &Need, row: usize) -> Option<String> {
    let fine = match (&need.column.values, need.kind) {
        (Values::Number(v), NeedKind::Level) => !v[row].is_nan(),
        (Values::Number(v), kind) => v[row].is_finite() && (v[row] > 0.0 || !kind.is_positive()),
        (Values::Text { codes, .. }, kind) => kind == NeedKind::Level && codes[row] != MISSING_CODE,
        (Values::Bool(v), kind) => v[row].is_some_and(|b| b || !kind.is_positive()),
    };
    (!fine).then(|| describe(need, row))
}

fn describe(need: &Need, row: usize) -> String {
    if let Some(why) = need.column.trouble(row) {
        return why;
    }
    match &need.column.values {
        Values::Text { .. } => {
            let text = need.column.text(row).unwrap_or_default();
            format!("is not a number ({:?})", crate::column::shown(&text))
        }
        Values::Number(v) if v[row].is_infinite() => "is infinite".to_owned(),
        Values::Number(_) | Values::Bool(_) => "is not above zero".to_owned(),
    }
}

/// The cell as a number; true is 1.
pub(crate) fn number(column: &Column, row: usize) -> f64 {
    match &column.values {
        Values::Number(v) => v[row],
        Values::Bool(v) => v[row].map_or(f64::NAN, |b| f64::from(u8::from(b))),
        Values::Text { .. } => f64::NAN,
    }
}

fn levels(need: &Need, rows: &[usize]) -> Levels {
    let (names, codes) = match &need.column.values {
        Values::Number(v) => {
            let mut distinct: Vec<f64> = rows.iter().map(|r| v[*r] + 0.0).collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            let code = |r: &usize| distinct.partition_point(|x| *x < v[*r]);
            let codes = rows.iter().map(code).collect();
            (distinct.iter().map(f64::to_string).collect(), codes)
        }
        Values::Text { codes, levels } => by_name(rows, levels, |row| codes[row] as usize),
        Values::Bool(v) => {
            let names = ["false".to_owned(), "true".to_owned()];
            by_name(rows, &names, |row| usize::from(v[row] == Some(true)))
        }
    };
    Levels {
        label: need.label.clone(),
        codes,
        names,
    }
}

/// Codes into the sorted names of the levels that occur.
fn by_name(
    rows: &[usize],
    levels: &[String],
    code: impl Fn(usize) -> usize,
) -> (Vec<String>, Vec<usize>) {
    let mut occurs = vec![false; levels.len()];
    for row in rows {
        occurs[code(*row)] = true;
    }
    let mut order: Vec<usize> = (0..levels.len()).filter(|i| occurs[*i]).collect();
    order.sort_by(|a, b| levels[*a].cmp(&levels[*b]));
    let mut place = vec![0; levels.len()];
    for (at, level) in order.iter().enumerate() {
        place[*level] = at;
    }
    let codes = rows.iter().map(|r| place[code(*r)]).collect();
    (order.iter().map(|i| levels[*i].clone()).collect(), codes)
}

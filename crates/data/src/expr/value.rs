//! Values of expressions on columns: numbers, text, and truth with a third state for missing cells.

use std::sync::Arc;

use crate::column::{Column, Values};

/// The value of an expression in every row.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Numbers.
    Number(Numbers),
    /// A column of text.
    Text(Arc<Column>),
    /// A quoted text.
    Literal(String),
    /// True, false or unknown.
    Truth(Truths),
}

/// Numbers, one for all rows or one per row; NaN where there is none.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    One(f64),
    Column(Arc<Column>),
    Many(Vec<f64>),
}

/// Truth of a condition; unknown where a cell that decides it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    No,
    Yes,
    Unknown,
}

/// Truth, one for all rows or one per row.
#[derive(Clone, Debug)]
pub(super) enum Truths {
    One(Truth),
    Many(Vec<Truth>),
}

impl Value {
    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Text(_) | Self::Literal(_) => "text",
            Self::Truth(_) => "true/false",
        }
    }
}

impl Numbers {
    pub(super) fn at(&self, row: usize) -> f64 {
        match self {
            Self::One(x) => *x,
            Self::Many(v) => v[row],
            Self::Column(c) => match &c.values {
                Values::Number(v) => v[row],
                _ => f64::NAN,
            },
        }
    }

    /// `f` of this in every row.
    pub(super) fn map(&self, rows: usize, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::One(x) => Self::One(f(*x)),
            _ => Self::Many((0..rows).map(|r| f(self.at(r))).collect()),
        }
    }

    /// `f` of this and another in every row.
    pub(super) fn zip(&self, other: &Self, rows: usize, f: impl Fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::One(a), Self::One(b)) => Self::One(f(*a, *b)),
            _ => Self::Many((0..rows).map(|r| f(self.at(r), other.at(r))).collect()),
        }
    }

    /// A condition on this and another in every row; unknown where either is NaN.
    pub(super) fn test(&self, other: &Self, rows: usize, f: impl Fn(f64, f64) -> bool) -> Truths {
        let decide = |a: f64, b: f64| {
            if a.is_nan() || b.is_nan() {
                Truth::Unknown
            } else {
                Truth::from(f(a, b))
            }
        };
        match (self, other) {
            (Self::One(a), Self::One(b)) => Truths::One(decide(*a, *b)),
            _ => Truths::Many((0..rows).map(|r| decide(self.at(r), other.at(r))).collect()),
        }
    }
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }
}

impl Truth {
    /// The truth, if it is known.
    pub(super) fn known(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    /// False if either is false, whatever the other is.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Unknown,
        }
    }

    /// True if either is true, whatever the other is.
    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    /// Whether both are the same; unknown if either is.
    pub(super) fn same(self, other: Self) -> Self {
        match (self.known(), other.known()) {
            (Some(a), Some(b)) => Self::from(a == b),
            _ => Self::Unknown,
        }
    }
}

impl Truths {
    pub(super) fn at(&self, row: usize) -> Truth {
        match self {
            Self::One(t) => *t,
            Self::Many(v) => v[row],
        }
    }

    pub(super) fn map(&self, rows: usize, f: impl Fn(Truth) -> Truth) -> Self {
        match self {
            Self::One(t) => Self::One(f(*t)),
            Self::Many(_) => Self::Many((0..rows).map(|r| f(self.at(r))).collect()),
        }
    }

    pub(super) fn zip(&self, other: &Self, rows: usize, f: impl Fn(Truth, Truth) -> Truth) -> Self {
        match (self, other) {
            (Self::One(a), Self::One(b)) => Self::One(f(*a, *b)),
            _ => Self::Many((0..rows).map(|r| f(self.at(r), other.at(r))).collect()),
        }
    }

    /// The truth of a column of true and false.
    pub(super) fn of_column(cells: &[Option<bool>]) -> Self {
        Self::Many(
            cells
                .iter()
                .map(|c| c.map_or(Truth::Unknown, Truth::from))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, No, Unknown, Yes};

    #[test]
    fn a_missing_cell_leaves_a_condition_open_only_if_it_decides() {
        let cases: [(Truth, Truth, Truth, Truth); 5] = [
            (Yes, Unknown, Unknown, Yes),
            (No, Unknown, No, Unknown),
            (Unknown, Unknown, Unknown, Unknown),
            (Yes, No, No, Yes),
            (Yes, Yes, Yes, Yes),
        ];
        for (a, b, and, or) in cases {
            assert_eq!((a.and(b), b.and(a)), (and, and), "{a:?} and {b:?}");
            assert_eq!((a.or(b), b.or(a)), (or, or), "{a:?} or {b:?}");
        }
        assert_eq!(Unknown.not(), Unknown);
    }
}

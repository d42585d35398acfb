//! What rules look at: law, table, fit, and the columns they share.

use isoflop_base::Diagnostic;
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Range};
use isoflop_law::Law;

use crate::check::Checked;
use crate::predict::Point;

/// Law, runs and fit under audit.
pub(crate) struct Subject<'a> {
    pub law: &'a Law,
    pub table: Option<&'a RunTable>,
    pub fit: Option<&'a Fit>,
    /// Why there is no fit.
    pub refused: &'a [Diagnostic],
    pub options: &'a FitOptions,
    pub points: &'a [Point],
}

impl<'a> Subject<'a> {
    pub fn new(what: &Checked<'a>, fit: Option<&'a Fit>, refused: &'a [Diagnostic]) -> Self {
        Self {
            law: what.law,
            table: what.table,
            fit,
            refused,
            options: what.options,
            points: what.points,
        }
    }

    /// Range of a quantity in the runs used.
    pub fn range(&self, name: &str) -> Option<&'a Range> {
        self.fit?.ranges.iter().find(|r| r.name == name)
    }
}

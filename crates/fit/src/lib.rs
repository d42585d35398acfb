//! A table and a law in, a certified fit out. There is one [`fit`] for every law.
#![forbid(unsafe_code)]

pub mod as_map;
mod options;
mod result;
mod spelling;

pub use options::{Corner, FitOptions, Objective, PenaltyKind, Scale, Uncertainty};
pub use result::{
    Basin, Certificate, Fit, Identifiability, Joint, LawRecord, Leverage, ObjectiveRecord, Points, Provenance,
    Range, ResidualSummary, SkippedRows, Starts, Status, TableRecord, UncertaintyRecord, WeakDirection,
};

use isoflop_base::Diagnostics;
use isoflop_data::RunTable;
use isoflop_law::Law;

/// Fits a law to a table of runs.
///
/// # Errors
///
/// Diagnostics when the table or the request is at fault.
pub fn fit(_law: &Law, _table: &RunTable, _options: &FitOptions) -> Result<Fit, Diagnostics> {
    Err(isoflop_base::Diagnostic::error("unfinished", "the solver is not wired yet").into())
}

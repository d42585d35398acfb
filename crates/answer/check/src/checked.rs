//! What is to be checked: a law, its runs, and what is expected of them.

use isoflop_backtest::{BacktestOptions, Candidate};
use isoflop_data::RunTable;
use isoflop_fit::FitOptions;
use isoflop_law::Law;
use isoflop_predict::Point;

/// What is to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    /// The law.
    pub law: &'a Law,
    /// The table of runs; none when only a saved fit is left.
    pub table: Option<&'a RunTable>,
    /// Options of the fit, for the fits that rules repeat.
    pub options: &'a FitOptions,
    /// Points that the fit is meant to predict.
    pub points: &'a [Point],
    /// Laws to compare with this one, which is not among them.
    pub rivals: &'a [Candidate<'a>],
    /// How to backtest; none leaves it out.
    pub backtest: Option<&'a BacktestOptions>,
    /// Tables that changed since a saved fit was made.
    pub changed: &'a [String],
}

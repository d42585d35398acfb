//! A ledger of forecasts: what was predicted before a run, and how it came out. Entries are added and never changed.

mod forecast;
mod score;

pub use forecast::{Forecast, forecast};
pub use score::{Calibration, Covered, Kept, LedgerCheck, Score, Standing, Unscored, score};

use serde::{Deserialize, Serialize};

/// One line of a ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Entry {
    /// A prediction of a run that nobody had seen.
    Forecast(Box<Forecast>),
    /// What the run gave.
    Scored(Box<Score>),
}

//! Backtests and ledgers in words.

mod backtest;
mod ledger;

pub use backtest::{backtest, no_law_beats};
pub use ledger::ledger_document;

//! Forecasts and their scores: laws fitted again without their largest runs, and ledgers of forecasts on record.
#![forbid(unsafe_code)]

mod backtest;
mod calibrate;
mod candidates;
mod combine;
mod coverage;
mod cuts;
mod extrapolation;
mod joined;
pub mod ledger;
pub mod words;

pub use calibrate::widening_unseen;
pub use extrapolation::{
    BacktestOptions, Band, COMBINED, Candidate, Cut, Extrapolation, HeldOut, NotJudged, Ranked,
    Widening, extrapolation,
};
pub use joined::predict_together;

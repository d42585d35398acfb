//! Questions of fits and laws, one module each.
#![forbid(unsafe_code)]

mod audit;
mod chain;
mod check;
mod compare_laws;
pub mod ledger;
mod predict;
mod profile;

pub use audit::{Answered, Finding, Item, Outcome};
pub use chain::predict_through;
pub use check::{Check, Checked, Cut, Ranked, check};
pub use compare_laws::{ComparedCoef, ComparedLaw, LawComparison, compare_laws};
pub use predict::{Point, PredictedPoint, Prediction, predict};
pub use profile::{Profile, ProfileRow, ProfiledPoint, ProfiledPrediction, profile};

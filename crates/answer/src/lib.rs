//! Questions of fits and laws, one module each.
#![forbid(unsafe_code)]

mod chain;
mod compare_laws;
pub mod plan;
mod predict;

pub use chain::predict_through;
pub use compare_laws::{ComparedCoef, ComparedLaw, LawComparison, compare_laws};
pub use predict::{Point, PredictedPoint, Prediction, predict};

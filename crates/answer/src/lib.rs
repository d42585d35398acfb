//! Questions of a fit, one module each.
#![forbid(unsafe_code)]

mod predict;

pub use predict::{Point, PredictedPoint, Prediction, predict};

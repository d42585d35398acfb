//! What a fit or a published law says of a point, how sure that is, and whether it came true.
#![forbid(unsafe_code)]

pub mod carried;
mod chain;
mod predict;
pub mod profile;
mod published;
mod sound;
pub mod variant;
pub mod verdict;
pub mod widening;
pub mod words;

pub use chain::predict_through;
pub use predict::{Point, PredictedPoint, Prediction, Share, predict};
pub use published::predict_published;
pub use sound::unsound;

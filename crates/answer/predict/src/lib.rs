//! What a fit or a published law says of a point, how sure that is, and whether it came true.
#![forbid(unsafe_code)]

pub mod carried;
mod chain;
mod distribution;
mod predict;
pub mod profile;
mod published;
mod sound;
pub mod variant;
pub mod verdict;
pub mod widening;
pub mod words;

pub use chain::predict_through;
pub use distribution::Predictive;
pub use predict::{
    Distribution, Point, PredictedPoint, Prediction, Share, at_level, distributions, predict,
};
pub use published::predict_published;
pub use sound::unsound;

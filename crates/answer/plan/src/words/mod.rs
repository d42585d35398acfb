//! Plans in words and pictures, and the form of a plan that the reader moves.

mod gain;
mod phrases;
mod plan;
mod plan_parts;
mod plan_picture;
mod planner;

pub use gain::gain_document;
pub use phrases::sized;
pub use plan::plan_document;
pub use planner::{add_planner, planner};

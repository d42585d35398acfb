//! What readers see, as snapshots of hand-made results.

mod checks;
mod documents;
mod figure;
mod plan;
mod planner;
mod sample;

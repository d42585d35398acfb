//! What readers see of plans, as snapshots and as data of a page.

mod plan;
mod planner;
// The hand-made fit of the documents is planned by as well.
#[path = "../../../summary/tests/it/sample.rs"]
mod sample;

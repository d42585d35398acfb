//! What readers see, as snapshots of hand-made results.

mod documents;
mod figure;
mod prediction;
mod sample;

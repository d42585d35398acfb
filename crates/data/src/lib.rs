//! Tables of runs: readers, column roles, expressions on columns.
#![forbid(unsafe_code)]

/// A table of training runs.
#[derive(Clone, Debug, Default)]
pub struct RunTable {}

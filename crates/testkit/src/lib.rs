//! Stage crate.

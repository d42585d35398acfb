//! The built-in trainer: a small decoder-only transformer, trained on one machine, measured on held-out tokens.
//!
//! ```text
//! Spec ── train ──▶ start, progress …, final (held-out loss with its error) or diverged
//! ```
//!
//! Forward and backward passes are written out in [`model`], over matrix products from `matrixmultiply` and plain loops
//! (`kernels`). A result depends on its [`Spec`] alone: not on threads, not on interruptions, not on the clock. The
//! program runs a trainer as a process of its own, see docs/adr/0005-trainer-process.md.

pub mod checkpoint;
pub mod clock;
pub mod files;
pub mod kernels;
mod measure;
pub mod model;
pub mod optimiser;
pub mod peak;
mod process;
pub mod protocol;
pub mod random;
mod run;
pub mod schedule;
pub mod shape;
pub mod source;
mod spec;

pub use process::process;
pub use run::{Failure, Listener, train, train_on};
pub use spec::{CheckpointSpec, Recipe, SCHEMA, Spec};

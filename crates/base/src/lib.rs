//! What every crate shares: spans and diagnostics, estimates with intervals, notes on results,
//! human numbers, did-you-mean. It knows nothing of tables, laws or fits.
#![forbid(unsafe_code)]

mod diagnostic;
mod estimate;
mod note;
mod suggest;

pub use diagnostic::{Diagnostic, Diagnostics, Excerpt, Severity, Span};
pub use estimate::{Estimate, Interval};
pub use note::{Evidence, Note};
pub use suggest::closest;

//! What every crate shares: spans and diagnostics, estimates with intervals, notes on results,
//! human numbers, did-you-mean. It knows nothing of tables, laws or fits.
#![forbid(unsafe_code)]

mod diagnostic;
mod estimate;
mod format;
mod note;
mod number_text;
mod quantity;
mod suggest;
mod units;

pub use diagnostic::{Diagnostic, Diagnostics, Excerpt, Severity, Span};
pub use estimate::{Estimate, Interval};
pub use format::{format_quantity, format_si};
pub use note::{Evidence, Note};
pub use quantity::{DecimalMark, Quantity, QuantityError, parse_quantity, parse_quantity_with};
pub use suggest::closest;
pub use units::{Unit, parse_scale, parse_unit};

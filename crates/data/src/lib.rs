//! Tables of runs: readers, column roles, expressions on columns.
//!
//! [`read`] turns files into a [`RunTable`], [`RunTable::resolve`] finds the column that a law means, and
//! [`RunTable::select`] takes out the rows that a fit can use. At every step a row that is left behind is
//! counted under a reason with its place: rows read = rows kept + rows skipped.
#![forbid(unsafe_code)]

mod accounting;
mod best;
mod checks;
pub mod column;
mod copies;
mod date;
mod derive;
mod expr;
mod header;
mod options;
mod places;
mod read;
mod resolve;
mod roles;
mod select;
mod split;
mod states;
mod summary;
mod table;
mod without;

pub use accounting::Skipped;
pub use checks::impossible_count;
pub use column::{Column, Values};
pub use header::duration_of as header_duration;
pub use header::factor_of as header_factor;
pub use options::{Copies, ReadOptions};
pub use read::{Input, read, sha256_hex};
pub use resolve::Resolved;
pub use roles::role_name;
pub use select::{Levels, Need, NeedKind, Selection};
pub use split::Groups;
pub use table::{Places, RunTable, Source};

//! A law, compiled: evaluated in columns, with the derivative of every row by every coefficient in one reverse sweep.
//!
//! ```text
//! Law ──lower──▶ graph (log-space algebra) ──emit──▶ Program ──bind(columns)──▶ Bound ──block by block──▶ values, J
//! ```
//!
//! The path of one evaluation: scalars (one number for all rows) first, then for every block of 256 rows the column
//! ops forward, then backward with seed one: since rows do not mix, the adjoint of a scalar that an op reads is a
//! column of the Jacobian. Normal equations are summed over these *ports* and carried to the coordinates once at the
//! end, so the cost per row does not depend on how coefficients enter.

mod bound;
mod emit;
mod graph;
mod lower;
mod normal;
mod ops;
mod program;
mod root;
mod scalar;
mod workspace;

#[cfg(test)]
mod tests;

pub use bound::Bound;
pub use lower::{Levels, Output};
pub use normal::Normal;
pub use program::{Amplitude, Coordinate, Group, Program};
pub use workspace::{BLOCK, Workspace};

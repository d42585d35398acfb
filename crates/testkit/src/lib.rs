//! What the tests of several crates share: random numbers that never change, planted laws, counted coverage, tables.
#![forbid(unsafe_code)]

mod budgets;
mod coverage;
pub mod grid;
mod planted;
mod random;
pub mod sweeps;
mod tables;

pub use budgets::budgets;
pub use coverage::Coverage;
pub use planted::{Noise, Planted};
pub use random::Random;
pub use tables::{outside, testdata};

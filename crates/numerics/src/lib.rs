//! Numbers only: vector kernels, penalties, the minimiser, distributions. `f64` throughout; it has never
//! heard of a table or a law.

pub mod dist;
pub mod kernels;
pub mod linear;
pub mod minimise;
pub mod penalty;

//! Numbers only: vector kernels, penalties, the minimiser, distributions, streams of randomness. `f64` throughout; it has never
//! heard of a table or a law.

pub mod dist;
pub mod kernels;
pub mod linear;
pub mod minimise;
pub mod penalty;
pub mod random;
pub mod scoring;
pub mod search;

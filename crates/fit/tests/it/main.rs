//! The fit against certified numbers, planted laws and its own invariances.

mod chinchilla;
mod coefficients;
mod intervals;
mod nist;
mod numpy;
mod planted;
mod support;

//! Laws as data: law files and the catalogue in, a compiled tape out. Adding a law adds no Rust.
#![forbid(unsafe_code)]

mod law;

pub use law::{Check, Coef, Law, Prior, Var, VarRole, Variant};

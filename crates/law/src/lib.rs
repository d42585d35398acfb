//! Laws as data: law files and the catalogue in, a compiled tape out. Adding a law adds no Rust.
#![forbid(unsafe_code)]

mod calls;
mod catalogue;
mod change;
mod conventions;
mod document;
mod file;
mod inline;
mod law;
mod print;
mod published;
mod ranges;
mod rules;
pub mod surface;
pub mod tape;
mod value;

pub use catalogue::catalogue;
pub use change::changed_coef;
pub use conventions::{Conventions, comparable};
pub use law::{Check, Coef, Law, Pool, Prior, Stage, Var, VarRole, Variant};
pub use value::At;

//! The formula language: one grammar for laws (`L = E + A / N^alpha`), filters (`tokens > 1e9`) and
//! derived columns (`C = 6 * N * D`). Text in, a tree with a span on every node out, and back.
#![forbid(unsafe_code)]

pub mod ast;
mod eval;
mod function;
mod names;
mod parse;
mod place;
mod print;
mod token;

pub use eval::{EvalError, Lookup, evaluate, evaluate_right};
pub use names::Use;
pub use parse::{parse_assignment, parse_expr, parse_expr_at, parse_formula, parse_formula_at};
pub use place::Place;
pub use print::number;

//! The formula language: one grammar for laws (`L = E + A / N^alpha`), filters (`tokens > 1e9`) and
//! derived columns (`C = 6 * N * D`). Text in, a tree with a span on every node out, and back.
#![forbid(unsafe_code)]

pub mod ast;

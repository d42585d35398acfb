//! The document model: what is said, free of how it looks, and how numbers and names are written in it.
//!
//! Every question words its answer as a [`Document`]; every format is made from the same one, so no two faces can
//! disagree.
#![forbid(unsafe_code)]

pub mod doc;
pub mod number;
pub mod phrase;
mod plot;
mod widget;

pub use doc::Document;

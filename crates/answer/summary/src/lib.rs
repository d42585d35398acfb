//! Laws, tables, fits and recipes as readers see them. There are no numbers of its own here: those of a fit are in the fit.
#![forbid(unsafe_code)]

pub mod json;
pub mod words;

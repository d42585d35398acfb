//! Fits of tables that may not be shipped, against numbers published for them. `cargo xtask data-tests DIR` runs these.

mod chinchilla;
mod numpy;
mod published;
mod recipes;
mod responses;
#[expect(dead_code, reason = "the other tests use the rest")]
#[path = "../it/support.rs"]
mod support;

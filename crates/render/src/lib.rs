//! Renderers: a [`Document`](isoflop_document::Document) in, text out. One file a format.

mod braille;
mod chart;
mod colour;
mod csv;
mod diagnostics;
mod escape;
mod harmless;
mod html;
pub mod json;
mod markdown;
mod page_table;
mod png;
mod scale;
mod severity;
mod svg;
mod text;
mod widget;

pub use csv::csv;
pub use diagnostics::diagnostics_text;
pub use harmless::{harmless, harmless_json};
pub use html::html;
pub use markdown::markdown;
pub use png::png;
pub use svg::svg;
pub(crate) use text::finished;
pub use text::{Extent, Paint, Plots, Style, text};

//! Renderers: a [`Document`](crate::Document) in, text out. One file a format.

mod braille;
mod chart;
mod colour;
mod csv;
mod escape;
mod html;
mod markdown;
mod page_table;
mod planner;
mod png;
mod scale;
mod svg;
mod text;

pub use csv::csv;
pub use html::html;
pub use markdown::markdown;
pub use png::png;
pub use svg::svg;
pub(crate) use text::finished;
pub use text::{Paint, Plots, Style, text};

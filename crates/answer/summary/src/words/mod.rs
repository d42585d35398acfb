//! Laws, tables, fits and recipes in words and pictures.

mod curve;
mod demo;
pub mod fit;
mod headline;
mod law;
pub mod phrases;
pub mod picture;
mod recipe;
mod tables;
mod verdicts;

pub use demo::{DemoWords, demo_document};
pub use fit::fit_document;
pub use headline::with_numbers;
pub use law::{evaluation_document, flops_document, law_document, laws_document};
pub use phrases::{name_law_file, name_saved};
pub use recipe::recipe_document;
pub use tables::{TableSummary, tables_document};
pub use verdicts::{fits_document, verification_document};

//! One document model, builders that put results into words, and a renderer for every format.
//!
//! A result becomes a [`Document`] once; text, Markdown, CSV and SVG are made from that same document, so no two
//! faces can disagree. JSON is the result itself.
#![forbid(unsafe_code)]

mod build;
mod diagnostics;
pub mod doc;
mod harmless;
pub mod json;
pub mod number;
mod plot;
pub mod render;

pub use build::{
    DemoWords, TableSummary, add_planner, add_profile, add_record, check_document, check_summary,
    demo_document, entropy_sentence, evaluation_document, fit_document, fits_document,
    flops_document, gain_document, law_comparison_document, law_document, laws_document,
    ledger_document, name_law_file, plan_document, prediction_document, predictions_document,
    recipe_document, story_document, tables_document, verdict_plot, verdict_sentence,
    verdict_table, verdicts_sentence, verification_document,
};
pub use diagnostics::diagnostics_text;
pub use doc::Document;
pub use harmless::{harmless, harmless_json};

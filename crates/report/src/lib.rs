//! Builders that put results into words.
#![forbid(unsafe_code)]

mod build;
pub mod json;

pub use build::{
    DemoWords, TableSummary, add_planner, add_profile, add_record, check_document, check_summary,
    demo_document, entropy_sentence, evaluation_document, fit_document, fits_document,
    flops_document, gain_document, law_comparison_document, law_document, laws_document,
    ledger_document, name_law_file, plan_document, prediction_document, predictions_document,
    recipe_document, story_document, tables_document, verdict_plot, verdict_sentence,
    verdict_table, verdicts_sentence, verification_document,
};
pub use isoflop_document::{Document, doc, number};
pub use isoflop_render as render;
pub use isoflop_render::{diagnostics_text, harmless, harmless_json};

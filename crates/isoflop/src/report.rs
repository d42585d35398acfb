//! What results look like: documents of every question, the formats they are shown in, and JSON.

pub use isoflop_backtest::words::ledger_document;
pub use isoflop_check::words::{check_document, check_summary, law_comparison_document};
pub use isoflop_document::{Document, doc, number};
pub use isoflop_plan::words::{add_planner, gain_document, plan_document};
pub use isoflop_predict::words::{
    add_profile, add_record, entropy_sentence, prediction_document, predictions_document,
    verdict_plot, verdict_sentence, verdict_table, verdicts_sentence,
};
pub use isoflop_render as render;
pub use isoflop_render::{diagnostics_text, harmless, harmless_json};
pub use isoflop_summary::words::{
    DemoWords, TableSummary, demo_document, evaluation_document, fit_document, fits_document,
    flops_document, law_document, laws_document, name_law_file, name_saved, recipe_document,
    tables_document, verification_document,
};

pub use crate::words::{story_document, story_summary};

/// JSON: results as they are, laws as data.
pub mod json {
    pub use isoflop_render::json::text;
    pub use isoflop_summary::json::{demo, evaluation, law, laws, predictions, tables};
}

//! Builders: a result in, a [`Document`](crate::Document) out. Every sentence a reader sees is worded here.

mod backtest;
mod check;
mod curve;
mod demo;
mod fit;
mod form;
mod gain;
mod law;
mod law_comparison;
mod ledger;
mod picture;
mod plan;
mod plan_parts;
mod plan_picture;
mod planner;
mod prediction;
mod recipe;
mod story;
mod tables;
mod verdict;
mod verdicts;
mod words;

pub use check::{check_document, check_summary};
pub use demo::{DemoWords, demo_document};
pub use fit::fit_document;
pub use gain::gain_document;
pub use law::{evaluation_document, flops_document, law_document, laws_document};
pub use law_comparison::law_comparison_document;
pub use ledger::{add_profile, add_record, ledger_document};
pub use plan::plan_document;
pub use planner::add_planner;
pub use prediction::{prediction_document, predictions_document};
pub use recipe::recipe_document;
pub use story::story_document;
pub use tables::{TableSummary, tables_document};
pub use verdict::{
    entropy_sentence, verdict_plot, verdict_sentence, verdict_table, verdicts_sentence,
};
pub use verdicts::{fits_document, verification_document};
pub use words::name_law_file;

//! Checks and comparisons of laws in words.

mod check;
mod form;
mod law_comparison;

pub use check::{
    answered, check_document, check_summary, checklist, evidence, findings, summary, unasked_words,
};
pub use form::form;
pub use law_comparison::law_comparison_document;

//! Predictions, profiles and verdicts in words.

mod prediction;
mod profile;
mod verdict;

use isoflop_fit::LawRecord;

pub use prediction::{
    by_severity, forbidden, overturned, prediction_document, predictions_document,
};
pub use profile::{add_profile, add_record};
pub use verdict::{
    entropy_sentence, verdict_plot, verdict_sentence, verdict_table, verdicts_sentence,
};

/// `Chinchilla parametric loss (chinchilla)`.
#[must_use]
pub fn law_name(law: &LawRecord) -> String {
    if law.title.is_empty() || law.title == law.id {
        law.id.clone()
    } else {
        format!("{} ({})", law.title, law.id)
    }
}

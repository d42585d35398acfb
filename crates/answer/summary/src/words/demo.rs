//! The words of `isoflop demo`: the law of small measured runs, what it says of larger ones, and whether that came true.

use isoflop_fit::Fit;
use isoflop_predict::verdict::{EntropyCheck, Verdict};

use super::fit::estimates_table;
use super::headline::{method, with_numbers};
use super::{fit_document, phrases};
use isoflop_document::doc::{Block, Document};
use isoflop_document::number::count;
use isoflop_predict::words::{entropy_sentence, verdict_plot, verdict_table, verdicts_sentence};

/// What is told beside the numbers, and what is to be tried next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoWords {
    /// What the runs are, in a sentence.
    pub runs: String,
    /// What such runs show and what they do not.
    pub limits: String,
    /// Commands.
    pub next: Vec<String>,
}

/// The law of the runs, the held-out runs beside what it says of them, and E beside the entropy where that is known.
#[must_use]
pub fn demo_document(
    fit: &Fit,
    held_out: &[Verdict],
    entropy: Option<&EntropyCheck>,
    said: DemoWords,
) -> Document {
    let full = fit_document(fit);
    let mut doc = Document::new("Demonstration: fit below, predict above, check");
    doc.paragraph(said.runs);
    doc.paragraph(format!(
        "The law is fitted to the {} small runs and has to predict the {} larger ones, which it has not seen.",
        count(fit.n),
        count(held_out.len())
    ));
    doc.paragraph(with_numbers(fit));
    doc.heading("The law of the small runs");
    doc.push(Block::Table(estimates_table(
        "name",
        &fit.coefs,
        fit.uncertainty.level,
    )));
    doc.paragraph(method(&fit.uncertainty));
    doc.detail(|doc| doc.paragraph(phrases::uncertainty(&fit.uncertainty)));
    doc.heading("Predictions for the larger runs, and their measured losses");
    doc.push(Block::Table(verdict_table(held_out)));
    doc.paragraph(verdicts_sentence(held_out));
    if let Some(check) = entropy {
        doc.heading("The irreducible loss");
        doc.paragraph(entropy_sentence(check));
    }
    doc.heading("What this shows, and what it does not");
    doc.paragraph(said.limits);
    doc.detail(|doc| {
        doc.heading("Evidence");
        doc.push(evidence(&full));
    });
    let plots = full.plots().cloned();
    doc.blocks
        .extend(plots.map(|plot| Block::Plot(verdict_plot(plot, fit, held_out))));
    doc.heading("Next");
    doc.push(Block::Code(said.next));
    doc.frame = full.frame;
    doc
}

/// The lines of the fit's own evidence that a newcomer should see: runs, objective, convergence, starts.
fn evidence(full: &Document) -> Block {
    let pairs = full.blocks.iter().find_map(|b| match b {
        Block::KeyValues(pairs) => Some(pairs.clone()),
        _ => None,
    });
    Block::KeyValues(pairs.unwrap_or_default())
}

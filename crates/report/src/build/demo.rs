//! The words of `isoflop demo`: a fit of simulated runs beside the law that made them.

use isoflop_answer::Prediction;
use isoflop_fit::Fit;

use super::{fit_document, prediction};
use crate::doc::{Align, Block, Document, Table};
use crate::number::{count, plain, shown};

/// A fit beside the coefficients that made its data, and a prediction beside the true value.
///
/// `truth` holds the true coefficients by name, `true_values` the true response at each predicted point.
#[must_use]
pub fn demo_document(
    fit: &Fit,
    truth: &[(String, f64)],
    prediction: &Prediction,
    true_values: &[f64],
    next: Vec<String>,
) -> Document {
    let full = fit_document(fit);
    let mut doc = Document::new("Demonstration on simulated runs");
    doc.paragraph(format!(
        "The {} runs of this demonstration are SIMULATED: a known law with noise and two outliers made them. No model \
         was trained. So the fitted law can be compared with the true one.",
        count(fit.n)
    ));
    doc.push(Block::Formula(fit.law.formula.clone()));
    doc.heading("Fitted beside true");
    doc.push(Block::Table(beside(fit, truth)));
    doc.paragraph(covered(fit, truth));
    doc.heading("A larger model");
    let mut table = prediction::table(prediction);
    table
        .columns
        .insert(table.columns.len() - 1, ("true".into(), Align::Right));
    for (row, value) in table.rows.iter_mut().zip(true_values) {
        row.insert(row.len() - 1, plain(*value, 5));
    }
    doc.push(Block::Table(table));
    doc.paragraph(prediction::sentence(&prediction.method));
    doc.heading("How the fit was made");
    doc.push(evidence(&full));
    doc.blocks.extend(full.plots().cloned().map(Block::Plot));
    doc.heading("Next");
    doc.push(Block::Code(next));
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

fn beside(fit: &Fit, truth: &[(String, f64)]) -> Table {
    let interval = format!("{} interval", crate::number::percent(fit.uncertainty.level));
    let mut table = Table::with_columns(&[
        "name",
        ">true",
        ">fitted",
        "± se",
        &interval,
        "true value inside",
        "unit",
    ]);
    for (name, estimate) in &fit.coefs {
        let true_value = truth.iter().find(|(n, _)| n == name).map(|(_, x)| *x);
        let parts = shown(estimate);
        let inside = match (estimate.interval, true_value) {
            (Some(i), Some(x)) => {
                if i.contains(x) {
                    "yes"
                } else {
                    "no"
                }
            }
            _ => "",
        };
        table.rows.push(vec![
            name.clone(),
            true_value.map_or_else(String::new, |x| plain(x, 6)),
            parts.value,
            parts.se,
            parts.interval,
            inside.to_owned(),
            estimate.unit.clone(),
        ]);
    }
    table.without_empty_columns()
}

fn covered(fit: &Fit, truth: &[(String, f64)]) -> String {
    let judged: Vec<bool> = truth
        .iter()
        .filter_map(|(name, x)| {
            let (_, estimate) = fit.coefs.iter().find(|(n, _)| n == name)?;
            Some(estimate.interval?.contains(*x))
        })
        .collect();
    if judged.is_empty() {
        return String::new();
    }
    let inside = judged.iter().filter(|yes| **yes).count();
    format!(
        "{inside} of {} true coefficients lie inside their intervals.",
        judged.len()
    )
}

//! The words of a comparison of two recipes.

use isoflop::report::doc::{Block, Document, Frame, Table, Value};
use isoflop::report::number::{counted, percent, plain};

use crate::compare::{Comparison, GrowthVerdict};

/// The document of a comparison of two recipes.
#[must_use]
pub fn comparison_document(comparison: &Comparison, names: (&str, &str)) -> Document {
    let mut doc = Document::new("Two recipes");
    let (a, b) = names;
    doc.paragraph(format!(
        "How many times the compute of {a} gives the loss of {b}, at {} tokens for each parameter: above 1, {b} is the \
         better recipe.",
        plain(comparison.tokens_per_param, 3)
    ));
    let level = comparison
        .gains
        .iter()
        .find_map(|g| g.interval)
        .map(|i| i.level);
    let head = format!("{} interval", percent(level.unwrap_or(0.9)));
    let mut table = Table::with_columns(&[">FLOP", ">loss a", ">loss b", ">gain", &head, ""]);
    let mut frame = Frame::with_columns(&["flops", "loss_a", "loss_b", "gain", "lower", "upper"]);
    for gain in &comparison.gains {
        table.rows.push(vec![
            plain(gain.flops, 3),
            format!("{:.4}", gain.loss_a),
            format!("{:.4}", gain.loss_b),
            gain.gain
                .map_or_else(|| "never".to_owned(), |g| plain(g, 3)),
            gain.interval.map_or_else(String::new, |i| {
                format!("[{}, {}]", plain(i.lower, 3), plain(i.upper, 3))
            }),
            if gain.measured { "" } else { "beyond the runs" }.to_owned(),
        ]);
        frame.rows.push(vec![
            Value::Number(gain.flops),
            Value::Number(gain.loss_a),
            Value::Number(gain.loss_b),
            gain.gain.into(),
            gain.interval.map(|i| i.lower).into(),
            gain.interval.map(|i| i.upper).into(),
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
    doc.paragraph(growth_sentence(comparison));
    doc.paragraph(format!(
        "Laws of {} and {}, with a scatter of {} and {}; {} of {} resamples reached a certified optimum of both.",
        counted(comparison.runs.0, "run"),
        counted(comparison.runs.1, "run"),
        percent(comparison.noise.0),
        percent(comparison.noise.1),
        comparison.resamples.1,
        comparison.resamples.0
    ));
    doc.frame = frame;
    doc
}

fn growth_sentence(comparison: &Comparison) -> String {
    let Some((growth, i)) = comparison.growth.zip(comparison.growth_interval) else {
        return "Whether the gain changes with scale cannot be told from these runs.".to_owned();
    };
    let tenfold = |g: f64| plain(10f64.powf(g), 3);
    let numbers = format!(
        "for ten times the compute it is multiplied by {} [{}, {}]",
        tenfold(growth),
        tenfold(i.lower),
        tenfold(i.upper)
    );
    match comparison.verdict {
        GrowthVerdict::Grows => format!("The gain grows with scale: {numbers}."),
        GrowthVerdict::Shrinks => format!("The gain shrinks with scale: {numbers}."),
        GrowthVerdict::CannotBeTold => {
            format!("Whether the gain grows or shrinks with scale cannot be told: {numbers}.")
        }
    }
}

//! The words of a compute-equivalent gain.

use crate::{Gain, HeadlinePlace};
use isoflop_base::format_quantity;

use super::phrases::{beyond, numbered};
use super::plan_parts::of_draws;
use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::phrase::capitalised;
use isoflop_predict::words::{by_severity, forbidden};

/// What a gain says.
#[must_use]
pub fn gain_document(gain: &Gain) -> Document {
    let mut doc = Document::new(format!("Gain of {} over {}", gain.b, gain.a));
    forbidden(&mut doc, &gain.notes);
    doc.paragraph(headline(gain));
    let (grave, mild) = by_severity(&gain.notes);
    if !grave.is_empty() {
        doc.push(Block::Notes(grave));
    }
    if gain.refused.is_empty() {
        doc.paragraph(format!(
            "No trend with scale was detected: the gain grows as C^{} {}.",
            numbered(&gain.trend),
            scales(gain)
        ));
    } else {
        doc.paragraph("The gain is not one number for all scales:");
        for why in &gain.refused {
            doc.paragraph(format!("{}.", capitalised(why)));
        }
    }
    doc.push(Block::Table(table(gain)));
    let mut pairs = vec![(
        "trend".to_owned(),
        format!("gain as C^{} {}", numbered(&gain.trend), scales(gain)),
    )];
    for (name, e) in &gain.exponents {
        pairs.push((
            format!("exponent of {name}"),
            format!("{} in {} more than in {}", numbered(e), gain.b, gain.a),
        ));
    }
    for (name, floor) in [&gain.a, &gain.b].into_iter().zip(&gain.floors) {
        let held = if gain.pinned.is_some() {
            ", fixed in both"
        } else {
            ""
        };
        pairs.push((
            format!("{name}: irreducible loss"),
            format!("{} {}{held}", numbered(floor), floor.unit),
        ));
    }
    let draws = if gain.paired {
        "paired resamples"
    } else {
        "independent"
    };
    pairs.push(("draws".to_owned(), draws.to_owned()));
    pairs.push((
        "compute".to_owned(),
        format!("{} ({})", gain.convention.1.trim(), gain.convention.0),
    ));
    doc.push(Block::KeyValues(pairs));
    if !mild.is_empty() {
        doc.heading("Notes");
        doc.push(Block::Notes(mild));
    }
    doc.frame = frame(gain);
    doc
}

/// The gain at the scale where it is known best, and which that is.
fn headline(gain: &Gain) -> String {
    let row = &gain.headline.row;
    let at = format_quantity(row.compute, "FLOP", 3);
    let whose = match gain.headline.place {
        HeadlinePlace::Measured => ", the largest compute at which both have runs".to_owned(),
        HeadlinePlace::Apart => {
            ", where only one of them has runs: their runs share no scale of compute".to_owned()
        }
        HeadlinePlace::OneSide => {
            ", the largest compute of the one recipe whose runs are known".to_owned()
        }
        HeadlinePlace::Asked => ", in the middle of what was asked".to_owned(),
    };
    match &row.gain {
        Some(one) => format!(
            "At {at}{whose}, {} needs {} times the compute of {} for the same loss.",
            gain.a,
            numbered(one),
            gain.b
        ),
        None => format!(
            "At {at}{whose}, {} cannot reach the loss of {} at any compute.",
            gain.a, gain.b
        ),
    }
}

/// The scales that a trend is measured over: another range has another trend.
fn scales(gain: &Gain) -> String {
    let computes = || gain.rows.iter().map(|row| row.compute);
    let (low, high) = (
        computes().fold(f64::INFINITY, f64::min),
        computes().fold(f64::NEG_INFINITY, f64::max),
    );
    let shown = |c: f64| format_quantity(c, "FLOP", 3);
    if low < high {
        format!("from {} to {}", shown(low), shown(high))
    } else {
        format!("near {}", shown(low))
    }
}

fn table(gain: &Gain) -> Table {
    let mut table = Table::with_columns(&[
        &format!(">FLOP of {}", gain.b),
        "its loss",
        "gain",
        &format!("reached by {}", gain.a),
        &format!("beyond the runs of {}", gain.a),
        &format!("beyond the runs of {}", gain.b),
    ]);
    for row in &gain.rows {
        table.rows.push(vec![
            format_quantity(row.compute, "FLOP", 3).replace(" FLOP", ""),
            numbered(&row.loss),
            row.gain.as_ref().map_or_else(|| "∞".to_owned(), numbered),
            match &row.gain {
                Some(_) => of_draws(row.unreachable),
                None => "not reachable".to_owned(),
            },
            beyond(&row.beyond_a),
            beyond(&row.beyond_b),
        ]);
    }
    table.without_empty_columns()
}

fn frame(gain: &Gain) -> Frame {
    let mut frame = Frame::with_columns(&[
        "compute",
        "loss",
        "gain",
        "gain_lower",
        "gain_upper",
        "unreachable",
    ]);
    for row in &gain.rows {
        let interval = row.gain.as_ref().and_then(|g| g.interval);
        frame.rows.push(vec![
            Value::Number(row.compute),
            Value::Number(row.loss.value),
            row.gain.as_ref().map(|g| g.value).into(),
            interval.map(|i| i.lower).into(),
            interval.map(|i| i.upper).into(),
            Value::Number(row.unreachable),
        ]);
    }
    frame
}

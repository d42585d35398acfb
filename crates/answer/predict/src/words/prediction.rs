//! The words of a prediction: value, both intervals, and how far beyond the data each point lies.

use crate::{PredictedPoint, Prediction};
use isoflop_base::{Interval, Note, Severity, format_si};

use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::number::{fixed, percent, places, plain};
use isoflop_document::phrase::{capitalised, human};

/// What a prediction says.
#[must_use]
pub fn prediction_document(prediction: &Prediction) -> Document {
    let mut doc = Document::new("Prediction");
    forbidden(&mut doc, &prediction.notes);
    doc.paragraph(headline(prediction));
    let (grave, mild) = by_severity(&prediction.notes);
    if !grave.is_empty() {
        doc.push(Block::Notes(grave));
    }
    long_table(&mut doc, table(prediction));
    if !prediction.laws.is_empty() {
        doc.push(Block::Table(shares(prediction)));
    }
    doc.paragraph(sentence(&prediction.method));
    // A note of the prediction on extrapolation says the same, with advice.
    if !prediction.notes.iter().any(|n| n.code == "extrapolation") {
        doc.paragraph(distance(prediction));
    }
    if !mild.is_empty() {
        doc.heading("Notes");
        doc.push(Block::Notes(mild));
    }
    doc.detail(|doc| doc.push(Block::Formula(prediction.formula.clone())));
    doc.frame = frame(prediction);
    doc
}

/// The predictions of several fits of one file.
#[must_use]
pub fn predictions_document(predictions: &[(String, Prediction)]) -> Document {
    let mut doc = Document::new("Predictions");
    for (part, prediction) in predictions {
        let mut own = prediction_document(prediction);
        doc.heading(part.clone());
        doc.blocks.extend(own.blocks.drain(..).map(Block::in_part));
        if doc.frame.columns.is_empty() {
            doc.frame = Frame {
                rows: Vec::new(),
                ..own.frame.clone()
            };
            doc.frame.columns.insert(0, "part".to_owned());
            if !doc.frame.units.is_empty() {
                doc.frame.units.insert(0, String::new());
            }
        }
        for mut row in own.frame.rows {
            row.insert(0, Value::Text(part.clone()));
            doc.frame.rows.push(row);
        }
    }
    doc
}

/// What forbids the use of an answer stands above its numbers.
pub fn forbidden(doc: &mut Document, notes: &[Note]) {
    for note in notes.iter().filter(|n| n.severity == Severity::Error) {
        doc.paragraph(format!(
            "Do not use these numbers: {}.",
            note.message.trim_end_matches('.')
        ));
    }
}

/// Errors and warnings, errors first; and the notes that are neither.
#[must_use]
pub fn by_severity(notes: &[Note]) -> (Vec<Note>, Vec<Note>) {
    let (mut grave, mild): (Vec<Note>, Vec<Note>) = notes
        .iter()
        .cloned()
        .partition(|n| n.severity != Severity::Info);
    grave.sort_by_key(|n| n.severity != Severity::Error);
    (grave, mild)
}

/// Rows of a table that a short text shows.
const ROWS: usize = 30;

/// Adds a table; of one that fills more than a screen, the first rows, and all of it in detail.
fn long_table(doc: &mut Document, table: Table) {
    if table.rows.len() <= ROWS {
        doc.push(Block::Table(table));
        return;
    }
    let first = Table {
        columns: table.columns.clone(),
        rows: table.rows[..ROWS].to_vec(),
    };
    doc.push(Block::Table(first));
    doc.paragraph(format!("The first {ROWS} of {} points.", table.rows.len()));
    doc.detail(|doc| {
        doc.subheading("All points");
        doc.push(Block::Table(table));
    });
}

/// The number with its intervals, and what would overturn it.
fn headline(prediction: &Prediction) -> String {
    let [point] = prediction.points.as_slice() else {
        return String::new();
    };
    let places = decimals(point);
    let mut text = format!("{} {}", shown(point.value, places), prediction.unit)
        .trim_end()
        .to_owned();
    if let Some(i) = point.confidence {
        let around = interval(Some(i), places);
        text.push_str(&format!(
            " {around} ({} interval of the law)",
            percent(i.level)
        ));
    }
    if let Some(i) = point.prediction {
        let around = interval(Some(i), places);
        text.push_str(&format!(", {around} for a new run"));
    }
    format!("{text}. {}", overturned(&point.beyond))
        .trim_end()
        .to_owned()
}

/// What would overturn a number at this distance from the runs; empty where the runs are not known.
#[must_use]
pub fn overturned(beyond: &[(String, f64)]) -> String {
    let farthest = beyond.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    match farthest {
        None => String::new(),
        Some((_, orders)) if orders.abs() < 0.005 => {
            "It lies within the range of the runs.".to_owned()
        }
        Some((name, orders)) => format!(
            "It lies {} orders of magnitude {} the runs in {name}, and would be overturned if the law did not hold there.",
            plain(orders.abs(), 2),
            if *orders > 0.0 { "above" } else { "below" },
        ),
    }
}

/// What each law says by itself, and its weight.
fn shares(prediction: &Prediction) -> Table {
    let mut heads = vec!["law".to_owned(), ">weight".to_owned()];
    let many = prediction.points.len() > 1;
    heads.extend((1..=prediction.points.len()).map(|k| {
        if many {
            format!(">point {k}")
        } else {
            ">by itself".to_owned()
        }
    }));
    let mut table = Table::with_columns(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for share in &prediction.laws {
        let mut row = vec![share.law.clone(), format!("{:.2}", share.weight)];
        let values = share.values.iter().zip(&prediction.points);
        row.extend(values.map(|(x, point)| fixed(*x, decimals(point))));
        table.rows.push(row);
    }
    table
}

/// How the intervals were made, as a sentence.
pub(super) fn sentence(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("{}.", capitalised(text.trim_end_matches('.')))
}

/// The table of predicted points; the interval of the law and that of a new run side by side.
pub(super) fn table(prediction: &Prediction) -> Table {
    let level = |pick: fn(&PredictedPoint) -> Option<Interval>| {
        prediction
            .points
            .iter()
            .find_map(pick)
            .map_or_else(String::new, |i| format!(", {}", percent(i.level)))
    };
    let mut heads: Vec<String> = names(prediction)
        .into_iter()
        .map(|n| format!(">{n}"))
        .collect();
    let unit = if prediction.unit.is_empty() {
        String::new()
    } else {
        format!(" ({})", prediction.unit)
    };
    heads.push(format!(">predicted{unit}"));
    heads.push(format!("the law{}", level(|p| p.confidence)));
    heads.push(format!("a new run{}", level(|p| p.prediction)));
    heads.push("orders of magnitude beyond the runs".into());
    let mut table = Table::with_columns(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for point in &prediction.points {
        let mut row: Vec<String> = point.at.iter().map(|(_, x)| human(*x)).collect();
        row.extend(point.levels.iter().map(|(_, level)| level.clone()));
        let places = decimals(point);
        row.push(shown(point.value, places));
        row.push(interval(point.confidence, places));
        row.push(interval(point.prediction, places));
        row.push(beyond(point));
        table.rows.push(row);
    }
    table.without_empty_columns()
}

fn names(prediction: &Prediction) -> Vec<String> {
    prediction.points.first().map_or_else(Vec::new, |p| {
        p.at.iter()
            .map(|(name, _)| name.clone())
            .chain(p.levels.iter().map(|(name, _)| name.clone()))
            .collect()
    })
}

/// Decimals that show two digits of the narrowest interval's width, four digits of the value without one.
fn decimals(point: &PredictedPoint) -> i32 {
    let width = [point.confidence, point.prediction]
        .into_iter()
        .flatten()
        .map(|i| i.upper - i.lower)
        .filter(|w| *w > 0.0 && w.is_finite())
        .fold(f64::INFINITY, f64::min);
    let places = if width.is_finite() {
        places(width, 2)
    } else {
        places(point.value, 4)
    };
    places.clamp(0, 12)
}

/// A predicted number at `places` decimals; sizes and tokens with their letter.
fn shown(x: f64, places: i32) -> String {
    if x.is_finite() && x.abs() >= LARGE {
        format_si(x, 4)
    } else {
        fixed(x, places)
    }
}

/// From here on a number is read by its letter: 136.6B and not 136604202859.
const LARGE: f64 = 1e6;

fn interval(interval: Option<Interval>, places: i32) -> String {
    interval.map_or_else(String::new, |i| {
        format!("[{}, {}]", shown(i.lower, places), shown(i.upper, places))
    })
}

/// `N +1.3, D +0.8; inside in D/N`.
fn beyond(point: &PredictedPoint) -> String {
    if point.beyond.is_empty() {
        return String::new();
    }
    let outside: Vec<String> = point
        .beyond
        .iter()
        .filter(|(_, orders)| *orders != 0.0)
        .map(|(name, orders)| {
            format!(
                "{name} {}{}",
                if *orders > 0.0 { "+" } else { "" },
                plain(*orders, 2)
            )
        })
        .collect();
    if outside.is_empty() {
        "inside".to_owned()
    } else {
        outside.join(", ")
    }
}

/// One sentence on extrapolation for all points together.
fn distance(prediction: &Prediction) -> String {
    let outside = prediction
        .points
        .iter()
        .filter(|p| p.beyond.iter().any(|(_, orders)| *orders != 0.0))
        .count();
    let farthest = prediction.points.iter().flat_map(|p| &p.beyond).fold(
        None::<(&str, f64)>,
        |best, (name, orders)| match best {
            Some((_, most)) if most.abs() >= orders.abs() => best,
            _ => Some((name, *orders)),
        },
    );
    // Nobody knows the runs of a published law.
    if prediction.points.iter().all(|p| p.beyond.is_empty()) {
        return String::new();
    }
    match (outside, farthest) {
        (0, _) | (_, None) => "Every point lies within the range of the runs used.".to_owned(),
        (_, Some((name, orders))) => {
            let side = if orders > 0.0 {
                "above the largest"
            } else {
                "below the smallest"
            };
            format!(
                "{outside} of {} points lie beyond the runs used, the farthest by {} orders of magnitude, {side} {name}: \
                 the intervals assume that the law goes on to hold there.",
                prediction.points.len(),
                plain(orders.abs(), 2),
            )
        }
    }
}

fn frame(prediction: &Prediction) -> Frame {
    let mut columns = names(prediction);
    let beyond = prediction
        .points
        .first()
        .map_or_else(Vec::new, |p| p.beyond.clone());
    for name in [
        "value",
        "unit",
        "level",
        "law_lower",
        "law_upper",
        "run_lower",
        "run_upper",
    ] {
        columns.push(name.to_owned());
    }
    columns.extend(beyond.iter().map(|(name, _)| format!("beyond_{name}")));
    let mut frame = Frame::with_columns(&columns);
    for point in &prediction.points {
        let mut row: Vec<Value> = point.at.iter().map(|(_, x)| Value::Number(*x)).collect();
        row.extend(
            point
                .levels
                .iter()
                .map(|(_, level)| Value::Text(level.clone())),
        );
        row.push(Value::Number(point.value));
        row.push(Value::Text(prediction.unit.clone()));
        row.push(
            point
                .confidence
                .or(point.prediction)
                .map(|i| i.level)
                .into(),
        );
        for interval in [point.confidence, point.prediction] {
            row.push(interval.map(|i| i.lower).into());
            row.push(interval.map(|i| i.upper).into());
        }
        row.extend(
            point
                .beyond
                .iter()
                .map(|(_, orders)| Value::Number(*orders)),
        );
        frame.rows.push(row);
    }
    frame
}

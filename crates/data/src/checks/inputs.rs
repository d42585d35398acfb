//! Inputs that hardly vary, and settings that were run more than once.

use isoflop_base::{Evidence, Note, Severity};

use super::units::extent;
use super::{Scene, quoted};
use crate::accounting::count;
use crate::copies::alike;
use crate::select::{Need, NeedKind, number};
use crate::table::note;

/// An input whose largest value is less than this times the smallest is one value to a power law.
const ONE_VALUE: f64 = 1.1;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Note> {
    let mut notes: Vec<Note> = scene
        .inputs()
        .filter_map(|need| one_value(scene, need))
        .collect();
    notes.extend(repeats(scene));
    notes
}

/// An input that takes one value, or nearly.
fn one_value(scene: &Scene<'_>, need: &Need) -> Option<Note> {
    let (low, high) = extent(&need.column, scene.rows)?;
    // Years are counted from a far origin.
    let counts = need.kind == NeedKind::Positive && need.column.unit != "year";
    if !counts || scene.rows.len() < 2 || high >= ONE_VALUE * low {
        return None;
    }
    let name = quoted(&need.column.name);
    let message = format!(
        "{name} varies by less than 10% over {}: how the response depends on it cannot be estimated",
        count(scene.rows.len(), "row")
    );
    let mut found = note(
        "one-value",
        Severity::Error,
        message,
        Some(scene.rows.len()),
    );
    found
        .evidence
        .push(("ratio".to_owned(), Evidence::Number(high / low)));
    let is = |column: &Option<std::sync::Arc<crate::Column>>| {
        column.as_ref().is_some_and(|c| c.name == need.column.name)
    };
    let example = if is(&scene.params) {
        ", against tokens only: --law 'L = E + B/D^beta'"
    } else if is(&scene.tokens) {
        ", against params only: --law 'L = E + A/N^alpha'"
    } else {
        ""
    };
    found.advice = format!("fit a law without it{example}");
    Some(found)
}

/// Rows with the same inputs and different responses: they measure the noise.
fn repeats(scene: &Scene<'_>) -> Option<Note> {
    let response = scene.needs.iter().find(|n| n.kind.is_response())?;
    let inputs: Vec<&Need> = scene
        .needs
        .iter()
        .filter(|n| !n.kind.is_response())
        .collect();
    if inputs.is_empty() {
        return None;
    }
    let key = |row: usize| inputs.iter().map(move |n| n.column.bits(row));
    let order = alike(scene.rows, key);
    let value = |row: &usize| number(&response.column, *row);
    let mut rows: Vec<usize> = Vec::new();
    let (mut repeated, mut squares, mut freedom) = (0usize, 0.0, 0usize);
    let same = |a: &(u64, usize), b: &(u64, usize)| a.0 == b.0 && key(a.1).eq(key(b.1));
    for group in order.chunk_by(same).filter(|g| g.len() > 1) {
        let group: Vec<usize> = group.iter().map(|(_, row)| *row).collect();
        let mean = group.iter().map(value).sum::<f64>() / group.len() as f64;
        let square: f64 = group.iter().map(|r| (value(r) - mean).powi(2)).sum();
        if square > 0.0 {
            repeated += 1;
            squares += square;
            freedom += group.len() - 1;
            rows.extend(&group[1..]);
        }
    }
    if freedom == 0 {
        return None;
    }
    rows.sort_unstable();
    let noise = (squares / freedom as f64).sqrt();
    let message = format!(
        "{} of the inputs occur more than once with different {}: kept as repeated measurements, which differ by {noise:.2e} (pooled standard deviation; {})",
        count(repeated, "setting"),
        quoted(&response.column.name),
        scene.table.list_places(&rows)
    );
    let mut found = note(
        "repeated-settings",
        Severity::Info,
        message,
        Some(rows.len()),
    );
    found
        .evidence
        .push(("noise".to_owned(), Evidence::Number(noise)));
    Some(found)
}

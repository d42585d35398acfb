//! The words of ledgers: how forecasts stand and how often they held.

use crate::ledger::{Calibration, LedgerCheck, Standing};
use isoflop_base::Interval;

use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::number::{counted, percent, plain};
use isoflop_document::phrase::human;

/// How the forecasts of a ledger stand.
#[must_use]
pub fn ledger_document(check: &LedgerCheck) -> Document {
    let mut doc = Document::new("Forecasts and their scores");
    let scored = check.forecasts.iter().filter(|f| f.score.is_some()).count();
    let new = check.forecasts.iter().filter(|f| f.new).count();
    doc.paragraph(format!(
        "{} on record, {scored} scored, {new} of them now.",
        counted(check.forecasts.len(), "forecast")
    ));
    let mut table = Table::with_columns(&[
        "run",
        "day",
        "at",
        ">forecast",
        "interval",
        ">beyond",
        ">came",
        ">error",
        ">z",
        "inside",
        ">CRPS",
    ]);
    table.rows = check.forecasts.iter().map(row).collect();
    doc.push(Block::Table(table.without_empty_columns()));
    if let Some(calibration) = &check.calibration {
        doc.heading("Calibration over all that were scored");
        doc.push(Block::Table(coverage(calibration)));
        doc.paragraph(summary(calibration));
    }
    if !check.unscored.is_empty() {
        doc.heading("Not scored by this table");
        let lines = check
            .unscored
            .iter()
            .map(|u| (u.name.clone(), u.reason.clone()));
        doc.push(Block::KeyValues(lines.collect()));
    }
    doc.frame = frame(check);
    doc
}

fn row(f: &Standing) -> Vec<String> {
    let at: Vec<String> =
        f.at.iter()
            .map(|(n, x)| format!("{n}={}", human(*x)))
            .collect();
    let score = f.score.as_ref();
    let widest = |s: &crate::ledger::Score| {
        let hit = s.inside.iter().find(|(_, yes)| *yes);
        hit.map_or_else(
            || "none".to_owned(),
            |(level, _)| level.parse().map_or_else(|_| level.clone(), percent),
        )
    };
    vec![
        f.name.clone(),
        f.date.clone().unwrap_or_default(),
        at.join(", "),
        plain(f.value, 4),
        f.interval.map_or_else(String::new, interval),
        plain(f.beyond, 2),
        score.map_or_else(String::new, |s| plain(s.observed, 4)),
        score.map_or_else(String::new, |s| {
            s.error_ln.map_or_else(
                || plain(s.error, 2),
                |e| format!("{:+.2}%", 100.0 * e.exp_m1()),
            )
        }),
        score.map_or_else(String::new, |s| format!("{:+.1}", s.z)),
        score.map_or_else(String::new, widest),
        score.map_or_else(String::new, |s| plain(s.crps, 2)),
    ]
}

fn interval(i: Interval) -> String {
    format!("[{}, {}]", plain(i.lower, 4), plain(i.upper, 4))
}

fn coverage(c: &Calibration) -> Table {
    let mut table =
        Table::with_columns(&[">interval", ">inside", ">of", "share that so many can show"]);
    table.rows = c
        .inside
        .iter()
        .map(|row| {
            vec![
                percent(row.level),
                row.inside.to_string(),
                c.scored.to_string(),
                format!(
                    "{} to {}",
                    percent(row.share.lower),
                    percent(row.share.upper)
                ),
            ]
        })
        .collect();
    table
}

fn summary(c: &Calibration) -> String {
    let bias = c
        .mean_error_ln
        .zip(c.rms_error_ln)
        .map_or_else(String::new, |(bias, rms)| {
            format!(
                "Observed over predicted: {:+.2}% on average, {:.2}% root mean square. ",
                100.0 * bias.exp_m1(),
                100.0 * rms.exp_m1()
            )
        });
    format!(
        "{bias}Root mean square of z {}: above 1 the intervals were too narrow, below 1 too wide. Mean CRPS {}.",
        plain(c.rms_z, 2),
        plain(c.crps, 3)
    )
}

fn frame(check: &LedgerCheck) -> Frame {
    let mut frame = Frame::with_columns(&[
        "name", "date", "value", "lower", "upper", "beyond", "observed", "error", "error_ln", "z",
        "below", "crps", "place",
    ]);
    for f in &check.forecasts {
        let score = f.score.as_ref();
        frame.rows.push(vec![
            Value::Text(f.name.clone()),
            f.date.clone().map_or(Value::Missing, Value::Text),
            Value::Number(f.value),
            f.interval.map(|i| i.lower).into(),
            f.interval.map(|i| i.upper).into(),
            Value::Number(f.beyond),
            score.map(|s| s.observed).into(),
            score.map(|s| s.error).into(),
            score.and_then(|s| s.error_ln).into(),
            score.map(|s| s.z).into(),
            score.map(|s| s.below).into(),
            score.map(|s| s.crps).into(),
            score.map_or(Value::Missing, |s| Value::Text(s.place.clone())),
        ]);
    }
    frame
}

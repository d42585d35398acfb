//! Ledgers of forecasts: `predict --record` adds to them, `check LEDGER` reads and scores them.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use isoflop::ledger::{ledger_from_text, line};
use isoflop::report::{json, ledger_document};
use isoflop::{Diagnostic, Diagnostics, Entry, Fit, Kept, Point, forecast, score};

use crate::args::CheckArgs;
use crate::output::{Failure, Output, cannot_read};
use crate::request;

/// Whether an input is a ledger by its name. A table of that ending is given with `--law`.
pub(crate) fn is_ledger(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("jsonl"))
}

/// Adds forecasts of named runs to a ledger: all of them or none.
pub(crate) fn record(
    path: &Path,
    fit: &Fit,
    points: &[Point],
    names: &[String],
    date: Option<&str>,
) -> Result<(), Diagnostics> {
    if names.len() != points.len() {
        let message = format!(
            "{} names were given for {} points",
            names.len(),
            points.len()
        );
        return Err(Diagnostic::error("bad-name", message)
            .help("give --name once for each point, in their order")
            .into());
    }
    let ledger = load(path, Missing::IsEmpty)?;
    let entries = names
        .iter()
        .zip(points)
        .map(|(name, point)| Ok(Entry::Forecast(Box::new(forecast(fit, name, point, date)?))));
    append(path, ledger, entries.collect::<Result<_, Diagnostics>>()?)
}

/// Scores what can be scored, keeps the scores, and shows how all forecasts stand.
pub(crate) fn check(file: &str, said: &CheckArgs, output: &Output) -> Result<(), Failure> {
    let path = Path::new(file);
    let ledger = load(path, Missing::IsAFault)?;
    let truth = if said.truth.is_empty() {
        None
    } else {
        Some(request::table(&said.truth, &said.how)?)
    };
    let (found, fresh) = score(&ledger, truth.as_ref(), said.date.as_deref())?;
    append(
        path,
        ledger,
        fresh
            .into_iter()
            .map(|s| Entry::Scored(Box::new(s)))
            .collect(),
    )?;
    output.show(&ledger_document(&found), || json::text(&found))
}

/// What a ledger that does not exist means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    IsEmpty,
    IsAFault,
}

fn load(path: &Path, missing: Missing) -> Result<Vec<Kept>, Diagnostics> {
    let shown = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => ledger_from_text(&text, &shown),
        Err(e) if e.kind() == io::ErrorKind::NotFound && missing == Missing::IsEmpty => {
            Ok(Vec::new())
        }
        Err(e) => Err(cannot_read(&shown, &e).into()),
    }
}

/// Adds entries at the end in one write, and waits until they are on the disk.
fn append(path: &Path, mut ledger: Vec<Kept>, entries: Vec<Entry>) -> Result<(), Diagnostics> {
    let mut text = String::new();
    for entry in entries {
        let (added, kept) = line(entry, &ledger)?;
        text.push_str(&added);
        ledger.push(kept);
    }
    if text.is_empty() {
        return Ok(());
    }
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.map_err(|e| {
        Diagnostic::error(
            "cannot-write",
            format!("{} cannot be written: {e}", path.display()),
        )
        .into()
    })
}

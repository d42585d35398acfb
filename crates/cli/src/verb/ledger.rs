//! Ledgers of forecasts: `predict --record` adds to them, `check LEDGER` reads and scores them.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
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
    let entries = names
        .iter()
        .zip(points)
        .map(|(name, point)| Ok(Entry::Forecast(Box::new(forecast(fit, name, point, date)?))))
        .collect::<Result<Vec<Entry>, Diagnostics>>()?;
    Held::open(path, Missing::IsEmpty)?.add(entries)
}

/// Scores what can be scored, keeps the scores, and shows how all forecasts stand.
pub(crate) fn check(file: &str, said: &CheckArgs, output: &Output) -> Result<(), Failure> {
    let path = Path::new(file);
    let found = if said.truth.is_empty() {
        let text = std::fs::read_to_string(path).map_err(|e| cannot_read(file, &e))?;
        score(&ledger_from_text(&text, file)?, None, None)?.0
    } else {
        let truth = request::table(&said.truth, &said.how)?;
        let held = Held::open(path, Missing::IsAFault)?;
        let (found, fresh) = score(&held.ledger, Some(&truth), said.date.as_deref())?;
        let entries = fresh.into_iter().map(|s| Entry::Scored(Box::new(s)));
        held.add(entries.collect())?;
        found
    };
    output.show(&ledger_document(&found), || json::text(&found))?;
    if said.strict && found.says_no() {
        return Err(Failure::SaysNo);
    }
    Ok(())
}

/// What a ledger that does not exist means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    IsEmpty,
    IsAFault,
}

/// A ledger that nobody else adds to while this program holds it: every line names the one before.
struct Held<'p> {
    path: &'p Path,
    file: File,
    ledger: Vec<Kept>,
}

impl<'p> Held<'p> {
    fn open(path: &'p Path, missing: Missing) -> Result<Self, Diagnostics> {
        let shown = path.display().to_string();
        let mut text = String::new();
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(missing == Missing::IsEmpty)
            .open(path)
            .and_then(|mut file| {
                file.lock()?;
                file.read_to_string(&mut text)?;
                Ok(file)
            })
            .map_err(|e| cannot_read(&shown, &e))?;
        Ok(Self {
            path,
            file,
            ledger: ledger_from_text(&text, &shown)?,
        })
    }

    /// Adds entries at the end in one write, and waits until they are on the disk.
    fn add(mut self, entries: Vec<Entry>) -> Result<(), Diagnostics> {
        let mut text = String::new();
        for entry in entries {
            let (added, kept) = line(entry, &self.ledger)?;
            text.push_str(&added);
            self.ledger.push(kept);
        }
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_all());
        written.map_err(|e| {
            Diagnostic::error(
                "cannot-write",
                format!("{} cannot be written: {e}", self.path.display()),
            )
            .into()
        })
    }
}

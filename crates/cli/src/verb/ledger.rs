//! Ledgers of forecasts: `predict --record` adds to them, `check LEDGER` reads and scores them.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;

use isoflop::ledger::{found_in, line};
use isoflop::report::{json, ledger_document};
use isoflop::{Diagnostic, Diagnostics, Entry, Fit, Kept, Point, forecast, score};

use crate::args::CheckArgs;
use crate::output::{Failure, Output, cannot_read, cannot_write, read_text, warn};
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
        let text = read_text(file)?;
        let found = found_in(&text, file)?;
        found.torn.iter().for_each(warn);
        score(&found.entries, None, None)?.0
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
        let mut file = OpenOptions::new()
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
        let found = found_in(&text, &shown)?;
        let repaired = match &found.torn {
            Some(torn) => {
                warn(torn);
                file.set_len(found.whole as u64)
            }
            None if found.open => file.write_all(b"\n"),
            None => Ok(()),
        };
        repaired.map_err(|e| cannot_write(path, &e))?;
        Ok(Self {
            path,
            file,
            ledger: found.entries,
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
        let before = self.file.metadata().map(|m| m.len());
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_all());
        let Err(e) = written else {
            return Ok(());
        };
        // What a full disk has taken of it is taken back: the ledger is as before.
        let back = before.and_then(|length| self.file.set_len(length));
        let fault = cannot_write(self.path, &e);
        Err(match back {
            Ok(()) => fault.help("the ledger is as it was before"),
            Err(_) => {
                fault.help("its last line may be torn; the next `predict --record` cuts it off")
            }
        }
        .into())
    }
}

//! A ledger as a file: one JSON object a line, each with the checksum of the line before it and its own. Lines are added
//! and never changed: whoever changes one breaks its checksum, whoever takes one out breaks the chain.

use isoflop_backtest::ledger::{Entry, Kept};
use isoflop_base::{Diagnostic, Diagnostics, Excerpt, Severity, Span};
use isoflop_data::sha256_hex;

/// What stands between an entry and its checksum.
const SEAL: &str = ",\"checksum\":\"";

/// An entry as the next line of a ledger, with its line end; and as it is then kept.
///
/// # Example
///
/// ```
/// use isoflop::ledger::ledger_from_text;
/// assert!(ledger_from_text("", "ledger.jsonl")?.is_empty());
/// # Ok::<(), isoflop::Diagnostics>(())
/// ```
///
/// # Errors
///
/// `not-json` when a number of the entry is none that JSON can hold.
pub fn line(entry: Entry, ledger: &[Kept]) -> Result<(String, Kept), Diagnostics> {
    let fault = |e: &serde_json::Error| {
        Diagnostic::error("not-json", format!("the entry cannot be written: {e}"))
    };
    let mut value = serde_json::to_value(&entry).map_err(|e| fault(&e))?;
    if let Some(fields) = value.as_object_mut() {
        let previous = ledger.last().map_or("", |k| k.checksum.as_str());
        fields.insert("previous".to_owned(), previous.into());
    }
    let text = serde_json::to_string(&value).map_err(|e| fault(&e))?;
    let open = text.strip_suffix('}').unwrap_or(&text);
    let checksum = sha256_hex(open.as_bytes());
    let text = format!("{open}{SEAL}{checksum}\"}}\n");
    Ok((text, Kept { entry, checksum }))
}

/// What a ledger holds, and what a crash or a full disk has left at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The entries.
    pub entries: Vec<Kept>,
    /// Bytes of whole lines: what follows them is a last line whose writing was interrupted.
    pub whole: usize,
    /// Whether the last line has no end, and is whole otherwise.
    pub open: bool,
    /// What was found torn, for the reader.
    pub torn: Option<Diagnostic>,
}

/// Reads a ledger and checks every line. A last line whose writing was interrupted is left out.
///
/// # Errors
///
/// `broken-ledger` for every line that is changed, or does not follow the one before it.
pub fn ledger_from_text(text: &str, file: &str) -> Result<Vec<Kept>, Diagnostics> {
    Ok(found_in(text, file)?.entries)
}

/// The same, with what was found torn at the end.
///
/// # Errors
///
/// As [`ledger_from_text`].
pub fn found_in(text: &str, file: &str) -> Result<Found, Diagnostics> {
    let mut kept: Vec<Kept> = Vec::new();
    let mut faults = Diagnostics::default();
    let mut out = Found::default();
    let mut start = 0;
    let mut previous = String::new();
    for (number, raw) in text.split_inclusive('\n').enumerate() {
        let span = Span::new(start, start + 1);
        start += raw.len();
        let whole = raw.ends_with('\n');
        let found = read_line(raw.trim_end_matches(['\n', '\r']), &previous);
        match found {
            Ok(found) => {
                out.open = !whole;
                out.whole = start;
                previous.clone_from(&found.checksum);
                kept.push(found);
            }
            // A line with its checksum in full was written to its end: when it is not right it was changed since.
            Err(_) if !whole && sealed(raw.trim_end()).is_err() => {
                let why = "its writing was interrupted, and it is left out";
                let mut fault = broken(file, text, span, number, why, "record its forecast again");
                fault.code = "torn-ledger";
                fault.severity = Severity::Warning;
                out.torn = Some(fault);
            }
            Err(why) => {
                out.whole = start;
                let help = "entries are added and never changed; take the ledger from where it was still whole";
                faults.0.push(broken(file, text, span, number, &why, help));
                // What follows is judged by what this line says of itself.
                previous = sealed(raw.trim_end())
                    .map_or_else(|_| String::new(), |(_, sum)| sum.to_owned());
            }
        }
    }
    if faults.0.is_empty() {
        out.entries = kept;
        Ok(out)
    } else {
        Err(faults)
    }
}

fn broken(file: &str, text: &str, span: Span, number: usize, why: &str, help: &str) -> Diagnostic {
    Diagnostic::error(
        "broken-ledger",
        format!("line {} of {file}: {why}", number + 1),
    )
    .at(Excerpt::of(file, text, span, "this line"))
    .help(help)
}

fn read_line(line: &str, previous: &str) -> Result<Kept, String> {
    let (body, checksum) = sealed(line)?;
    if sha256_hex(body.as_bytes()) != checksum {
        return Err(
            "its checksum is not that of its text: it was changed after it was written".to_owned(),
        );
    }
    let value: serde_json::Value =
        serde_json::from_str(line).map_err(|e| format!("it is not JSON ({e})"))?;
    let said = value.get("previous").and_then(serde_json::Value::as_str);
    if said != Some(previous) {
        return Err(
            "it does not follow the line before it: a line was taken out, put in or moved"
                .to_owned(),
        );
    }
    let entry =
        serde_json::from_value(value).map_err(|e| format!("it is no entry of a ledger ({e})"))?;
    Ok(Kept {
        entry,
        checksum: checksum.to_owned(),
    })
}

/// The text that the checksum is of, and the checksum.
fn sealed(line: &str) -> Result<(&str, &str), String> {
    let parts = line
        .strip_suffix("\"}")
        .and_then(|rest| rest.rsplit_once(SEAL))
        .filter(|(_, sum)| sum.len() == 64);
    parts.ok_or_else(|| "it does not end in a checksum".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datasets::dataset;
    use isoflop_backtest::ledger::forecast;
    use isoflop_data::{ReadOptions, read};
    use isoflop_fit::{FitOptions, Uncertainty, fit};
    use isoflop_law::Law;
    use isoflop_predict::Point;

    fn entry(name: &str) -> Entry {
        let set = dataset("simulated-ladder").expect("comes with the program");
        let table = read(&[set.input()], &ReadOptions::default()).expect("reads");
        let law = Law::builtin("chinchilla").expect("in the catalogue");
        let options = FitOptions {
            uncertainty: Uncertainty::Bootstrap { resamples: 50 },
            ..FitOptions::default()
        };
        let found = fit(&law, &table, &options).expect("fits");
        let point = Point {
            at: vec![("N".to_owned(), 7e10), ("D".to_owned(), 1.4e12)],
            levels: Vec::new(),
        };
        Entry::Forecast(Box::new(
            forecast(&found, name, &point, Some("2026-01-01")).expect("predicts"),
        ))
    }

    #[test]
    fn lines_are_read_back_and_any_change_is_seen() {
        let (first, one) = line(entry("a"), &[]).expect("writes");
        let kept = ledger_from_text(&first, "l.jsonl").expect("reads");
        assert_eq!(kept, [one]);
        let (second, _) = line(entry("b"), &kept).expect("writes");
        let text = first + &second;
        assert_eq!(ledger_from_text(&text, "l.jsonl").expect("reads").len(), 2);
        let said = |text: &str| -> Vec<String> {
            let faults = ledger_from_text(text, "l.jsonl").expect_err("broken");
            faults.0.iter().map(|d| d.message.clone()).collect()
        };
        let changed = said(&text.replacen("\"name\":\"a\"", "\"name\":\"c\"", 1));
        assert_eq!(changed.len(), 1);
        assert!(
            changed[0].contains("line 1 of l.jsonl: its checksum"),
            "{changed:?}"
        );
        let (_, without_first) = text.split_once('\n').expect("two lines");
        assert!(said(without_first)[0].contains("does not follow"));
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_told() {
        let (first, _) = line(entry("a"), &[]).expect("writes");
        let kept = ledger_from_text(&first, "l.jsonl").expect("reads");
        let (second, _) = line(entry("b"), &kept).expect("writes");
        let text = first.clone() + &second;
        for cut in first.len() + 1..text.len() - 1 {
            let found = found_in(&text[..cut], "l.jsonl").expect("reads");
            assert_eq!(
                (found.entries.len(), found.whole),
                (1, first.len()),
                "{cut}"
            );
            assert!(found.torn.is_some_and(|d| d.message.contains("line 2")));
        }
        // A line that was written to its end and changed since is not torn, with or without its line end.
        let edited = text[..text.len() - 1].replacen("\"name\":\"b\"", "\"name\":\"c\"", 1);
        let faults = ledger_from_text(&edited, "l.jsonl").expect_err("changed");
        assert_eq!(faults.0[0].code, "broken-ledger");
        // Only the line end is missing: nothing is lost.
        let found = found_in(&text[..text.len() - 1], "l.jsonl").expect("reads");
        assert_eq!(
            (found.entries.len(), found.open, found.torn),
            (2, true, None)
        );
    }
}

//! `isoflop check`: can it be trusted?

use isoflop::report::{check_document, check_summary, json};
use isoflop::{Check, Checked, Diagnostic, Diagnostics, Fit, Point, check, fit, reload};

use crate::args::CheckArgs;
use crate::at;
use crate::output::{Failure, Output};
use crate::request::FitRequest;
use crate::verb::ledger;
use crate::verb::predict::saved_fit;

pub(crate) fn run(said: CheckArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    if let (None, [file]) = (&said.law, said.inputs.as_slice())
        && ledger::is_ledger(file)
    {
        return ledger::check(file, &said, output);
    }
    let found = match (&said.law, said.inputs.as_slice()) {
        (Some(law), inputs) => {
            let request = FitRequest::new(inputs, law, &said.how, seed)?;
            let (law, table) = request.load()?;
            let fitted = fit(&law, &table, request.options());
            let points = asked(&said, &fitted)?;
            let what = Checked {
                law: &law,
                table: Some(&table),
                options: request.options(),
                points: &points,
                changed: &[],
            };
            check(&what, fitted)?
        }
        (None, [file]) => of_saved(&said, saved_fit(file)?)?,
        (None, _) => {
            return Err(Diagnostic::error(
                "many-fits",
                "one saved fit is needed, several inputs were given",
            )
            .help("give --law to check a fit of the tables")
            .into());
        }
    };
    if !said.truth.is_empty() {
        return Err(Diagnostic::error(
            "no-ledger",
            "--truth scores the forecasts of a ledger, and none was given",
        )
        .help("for example: isoflop check ledger.jsonl --truth runs.csv")
        .into());
    }
    output.show_pages(&check_summary(&found), &check_document(&found), || {
        json::text(&found)
    })?;
    if said.strict && found.says_no() {
        return Err(Failure::SaysNo);
    }
    Ok(())
}

/// Checks a saved fit, with its tables where they can still be read.
fn of_saved(said: &CheckArgs, saved: Fit) -> Result<Check, Diagnostics> {
    let again = reload(&saved)?;
    let fitted = Ok(saved);
    let points = asked(said, &fitted)?;
    let what = Checked {
        law: &again.law,
        table: again.table.as_ref().ok(),
        options: &again.options,
        points: &points,
        changed: &again.changed,
    };
    check(&what, fitted)
}

/// The points asked for; none without a fit, which names the inputs.
fn asked(said: &CheckArgs, fitted: &Result<Fit, Diagnostics>) -> Result<Vec<Point>, Diagnostics> {
    match fitted {
        Ok(fit) => at::asked(&said.at, said.at_file.as_deref(), &said.how.map, fit),
        Err(_) => Ok(Vec::new()),
    }
}

//! `isoflop check`: can it be trusted?

use std::path::Path;

use isoflop::report::{check_document, check_summary, json};
use isoflop::{
    BacktestOptions, Candidate, Check, Checked, Diagnostic, Diagnostics, Fit, Law, NotJudged,
    Point, breaks, check, fit, reload,
};

use crate::args::{BacktestArgs, CheckArgs};
use crate::at;
use crate::candidates::{Candidates, candidates, is_same};
use crate::output::{Failure, Output};
use crate::request::{FitRequest, maps_are_used};
use crate::verb::ledger;
use crate::verb::predict::{only, saved_fit};

pub(crate) fn run(said: CheckArgs, seed: u64, output: &Output) -> Result<(), Failure> {
    let named = said.law.is_some() || !said.backtest.laws.is_empty();
    if let (false, [file]) = (named, said.inputs.as_slice())
        && ledger::is_ledger(file)
    {
        return ledger::check(file, &said, output);
    }
    let found = if named {
        of_tables(&said, &said.inputs, seed, output)?
    } else {
        let file = only(&said.inputs, "give --law to check a fit of the tables")?;
        said.how.are_idle(said.at_file.is_some())?;
        of_saved(&said, saved_fit(file, output)?, output)?
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

/// How to backtest; none when it was declined.
fn how(said: &CheckArgs) -> Option<BacktestOptions> {
    (!said.no_backtest).then(|| backtest_options(&said.backtest))
}

/// The options behind the words.
pub(crate) fn backtest_options(said: &BacktestArgs) -> BacktestOptions {
    BacktestOptions {
        axis: said.axis.clone(),
        cuts: said.cuts as usize,
        ..BacktestOptions::default()
    }
}

/// Fits tables and checks the fit; the first of `--laws` where `--law` is not given.
fn of_tables(
    said: &CheckArgs,
    inputs: &[String],
    seed: u64,
    output: &Output,
) -> Result<Check, Diagnostics> {
    let request = FitRequest::new(inputs, said.law.as_deref().unwrap_or(""), &said.how, seed)?;
    let (own, table) = match &said.law {
        Some(_) => request.load().map(|(law, table)| (Some(law), table))?,
        None => (None, request.table()?),
    };
    let Candidates { mut laws, left_out } =
        candidates(&said.backtest.laws, &table, request.options())?;
    let law = match own {
        Some(law) => {
            laws.retain(|(_, other)| !is_same(other, &law));
            law
        }
        None if laws.is_empty() => {
            let why = left_out
                .first()
                .map_or(String::new(), |(law, why)| format!("{law}: {why}"));
            return Err(Diagnostic::error(
                "no-law",
                "no law of --laws can be fitted to these runs",
            )
            .help(why)
            .into());
        }
        None => laws.remove(0).1,
    };
    let all: Vec<&Law> = std::iter::once(&law)
        .chain(laws.iter().map(|(_, l)| l))
        .collect();
    maps_are_used(&table, &all)?;
    let fitted = fit(&law, &table, request.options());
    let points = asked(said, &fitted)?;
    let rivals: Vec<Candidate<'_>> = laws
        .iter()
        .map(|(name, law)| Candidate { name, law })
        .collect();
    let how = how(said);
    let what = Checked {
        law: &law,
        table: Some(&table),
        options: request.options(),
        points: &points,
        rivals: &rivals,
        backtest: how.as_ref(),
        changed: &[],
    };
    let saved = fitted.as_ref().ok().cloned();
    let mut found = check(&what, fitted)?;
    let never = left_out.into_iter().map(|(law, why)| NotJudged {
        law,
        cut: None,
        why,
    });
    found.extrapolation.not_judged.extend(never);
    if let Some(simulations) = said.breaks {
        found.breaks = Some(breaks(&table, request.options(), simulations as usize)?);
    }
    keep(said, saved, &found, output)?;
    Ok(found)
}

/// Checks a saved fit, with its tables where they can still be read.
fn of_saved(said: &CheckArgs, saved: Fit, output: &Output) -> Result<Check, Diagnostics> {
    let again = reload(&saved)?;
    let fitted = Ok(saved.clone());
    let points = asked(said, &fitted)?;
    let how = how(said);
    let what = Checked {
        law: &again.law,
        table: again.table.as_ref().ok(),
        options: &again.options,
        points: &points,
        rivals: &[],
        backtest: how.as_ref(),
        changed: &again.changed,
    };
    let found = check(&what, fitted)?;
    keep(said, Some(saved), &found, output)?;
    Ok(found)
}

/// Writes the fit with its calibration, where that was asked for.
fn keep(
    said: &CheckArgs,
    saved: Option<Fit>,
    found: &Check,
    output: &Output,
) -> Result<(), Diagnostics> {
    let Some(path) = &said.keep else {
        return Ok(());
    };
    let refuse =
        |why: &str| Diagnostic::error("nothing-to-keep", format!("{path} was not written: {why}"));
    let mut fit = saved.ok_or_else(|| refuse("the law could not be fitted"))?;
    let why = found.extrapolation.no_backtest.as_deref();
    let learnt = found.extrapolation.calibration(&fit.law.id);
    fit.calibration = Some(learnt.ok_or_else(|| refuse(why.unwrap_or("no cut judged the law")))?);
    Ok(output.keep(Path::new(path), &json::text(&fit))?)
}

/// The points asked for; none without a fit, which names the inputs.
fn asked(said: &CheckArgs, fitted: &Result<Fit, Diagnostics>) -> Result<Vec<Point>, Diagnostics> {
    match fitted {
        Ok(fit) => at::asked(&said.at, said.at_file.as_deref(), &said.how.map, fit),
        Err(_) => Ok(Vec::new()),
    }
}

//! No output is an input: whoever writes over the table that is being fitted loses it. Refused before anything is
//! computed.

use std::path::{Path, PathBuf};

use isoflop::{Diagnostic, Diagnostics, Input};

use crate::args::{BacktestArgs, Cli, Command, LadderCommand, LawsCommand};

/// A file that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// As it was asked for: `-o`, `--keep`, `--record`.
    option: &'static str,
    path: PathBuf,
}

/// The files that a call writes.
pub(crate) fn written(cli: &Cli) -> Vec<Written> {
    let mut out: Vec<Written> = Vec::new();
    let mut add = |option, path: &Path| {
        out.push(Written {
            option,
            path: path.to_owned(),
        });
    };
    for path in &cli.global.output {
        add("-o", path);
    }
    match &cli.command {
        Command::Predict(said) => {
            if let Some(path) = &said.record {
                add("--record", path);
            }
        }
        Command::Check(said) => {
            if let Some(path) = &said.keep {
                add("--keep", Path::new(path));
            }
            // Scores are added to the ledger.
            if let ([ledger], false) = (said.inputs.as_slice(), said.truth.is_empty()) {
                add("the ledger", Path::new(ledger));
            }
        }
        Command::Ladder(said) => {
            if let LadderCommand::New { file, .. } = &said.command {
                add("the ladder file", file);
            }
        }
        _ => {}
    }
    out
}

/// The words of a call that may name files it reads.
pub(crate) fn inputs(command: &Command) -> Vec<Input> {
    let mut tables: Vec<&str> = Vec::new();
    let mut laws: Vec<&str> = Vec::new();
    match command {
        Command::Fit(said) => {
            tables.extend(said.inputs.iter().map(String::as_str));
            laws.extend(said.law.as_deref());
        }
        Command::Predict(said) => {
            tables.extend(said.inputs.iter().map(String::as_str));
            tables.extend(said.at_file.as_deref());
            tables.extend(said.through.as_deref());
            laws.extend(said.inputs.iter().chain(&said.through).map(String::as_str));
            laws.extend(said.law.as_deref());
            laws.extend(compared(&said.backtest));
        }
        Command::Check(said) => {
            // A ledger that is scored is read and written by design.
            if said.truth.is_empty() {
                tables.extend(said.inputs.iter().map(String::as_str));
                laws.extend(said.inputs.iter().map(String::as_str));
            }
            tables.extend(said.truth.iter().map(String::as_str));
            tables.extend(said.at_file.as_deref());
            laws.extend(said.law.as_deref());
            laws.extend(compared(&said.backtest));
        }
        Command::Plan(said) => {
            laws.extend(said.files());
            tables.extend(said.shapes());
        }
        Command::Report(said) => {
            tables.extend(said.inputs.iter().map(String::as_str));
            laws.extend(said.inputs.iter().map(String::as_str));
            laws.extend(said.law.as_deref());
        }
        Command::Verify(said) => {
            tables.push(&said.fit);
            laws.push(&said.fit);
        }
        Command::Laws(said) => match &said.command {
            Some(LawsCommand::Show { law } | LawsCommand::Eval { law, .. }) => laws.push(law),
            Some(LawsCommand::Compare { a, b, .. }) => laws.extend([a.as_str(), b]),
            _ => {}
        },
        Command::Ladder(said) => return ladder(&said.command),
        Command::Flops(_) | Command::Data(_) | Command::Demo | Command::Trainer { .. } => {}
    }
    let files = laws.into_iter().flat_map(law_files);
    let tables = tables.into_iter().map(Input::from_arg);
    tables.chain(files.map(Input::Path)).collect()
}

fn compared(said: &BacktestArgs) -> impl Iterator<Item = &str> {
    said.laws.iter().map(String::as_str)
}

/// The files that a name may mean: `a.toml`, `a.toml:paper`, `a.toml,b.toml`, `fits.json:adamw`.
fn law_files(text: &str) -> Vec<PathBuf> {
    let parts = text.split(',').chain([text]);
    let bare = parts.map(|part| {
        let part = part.trim();
        match part.rsplit_once(':') {
            Some((file, _)) if !Path::new(part).exists() => file,
            _ => part,
        }
    });
    bare.filter(|name| Path::new(name).is_file())
        .map(PathBuf::from)
        .collect()
}

fn ladder(command: &LadderCommand) -> Vec<Input> {
    let files: Vec<&Path> = match command {
        LadderCommand::New { text, .. } => text.iter().map(Path::new).collect(),
        LadderCommand::Plan { file, .. }
        | LadderCommand::Run { file, .. }
        | LadderCommand::Status { file }
        | LadderCommand::Fit { file }
        | LadderCommand::Task { file, .. } => vec![file],
        LadderCommand::Compare { a, b, .. } => vec![a, b],
    };
    let input = |path: &Path| {
        path.to_str()
            .map_or(Input::Path(path.to_owned()), Input::from_arg)
    };
    files.into_iter().map(input).collect()
}

/// Refuses two outputs under one name.
pub(crate) fn apart(written: &[Written]) -> Result<(), Diagnostics> {
    let mut faults = Diagnostics::default();
    for (i, one) in written.iter().enumerate() {
        if let Some(other) = written[..i].iter().find(|w| same(&w.path, &one.path)) {
            let message = format!(
                "{} and {} both write {}",
                other.option,
                one.option,
                one.path.display()
            );
            faults.0.push(
                Diagnostic::error("same-output", message).help("give each a name of its own"),
            );
        }
    }
    told(faults)
}

/// Refuses outputs that are read in this call.
pub(crate) fn spare(written: &[Written], inputs: &[Input]) -> Result<(), Diagnostics> {
    if written.is_empty() {
        return Ok(());
    }
    let mut faults = Diagnostics::default();
    for input in inputs {
        let files = input.files();
        for one in written {
            let read = files.iter().any(|file| same(file, &one.path));
            if read || (!one.path.exists() && input.would_read(&one.path)) {
                faults.0.push(overwrites(one));
            }
        }
    }
    // A file that is named twice among the inputs is one fault.
    faults.0.dedup();
    told(faults)
}

fn overwrites(one: &Written) -> Diagnostic {
    let path = one.path.display();
    let (what, option) = (format!("{} {path}", one.option), one.option);
    let message = if one.path.exists() {
        format!("{what} would be written over an input of this call")
    } else {
        format!(
            "{what} would lie among the inputs of this call, and be read with them the next time"
        )
    };
    let help = match option {
        "the ledger" => "score a ledger by another file".to_owned(),
        _ => format!("give {option} another name; nothing was computed or written"),
    };
    Diagnostic::error("output-is-input", message).help(help)
}

fn told(faults: Diagnostics) -> Result<(), Diagnostics> {
    if faults.0.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// Whether two names are one file: by another spelling, a symbolic or a hard link. Pipes and devices are no files that can
/// be lost.
fn same(a: &Path, b: &Path) -> bool {
    match (std::fs::metadata(a), std::fs::metadata(b)) {
        (Ok(x), Ok(y)) => {
            x.is_file() && y.is_file() && (place(a) == place(b) || is_one_file(&x, &y))
        }
        (Err(_), Err(_)) => place(a) == place(b),
        _ => false,
    }
}

/// A path without links and detours, also for a file that is not there yet.
fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(found) = std::fs::canonicalize(path) {
        return Some(found);
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let parent = std::fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()?;
    Some(parent.join(path.file_name()?))
}

#[cfg(unix)]
fn is_one_file(a: &std::fs::Metadata, b: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_one_file(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    false
}

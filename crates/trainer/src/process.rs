//! The trainer as a process: a specification in, lines of JSON out.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use isoflop_base::{Diagnostic, Diagnostics};

use crate::protocol::Event;
use crate::run::{Failure, train};
use crate::spec::Spec;

/// Runs one specification: a file, or `-` for standard input. Events go to standard output, one a line; faults to
/// standard error as well. Fails when there is no result.
#[must_use]
pub fn process(spec: &str) -> ExitCode {
    match read(spec).map_err(Failure::from).and_then(|spec| {
        let mut tell = |event: &Event| say(event);
        train(&spec, &mut tell)
    }) {
        Ok(_) => ExitCode::SUCCESS,
        Err(Failure::Input(faults)) => {
            for fault in &faults.0 {
                let event = Event::Fault {
                    code: fault.code.to_owned(),
                    message: fault.message.clone(),
                };
                // Standard error says it as well.
                let _ = say(&event);
            }
            complain(&faults.to_string())
        }
        Err(Failure::Unheard(e)) => complain(&format!("nobody listens: {e}")),
    }
}

fn read(path: &str) -> Result<Spec, Diagnostics> {
    let mut text = String::new();
    let outcome = if path == "-" {
        io::stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    outcome.map_err(|e| Diagnostic::error("cannot-read", format!("{path} cannot be read: {e}")))?;
    Spec::parse(&text, path)
}

fn say(event: &Event) -> io::Result<()> {
    let mut line = serde_json::to_string(event).expect("an event is plain data");
    line.push('\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.flush()
}

fn complain(text: &str) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
    ExitCode::FAILURE
}

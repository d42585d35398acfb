//! Training logs of Megatron-LM, Megatron-DeepSpeed and GPT-NeoX: one row per progress line, one column per field.
//!
//! ```text
//!  iteration  200/  148693 | consumed tokens:  52428800 | lm loss: 9.392835E+00 | … |
//! ```

use isoflop_base::{DecimalMark, Diagnostic, Severity};

use super::builder::{Builder, Restart};
use super::encoding;
use super::input::Loaded;
use crate::accounting::count;
use crate::table::note;

/// Column of the iteration and of the number of iterations that were planned.
const ITERATION: &str = "iteration";
const PLANNED: &str = "iterations planned";

/// Whether a text is such a log. Programs print much before the first progress line.
pub(super) fn is_log(text: &str) -> bool {
    text.lines().any(|line| progress(line).is_some())
}

/// Reads one source into the builder.
///
/// # Errors
///
/// Only if the source is not text; lines that report no progress are counted and left out.
pub(super) fn read(source: &Loaded, builder: &mut Builder) -> Result<Option<Restart>, Diagnostic> {
    let text = encoding::text(source)?;
    let mut others = 0;
    for (i, line) in text.lines().enumerate() {
        let Some((done, planned, fields)) = progress(line) else {
            others += usize::from(!line.trim().is_empty());
            continue;
        };
        for (name, value) in [(ITERATION, done), (PLANNED, planned)] {
            let column = builder.column(name);
            builder.cell(column, value, DecimalMark::Point);
        }
        for field in fields {
            if let Some((name, value)) = field.rsplit_once(':') {
                let column = builder.column(field_name(name));
                builder.cell(column, value, DecimalMark::Point);
            }
        }
        if let restart @ Some(_) = builder.end_row(i + 1) {
            return Ok(restart);
        }
    }
    let message = if others == 0 {
        format!("{} is a training log of Megatron", source.name)
    } else {
        format!(
            "{} is a training log of Megatron; {} report no progress and were left out",
            source.name,
            count(others, "line")
        )
    };
    builder.note(note("megatron-log", Severity::Info, message, Some(others)));
    Ok(None)
}

/// Iteration, iterations planned, and the other fields of a progress line. GPT-NeoX has fields before the iteration.
fn progress(line: &str) -> Option<(&str, &str, Vec<&str>)> {
    if !line.contains(ITERATION) {
        return None;
    }
    let fields: Vec<&str> = line.split('|').collect();
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let counter = |field: &str| {
        let (_, counter) = field.split_once(ITERATION)?;
        let (done, planned) = counter.split_once('/')?;
        (number(done.trim()) && number(planned.trim())).then_some(())
    };
    let at = fields.iter().position(|field| counter(field).is_some())?;
    if fields.len() < 2 {
        return None;
    }
    let (done, planned) = fields[at].split_once(ITERATION)?.1.split_once('/')?;
    let others = fields.iter().enumerate().filter(|(k, _)| *k != at);
    Some((
        done.trim(),
        planned.trim(),
        others.map(|(_, f)| *f).collect(),
    ))
}

/// The name of a field, without the head that a logger writes before the first one.
fn field_name(text: &str) -> &str {
    let text = text.rsplit(']').next().unwrap_or(text);
    text.trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_progress_lines_are_rows() {
        let line = "[rank7]: iteration      200/  148693 | lm loss: 9.39E+00 | TFLOPs: 30.20 |";
        assert_eq!(
            progress(line),
            Some((
                "200",
                "148693",
                vec![" lm loss: 9.39E+00 ", " TFLOPs: 30.20 ", ""]
            ))
        );
        let line = "[2024-05-01 10:00:00] [INFO] samples/sec: 60.2 | iteration  10/  143000 | lm_loss: 4.99E+00 |";
        let (done, _, fields) = progress(line).unwrap();
        assert_eq!((done, fields.len()), ("10", 3));
        assert_eq!(
            field_name(fields[0].rsplit_once(':').unwrap().0),
            "samples/sec"
        );
        for other in [
            "iteration",
            "iteration 5 | x: 1",
            "validation loss at iteration 1000 | lm loss value: 3",
        ] {
            assert_eq!(progress(other), None, "{other}");
        }
    }
}

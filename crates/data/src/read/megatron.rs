//! Training logs of Megatron-LM and Megatron-DeepSpeed: one row per progress line, one column per field.
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
        for field in fields.split('|') {
            if let Some((name, value)) = field.rsplit_once(':') {
                let column = builder.column(name.trim());
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

/// Iteration, iterations planned, and the other fields of a progress line.
fn progress(line: &str) -> Option<(&str, &str, &str)> {
    let (first, fields) = line.split_once('|')?;
    let (_, counter) = first.split_once(ITERATION)?;
    let (done, planned) = counter.split_once('/')?;
    let (done, planned) = (done.trim(), planned.trim());
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (number(done) && number(planned)).then_some((done, planned, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_progress_lines_are_rows() {
        let line = "[rank7]: iteration      200/  148693 | lm loss: 9.39E+00 | TFLOPs: 30.20 |";
        assert_eq!(
            progress(line),
            Some(("200", "148693", " lm loss: 9.39E+00 | TFLOPs: 30.20 |"))
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

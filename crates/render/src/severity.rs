//! What a severity is called, and its colour in a terminal.

use isoflop_base::Severity;

pub(crate) fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Info => ("note", "36"),
        Severity::Warning => ("warning", "33"),
        Severity::Error => ("error", "31"),
    }
}

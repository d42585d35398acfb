//! What the header and the cells of a column of numbers say that its user must know.

use isoflop_base::{Note, Severity};

use super::column_builder::Forms;
use crate::accounting::count;
use crate::header::Header;
use crate::table::note;

/// Notes on one column, in a fixed order.
pub(super) fn notes(name: &str, header: &Header, units: &[String], forms: &Forms) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut tell = |code, severity, message, rows| notes.push(note(code, severity, message, rows));
    if let Some(scale) = &header.scaled_by {
        let to = if header.unit.is_empty() {
            String::new()
        } else {
            format!(" to {}", header.unit)
        };
        let message =
            format!("`{name}` is in {scale} by its header; its plain numbers were multiplied{to}");
        tell("header-scale", Severity::Info, message, None);
    }
    if units.len() > 1 {
        let message = format!("`{name}` mixes units: {}", units.join(", "));
        tell("mixed-units", Severity::Warning, message, None);
    }
    let written = units.iter().chain([&header.unit]);
    for unit in written.filter(|u| u.starts_with("bits") || *u == "perplexity") {
        let message = format!("`{name}` is in {unit}; it is used as it is");
        tell("loss-unit", Severity::Info, message, None);
    }
    if forms.small_m > 0 {
        let message = format!(
            "lower-case m in `{name}` read as million, not milli ({})",
            count(forms.small_m, "cell")
        );
        tell("small-m", Severity::Info, message, Some(forms.small_m));
    }
    if forms.quoted > 0 && forms.bare > 0 {
        let message = format!(
            "`{name}` is given as text in {}, read as numbers",
            count(forms.quoted, "row")
        );
        tell(
            "numbers-as-text",
            Severity::Info,
            message,
            Some(forms.quoted),
        );
    }
    notes
}

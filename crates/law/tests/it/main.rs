//! The public face of law files and formulas.

mod catalogue;
mod changes;
mod conventions;
mod files;
mod formulas;
mod golden;
mod places;
mod tape;

use isoflop_base::Diagnostics;

/// The faults as a reader sees them: message, marked line, advice.
fn shown(faults: &Diagnostics) -> String {
    let mut out = String::new();
    for fault in &faults.0 {
        out += &format!("{fault}\n");
        if let Some(e) = &fault.excerpt {
            let before = e.text[..e.span.start].chars().count();
            let width = e.text[e.span.start..e.span.end].chars().count().max(1);
            out += &format!(
                "  {}\n  {}{}\n",
                e.text,
                " ".repeat(before),
                "^".repeat(width)
            );
        }
        for help in &fault.help {
            out += &format!("  help: {help}\n");
        }
    }
    out
}

//! Whether a result may be used: what its own notes forbid is not passed on by the verbs that build on it.

use isoflop_base::{Diagnostic, Note, Severity};
use isoflop_fit::{Fit, Fits, Recipe, Status};

/// Code of the fault that a result which must not be used is refused with.
pub const UNUSABLE: &str = "unusable-fit";

/// Why a fit must not be used; none for one that may be.
///
/// A fit is unusable when it did not converge, or when one of its notes is an error. `name` is what the fault calls it.
#[must_use]
pub fn unusable(name: &str, fit: &Fit) -> Option<Diagnostic> {
    if let Some(fault) = unusable_notes(name, &fit.notes) {
        return Some(fault);
    }
    (fit.status == Status::NotConverged).then(|| {
        let message = format!("{name} must not be used: the fit did not converge");
        Diagnostic::error(UNUSABLE, message).help("fit again, with --starts 4096 or with ranges")
    })
}

/// Why a result must not be used, by its notes.
#[must_use]
pub fn unusable_notes(name: &str, notes: &[Note]) -> Option<Diagnostic> {
    let note = notes.iter().find(|n| n.severity == Severity::Error)?;
    let message = format!("{name} must not be used ({}): {}", note.code, note.message);
    let fault = Diagnostic::error(UNUSABLE, message);
    Some(if note.advice.is_empty() {
        fault
    } else {
        fault.help(note.advice.clone())
    })
}

/// The first group whose fit must not be used.
#[must_use]
pub fn unusable_group(fits: &Fits) -> Option<Diagnostic> {
    let fitted = fits
        .groups
        .iter()
        .filter_map(|g| Some((g, g.fit.as_ref()?)));
    fitted
        .map(|(group, fit)| (format!("the fit of {} {}", fits.column, group.group), fit))
        .find_map(|(name, fit)| unusable(&name, fit))
}

/// Why a recipe must not be used: by its own notes, or by those of a law through its minima.
#[must_use]
pub fn unusable_recipe(name: &str, recipe: &Recipe) -> Option<Diagnostic> {
    unusable_notes(name, &recipe.notes).or_else(|| {
        let mut laws = recipe.allocations.iter();
        laws.find_map(|a| unusable(&format!("the law of {}", a.title), &a.fit))
    })
}

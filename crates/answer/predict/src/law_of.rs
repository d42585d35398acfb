//! The law that a fit was made with.

use isoflop_fit::Fit;
use isoflop_law::Law;

/// The law inside a fit; none when its text is not a law file.
#[must_use]
pub fn law_of(fit: &Fit) -> Option<Law> {
    Law::from_toml(&fit.law.id, &fit.law.id, &fit.law.text).ok()
}

//! The laws that come with the program: every file of `laws/`, embedded by the build script.

use isoflop_base::{Diagnostic, Diagnostics, closest};

use crate::law::Law;

include!(concat!(env!("OUT_DIR"), "/laws.rs"));

/// Name and law file of every law that comes with the program, sorted by name.
#[must_use]
pub fn catalogue() -> Vec<(&'static str, &'static str)> {
    LAWS.to_vec()
}

impl Law {
    /// A law of the catalogue, by its name or its bibliographic [`key`](Law::key); the key of a variant gives the
    /// law [as published](Law::as_published) there.
    ///
    /// # Errors
    ///
    /// `unknown-law` with the nearest name.
    ///
    /// # Example
    ///
    /// ```
    /// use isoflop_law::Law;
    ///
    /// let law = Law::builtin("chinchilla")?;
    /// assert_eq!(law.formula.to_string(), "L = E + A / N^alpha + B / D^beta");
    /// # Ok::<(), isoflop_base::Diagnostics>(())
    /// ```
    pub fn builtin(id: &str) -> Result<Self, Diagnostics> {
        let Some((id, text)) = LAWS.iter().find(|(name, _)| *name == id) else {
            if let Some(law) = by_key(id) {
                return Ok(law);
            }
            let names = LAWS.iter().map(|(name, _)| *name);
            let help = closest(id, names).map_or_else(
                || {
                    "`isoflop laws` lists them; a formula with `=` or a law file works as well"
                        .to_owned()
                },
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("there is no law `{id}` in the catalogue");
            return Err(Diagnostic::error("unknown-law", message).help(help).into());
        };
        Self::from_toml(id, &format!("laws/{id}.toml"), text)
    }
}

/// The law with a bibliographic key. Read from the texts, since only a law that is not found by name needs it.
fn by_key(key: &str) -> Option<Law> {
    let quoted = format!("\"{key}\"");
    let (id, _) = LAWS.iter().find(|(_, text)| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .any(|(name, value)| name.trim() == "key" && value.trim() == quoted)
    })?;
    let law = Law::builtin(id).ok()?;
    let variant = law.variants.iter().find(|v| v.key == key);
    match variant {
        Some(variant) => law.as_published(&variant.name),
        None => Some(law),
    }
}

//! Which law is meant: a law file, a formula, or a name of the catalogue.

use std::path::Path;

use isoflop::{Diagnostic, Diagnostics, Law, RunTable};

use crate::output::read_whole;

/// What `--law` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LawRef {
    /// A law file.
    File(String),
    /// A formula.
    Formula(String),
    /// A name of the catalogue.
    Name(String),
}

impl LawRef {
    /// An existing file or a name that ends in `.toml` is a law file, anything with `=` a formula, the rest a name.
    pub(crate) fn parse(text: &str) -> Self {
        let toml = Path::new(text)
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("toml"));
        if (toml && !text.contains('=')) || Path::new(text).is_file() {
            Self::File(text.to_owned())
        } else if text.contains('=') {
            Self::Formula(text.to_owned())
        } else {
            Self::Name(text.trim().to_owned())
        }
    }

    /// The law when it can be had without a table; none for a formula, whose names may be columns.
    pub(crate) fn load_alone(&self) -> Option<Result<Law, Diagnostics>> {
        match self {
            Self::Formula(_) => None,
            Self::File(_) | Self::Name(_) => Some(self.load(None, &[])),
        }
    }

    /// The law for a table. `coefs` are names that are coefficients for certain.
    pub(crate) fn load(
        &self,
        table: Option<&RunTable>,
        coefs: &[&str],
    ) -> Result<Law, Diagnostics> {
        match self {
            Self::File(path) => read_law(path),
            Self::Name(id) => Law::builtin(id),
            Self::Formula(text) => {
                let columns = table.map_or_else(Vec::new, |t| names(t, text));
                Law::from_formula(text, &columns, coefs)
            }
        }
    }
}

/// `NAME:VARIANT` taken apart; a formula, a file of that whole name and a name without `:` have no variant.
pub(crate) fn with_variant(text: &str) -> (&str, Option<&str>) {
    let formula = text.contains('=') || Path::new(text).exists();
    match text.rsplit_once(':').filter(|_| !formula) {
        Some((id, variant)) => (id, Some(variant)),
        None => (text, None),
    }
}

/// Names that a formula may take for columns: those of the table, those that `--map` gives, and `x` and `y` where the
/// table has two columns and the formula names neither by itself.
fn names<'a>(table: &'a RunTable, formula: &str) -> Vec<&'a str> {
    let own: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
    let (left, right) = formula.split_once('=').unwrap_or((formula, ""));
    let says = |name: &str| left.trim() == name || (name.len() > 1 && right.contains(name));
    let plain = left.trim() == "y" && !own.iter().any(|name| says(name));
    let others = table.other_names().into_iter();
    let others =
        others.filter(|name| plain || !matches!(*name, "x" | "y") || table.is_mapped(name));
    own.iter().copied().chain(others).collect()
}

fn read_law(path: &str) -> Result<Law, Diagnostics> {
    let bytes = read_whole(path)?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Diagnostic::error(
            "not-utf8",
            format!(
                "the law file {path} is not UTF-8 text, from byte {}",
                at + 1
            ),
        )
        .help("save it as UTF-8")
    })?;
    let id = Path::new(path)
        .file_stem()
        .and_then(|s| s.to_str())
        .unwrap_or(path);
    Law::from_toml(id, path, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_told_by_the_text() {
        assert_eq!(
            LawRef::parse("chinchilla"),
            LawRef::Name("chinchilla".into())
        );
        assert_eq!(
            LawRef::parse("my/own.toml"),
            LawRef::File("my/own.toml".into())
        );
        assert_eq!(
            LawRef::parse("L = E + A/N^a"),
            LawRef::Formula("L = E + A/N^a".into())
        );
    }
}

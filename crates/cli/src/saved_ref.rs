//! Which saved result is meant: a file, or a part of one as `fits.json:GROUP`.

use std::path::Path;

use isoflop::{Diagnostic, Diagnostics, Fit, fits_from_json, one_fit_from_json};

use crate::output::read_whole;

/// Endings of tables, which hold runs and no fit.
const TABLES: [&str; 7] = ["csv", "tsv", "jsonl", "ndjson", "parquet", "gz", "zst"];

/// A saved result, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SavedRef<'a> {
    /// The file; `-` is standard input.
    pub file: &'a str,
    /// A group, or `params` or `tokens` of a recipe.
    pub part: Option<&'a str>,
}

impl<'a> SavedRef<'a> {
    /// `fits.json:GROUP` is a part, unless a file has that whole name.
    pub(crate) fn parse(text: &'a str) -> Self {
        let marked = text.find(".json:").filter(|_| !Path::new(text).exists());
        match marked {
            Some(at) => Self {
                file: &text[..at + ".json".len()],
                part: Some(&text[at + ".json:".len()..]),
            },
            None => Self {
                file: text,
                part: None,
            },
        }
    }

    /// Whether the words name a saved result rather than a law.
    pub(crate) fn is_saved(&self) -> bool {
        self.file == "-" || has_ending(self.file, &["json"])
    }

    /// The fits of the result, each with the name of its part.
    pub(crate) fn fits(&self) -> Result<Vec<(String, Fit)>, Diagnostics> {
        fits_from_json(self.file, &self.text()?, self.part).map_err(told_to_fit)
    }

    /// The one fit of the result.
    pub(crate) fn fit(&self) -> Result<Fit, Diagnostics> {
        one_fit_from_json(self.file, &self.text()?, self.part).map_err(told_to_fit)
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> Result<String, Diagnostics> {
        let file = self.file;
        let bytes = read_whole(file)?;
        String::from_utf8(bytes).map_err(|_| {
            Diagnostic::error(
                "not-json",
                format!("{file} is not a saved fit: it is not UTF-8 text"),
            )
            .help("for a table of runs, say which law with --law")
            .into()
        })
    }
}

/// Adds what to do with a table where a saved fit was wanted.
fn told_to_fit(mut faults: Diagnostics) -> Diagnostics {
    if let Some(fault) = faults.0.first_mut().filter(|f| f.code == "not-json") {
        fault
            .help
            .push("for a table of runs, say which law with --law".into());
    }
    faults
}

fn has_ending(file: &str, endings: &[&str]) -> bool {
    let ending = Path::new(file).extension().and_then(|e| e.to_str());
    ending.is_some_and(|e| endings.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

/// The fault of a table that was given where a fit or a law is needed; none for anything else.
pub(crate) fn table_for_fit(file: &str) -> Option<Diagnostic> {
    let is_table = has_ending(file, &TABLES) || Path::new(file).is_dir();
    (is_table && Path::new(file).exists()).then(|| {
        Diagnostic::error(
            "table-for-fit",
            format!("{file} is a table of runs, and a saved fit or a law is needed here"),
        )
        .help(format!(
            "fit it first: isoflop fit {file} --law chinchilla -o fit.json, then give fit.json"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_told_from_a_file() {
        let of = |text| {
            let found = SavedRef::parse(text);
            (found.file, found.part)
        };
        assert_eq!(of("fits.json"), ("fits.json", None));
        assert_eq!(
            of("a/fits.json:adam w:2"),
            ("a/fits.json", Some("adam w:2"))
        );
        assert_eq!(of("-"), ("-", None));
        assert_eq!(of("chinchilla:huber"), ("chinchilla:huber", None));
        assert!(SavedRef::parse("fits.json:adamw").is_saved());
        assert!(!SavedRef::parse("chinchilla:huber").is_saved());
    }
}

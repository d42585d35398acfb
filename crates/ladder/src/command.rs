//! The command of the user's own trainer: words with `{placeholders}`.
//!
//! No shell is involved: a command is split into words, quotes keep words together, and what a placeholder stands for
//! is never split.

use std::path::Path;

use isoflop_base::{Diagnostic, Diagnostics, closest};
use isoflop_trainer::Spec;

/// Placeholders with what they stand for.
pub const PLACEHOLDERS: [&str; 16] = [
    "id",
    "dir",
    "seed",
    "layers",
    "width",
    "heads",
    "hidden",
    "context",
    "vocabulary",
    "params",
    "tokens",
    "steps",
    "batch",
    "batch-tokens",
    "learning-rate",
    "warmup-tokens",
];

/// A command, split into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Vec<Piece>>);

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(&'static str),
}

impl Template {
    /// Reads a command.
    ///
    /// # Errors
    ///
    /// `bad-command` for an open quote or nothing at all, `unknown-placeholder` with a suggestion.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        let mut faults = Vec::new();
        let words = words(text)?
            .iter()
            .map(|word| pieces(word, &mut faults))
            .collect::<Vec<_>>();
        if words.is_empty() {
            faults.push(
                Diagnostic::error("bad-command", "the command of the trainer is empty")
                    .help("leave `command` out to use the built-in trainer"),
            );
        }
        if faults.is_empty() {
            Ok(Self(words))
        } else {
            Err(Diagnostics(faults))
        }
    }

    /// The words for one run, the program first.
    #[must_use]
    pub fn words(&self, spec: &Spec, folder: &Path) -> Vec<String> {
        let word = |pieces: &Vec<Piece>| {
            let parts = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Placeholder(name) => value(name, spec, folder),
            });
            parts.collect::<String>()
        };
        self.0.iter().map(word).collect()
    }
}

fn value(name: &str, spec: &Spec, folder: &Path) -> String {
    let shape = &spec.shape;
    match name {
        "id" => spec.id.clone(),
        "dir" => folder.display().to_string(),
        "seed" => spec.seed.to_string(),
        "layers" => shape.layers.to_string(),
        "width" => shape.width.to_string(),
        "heads" => shape.heads.to_string(),
        "hidden" => shape.hidden.to_string(),
        "context" => shape.context.to_string(),
        "vocabulary" => shape.vocabulary.to_string(),
        "params" => shape.params().to_string(),
        "tokens" => spec.trained_tokens().to_string(),
        "steps" => spec.steps().to_string(),
        "batch" => spec.batch.to_string(),
        "batch-tokens" => spec.step_tokens().to_string(),
        "learning-rate" => spec.recipe.learning_rate.to_string(),
        _ => spec.recipe.warmup_tokens.round().to_string(),
    }
}

/// Splits at blanks outside of single and double quotes.
fn words(text: &str) -> Result<Vec<String>, Diagnostics> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(q) if q == c => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if let Some(q) = quote {
        let found = format!("a quote {q} in the command of the trainer is not closed");
        return Err(Diagnostic::error("bad-command", found).into());
    }
    words.extend(word);
    Ok(words)
}

fn pieces(word: &str, faults: &mut Vec<Diagnostic>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while let Some((text, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        pieces.push(Piece::Text(text.to_owned()));
        match PLACEHOLDERS.into_iter().find(|p| *p == name) {
            Some(known) => pieces.push(Piece::Placeholder(known)),
            None => faults.push(unknown(name)),
        }
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

fn unknown(name: &str) -> Diagnostic {
    let fault = Diagnostic::error(
        "unknown-placeholder",
        format!("`{{{name}}}` stands for nothing in the command of the trainer"),
    );
    let fault = match closest(name, PLACEHOLDERS) {
        Some(near) => fault.help(format!("did you mean `{{{near}}}`?")),
        None => fault,
    };
    fault.help(format!("placeholders are {}", PLACEHOLDERS.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::LadderFile;
    use crate::plan::Plan;

    #[test]
    fn quotes_keep_words_together_and_values_are_never_split() {
        let template =
            Template::parse("python 'my train.py' --n {params} \"--out={dir}/x\"").unwrap();
        let text = "[train]\nshapes = [{ layers = 1, width = 32 }]\ntokens = [50000]\n[data]\nkind = \"synthetic\"\n";
        let plan = Plan::new(LadderFile::parse(text, "l").unwrap()).unwrap();
        let words = template.words(&plan.runs[0].spec, Path::new("a b"));
        assert_eq!(words[..4], ["python", "my train.py", "--n", "13408"]);
        assert_eq!(words[4], "--out=a b/x");
    }

    #[test]
    fn unknown_placeholders_and_open_quotes_are_told() {
        let fault = Template::parse("train {widht}").unwrap_err().0.remove(0);
        assert_eq!(fault.code, "unknown-placeholder");
        assert!(fault.help[0].contains("{width}"));
        assert_eq!(
            Template::parse("train 'a").unwrap_err().0[0].code,
            "bad-command"
        );
        assert_eq!(Template::parse(" ").unwrap_err().0[0].code, "bad-command");
    }
}

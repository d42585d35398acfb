//! What makes tokens of text other than its bytes: byte pair encoding, or a tokenizer file.

use isoflop_base::Diagnostic;
use serde::{Deserialize, Serialize};

pub use super::bpe::Tokenizer;
use super::text::Split;

/// Distinct tokens that a tokenizer may have: tokens are kept in 16 bits.
pub const LARGEST_VOCABULARY: usize = 65_535;

/// What makes tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum TokenizerSpec {
    /// Byte pair encoding, its vocabulary trained on the training side of the text.
    Bpe {
        /// Distinct tokens, the 256 bytes among them.
        vocabulary: usize,
    },
    /// A tokenizer file of the Hugging Face `tokenizers` library.
    File {
        /// The file.
        path: String,
        /// Distinct tokens of it. A ladder finds them by itself, a run has to be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        vocabulary: Option<usize>,
    },
}

impl TokenizerSpec {
    /// Distinct tokens; 0 for a file that has not been looked into.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        match self {
            Self::Bpe { vocabulary } => *vocabulary,
            Self::File { vocabulary, .. } => vocabulary.unwrap_or(0),
        }
    }
}

/// The tokens of a text, with the bytes that each stands for: those add up to the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Tokens.
    pub tokens: Vec<u16>,
    /// Bytes of the text from the end of the token before to the end of each.
    pub bytes: Vec<u16>,
}

impl Tokenizer {
    /// Trains or reads the tokenizer of a specification.
    ///
    /// # Errors
    ///
    /// `cannot-read`; `bad-vocabulary` for a file with other tokens than the specification says; those of
    /// [`Tokenizer::train`] and [`Tokenizer::parse`].
    pub fn open(spec: &TokenizerSpec, text: &Split) -> Result<Self, Diagnostic> {
        match spec {
            TokenizerSpec::Bpe { vocabulary } => Self::train(text.train_text()?, *vocabulary),
            TokenizerSpec::File { path, vocabulary } => {
                let json = std::fs::read_to_string(path).map_err(|e| {
                    Diagnostic::error("cannot-read", format!("{path} cannot be read: {e}"))
                })?;
                let read = Self::parse(&json, path)?;
                match vocabulary {
                    Some(said) if *said != read.vocabulary() => Err(Diagnostic::error(
                        "bad-vocabulary",
                        format!(
                            "{path} has a vocabulary of {} tokens, and {said} are expected",
                            read.vocabulary()
                        ),
                    )
                    .help("leave `vocabulary` out of [data], or choose another file")),
                    _ => Ok(read),
                }
            }
        }
    }
}

//! Where tokens come from: the user's text, or a synthetic language.

#[cfg_attr(not(feature = "bpe"), path = "no_bpe.rs")]
mod bpe;
pub mod language;
pub mod text;
pub mod tokenizer;

use isoflop_base::Diagnostics;
use serde::{Deserialize, Serialize};

use crate::random::Random;
use language::{Language, LanguageSpec};
use text::Text;
use tokenizer::TokenizerSpec;

/// What to train on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum SourceSpec {
    /// Text.
    Text {
        /// Files, folders and patterns.
        paths: Vec<String>,
        /// What makes tokens of it; they are its bytes without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokenizer: Option<TokenizerSpec>,
    },
    /// A synthetic language with a known entropy.
    Synthetic(LanguageSpec),
}

impl SourceSpec {
    /// Distinct tokens.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        match self {
            Self::Text { tokenizer, .. } => {
                tokenizer.as_ref().map_or(256, TokenizerSpec::vocabulary)
            }
            Self::Synthetic(language) => language.alphabet,
        }
    }
}

/// A source that can be read.
#[derive(Clone, Debug)]
pub enum Source {
    /// Text.
    Text(Text),
    /// A synthetic language.
    Synthetic(Language),
}

/// Seed of the held-out sequences of a language: the same for every run.
const HELD_OUT: u64 = 0x68_656c_642d_6f75;

impl Source {
    /// Opens a source.
    ///
    /// # Errors
    ///
    /// Those of the text reader and of [`Language::new`].
    pub fn open(spec: &SourceSpec, context: usize) -> Result<Self, Diagnostics> {
        Ok(match spec {
            SourceSpec::Text { paths, tokenizer } => {
                Self::Text(Text::read(paths, tokenizer.as_ref(), context)?)
            }
            SourceSpec::Synthetic(spec) => Self::Synthetic(Language::new(*spec)?),
        })
    }

    /// Distinct tokens to train on; none for a language, which never repeats itself.
    #[must_use]
    pub fn unique(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.unique()),
            Self::Synthetic(_) => None,
        }
    }

    /// Training sequence `index`: `context` inputs and the token after each.
    pub fn training(&self, seed: u64, index: u64, context: usize, tokens: &mut Vec<u16>) {
        match self {
            Self::Text(text) => text.write(seed, index, context + 1, tokens),
            Self::Synthetic(language) => {
                language.write(
                    &mut Random::new(seed, "training", index),
                    context + 1,
                    tokens,
                );
                tokens.drain(..language.order());
            }
        }
    }

    /// Held-out sequence `index`, the same for every run; with the loss of the source itself on its targets where the
    /// source is known. None when there are no more.
    #[must_use]
    pub fn held_out(&self, index: usize, context: usize, tokens: &mut Vec<u16>) -> Option<HeldOut> {
        match self {
            Self::Text(text) => {
                let bytes = text.held_out(index, context + 1, tokens)?;
                Some(HeldOut {
                    source_loss: None,
                    bytes: Some(bytes),
                })
            }
            Self::Synthetic(language) => {
                let order = language.order();
                let mut random = Random::new(HELD_OUT, "held-out", index as u64);
                language.write(&mut random, context + 1, tokens);
                let total: f64 = (order + 1..tokens.len())
                    .map(|at| language.loss(&tokens[..at], tokens[at]))
                    .sum();
                tokens.drain(..order);
                Some(HeldOut {
                    source_loss: Some(total / context as f64),
                    bytes: None,
                })
            }
        }
    }
}

/// What is known of a held-out sequence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    /// Mean loss of the source itself, which has seen the tokens before the sequence as well.
    pub source_loss: Option<f64>,
    /// Bytes of text that its targets stand for, where it is text.
    pub bytes: Option<usize>,
}

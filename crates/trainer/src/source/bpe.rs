//! Tokenizers by the `tokenizers` crate: byte pair encoding trained here, and files from elsewhere.
//!
//! Text goes through in pieces, each tokenised by itself, so that memory stays small however long the text is. Training
//! counts words on all processors; counts are whole numbers and ties go to the older pair, so that the same text gives
//! the same vocabulary on any number of them.

use std::collections::HashSet;

use isoflop_base::Diagnostic;
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{PaddingParams, PostProcessorWrapper, TruncationParams};

use super::tokenizer::{Encoded, LARGEST_VOCABULARY};

/// Bytes of a piece, or a few more: a character is not cut.
const PIECE: usize = 8192;

/// A pair that stands in the text less often is no token: it could not be learned.
const LEAST_COUNT: u64 = 2;

/// A tokenizer.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    json: String,
    name: String,
    vocabulary: usize,
}

impl Tokenizer {
    /// Byte pair encoding for a text: bytes are the first 256 tokens, words are cut as those of GPT-2.
    ///
    /// # Errors
    ///
    /// `bad-vocabulary` for a number that is too small for the bytes, too large for 16 bits, or larger than the text
    /// has pairs for.
    ///
    /// # Source
    ///
    /// Sennrich, Haddow, Birch 2016, "Neural machine translation of rare words with subword units"; Radford et al. 2019
    /// for bytes.
    pub fn train(text: &str, vocabulary: usize) -> Result<Self, Diagnostic> {
        let refuse = |found: String, help: String| {
            Err(Diagnostic::error("bad-vocabulary", found).help(help))
        };
        if !(256..=LARGEST_VOCABULARY).contains(&vocabulary) {
            return refuse(
                format!("a vocabulary of {vocabulary} tokens"),
                format!("a whole number from 256, the bytes, to {LARGEST_VOCABULARY}"),
            );
        }
        let alphabet: HashSet<char> = ByteLevel::alphabet().into_iter().collect();
        let mut trainer = TrainerWrapper::BpeTrainer(
            BpeTrainer::builder()
                .vocab_size(vocabulary)
                .min_frequency(LEAST_COUNT)
                .initial_alphabet(alphabet)
                .show_progress(false)
                .build(),
        );
        let mut inner = tokenizers::Tokenizer::new(BPE::default());
        inner
            .with_pre_tokenizer(Some(ByteLevel::new(false, false, true)))
            .with_decoder(Some(ByteLevel::default()));
        inner
            .train(&mut trainer, pieces(text))
            .map_err(|e| failed("the vocabulary cannot be trained", &e))?;
        let json = inner
            .to_string(false)
            .map_err(|e| failed("the vocabulary cannot be written", &e))?;
        let trained = Self::parse(&json, "the trained vocabulary")?;
        if trained.vocabulary < vocabulary {
            return refuse(
                format!(
                    "{} bytes of training text hold pairs for {} tokens, not for {vocabulary}",
                    text.len(),
                    trained.vocabulary
                ),
                format!("ask for at most {}, or give more text", trained.vocabulary),
            );
        }
        Ok(trained)
    }

    /// Reads a tokenizer file. What it adds around a text, and where it cuts or fills one, is left out.
    ///
    /// # Errors
    ///
    /// `bad-tokenizer` for a document of another form, `bad-vocabulary` for tokens that do not fit into 16 bits.
    pub fn parse(json: &str, name: &str) -> Result<Self, Diagnostic> {
        let mut inner: tokenizers::Tokenizer = json.parse().map_err(|e: tokenizers::Error| {
            failed(&format!("{name} is no tokenizer file"), &e)
                .help("expected a `tokenizer.json` of the Hugging Face tokenizers library")
        })?;
        inner
            .with_post_processor(None::<PostProcessorWrapper>)
            .with_padding(None::<PaddingParams>)
            .with_truncation(None::<TruncationParams>)
            .map_err(|e| failed(name, &e))?;
        // Numbers may have gaps: what counts is the largest.
        let largest = inner.get_vocab(true).into_values().max();
        let vocabulary = largest.map_or(0, |id| id as usize + 1);
        if !(2..=LARGEST_VOCABULARY).contains(&vocabulary) {
            return Err(Diagnostic::error(
                "bad-vocabulary",
                format!("{name} has a vocabulary of {vocabulary} tokens"),
            )
            .help(format!("expected 2 to {LARGEST_VOCABULARY}")));
        }
        Ok(Self {
            inner,
            json: json.to_owned(),
            name: name.to_owned(),
            vocabulary,
        })
    }

    /// Distinct tokens.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// The tokenizer file.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The tokens of a text, or of its beginning up to the piece that gives more than `enough` tokens.
    ///
    /// # Errors
    ///
    /// `lossy-tokenizer` when the tokens do not give the text back: losses for each byte would then be of another text.
    pub fn encode(&self, text: &str, enough: usize) -> Result<Encoded, Diagnostic> {
        let mut all = Encoded::default();
        for piece in pieces(text) {
            let encoding = self
                .inner
                .encode(piece, false)
                .map_err(|e| failed(&format!("{} cannot read the text", self.name), &e))?;
            self.check(piece, encoding.get_ids())?;
            all.tokens
                .extend(encoding.get_ids().iter().map(|id| *id as u16));
            let from = all.bytes.len();
            let mut end = 0;
            for (_, to) in encoding.get_offsets() {
                // Tokens that share a character all end where it ends: it counts for the first.
                all.bytes.push(to.saturating_sub(end) as u16);
                end = end.max(*to);
            }
            // What follows the last token, such as a space that is left out, is its own.
            if let Some(last) = all.bytes[from..].last_mut() {
                *last += (piece.len() - end) as u16;
            }
            if all.tokens.len() > enough {
                break;
            }
        }
        Ok(all)
    }

    fn check(&self, piece: &str, ids: &[u32]) -> Result<(), Diagnostic> {
        let back = self.inner.decode(ids, false).unwrap_or_default();
        if back == piece {
            return Ok(());
        }
        let same = piece
            .chars()
            .zip(back.chars())
            .take_while(|(a, b)| a == b)
            .count();
        let part = |text: &str| text.chars().skip(same).take(20).collect::<String>();
        Err(Diagnostic::error(
            "lossy-tokenizer",
            format!(
                "the tokens of {} do not give the text back: {:?} has become {:?}",
                self.name,
                part(piece),
                part(&back)
            ),
        )
        .help("choose a tokenizer that keeps case, spaces and every character"))
    }
}

fn failed(what: &str, e: &tokenizers::Error) -> Diagnostic {
    Diagnostic::error("bad-tokenizer", format!("{what}: {e}"))
}

/// A text in pieces that end between two characters.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> + Send {
    std::iter::from_fn(move || {
        let (piece, rest) = text.split_at(text.ceil_char_boundary(PIECE));
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use tokenizers::utils::parallelism::set_parallelism;

    use super::*;
    use crate::source::text::{Split, Text};
    use crate::source::{Source, SourceSpec};

    /// The documents of this repository.
    fn docs() -> Split {
        Split::read(&["../../docs/*.md".to_owned()]).unwrap()
    }

    fn sum(encoded: &Encoded) -> usize {
        encoded.bytes.iter().map(|n| usize::from(*n)).sum()
    }

    #[test]
    fn tokens_give_the_text_back_and_count_its_bytes() {
        let split = docs();
        let tokenizer = Tokenizer::train(split.train_text().unwrap(), 600).unwrap();
        // Nothing of this but a little ASCII was trained on; no normal form is made of it.
        let text = "  ünïcödé e\u{301}\t𝄞\u{0}\r\n\n漢字 <|endoftext|> ".repeat(600);
        let encoded = tokenizer.encode(&text, usize::MAX).unwrap();
        let ids: Vec<u32> = encoded.tokens.iter().map(|t| u32::from(*t)).collect();
        assert_eq!(tokenizer.inner.decode(&ids, false).unwrap(), text);
        assert_eq!(sum(&encoded), text.len());
        let docs = tokenizer
            .encode(split.train_text().unwrap(), usize::MAX)
            .unwrap();
        assert_eq!(sum(&docs), split.train_text().unwrap().len());
        let per_token = sum(&docs) as f64 / docs.tokens.len() as f64;
        assert!(
            per_token > 1.5,
            "{per_token} bytes a token: nothing was merged"
        );
    }

    #[test]
    fn the_same_text_gives_the_same_vocabulary_on_one_processor_and_on_all() {
        let split = docs();
        let json = |all: bool| {
            set_parallelism(all);
            let tokenizer = Tokenizer::train(split.train_text().unwrap(), 1000).unwrap();
            tokenizer.json().to_owned()
        };
        let first = json(true);
        for all in [true, false, true, false] {
            assert!(json(all) == first);
        }
    }

    #[test]
    fn held_out_text_plays_no_part_in_the_vocabulary() {
        // Blocks are of 8192 bytes, of which every tenth is held out.
        let plain = "all that is trained on is this line\n".repeat(5000);
        let mut other = plain.clone();
        other.replace_range(9 * 8192..10 * 8192, &"zq".repeat(4096));
        let vocabulary = |text: &str| {
            let split = Split::of(text.as_bytes());
            let json = Tokenizer::train(split.train_text().unwrap(), 270).unwrap();
            (json.json().to_owned(), split.digest())
        };
        let (one, two) = (vocabulary(&plain), vocabulary(&other));
        assert_ne!(one.1, two.1);
        assert_eq!(one.0, two.0);
        assert!(!two.0.contains("zq"));
        // The same change of blocks that are trained on is seen.
        other.replace_range(10 * 8192..18 * 8192, &"zq".repeat(8 * 4096));
        assert!(vocabulary(&other).0.contains("zq"));
    }

    #[test]
    fn held_out_bytes_are_those_of_the_text() {
        let split = docs();
        let tokenizer = Tokenizer::train(split.train_text().unwrap(), 400).unwrap();
        let bytes = Text::new(split.clone(), None).unwrap();
        let text = Text::new(split, Some(&tokenizer)).unwrap();
        let total = |text: &Text| -> usize {
            let mut tokens = Vec::new();
            (0..)
                .map_while(|index| text.held_out(index, 17, &mut tokens))
                .sum()
        };
        // What is left over at the end is less than a sequence; the first token is never predicted.
        let (bytes, tokens) = (total(&bytes), total(&text));
        assert!(bytes.abs_diff(tokens) < 400, "{bytes} {tokens}");
    }

    #[test]
    fn vocabularies_that_cannot_be_are_refused() {
        let text = "a few words, and a few words more";
        for (vocabulary, found) in [(255, "255"), (65_536, "65536"), (2000, "not for 2000")] {
            let fault = Tokenizer::train(text, vocabulary).unwrap_err();
            assert_eq!(fault.code, "bad-vocabulary");
            assert!(fault.message.contains(found), "{}", fault.message);
        }
        assert_eq!(
            Tokenizer::parse("{}", "x").unwrap_err().code,
            "bad-tokenizer"
        );
        let spec: SourceSpec = serde_json::from_str(
            r#"{"kind": "text", "paths": ["src/kernels/mod.rs"], "tokenizer": {"kind": "bpe", "vocabulary": 65536}}"#,
        )
        .unwrap();
        let faults = Source::open(&spec, 8).unwrap_err();
        assert_eq!(faults.0[0].code, "bad-vocabulary");
    }

    #[test]
    fn a_tokenizer_that_loses_text_is_refused() {
        let json = r###"{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
            "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null,
            "decoder": null, "model": {"type": "WordLevel", "vocab": {"?": 0, "two": 1, "words": 2}, "unk_token": "?"}}"###;
        let tokenizer = Tokenizer::parse(json, "words.json").unwrap();
        assert_eq!(tokenizer.vocabulary(), 3);
        assert!(tokenizer.encode("two words", usize::MAX).is_ok());
        let fault = tokenizer.encode("two Words", usize::MAX).unwrap_err();
        assert_eq!(fault.code, "lossy-tokenizer");
        assert!(
            fault.message.contains("\"Words\" has become \"words\""),
            "{}",
            fault.message
        );
    }
}

//! The user's text: files, folders and patterns, split into training and held-out blocks, as bytes or as other tokens.

use std::path::{Path, PathBuf};

use isoflop_base::{Diagnostic, Diagnostics};

use super::tokenizer::{Encoded, Tokenizer, TokenizerSpec};
use crate::checkpoint::digest;
use crate::random::{Shuffle, mix};

/// Bytes of one block, or a few more; whole blocks are held out, so that what is held out comes from everywhere.
const BLOCK: usize = 8192;

/// Of so many blocks, the last is held out.
const EVERY: usize = 10;

/// A text in two parts. They are the same whatever makes tokens of them, so that losses can be compared.
#[derive(Clone, Debug)]
pub struct Split {
    train: Vec<u8>,
    held_out: Vec<u8>,
    files: usize,
    /// The first file that is not UTF-8, and where.
    foreign: Option<(String, usize)>,
}

impl Split {
    /// Reads files, folders (all files below them) and patterns, in order of their names.
    ///
    /// # Errors
    ///
    /// A diagnostic for each path that cannot be read.
    pub fn read(paths: &[String]) -> Result<Self, Diagnostics> {
        let mut faults = Diagnostics::default();
        let mut files = Vec::new();
        for path in paths {
            match expand(path) {
                Ok(mut found) => files.append(&mut found),
                Err(fault) => faults.0.push(fault),
            }
        }
        let (mut bytes, mut foreign) = (Vec::new(), None);
        for file in &files {
            let name = file.display().to_string();
            match std::fs::read(file) {
                Ok(mut text) => {
                    if let (None, Err(e)) = (&foreign, std::str::from_utf8(&text)) {
                        foreign = Some((name, e.valid_up_to()));
                    }
                    bytes.append(&mut text);
                }
                Err(e) => faults.0.push(cannot_read(&name, &e)),
            }
        }
        if !faults.0.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            files: files.len(),
            foreign,
            ..Self::of(&bytes)
        })
    }

    /// Cuts a text into blocks between two characters; short texts have shorter blocks.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let block = BLOCK.min(bytes.len() / EVERY).max(1);
        let mut split = Self {
            train: Vec::new(),
            held_out: Vec::new(),
            files: 0,
            foreign: None,
        };
        let mut rest = bytes;
        for index in 0.. {
            if rest.is_empty() {
                break;
            }
            let (block, after) = rest.split_at(cut(rest, block));
            let side = if index % EVERY == EVERY - 1 {
                &mut split.held_out
            } else {
                &mut split.train
            };
            side.extend_from_slice(block);
            rest = after;
        }
        split
    }

    /// A digest of all of it.
    #[must_use]
    pub fn digest(&self) -> u64 {
        mix(digest(&self.train) ^ digest(&self.held_out).rotate_left(1))
    }

    /// A digest of what a vocabulary is trained on.
    #[must_use]
    pub fn train_digest(&self) -> u64 {
        digest(&self.train)
    }

    /// The training side as text.
    ///
    /// # Errors
    ///
    /// `not-utf8`, with the file and the place.
    pub fn train_text(&self) -> Result<&str, Diagnostic> {
        self.text(&self.train)
    }

    fn text<'a>(&self, side: &'a [u8]) -> Result<&'a str, Diagnostic> {
        std::str::from_utf8(side).map_err(|_| {
            let found = match &self.foreign {
                Some((file, at)) => format!("{file} is not UTF-8 at byte {at}"),
                None => "the text is not UTF-8".to_owned(),
            };
            Diagnostic::error("not-utf8", found)
                .help("convert it, leave it out, or leave `tokenizer` out of [data]: bytes can be anything")
        })
    }

    /// Whether there are two sequences of `context` tokens to train on and one to measure on. It looks no further into
    /// the text than it has to.
    ///
    /// # Errors
    ///
    /// `too-little-text`, `not-utf8`, and those of [`Tokenizer::encode`].
    pub fn check(&self, tokenizer: Option<&Tokenizer>, context: usize) -> Result<(), Diagnostic> {
        let enough = |side: &[u8], least: usize| match tokenizer {
            None => Ok(side.len() > least),
            Some(tokenizer) => {
                let encoded = tokenizer.encode(self.text(side)?, least)?;
                Ok(encoded.tokens.len() > least)
            }
        };
        if enough(&self.train, 2 * context)? && enough(&self.held_out, context)? {
            return Ok(());
        }
        Err(Diagnostic::error(
            "too-little-text",
            format!(
                "{} bytes of text in {} files are too little for a context of {context}",
                self.train.len() + self.held_out.len(),
                self.files
            ),
        )
        .help("give more text, or a shorter context"))
    }
}

/// The end of a block: where a character ends, if that is near; bytes that are no text are cut anywhere.
fn cut(bytes: &[u8], block: usize) -> usize {
    /// A character has up to four bytes, so that one that has begun goes on for three at most.
    const NEAR: usize = 3;
    let begins = |at: &usize| bytes.get(*at).is_none_or(|b| b & 0xC0 != 0x80);
    let block = block.min(bytes.len());
    (block..=block + NEAR).find(begins).unwrap_or(block)
}

/// Text to train on, and text to measure on.
#[derive(Clone, Debug)]
pub struct Text {
    train: Tokens,
    held_out: Tokens,
}

/// One side.
#[derive(Clone, Debug)]
enum Tokens {
    Bytes(Vec<u8>),
    Encoded(Encoded),
}

impl Tokens {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Encoded(encoded) => encoded.tokens.len(),
        }
    }

    fn write(&self, from: usize, length: usize, tokens: &mut Vec<u16>) {
        tokens.clear();
        match self {
            Self::Bytes(bytes) => {
                tokens.extend(bytes[from..from + length].iter().map(|b| u16::from(*b)));
            }
            Self::Encoded(encoded) => {
                tokens.extend_from_slice(&encoded.tokens[from..from + length]);
            }
        }
    }
}

impl Text {
    /// Reads text and makes tokens of it.
    ///
    /// # Errors
    ///
    /// Those of [`Split::read`], [`Split::check`] and [`Tokenizer::open`].
    pub fn read(
        paths: &[String],
        tokenizer: Option<&TokenizerSpec>,
        context: usize,
    ) -> Result<Self, Diagnostics> {
        let split = Split::read(paths)?;
        let tokenizer = tokenizer
            .map(|spec| Tokenizer::open(spec, &split))
            .transpose()?;
        split.check(tokenizer.as_ref(), context)?;
        Ok(Self::new(split, tokenizer.as_ref())?)
    }

    /// Makes tokens of a text.
    ///
    /// # Errors
    ///
    /// `not-utf8`, and those of [`Tokenizer::encode`].
    pub fn new(split: Split, tokenizer: Option<&Tokenizer>) -> Result<Self, Diagnostic> {
        let Some(tokenizer) = tokenizer else {
            return Ok(Self {
                train: Tokens::Bytes(split.train),
                held_out: Tokens::Bytes(split.held_out),
            });
        };
        let encoded = |side| tokenizer.encode(split.text(side)?, usize::MAX);
        Ok(Self {
            train: Tokens::Encoded(encoded(&split.train)?),
            held_out: Tokens::Encoded(encoded(&split.held_out)?),
        })
    }

    /// Distinct tokens to train on.
    #[must_use]
    pub fn unique(&self) -> usize {
        self.train.len()
    }

    /// Sequence `index` of training: `length` tokens. Every pass over the text meets each stretch once, in a new order
    /// and with new cuts.
    pub fn write(&self, seed: u64, index: u64, length: usize, tokens: &mut Vec<u16>) {
        let context = length - 1;
        // Cuts move by less than one stretch from pass to pass.
        let stretches = ((self.train.len() - 1) / context - 1).max(1) as u64;
        let (pass, at) = (index / stretches, index % stretches);
        let room = self.train.len() - length - (stretches as usize - 1) * context;
        let cut = Shuffle::new(room as u64 + 1, seed ^ 1, pass).of(0) as usize;
        let from = cut + Shuffle::new(stretches, seed, pass).of(at) as usize * context;
        self.train.write(from, length, tokens);
    }

    /// Stretch `index` of the held-out text, if there is one, and the bytes that its tokens after the first stand for.
    #[must_use]
    pub fn held_out(&self, index: usize, length: usize, tokens: &mut Vec<u16>) -> Option<usize> {
        let from = index * (length - 1);
        if from + length > self.held_out.len() {
            return None;
        }
        self.held_out.write(from, length, tokens);
        Some(match &self.held_out {
            Tokens::Bytes(_) => length - 1,
            Tokens::Encoded(encoded) => encoded.bytes[from + 1..from + length]
                .iter()
                .map(|n| usize::from(*n))
                .sum(),
        })
    }
}

fn cannot_read(path: &str, e: &std::io::Error) -> Diagnostic {
    Diagnostic::error("cannot-read", format!("{path} cannot be read: {e}"))
}

fn expand(path: &str) -> Result<Vec<PathBuf>, Diagnostic> {
    let plain = Path::new(path);
    if !plain.exists() && path.contains(['*', '?', '[']) {
        let pattern = glob::glob(path)
            .map_err(|e| Diagnostic::error("bad-pattern", format!("{path} is no pattern: {e}")))?;
        let mut files: Vec<PathBuf> = pattern
            .filter_map(Result::ok)
            .filter(|p| p.is_file())
            .collect();
        files.sort();
        if files.is_empty() {
            return Err(Diagnostic::error(
                "no-match",
                format!("{path} matches no file"),
            ));
        }
        return Ok(files);
    }
    let mut files = Vec::new();
    below(plain, &mut files).map_err(|e| cannot_read(path, &e))?;
    files.sort();
    if files.is_empty() {
        return Err(Diagnostic::error(
            "no-text",
            format!("{path} holds no files"),
        ));
    }
    Ok(files)
}

/// All files at or below a path; links are not followed out of a folder.
fn below(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            below(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_on_one_side() {
        let bytes: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
        let text = Split::of(&bytes);
        assert_eq!(text.train.len() + text.held_out.len(), bytes.len());
        let share = text.held_out.len() as f64 / bytes.len() as f64;
        assert!((0.05..0.15).contains(&share), "{share}");
    }

    #[test]
    fn no_character_is_cut() {
        for length in 1..200 {
            let text = "ä€𝄞 x".repeat(length);
            let split = Split::of(text.as_bytes());
            assert!(split.text(&split.train).is_ok() && split.text(&split.held_out).is_ok());
        }
        let no_text = Split::of(&[0x80; 100_000]);
        assert_eq!(no_text.held_out.len(), 8192);
        assert_eq!(no_text.train_text().unwrap_err().code, "not-utf8");
    }

    #[test]
    fn one_pass_meets_no_stretch_twice() {
        let mut random = crate::random::Random::new(1, "text", 0);
        let bytes: Vec<u8> = (0..60_000).map(|_| random.bits() as u8).collect();
        let text = Text::new(Split::of(&bytes), None).unwrap();
        let context = 100;
        let stretches = (text.train.len() - 1) / context - 1;
        let mut starts = Vec::new();
        let mut tokens = Vec::new();
        for index in 0..stretches {
            text.write(5, index as u64, context + 1, &mut tokens);
            assert_eq!(tokens.len(), context + 1);
            starts.push(tokens.clone());
        }
        starts.sort();
        starts.dedup();
        assert_eq!(starts.len(), stretches);
    }
}

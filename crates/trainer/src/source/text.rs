//! The user's text, as bytes: files, folders and patterns, split into training and held-out blocks.

use std::path::{Path, PathBuf};

use isoflop_base::{Diagnostic, Diagnostics};

use crate::checkpoint::digest;
use crate::random::{Shuffle, mix};

/// Bytes of one block; whole blocks are held out, so that what is held out comes from everywhere.
const BLOCK: usize = 8192;

/// Of so many blocks, the last is held out.
const EVERY: usize = 10;

/// Text to train on, and text to measure on.
#[derive(Clone, Debug)]
pub struct Text {
    train: Vec<u8>,
    held_out: Vec<u8>,
}

impl Text {
    /// Reads files, folders (all files below them) and patterns, in order of their names.
    ///
    /// # Errors
    ///
    /// A diagnostic for each path that cannot be read, and `too-little-text` when what was read holds fewer than
    /// two sequences of `context` tokens to train on or one to measure on.
    pub fn read(paths: &[String], context: usize) -> Result<Self, Diagnostics> {
        let mut faults = Diagnostics::default();
        let mut files = Vec::new();
        for path in paths {
            match expand(path) {
                Ok(mut found) => files.append(&mut found),
                Err(fault) => faults.0.push(fault),
            }
        }
        let mut bytes = Vec::new();
        for file in &files {
            match std::fs::read(file) {
                Ok(mut text) => bytes.append(&mut text),
                Err(e) => faults.0.push(cannot_read(&file.display().to_string(), &e)),
            }
        }
        if !faults.0.is_empty() {
            return Err(faults);
        }
        let text = Self::split(&bytes);
        if text.train.len() <= 2 * context || text.held_out.len() <= context {
            let found = format!(
                "{} bytes of text in {} files are too little for a context of {context}",
                bytes.len(),
                files.len()
            );
            let help = "give more text, or a shorter context";
            return Err(Diagnostic::error("too-little-text", found)
                .help(help)
                .into());
        }
        Ok(text)
    }

    /// Cuts a text into blocks; short texts have shorter blocks.
    #[must_use]
    pub fn split(bytes: &[u8]) -> Self {
        let block = BLOCK.min(bytes.len() / EVERY).max(1);
        let mut text = Self {
            train: Vec::new(),
            held_out: Vec::new(),
        };
        for (index, block) in bytes.chunks(block).enumerate() {
            let side = if index % EVERY == EVERY - 1 {
                &mut text.held_out
            } else {
                &mut text.train
            };
            side.extend_from_slice(block);
        }
        text
    }

    /// Distinct tokens to train on.
    #[must_use]
    pub fn unique(&self) -> usize {
        self.train.len()
    }

    /// A digest of all of it.
    #[must_use]
    pub fn digest(&self) -> u64 {
        mix(digest(&self.train) ^ digest(&self.held_out).rotate_left(1))
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
        tokens.clear();
        tokens.extend(
            self.train[from..from + length]
                .iter()
                .map(|b| u16::from(*b)),
        );
    }

    /// Stretch `index` of the held-out text, if there is one.
    #[must_use]
    pub fn held_out(&self, index: usize, length: usize, tokens: &mut Vec<u16>) -> bool {
        let from = index * (length - 1);
        tokens.clear();
        if let Some(stretch) = self.held_out.get(from..from + length) {
            tokens.extend(stretch.iter().map(|b| u16::from(*b)));
        }
        !tokens.is_empty()
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
        let text = Text::split(&bytes);
        assert_eq!(text.train.len() + text.held_out.len(), bytes.len());
        let share = text.held_out.len() as f64 / bytes.len() as f64;
        assert!((0.05..0.15).contains(&share), "{share}");
    }

    #[test]
    fn one_pass_meets_no_stretch_twice() {
        let mut random = crate::random::Random::new(1, "text", 0);
        let bytes: Vec<u8> = (0..60_000).map(|_| random.bits() as u8).collect();
        let text = Text::split(&bytes);
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

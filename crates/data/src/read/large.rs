//! Large texts, which are read by pieces: a table of ten million rows takes the memory of its columns, not of its file.
//!
//! Such a file is looked through once, for its digest and for whether it is text, and then read as often as the types
//! of its columns need. Only what is plainly named is read this way; anything odd (another encoding, a first line
//! without end, a fault that must be shown) is left to the way of small files, which has all bytes at hand.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::format::TEXTS;
use super::hex;
use super::input::{Large, Loaded};

/// From how many bytes on a file is large.
const LARGE: u64 = 16 << 20;

/// Bytes that are read at once, and how many of the first are kept for looking at.
const PIECE: usize = 1 << 20;

/// The first lines of a large text; nothing if the file is to be read as a whole.
pub(super) fn open(path: &Path, name: &str) -> io::Result<Option<Loaded>> {
    let ending = path.extension().and_then(|e| e.to_str());
    let plain = ending.is_some_and(|e| TEXTS.contains(&e.to_lowercase().as_str()));
    let known = std::fs::metadata(path)?;
    if !plain || known.len() < LARGE {
        return Ok(None);
    }
    let mut text = Text {
        file: File::open(path)?,
        digest: Sha256::new(),
        size: 0,
        checked: 0,
    };
    let mut first = Vec::new();
    let (mut piece, mut end) = (Vec::with_capacity(PIECE), false);
    while !end {
        let Some(ends) = text.next(&mut piece)? else {
            return Ok(None);
        };
        end = ends;
        if first.is_empty() {
            first.clone_from(&piece);
        }
    }
    let lines = first.iter().rposition(|b| *b == b'\n').unwrap_or(0);
    if first[..lines].trim_ascii().is_empty() {
        return Ok(None);
    }
    first.truncate(lines + 1);
    Ok(Some(Loaded {
        name: name.to_owned(),
        bytes: first,
        large: Some(Large {
            path: path.to_owned(),
            known,
        }),
        sha256: hex(&text.digest.finalize()),
        size: text.size,
    }))
}

/// SHA-256 of the first bytes of a file.
pub(super) fn digest(path: &Path, bytes: u64) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut text = BufReader::with_capacity(PIECE, File::open(path)?.take(bytes));
    loop {
        let piece = text.fill_buf()?;
        if piece.is_empty() {
            return Ok(hex(&digest.finalize()));
        }
        digest.update(piece);
        let read = piece.len();
        text.consume(read);
    }
}

/// A file that is looked through.
struct Text {
    file: File,
    digest: Sha256,
    size: usize,
    /// Bytes of the last piece that are whole characters.
    checked: usize,
}

impl Text {
    /// Takes the next bytes into `piece`, behind those of a character that the last piece cut in two, which stand there
    /// alone; says whether they are the last. Nothing if this is not text.
    fn next(&mut self, piece: &mut Vec<u8>) -> io::Result<Option<bool>> {
        piece.drain(..self.checked);
        let cut = piece.len();
        (&mut self.file).take(PIECE as u64).read_to_end(piece)?;
        let new = &piece[cut..];
        self.digest.update(new);
        self.size += new.len();
        let ends = new.is_empty();
        let text = match std::str::from_utf8(piece) {
            Ok(text) => {
                self.checked = text.len();
                true
            }
            Err(e) => {
                self.checked = e.valid_up_to();
                e.error_len().is_none() && !ends
            }
        };
        Ok((text && !new.contains(&0)).then_some(ends))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use super::*;

    #[test]
    fn a_file_may_grow_while_it_is_read_and_not_change() {
        let path = std::env::temp_dir().join(format!("isoflop-large-{}.csv", std::process::id()));
        let name = path.display().to_string();
        let line = b"1e9,2e10,2.5\n";
        let lines = (LARGE as usize / line.len()) + 1;
        std::fs::write(&path, line.repeat(lines)).unwrap();
        let source = open(&path, &name).unwrap().expect("is large");
        assert!(source.unchanged().is_ok());
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(line).unwrap();
        assert!(source.unchanged().is_ok());
        let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.seek(SeekFrom::Start(5)).unwrap();
        file.write_all(b"7").unwrap();
        let fault = source.unchanged().unwrap_err();
        assert!(
            fault.message.ends_with("was changed while it was read"),
            "{fault}"
        );
        std::fs::remove_file(&path).unwrap();
    }
}

//! Sources that are no files: standard input, pipes, devices. They may have no end, and a pipe may have no writer.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use isoflop_base::Diagnostic;

use super::input::cannot_read;

/// Bytes that a stream may have; a larger table is read from a file, by pieces.
const MOST: u64 = 8 << 30;
/// Bytes after which one must see that this is no table.
const FIRST: u64 = 1 << 20;
/// How long a pipe may wait for somebody who writes into it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the first bytes of a binary source that can be read look like: Parquet, gzip, zstd.
const BINARY: [&[u8]; 3] = [b"PAR1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"];

/// All bytes of a stream.
///
/// # Errors
///
/// `cannot-read`, `endless-source` for more than a stream may have, or for bytes without a line that are no table.
pub(super) fn read(name: &str, mut stream: impl Read) -> Result<Vec<u8>, Diagnostic> {
    let fails = |e: io::Error| cannot_read(name, &e);
    let mut bytes = Vec::new();
    (&mut stream)
        .take(FIRST)
        .read_to_end(&mut bytes)
        .map_err(fails)?;
    let binary = BINARY.iter().any(|start| bytes.starts_with(start));
    let full = bytes.len() as u64 == FIRST;
    if full && !binary && bytes.contains(&0) && !super::tensorboard::is_events(&bytes) {
        let message = format!(
            "{name} is no table: its first {FIRST} bytes hold zeros and no format that is read"
        );
        return Err(Diagnostic::error("endless-source", message)
            .help("isoflop reads CSV, TSV, JSON, JSON Lines and Parquet"));
    }
    (&mut stream)
        .take(MOST - FIRST)
        .read_to_end(&mut bytes)
        .map_err(fails)?;
    if bytes.len() as u64 >= MOST {
        let message = format!("{name} has no end after {} GiB", MOST >> 30);
        return Err(Diagnostic::error("endless-source", message)
            .help("write it to a file first: large files are read by pieces"));
    }
    Ok(bytes)
}

/// All bytes of a pipe or a device.
///
/// # Errors
///
/// As [`read`], and `no-writer` for a pipe into which nobody writes.
pub(super) fn open(path: &Path, name: &str) -> Result<Vec<u8>, Diagnostic> {
    // Opening a pipe waits for its other end: that is left to a thread, which may wait for good.
    let (sender, receiver) = mpsc::channel();
    let own: PathBuf = path.to_owned();
    #[expect(
        clippy::disallowed_methods,
        reason = "no worker of rayon may be kept waiting for good"
    )]
    std::thread::spawn(move || {
        // Nobody listens any more when patience was at its end.
        let _ = sender.send(std::fs::File::open(own));
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(file)) => read(name, file),
        Ok(Err(e)) => Err(cannot_read(name, &e)),
        Err(_) => {
            let message = format!(
                "{name} is a pipe, and no program wrote into it for {} s",
                PATIENCE.as_secs()
            );
            Err(Diagnostic::error("no-writer", message)
                .help("start the program that writes first, or give a file"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_of_zeros_is_refused_after_its_first_bytes() {
        let fault = read("zeros", io::repeat(0)).unwrap_err();
        assert_eq!(fault.code, "endless-source");
        assert_eq!(read("text", &b"a,b\n1,2\n"[..]).unwrap().len(), 8);
    }
}

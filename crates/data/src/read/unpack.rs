//! Compressed sources: unpacked by their first bytes, whatever they are called.

use std::io::{self, Read};

use isoflop_base::Diagnostic;

use super::input::Loaded;
use super::sha256_hex;

/// Endings of compressed files.
pub(super) const ENDINGS: &[&str] = &[".gz", ".zst"];

const GZIP: &[u8] = b"\x1f\x8b";
#[cfg(feature = "parquet")]
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// The source with its bytes unpacked, if they are packed.
///
/// # Errors
///
/// `truncated-file` or `damaged-file`, with the byte up to which the source could be unpacked.
pub(super) fn unpack(name: String, bytes: Vec<u8>) -> Result<Loaded, Diagnostic> {
    let (sha256, size) = (sha256_hex(&bytes), bytes.len());
    let bytes = if bytes.starts_with(GZIP) {
        gunzip(&name, &bytes)?
    } else {
        unzstd(&name, bytes)?
    };
    Ok(Loaded {
        name,
        bytes,
        large: None,
        sha256,
        size,
    })
}

/// Bytes that a packed source may hold in any case, and those that none may.
const UNPACKED_ALWAYS: u64 = 64 << 20;
const UNPACKED_NEVER: u64 = 8 << 30;
/// How much smaller a table becomes by packing at most: numbers that hardly differ come to a hundred.
const MOST_RATIO: u64 = 200;

/// How many bytes a packed source of this size may hold.
fn bound(packed: usize) -> u64 {
    (packed as u64)
        .saturating_mul(MOST_RATIO)
        .clamp(UNPACKED_ALWAYS, UNPACKED_NEVER)
}

fn too_large(name: &str, how: &str, packed: usize) -> Diagnostic {
    let limit = bound(packed);
    let message = format!(
        "{name} holds more than {} MiB in {packed} bytes of {how} data: no table is that much larger than its packed form",
        limit >> 20
    );
    let tool = if how == "gzip" { "gunzip" } else { "zstd -d" };
    Diagnostic::error("unpacks-too-large", message).help(format!(
        "if it is a table all the same, unpack it first: `{tool} {name}`"
    ))
}

/// Unpacks gzip; several streams one after the other are one text, as `cat a.gz b.gz` makes them, and zeros behind them
/// are the padding of a tape or a disk.
fn gunzip(name: &str, packed: &[u8]) -> Result<Vec<u8>, Diagnostic> {
    let mut text = Vec::new();
    let mut rest = packed;
    while !rest.is_empty() {
        let mut decoder = flate2::bufread::GzDecoder::new(rest);
        let room = bound(packed.len()) + 1 - text.len() as u64;
        let read = (&mut decoder).take(room).read_to_end(&mut text);
        if text.len() as u64 > bound(packed.len()) {
            return Err(too_large(name, "gzip", packed.len()));
        }
        let left = decoder.into_inner();
        match read {
            Ok(_) if left.len() < rest.len() => rest = left,
            Ok(_) => break,
            Err(_) if rest.len() < packed.len() && rest.iter().all(|b| *b == 0) => break,
            Err(e) => {
                return Err(broken(
                    name,
                    "gzip",
                    &e,
                    packed.len() - left.len(),
                    text.len(),
                ));
            }
        }
    }
    Ok(text)
}

/// Logarithm of the largest window that zstd can be asked for, 2 GiB; memory is taken for what a source really needs.
#[cfg(feature = "parquet")]
const WINDOW: u32 = 31;

#[cfg(feature = "parquet")]
fn unzstd(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Diagnostic> {
    if !bytes.starts_with(ZSTD) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    let mut rest = bytes.as_slice();
    let limit = bound(bytes.len());
    let outcome = zstd::stream::read::Decoder::with_buffer(&mut rest).and_then(|mut decoder| {
        decoder.window_log_max(WINDOW)?;
        decoder.take(limit + 1).read_to_end(&mut text)
    });
    if text.len() as u64 > limit {
        return Err(too_large(name, "zstd", bytes.len()));
    }
    match outcome {
        Ok(_) => Ok(text),
        Err(e) => {
            let at = bytes.len() - rest.len();
            Err(broken(name, "zstd", &e, at, text.len()))
        }
    }
}

/// Without its feature zstd is left to the list of formats that are not read.
#[cfg(not(feature = "parquet"))]
fn unzstd(_: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Diagnostic> {
    Ok(bytes)
}

fn broken(name: &str, how: &str, error: &io::Error, at: usize, unpacked: usize) -> Diagnostic {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        let message = format!(
            "{name} is cut off: it ends at byte {at} in the middle of its {how} data, {unpacked} bytes were unpacked"
        );
        return Diagnostic::error("truncated-file", message)
            .help("copy or download it again; a file that is still being written has no end yet");
    }
    let message = format!(
        "{name} is damaged: its {how} data cannot be unpacked beyond byte {at} ({error}), {unpacked} bytes were"
    );
    Diagnostic::error("damaged-file", message).help("copy or download it again")
}

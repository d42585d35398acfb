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

/// Unpacks gzip; several streams one after the other are one text, as `cat a.gz b.gz` makes them.
fn gunzip(name: &str, packed: &[u8]) -> Result<Vec<u8>, Diagnostic> {
    let mut decoder = flate2::bufread::MultiGzDecoder::new(packed);
    let mut text = Vec::new();
    match decoder.read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(e) => {
            let at = packed.len() - decoder.get_ref().len();
            Err(broken(name, "gzip", &e, at, text.len()))
        }
    }
}

#[cfg(feature = "parquet")]
fn unzstd(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Diagnostic> {
    if !bytes.starts_with(ZSTD) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    let mut rest = bytes.as_slice();
    let outcome = zstd::stream::read::Decoder::with_buffer(&mut rest)
        .and_then(|mut decoder| decoder.read_to_end(&mut text));
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

//! Checkpoints: everything a run needs to go on as if it had not been stopped, bit for bit.
//!
//! ```text
//! "ISOFCKP1" | digest of the specification | steps done | sum and count of recent losses | values | moments | checksum
//! ```
//!
//! All numbers are little-endian. A file is written beside the old one, synchronised and renamed, so that a crash
//! leaves one whole checkpoint; a file that is torn, damaged or of another specification is not used.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::files::write_whole;
use crate::random::mix;

const MAGIC: &[u8; 8] = b"ISOFCKP1";

/// The state of a run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Steps that are done.
    pub step: u64,
    /// Running mean of the training loss.
    pub loss: f64,
    /// Parameters.
    pub values: Vec<f32>,
    /// Adam's first moments.
    pub first: Vec<f32>,
    /// Adam's second moments.
    pub second: Vec<f32>,
}

/// A hash of bytes, by 8 at a time: against torn and mixed-up files, not against people.
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(8);
    let mut hash = mix(bytes.len() as u64 ^ 0x5851_f42d_4c95_7f2d);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        hash = mix(hash ^ u64::from_le_bytes(word)).wrapping_add(hash.rotate_left(29));
    }
    for byte in chunks.remainder() {
        hash = mix(hash ^ u64::from(*byte));
    }
    hash
}

impl Checkpoint {
    /// Writes the file in one go.
    ///
    /// # Errors
    ///
    /// Those of the file system; the old file then stays as it was.
    pub fn write(&self, path: &Path, spec: u64) -> io::Result<()> {
        let numbers = [&self.values, &self.first, &self.second];
        let mut bytes = Vec::with_capacity(48 + 12 * self.values.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&spec.to_le_bytes());
        bytes.extend_from_slice(&self.step.to_le_bytes());
        bytes.extend_from_slice(&self.loss.to_le_bytes());
        bytes.extend_from_slice(&(self.values.len() as u64).to_le_bytes());
        for number in numbers.into_iter().flatten() {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        let sum = digest(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        write_whole(path, &bytes)
    }

    /// Reads a checkpoint of this specification and size; none when there is no such file or it cannot be used.
    #[must_use]
    pub fn read(path: &Path, spec: u64, params: usize) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(path).ok()?.read_to_end(&mut bytes).ok()?;
        let (body, sum) = bytes.split_last_chunk::<8>()?;
        if digest(body) != u64::from_le_bytes(*sum) {
            return None;
        }
        let (magic, body) = body.split_first_chunk::<8>()?;
        let (of, body) = body.split_first_chunk::<8>()?;
        let (step, body) = body.split_first_chunk::<8>()?;
        let (loss, body) = body.split_first_chunk::<8>()?;
        let (n, body) = body.split_first_chunk::<8>()?;
        let fits = magic == MAGIC
            && u64::from_le_bytes(*of) == spec
            && u64::from_le_bytes(*n) == params as u64
            && body.len() == 12 * params;
        if !fits {
            return None;
        }
        let numbers = |part: usize| {
            body[4 * part * params..4 * (part + 1) * params]
                .as_chunks::<4>()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect()
        };
        Some(Self {
            step: u64::from_le_bytes(*step),
            loss: f64::from_le_bytes(*loss),
            values: numbers(0),
            first: numbers(1),
            second: numbers(2),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_comes_back_and_a_torn_one_does_not() {
        let folder =
            std::env::temp_dir().join(format!("isoflop-checkpoint-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.ckpt");
        let checkpoint = Checkpoint {
            step: 7,
            loss: 1.25,
            values: vec![1.0, -2.5, f32::MIN_POSITIVE],
            first: vec![0.1; 3],
            second: vec![0.2; 3],
        };
        checkpoint.write(&path, 99).unwrap();
        assert_eq!(Checkpoint::read(&path, 99, 3), Some(checkpoint.clone()));
        assert_eq!(Checkpoint::read(&path, 98, 3), None);
        assert_eq!(Checkpoint::read(&path, 99, 4), None);
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 8, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(Checkpoint::read(&path, 99, 3), None);
        }
        let mut damaged = whole;
        damaged[50] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(Checkpoint::read(&path, 99, 3), None);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! Counter-based randomness: every replicate of every purpose has a stream of its own, so that neither threads nor
//! the order of work change a result.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The stream of one replicate of one purpose.
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `replicate` of `purpose`.
    #[must_use]
    pub fn new(seed: u64, purpose: &str, replicate: u64) -> Self {
        // FNV-1a: a fixed hash of the purpose's name.
        let purpose = purpose.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&purpose.to_le_bytes());
        key[16..24].copy_from_slice(&replicate.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// A number in (0, 1): for quantiles, which have no ends.
    pub fn open_unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_stable_and_apart() {
        let mut a = Stream::new(1, "bootstrap", 7);
        let mut b = Stream::new(1, "bootstrap", 7);
        let mut c = Stream::new(1, "bootstrap", 8);
        let (x, y, z) = (a.below(1_000_000), b.below(1_000_000), c.below(1_000_000));
        assert_eq!(x, y);
        assert_ne!(x, z);
        assert!((0.0..1.0).contains(&a.unit()));
    }
}

//! Counter-based randomness: every purpose and index has a stream of its own, so that neither threads nor a resumed
//! run change a number.
//!
//! SplitMix64 (Steele, Lea and Flood 2014) from a mixed key. It is used for starts, batches and synthetic text, never
//! for statistics: those are made elsewhere.

/// One stream.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
#[must_use]
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The stream `index` of a purpose.
    #[must_use]
    pub fn new(seed: u64, purpose: &str, index: u64) -> Self {
        let purpose = purpose
            .bytes()
            .fold(0, |h, b| mix(h ^ u64::from(b)).wrapping_add(STEP));
        Self(mix(
            mix(mix(seed ^ STEP) ^ purpose).wrapping_add(STEP) ^ index
        ))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A standard normal number, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// A shuffle of 0..n that is computed, not stored: a Feistel network on the next even number of bits, walked until it
/// lands inside.
#[derive(Clone, Copy, Debug)]
pub struct Shuffle {
    n: u64,
    half: u32,
    key: u64,
}

impl Shuffle {
    /// The shuffle `index` of 0..n.
    #[must_use]
    pub fn new(n: u64, seed: u64, index: u64) -> Self {
        let bits = u64::BITS - n.max(2).saturating_sub(1).leading_zeros();
        Self {
            n,
            half: bits.div_ceil(2),
            key: Random::new(seed, "shuffle", index).bits(),
        }
    }

    /// Where `at` goes, for `at` below n.
    #[must_use]
    pub fn of(&self, at: u64) -> u64 {
        let mut at = at;
        loop {
            at = self.round_trip(at);
            if at < self.n {
                return at;
            }
        }
    }

    fn round_trip(&self, x: u64) -> u64 {
        let mask = (1u64 << self.half) - 1;
        let (mut left, mut right) = (x >> self.half, x & mask);
        for round in 0..4u64 {
            let f = mix(self.key ^ mix(right.wrapping_add(STEP.wrapping_mul(round + 1)))) & mask;
            (left, right) = (right, left ^ f);
        }
        (left << self.half) | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_meets_everything_once() {
        for n in [1, 2, 3, 5, 64, 1000] {
            let shuffle = Shuffle::new(n, 7, 3);
            let mut met: Vec<u64> = (0..n).map(|at| shuffle.of(at)).collect();
            if n == 1000 {
                let fixed = met
                    .iter()
                    .enumerate()
                    .filter(|(i, x)| *i as u64 == **x)
                    .count();
                assert!(fixed < 10, "{fixed} stay where they are");
            }
            met.sort_unstable();
            assert_eq!(met, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let mut random = Random::new(1, "test", 0);
        let n = 200_000;
        let all: Vec<f64> = (0..n).map(|_| random.normal()).collect();
        let moment = |k: i32| all.iter().map(|x| x.powi(k)).sum::<f64>() / f64::from(n);
        // Four standard errors each: 1/√n, √2/√n, √96/√n.
        let root = f64::from(n).sqrt();
        assert!(moment(1).abs() < 4.0 / root);
        assert!((moment(2) - 1.0).abs() < 4.0 * 2f64.sqrt() / root);
        assert!((moment(4) - 3.0).abs() < 4.0 * 96f64.sqrt() / root);
    }

    #[test]
    fn streams_are_apart() {
        let first = |seed, purpose, index| Random::new(seed, purpose, index).bits();
        let all = [
            first(0, "a", 0),
            first(0, "a", 1),
            first(0, "b", 0),
            first(1, "a", 0),
        ];
        for (i, x) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|y| y != x));
        }
    }
}

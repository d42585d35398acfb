//! A small random generator whose numbers are the same on every machine and in every version of every dependency.

/// SplitMix64.
///
/// # Source
///
/// Steele, Lea, Flood 2014, *Fast splittable pseudorandom number generators*; normal deviates by Box and Muller 1958.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
    /// The second deviate of the last Box–Muller pair.
    spare: Option<f64>,
}

impl Random {
    /// The generator of a seed; neighbouring seeds give unrelated numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut me = Self {
            state: seed,
            spare: None,
        };
        me.state = me.bits() ^ seed.rotate_left(32);
        me
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in (0, 1): never an end, so that its logarithm exists.
    pub fn unit(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Uniform between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Between two positive numbers, uniform in the logarithm.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.unit().ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.unit()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// Student's t with a whole number of degrees of freedom.
    pub fn student(&mut self, freedom: u32) -> f64 {
        let top = self.normal();
        let squares: f64 = (0..freedom).map(|_| self.normal().powi(2)).sum();
        top / (squares / f64::from(freedom)).sqrt()
    }

    /// Puts the items in a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of a sample.
    fn moments(sample: &[f64]) -> (f64, f64) {
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        (
            mean,
            sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n,
        )
    }

    #[test]
    fn a_seed_gives_the_same_numbers_and_another_seed_others() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..4).map(|_| random.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert!(draw(1).iter().zip(draw(2)).all(|(a, b)| *a != b));
    }

    #[test]
    fn deviates_have_the_moments_of_their_distributions() {
        let mut random = Random::new(7);
        let n = 200_000;
        // Tolerances are five standard errors of the mean and of the variance.
        let (mean, variance) = moments(&(0..n).map(|_| random.unit()).collect::<Vec<_>>());
        assert!((mean - 0.5).abs() < 0.0033 && (variance - 1.0 / 12.0).abs() < 0.0009);
        let (mean, variance) = moments(&(0..n).map(|_| random.normal()).collect::<Vec<_>>());
        assert!(mean.abs() < 0.012 && (variance - 1.0).abs() < 0.016);
        let (mean, variance) = moments(&(0..n).map(|_| random.student(10)).collect::<Vec<_>>());
        assert!(mean.abs() < 0.0125 && (variance - 1.25).abs() < 0.03);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<usize> = (0..50).collect();
        Random::new(3).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}

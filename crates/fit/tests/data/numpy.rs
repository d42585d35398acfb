//! NumPy's legacy generator, as far as `np.random.seed(s); np.random.choice(n, n, replace=True)` needs it, so that
//! a published bootstrap can be repeated resample by resample.

/// MT19937 seeded by one 32-bit number.
pub struct RandomState {
    state: Vec<u32>,
    next: usize,
}

impl RandomState {
    /// `np.random.seed(seed)`.
    pub fn seed(seed: u32) -> Self {
        let mut state = vec![seed];
        for i in 1..624u32 {
            let last = state[i as usize - 1];
            state.push(
                1_812_433_253u32
                    .wrapping_mul(last ^ (last >> 30))
                    .wrapping_add(i),
            );
        }
        Self { state, next: 624 }
    }

    fn next_u32(&mut self) -> u32 {
        if self.next == 624 {
            for i in 0..624 {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
                let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ twist;
            }
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// How often each of `n` rows is drawn by `np.random.choice(n, n, replace=True)`: masked rejection.
    pub fn resample(&mut self, n: usize) -> Vec<u32> {
        let mask = (n as u32).next_power_of_two() - 1;
        let mut counts = vec![0; n];
        for _ in 0..n {
            let row = loop {
                let candidate = (self.next_u32() & mask) as usize;
                if candidate < n {
                    break candidate;
                }
            };
            counts[row] += 1;
        }
        counts
    }
}

#[test]
fn the_generator_is_numpys() {
    // np.random.seed(42); np.random.choice(240, 240): 102, 179, 92, 14, 106 come first.
    let mut state = RandomState::seed(42);
    let first: Vec<u32> = std::iter::from_fn(|| Some(state.next_u32() & 255))
        .filter(|x| *x < 240)
        .take(5)
        .collect();
    assert_eq!(first, [102, 179, 92, 14, 106]);
}

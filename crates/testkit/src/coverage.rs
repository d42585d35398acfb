//! How often intervals held the truth, with the error of that count.

/// A count of intervals that held the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Intervals that held it.
    pub held: usize,
    /// Intervals that lay wholly below it.
    pub below: usize,
    /// Intervals that lay wholly above it.
    pub above: usize,
}

impl Coverage {
    /// Counts one interval.
    pub fn count(&mut self, lower: f64, upper: f64, truth: f64) {
        if upper < truth {
            self.below += 1;
        } else if lower > truth {
            self.above += 1;
        } else {
            self.held += 1;
        }
    }

    /// Intervals counted.
    #[must_use]
    pub fn total(&self) -> usize {
        self.held + self.below + self.above
    }

    /// Share of intervals that held the truth.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.held as f64 / self.total() as f64
    }

    /// Binomial standard error of the share that `level` would give.
    ///
    /// # Formula
    ///
    /// ```text
    /// √(level (1 − level) / total)
    /// ```
    #[must_use]
    pub fn error(&self, level: f64) -> f64 {
        (level * (1.0 - level) / self.total() as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_sorted_by_where_they_lie() {
        let mut coverage = Coverage::default();
        for (lower, upper) in [(0.0, 2.0), (1.0, 3.0), (1.5, 2.0), (-1.0, 0.5)] {
            coverage.count(lower, upper, 1.0);
        }
        assert_eq!(
            coverage,
            Coverage {
                held: 2,
                below: 1,
                above: 1
            }
        );
        assert!(
            (coverage.share() - 0.5).abs() < 1e-15 && (coverage.error(0.5) - 0.25).abs() < 1e-15
        );
    }
}

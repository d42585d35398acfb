//! The learning rate over a run, matched to its length: warm-up, then a cosine, or a plateau with a decline at its end.
//!
//! A schedule is always that of the run's own length. The loss in the middle of a run is that of an unfinished
//! schedule, and is never a measurement of a shorter run.

use serde::{Deserialize, Serialize};

/// How the rate goes down after warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum Decline {
    /// Half a cosine to the last step.
    Cosine,
    /// Constant, then straight down over a last share of the steps.
    Wsd {
        /// Share of all steps that goes down.
        decay_share: f64,
    },
}

/// The rate of a run, as a share of its peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Steps of the run.
    pub steps: usize,
    /// Steps of warm-up.
    pub warmup: usize,
    /// After that.
    pub decline: Decline,
    /// Share of the peak at the last step.
    pub final_share: f64,
}

impl Schedule {
    /// The rate of step `step`, from 0, as a share of the peak.
    #[must_use]
    pub fn share(&self, step: usize) -> f64 {
        if step < self.warmup {
            return (step + 1) as f64 / self.warmup as f64;
        }
        let from = match self.decline {
            Decline::Cosine => self.warmup,
            Decline::Wsd { decay_share } => {
                let decay = (decay_share * self.steps as f64).round() as usize;
                self.warmup.max(self.steps.saturating_sub(decay))
            }
        };
        if step < from {
            return 1.0;
        }
        // 1 at the last step, which is where the final share is reached.
        let gone = (step - from + 1) as f64 / (self.steps - from).max(1) as f64;
        let left = match self.decline {
            Decline::Cosine => (1.0 + (std::f64::consts::PI * gone).cos()) / 2.0,
            Decline::Wsd { .. } => 1.0 - gone,
        };
        self.final_share + (1.0 - self.final_share) * left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn cosine_rises_falls_and_ends_at_its_share() {
        let schedule = Schedule {
            steps: 110,
            warmup: 10,
            decline: Decline::Cosine,
            final_share: 0.1,
        };
        close(schedule.share(0), 0.1);
        close(schedule.share(9), 1.0);
        // Half way down: (1 + 0.1)/2.
        close(schedule.share(59), 0.55);
        close(schedule.share(109), 0.1);
    }

    #[test]
    fn wsd_stays_and_then_goes_straight_down() {
        let schedule = Schedule {
            steps: 100,
            warmup: 4,
            decline: Decline::Wsd { decay_share: 0.2 },
            final_share: 0.0,
        };
        close(schedule.share(1), 0.5);
        for step in 4..80 {
            close(schedule.share(step), 1.0);
        }
        close(schedule.share(80), 0.95);
        close(schedule.share(89), 0.5);
        close(schedule.share(99), 0.0);
    }

    #[test]
    fn no_warmup_starts_near_the_peak() {
        let schedule = Schedule {
            steps: 1,
            warmup: 0,
            decline: Decline::Cosine,
            final_share: 0.1,
        };
        close(schedule.share(0), 0.1);
    }
}

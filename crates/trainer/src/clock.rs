//! The one clock: for how long things take and when to report, never for a result.

use std::time::{Duration, Instant};

/// Time since a moment.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a run takes is shown and planned with; no result depends on it"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since then.
    #[must_use]
    pub fn secs(self) -> f64 {
        self.elapsed().as_secs_f64()
    }

    /// Time since then.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

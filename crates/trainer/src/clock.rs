//! The one clock: for how long things take and when to report, never for a result.

use std::time::{Duration, Instant};

/// Time since a moment.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: Instant,
    /// Seconds of the processor that this thread had had, where the system says.
    busy: Option<f64>,
}

impl Clock {
    /// Now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a run takes is shown and planned with; no result depends on it"
    )]
    pub fn start() -> Self {
        Self {
            wall: Instant::now(),
            busy: busy(),
        }
    }

    /// Seconds since then.
    #[must_use]
    pub fn secs(self) -> f64 {
        self.elapsed().as_secs_f64()
    }

    /// Seconds that this thread had the processor since then, when asked on the thread that started it: on a busy machine
    /// fewer than have passed. Where the system does not say, all that have passed.
    #[must_use]
    pub fn busy_secs(self) -> f64 {
        match (self.busy, busy()) {
            (Some(then), Some(now)) => now - then,
            _ => self.secs(),
        }
    }

    /// Time since then.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.wall.elapsed()
    }
}

fn busy() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds * 1e-9)
}

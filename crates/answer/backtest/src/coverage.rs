//! Shares of held-out runs inside the intervals of their predictions.

use isoflop_numerics::scoring::{self, ScaledT};

/// Levels at which coverage is counted.
const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];

/// Share of the predictions whose interval holds what was observed, by level.
pub(crate) fn coverage(of: &[ScaledT], observed: &dyn Fn(usize) -> f64) -> Vec<(String, f64)> {
    let share = |level: &f64| (level.to_string(), scoring::coverage(*level, of, observed));
    LEVELS.iter().map(share).collect()
}

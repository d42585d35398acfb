//! IsoFLOP budgets around a known truth.

use crate::Random;

/// Params, tokens and losses of 45 runs on five budgets from 3e18 to 3e20 FLOP, nine sizes each; noise of half a per
/// cent around `truth`.
#[must_use]
pub fn budgets(rng: &mut Random, truth: impl Fn(f64, f64) -> f64) -> [Vec<f64>; 3] {
    let mut out = [Vec::new(), Vec::new(), Vec::new()];
    for budget in 0..5 {
        let c = 3e18 * 10f64.powf(0.5 * f64::from(budget));
        for size in 0..9 {
            let params = (c / 120.0f64).sqrt() * 10f64.powf(-0.6 + 0.15 * f64::from(size));
            let tokens = c / 6.0 / params;
            out[0].push(params);
            out[1].push(tokens);
            out[2].push(truth(params, tokens) * (0.005 * rng.normal()).exp());
        }
    }
    out
}

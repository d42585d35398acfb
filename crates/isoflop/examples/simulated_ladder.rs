//! The simulated ladder: runs that a known law made, so that a fit can be held against the truth.
//!
//! ```text
//! loss = (E + A/N^alpha + B/D^beta) · (1 + 0.004 z),    z close to standard normal
//! ```
//!
//! Nine sizes from 1M to 2B parameters, each at ten ratios of tokens to parameters from 5 to 320, kept where the
//! compute 6ND lies between 1e15 and 1e21 FLOP: 72 runs. Two of them carry the kind of error that real tables have.
//! The table that comes with the program was written by
//! `cargo run -p isoflop --example simulated_ladder > crates/isoflop/data/simulated-ladder.csv`.

use std::fmt::Write as _;
use std::io::Write as _;

use isoflop::dataset;

fn main() -> std::io::Result<()> {
    std::io::stdout()
        .lock()
        .write_all(simulated_ladder().as_bytes())
}

/// Relative standard deviation of the noise.
pub const NOISE: f64 = 0.004;

/// Rows (from 0) that are wrong, and by which factor: a run that diverged late, and one that saw test data.
const OUTLIERS: [(usize, f64); 2] = [(20, 1.07), (55, 0.96)];

/// The table as CSV, always the same bytes.
pub fn simulated_ladder() -> String {
    let mut text = String::from("run,params,tokens,flops,loss,seed\n");
    let mut row = 0;
    for size in 0..9 {
        let params = rounded(1e6 * 2000f64.powf(f64::from(size) / 8.0));
        for ratio in 0..10 {
            let tokens = rounded(params * 5.0 * 64f64.powf(f64::from(ratio) / 9.0));
            let flops = 6.0 * params * tokens;
            if !(1e15..=1e21).contains(&flops) {
                continue;
            }
            let seed = 1000 + row;
            let factor = OUTLIERS
                .iter()
                .find(|(r, _)| *r == row)
                .map_or(1.0, |(_, f)| *f);
            let loss = law(params, tokens) * (1.0 + NOISE * normal(seed as u64)) * factor;
            let _ = writeln!(
                text,
                "sim-{:02},{params:.0},{tokens:.0},{flops:.4e},{loss:.4},{seed}",
                row + 1
            );
            row += 1;
        }
    }
    text
}

/// The loss without noise, from the coefficients that the program shows as the truth.
pub fn law(params: f64, tokens: f64) -> f64 {
    let truth = dataset("simulated-ladder").map_or(&[][..], |set| set.truth);
    let coef = |name: &str| {
        truth
            .iter()
            .find(|(n, _)| *n == name)
            .map_or(f64::NAN, |(_, x)| *x)
    };
    coef("E") + coef("A") / params.powf(coef("alpha")) + coef("B") / tokens.powf(coef("beta"))
}

/// Three significant digits, as sizes are quoted.
fn rounded(x: f64) -> f64 {
    let unit = 10f64.powf(x.log10().floor() - 2.0);
    (x / unit).round() * unit
}

/// The sum of twelve uniform numbers less six: close to normal, and free of functions that differ between machines.
pub fn normal(seed: u64) -> f64 {
    (0..12)
        .map(|i| uniform(seed.wrapping_mul(64) + i))
        .sum::<f64>()
        - 6.0
}

/// SplitMix64 of a counter, as a number in [0, 1).
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits are exactly what an f64 holds"
)]
fn uniform(counter: u64) -> f64 {
    let mut z = counter.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

//! Grids of runs planted on a law of size and data, as tables.

use isoflop_data::{Input, ReadOptions, RunTable, read};
use isoflop_law::Law;
use std::fmt::Write as _;

use crate::Random;

/// Coefficients behind every table here: E, A, B, alpha, beta of the Chinchilla runs.
pub const TRUTH: [f64; 5] = [1.8172, 477.83, 2143.4, 0.3473, 0.3672];

/// One planted run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Parameters.
    pub params: f64,
    /// Tokens.
    pub tokens: f64,
    /// Measured loss.
    pub loss: f64,
    /// Further cells by column.
    pub more: Vec<(&'static str, String)>,
}

impl Run {
    /// The run with a further cell.
    #[must_use]
    pub fn with(mut self, column: &'static str, cell: impl ToString) -> Self {
        self.more.push((column, cell.to_string()));
        self
    }
}

/// The planted loss at a point.
#[must_use]
pub fn surface([e, a, b, alpha, beta]: [f64; 5], n: f64, d: f64) -> f64 {
    e + a / n.powf(alpha) + b / d.powf(beta)
}

/// Runs at every pair of a size and a ratio of tokens, with normal noise on the logarithm.
#[must_use]
pub fn grid(sizes: usize, ratios: usize, noise: f64) -> Vec<Run> {
    grid_of(7, sizes, ratios, noise)
}

/// The same with noise of its own.
#[must_use]
pub fn grid_of(seed: u64, sizes: usize, ratios: usize, noise: f64) -> Vec<Run> {
    let mut random = Random::new(seed);
    let mut runs = Vec::new();
    for i in 0..sizes {
        for j in 0..ratios {
            let params = 5e7 * 10f64.powf(2.0 * i as f64 / (sizes.max(2) - 1) as f64);
            let ratio = 2.0 * 10f64.powf(2.0 * j as f64 / (ratios.max(2) - 1) as f64);
            let tokens = params * ratio;
            let loss = surface(TRUTH, params, tokens) * (noise * random.normal()).exp();
            runs.push(Run {
                params,
                tokens,
                loss,
                more: Vec::new(),
            });
        }
    }
    runs
}

/// The usual table: eight sizes, seven ratios, noise of three in a thousand.
#[must_use]
pub fn usual() -> Vec<Run> {
    grid(8, 7, 0.003)
}

/// The runs as a CSV file reads.
#[must_use]
pub fn table(runs: &[Run]) -> RunTable {
    table_called("params", runs)
}

/// The same with another name for the column of sizes.
#[must_use]
pub fn table_called(params: &str, runs: &[Run]) -> RunTable {
    let mut text = format!("{params},tokens,loss");
    for (column, _) in &runs[0].more {
        write!(text, ",{column}").expect("a string takes all text");
    }
    text.push('\n');
    for run in runs {
        let loss = if run.loss.is_nan() {
            String::new()
        } else {
            run.loss.to_string()
        };
        write!(text, "{},{},{loss}", run.params, run.tokens).expect("a string takes all text");
        for (_, cell) in &run.more {
            write!(text, ",{cell}").expect("a string takes all text");
        }
        text.push('\n');
    }
    let input = Input::Reader {
        name: "runs.csv".to_owned(),
        bytes: text.into_bytes(),
    };
    read(&[input], &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// The law behind them.
#[must_use]
pub fn chinchilla() -> Law {
    Law::builtin("chinchilla").expect("in the catalogue")
}

//! Simulated sweeps of N and D: designs without fault, and the faults that are planted into them.

mod faults;

pub use faults::{FAULTS, Fault};

use crate::Random;
use isoflop_data::{Input, ReadOptions, RunTable, read};
use std::fmt::Write as _;

/// E, A, B, alpha, beta of the laws behind the tables: round ones near Hoffmann's, those of Besiroglu et al., and one
/// whose exponents are equal.
pub const TRUTHS: [[f64; 5]; 3] = [
    [1.7, 400.0, 2000.0, 0.34, 0.28],
    [1.8172, 477.83, 2143.4, 0.3473, 0.3672],
    [2.0, 120.0, 480.0, 0.28, 0.28],
];

/// Standard deviation of the logarithm of the loss.
pub const NOISE: f64 = 0.004;

/// Designs that leave nothing to find fault with.
pub const DESIGNS: [&str; 8] = [
    "grid20",
    "grid40",
    "isoflop42",
    "random30",
    "chin240",
    "seeds60",
    "recorded54",
    "rounded56",
];

/// A table of runs.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// N.
    pub params: Vec<f64>,
    /// D.
    pub tokens: Vec<f64>,
    /// The loss without noise.
    pub exact: Vec<f64>,
    /// What noise adds to the logarithm.
    pub noise: Vec<f64>,
    /// Decimals of the losses as printed; all of them without.
    pub decimals: Option<usize>,
    /// Further columns: name and cells.
    pub more: Vec<(String, Vec<String>)>,
}

/// The loss at a point.
#[must_use]
pub fn loss_of([e, a, b, alpha, beta]: [f64; 5], n: f64, d: f64) -> f64 {
    e + a / n.powf(alpha) + b / d.powf(beta)
}

/// Numbers in geometric progression from one end to the other.
fn geometric(low: f64, high: f64, count: usize) -> impl Iterator<Item = f64> + Clone {
    (0..count).map(move |i| low * (high / low).powf(i as f64 / (count - 1) as f64))
}

/// Sizes times ratios of tokens to params.
fn grid(sizes: (f64, f64, usize), ratios: (f64, f64, usize)) -> Vec<(f64, f64)> {
    geometric(sizes.0, sizes.1, sizes.2)
        .flat_map(|n| geometric(ratios.0, ratios.1, ratios.2).map(move |r| (n, n * r)))
        .collect()
}

/// The points of a design.
///
/// # Panics
///
/// When there is no such design: the test itself is at fault.
fn points(design: &str, random: &mut Random) -> Vec<(f64, f64)> {
    match design {
        "grid20" => grid((3e7, 1.2e9, 5), (8.0, 200.0, 4)),
        "grid40" => grid((3e7, 2e9, 8), (6.0, 250.0, 5)),
        "rounded56" => grid((5e7, 5e9, 8), (2.0, 200.0, 7)),
        "recorded54" => grid((1e7, 3e9, 9), (3.0, 300.0, 6)),
        "seeds60" => {
            let cells = grid((3e7, 1.2e9, 5), (8.0, 200.0, 4));
            cells.into_iter().flat_map(|cell| [cell; 3]).collect()
        }
        "isoflop42" => geometric(6e18, 3e21, 6)
            .flat_map(|c| {
                let middle = (c / 120.0).sqrt();
                geometric(0.25, 4.0, 7).map(move |f| (middle * f, c / (6.0 * middle * f)))
            })
            .collect(),
        "random30" => (0..30)
            .map(|_| {
                let n = random.log_between(10f64.powf(7.5), 10f64.powf(9.5));
                (n, n * random.log_between(10f64.sqrt(), 10f64.powf(2.3)))
            })
            .collect(),
        "chin240" => geometric(5e7, 1.5e10, 40)
            .flat_map(|n| [n; 6])
            .map(|n| (n, n * random.log_between(10f64.powf(0.3), 10f64.powf(2.3))))
            .collect(),
        "ray20" => geometric(2e7, 3e9, 20).map(|n| (n, 20.0 * n)).collect(),
        other => panic!("there is no design {other}"),
    }
}

/// A sweep of a design without any fault: the law holds, and the noise is normal, even and independent.
#[must_use]
pub fn clean(design: &str, seed: u64) -> Sweep {
    let mut random = Random::new(seed ^ 0x5eed_0000);
    let truth = TRUTHS[seed as usize % TRUTHS.len()];
    let points = points(design, &mut random);
    let mut sweep = Sweep::default();
    for (n, d) in points {
        sweep.params.push(n);
        sweep.tokens.push(d);
        sweep.exact.push(loss_of(truth, n, d));
        sweep.noise.push(NOISE * random.normal());
    }
    match design {
        "rounded56" => sweep.decimals = Some(3),
        "recorded54" => sweep.record(&mut random),
        _ => {}
    }
    sweep
}

impl Sweep {
    /// Runs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.params.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
    }

    /// Adds a column.
    pub fn column(&mut self, name: &str, cell: impl FnMut(usize) -> String) {
        self.more
            .push((name.to_owned(), (0..self.len()).map(cell).collect()));
    }

    /// What a careful project records beside a run, none of which matters: names, states, corpora and machines that
    /// make no difference, a tuned learning rate, compute with the FLOP of attention, steps that were all done.
    fn record(&mut self, random: &mut Random) {
        let params = self.params.clone();
        let tokens = self.tokens.clone();
        self.column("Name", |i| format!("run-{i}"));
        self.column("State", |_| "finished".to_owned());
        self.column("Runtime", |i| (3600 + 7 * i).to_string());
        self.column("corpus", |i| ["web", "books"][i % 2].to_owned());
        self.column("cluster", |i| ["a", "b", "c"][(i * 7 / 3) % 3].to_owned());
        let labels: Vec<usize> = (0..self.len()).map(|_| random.below(3)).collect();
        self.column("node", |i| ["x", "y", "z"][labels[i]].to_owned());
        self.column("learning_rate", |i| {
            format!("{:e}", 0.8 / params[i].powf(0.25))
        });
        self.column("flops", |i| {
            // 1 + (context / 6 width) of attention, width as the cube root of N.
            let attention = 1.0 + 2048.0 / (6.0 * 1.5 * params[i].cbrt());
            format!("{:e}", 6.0 * params[i] * tokens[i] * attention)
        });
        self.column("steps", |i| format!("{}", (tokens[i] / 5e5).ceil()));
        self.column("_step", |i| format!("{}", (tokens[i] / 5e5).ceil()));
    }

    /// The table as a CSV file.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = "params,tokens,loss".to_owned();
        for (name, _) in &self.more {
            write!(text, ",{name}").expect("a string takes all text");
        }
        text.push('\n');
        for i in 0..self.len() {
            let loss = self.exact[i] * self.noise[i].exp();
            let loss = self
                .decimals
                .map_or_else(|| loss.to_string(), |d| format!("{loss:.d$}"));
            write!(text, "{},{},{loss}", self.params[i], self.tokens[i])
                .expect("a string takes all text");
            for (_, cells) in &self.more {
                write!(text, ",{}", cells[i]).expect("a string takes all text");
            }
            text.push('\n');
        }
        text
    }

    /// The table as the program reads it.
    ///
    /// # Panics
    ///
    /// When it cannot be read: the test itself is at fault.
    #[must_use]
    pub fn table(&self) -> RunTable {
        let input = Input::Reader {
            name: "runs.csv".to_owned(),
            bytes: self.csv().into_bytes(),
        };
        read(&[input], &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
    }
}

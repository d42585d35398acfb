//! What the tape costs a row, beside a kernel written by hand for the same law and beside the two exponentials and
//! the logarithm that the law cannot do without.
//!
//! All contenders of a table are timed in turn, round after round: a ratio is the median over rounds of the ratio of
//! two neighbours in time, and survives a machine that is busy with other things.
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

mod by_hand;

use by_hand::ByHand;
use isoflop_law::Law;
use isoflop_law::tape::{BLOCK, Bound, Normal, Output, Program, Workspace};
use isoflop_numerics::kernels;
use isoflop_numerics::penalty::{Penalty, PenaltyColumns};
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

const DELTA: f64 = 1e-3;
const COEFS: [f64; 5] = [1.82, 480.0, 2085.0, 0.348, 0.366];
/// Timed rounds of every table.
const ROUNDS: usize = 400;
/// A timing lasts at least about this many rows, so that the clock's own cost vanishes.
const ROWS_A_TIMING: usize = 48_000;

/// Runs that follow the Chinchilla law with a wobble of half a per cent.
struct Runs {
    params: Vec<f64>,
    tokens: Vec<f64>,
    ln_loss: Vec<f64>,
    weights: Vec<f64>,
}

impl Runs {
    fn new(rows: usize) -> Self {
        let wave = |i: usize, k: f64| (i as f64 * k).fract();
        let params: Vec<f64> = (0..rows)
            .map(|i| 10f64.powf(7.0 + 3.5 * wave(i, 0.618_034)))
            .collect();
        let tokens: Vec<f64> = (0..rows)
            .map(|i| 10f64.powf(9.0 + 2.5 * wave(i, 0.754_878)))
            .collect();
        let [e, a, b, alpha, beta] = COEFS;
        let ln_loss = (0..rows)
            .map(|i| {
                let loss = e + a * params[i].powf(-alpha) + b * tokens[i].powf(-beta);
                loss.ln() + 0.01 * (wave(i, 0.569_84) - 0.5)
            })
            .collect();
        let weights = vec![1.0; rows];
        Self {
            params,
            tokens,
            ln_loss,
            weights,
        }
    }
}

/// The calls that an objective makes of the tape.
struct Tape<'a> {
    bound: &'a Bound<'a>,
    runs: &'a Runs,
    theta: &'a [f64],
    ws: Workspace,
    normal: Normal,
    columns: PenaltyColumns,
    residual: Vec<f64>,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl<'a> Tape<'a> {
    fn new(bound: &'a Bound<'a>, runs: &'a Runs, theta: &'a [f64]) -> Self {
        let program = bound.program();
        Self {
            bound,
            runs,
            theta,
            ws: program.workspace(),
            normal: Normal::new(program),
            columns: PenaltyColumns::new(BLOCK),
            residual: vec![0.0; BLOCK],
            gradient: vec![0.0; 5],
            hessian: vec![0.0; 25],
        }
    }

    /// Objective, gradient and JᵀHJ.
    fn objective(&mut self) -> f64 {
        self.bound.set(&mut self.ws, self.theta);
        self.normal.clear();
        let mut value = 0.0;
        for block in 0..self.bound.blocks() {
            let at = self.bound.block(block);
            let residual = &mut self.residual[..at.len()];
            let values = self.bound.values(&mut self.ws, block);
            kernels::linear_column(residual, -1.0, values, &self.runs.ln_loss[at.clone()]);
            let penalty = Penalty::Huber { delta: DELTA };
            penalty.columns(
                residual,
                &self.runs.ln_loss[at.clone()],
                &self.runs.weights[at],
                &mut self.columns,
            );
            value += kernels::total(&self.columns.value[..residual.len()]);
            self.bound.derivatives(&mut self.ws, block);
            let (normal, ws) = (&mut self.normal, &self.ws);
            normal.add_side(self.bound, ws, block, &self.columns.slope);
            normal.add_gram(self.bound, ws, block, &self.columns.curve);
        }
        let program = self.bound.program();
        self.normal.side(program, &mut self.ws, &mut self.gradient);
        self.gradient.iter_mut().for_each(|g| *g = -*g);
        self.normal.gram(program, &mut self.ws, &mut self.hessian);
        value
    }

    fn jacobian(&mut self) -> f64 {
        let j = self.bound.jacobian(&mut self.ws, self.theta);
        black_box(&j)[0]
    }
}

/// The exponentials and the logarithm of every row, nothing else.
fn floor(ln_params: &[f64], ln_tokens: &[f64], scratch: &mut [Vec<f64>; 3]) -> f64 {
    let [x, y, z] = scratch;
    for (a, b) in ln_params.chunks(BLOCK).zip(ln_tokens.chunks(BLOCK)) {
        let n = a.len();
        kernels::exp_linear(&mut x[..n], -0.348, a, 6.2);
        kernels::exp_linear(&mut y[..n], -0.366, b, 7.6);
        kernels::ln_column(&mut z[..n], &x[..n]);
        black_box((&x, &y, &z));
    }
    z[0]
}

/// Nanoseconds a row of each contender in each round.
fn race(rows: usize, contenders: &mut [(&str, &mut dyn FnMut() -> f64)]) -> Vec<Vec<f64>> {
    let repeat = ROWS_A_TIMING.div_ceil(rows);
    let mut rounds = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (times, (_, run)) in rounds.iter_mut().zip(contenders.iter_mut()) {
            let clock = Instant::now();
            for _ in 0..repeat {
                black_box(run());
            }
            times.push(clock.elapsed().as_secs_f64() * 1e9 / (repeat * rows) as f64);
        }
    }
    rounds
}

fn median(mut x: Vec<f64>) -> f64 {
    x.sort_by(f64::total_cmp);
    x[x.len() / 2]
}

fn ratio(a: &[f64], b: &[f64]) -> f64 {
    median(a.iter().zip(b).map(|(a, b)| a / b).collect())
}

#[track_caller]
fn agree(a: &[f64], b: &[f64]) {
    let size = b.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-11 * size, "{a:e} for {b:e}");
    }
}

fn table(rows: usize, timed: bool, out: &mut impl Write) -> std::io::Result<()> {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let program = Program::compile(&law, &Vec::new(), Output::LnResponse).expect("compiles");
    let runs = Runs::new(rows);
    let bound = program.bind(rows, &[&[], &runs.params, &runs.tokens], &[]);
    let coordinates = program.coordinates();
    let theta: Vec<f64> = coordinates
        .iter()
        .zip(COEFS)
        .map(|(c, x)| c.of(x))
        .collect();
    let mut tape = Tape::new(&bound, &runs, &theta);
    let mut again = Tape::new(&bound, &runs, &theta);
    let ln = |x: &[f64]| x.iter().map(|x| x.ln()).collect::<Vec<_>>();
    let (ln_n, ln_d) = (ln(&runs.params), ln(&runs.tokens));
    let mut hand = ByHand::new(&ln_n, &ln_d, &runs.ln_loss, &runs.weights, DELTA);
    agree(&[tape.objective()], &[hand.objective(&theta)]);
    agree(&tape.gradient, &hand.gradient);
    agree(&tape.hessian, &hand.hessian);
    if !timed {
        return Ok(());
    }
    let mut scratch = [vec![0.0; BLOCK], vec![0.0; BLOCK], vec![0.0; BLOCK]];
    let contenders: &mut [(&str, &mut dyn FnMut() -> f64)] = &mut [
        ("tape: objective, gradient, JᵀHJ", &mut || {
            tape.objective()
        }),
        ("tape: Jacobian, rows × 5", &mut || again.jacobian()),
        ("by hand: objective, gradient, JᵀHJ", &mut || {
            hand.objective(&theta)
        }),
        ("two exp and one ln", &mut || {
            floor(&ln_n, &ln_d, &mut scratch)
        }),
    ];
    let rounds = race(rows, contenders);
    writeln!(
        out,
        "\n{rows} rows{:32}ns a row   median   / by hand   / exp and ln",
        ""
    )?;
    for (times, (name, _)) in rounds.iter().zip(contenders.iter()) {
        let least = times.iter().copied().fold(f64::INFINITY, f64::min);
        writeln!(
            out,
            "{name:40}{least:8.2}{:9.2}{:12.2}{:15.2}",
            median(times.clone()),
            ratio(times, &rounds[2]),
            ratio(times, &rounds[3]),
        )?;
    }
    Ok(())
}

/// `cargo bench` passes `--bench`; a test runner does not, and then only the agreement is checked.
fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if std::env::args().any(|a| a == "--list") {
        return Ok(());
    }
    let timed = std::env::args().any(|a| a == "--bench");
    table(240, timed, &mut out)?;
    table(24_000, timed, &mut out)
}

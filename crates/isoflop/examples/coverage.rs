//! How often intervals hold what they should, and how wide they are: simulations of a known law over designs that people
//! use, four kinds of noise, every method on offer.
//!
//! ```sh
//! cargo xtask coverage
//! ```
#![expect(
    clippy::print_stdout,
    reason = "a program for the command line: without a second argument the page is what it prints"
)]

use std::fmt::Write as _;

use isoflop::{Fit, FitOptions, Law, Objective, RunTable, Status, Uncertainty, fit};
use isoflop_numerics::dist::{normal_quantile, t_quantile};
use isoflop_numerics::random::Stream;
use rayon::prelude::*;

/// E, A, B, alpha, beta: as large as published ones.
const TRUTH: [f64; 5] = [1.7, 400.0, 2000.0, 0.34, 0.28];
const QUANTITIES: [&str; 6] = ["E", "alpha", "beta", "a", "lnN", "far"];
const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];
const NOISES: [Noise; 4] = [Noise::Normal, Noise::Coarse, Noise::Heavy, Noise::Skewed];

/// Method, whether it is tried at every level, and the objective: empty for the default.
const METHODS: [(&str, bool, &str); 8] = [
    ("default", true, ""),
    ("covariance", true, ""),
    ("sandwich", true, ""),
    ("profile", true, ""),
    ("bca:400", false, ""),
    ("wild:400", false, ""),
    ("parametric:400", false, ""),
    ("default", false, "huber-log:0.001"),
];

#[derive(Clone, Copy, PartialEq)]
enum Noise {
    /// Normal, 0.4 %.
    Normal,
    /// Normal, 1 %.
    Coarse,
    /// Student's t with three degrees of freedom, standard deviation 0.4 %.
    Heavy,
    /// Chi-squared with four degrees of freedom, shifted, 0.4 %.
    Skewed,
}

#[derive(Clone, Copy, PartialEq)]
enum Design {
    Grid,
    Isoflop,
    Random,
    Many,
    Uneven,
    Outliers,
    Seeds,
    Ray,
}

const DESIGNS: [(Design, &str, &str); 8] = [
    (
        Design::Grid,
        "grid20",
        "5 sizes × 4 ratios of tokens to params",
    ),
    (Design::Isoflop, "isoflop42", "6 budgets × 7 sizes"),
    (Design::Random, "random30", "30 random runs"),
    (Design::Many, "many240", "40 sizes × 6 random ratios"),
    (
        Design::Uneven,
        "uneven40",
        "8 sizes × 5 ratios, noise three times as large below 300M params",
    ),
    (
        Design::Outliers,
        "outliers40",
        "8 sizes × 5 ratios, 3 % of the runs off by 15 standard deviations",
    ),
    (
        Design::Seeds,
        "seeds60",
        "5 sizes × 4 ratios × 3 seeds that share 64 % of their variance",
    ),
    (
        Design::Ray,
        "ray20",
        "20 sizes, 20 tokens per param: exponents cannot be told apart",
    ),
];

fn main() {
    let mut words = std::env::args().skip(1);
    let tables = words.next().and_then(|w| w.parse().ok()).unwrap_or(50u64);
    let page = page(tables);
    match words.next() {
        Some(file) => std::fs::write(&file, page).unwrap_or_else(|e| panic!("{file}: {e}")),
        None => println!("{page}"),
    }
}

fn law(n: f64, d: f64) -> f64 {
    let [e, a, b, alpha, beta] = TRUTH;
    e + a / n.powf(alpha) + b / d.powf(beta)
}

fn steps(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high / low).powf(1.0 / (count as f64 - 1.0));
    (0..count).map(|i| low * step.powi(i as i32)).collect()
}

fn grid(sizes: &[f64], ratios: &[f64], seeds: usize) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for n in sizes {
        for r in ratios {
            points.extend(std::iter::repeat_n((*n, n * r), seeds));
        }
    }
    points
}

impl Design {
    fn points(self, stream: &mut Stream) -> Vec<(f64, f64)> {
        let mut between = |low: f64, high: f64| 10f64.powf(low + (high - low) * stream.unit());
        match self {
            Self::Grid => grid(&steps(3e7, 1.2e9, 5), &steps(8.0, 200.0, 4), 1),
            Self::Seeds => grid(&steps(3e7, 1.2e9, 5), &steps(8.0, 200.0, 4), 3),
            Self::Uneven | Self::Outliers => grid(&steps(3e7, 2e9, 8), &steps(6.0, 250.0, 5), 1),
            Self::Isoflop => {
                let mut points = Vec::new();
                for c in steps(6e18, 3e21, 6) {
                    for f in steps(0.25, 4.0, 7) {
                        let n = (c / 120.0).sqrt() * f;
                        points.push((n, c / 6.0 / n));
                    }
                }
                points
            }
            Self::Random => (0..30)
                .map(|_| {
                    let n = between(7.5, 9.5);
                    (n, n * between(0.5, 2.3))
                })
                .collect(),
            Self::Many => steps(5e7, 1.5e10, 40)
                .into_iter()
                .flat_map(|n| [n; 6])
                .map(|n| (n, n * between(0.3, 2.3)))
                .collect(),
            Self::Ray => steps(2e7, 3e9, 20)
                .into_iter()
                .map(|n| (n, 20.0 * n))
                .collect(),
        }
    }
}

impl Noise {
    fn sd(self) -> f64 {
        if self == Self::Coarse { 0.01 } else { 0.004 }
    }

    /// A number of mean 0 and variance 1.
    fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Normal | Self::Coarse => normal_quantile(stream.open_unit()),
            Self::Heavy => t_quantile(stream.open_unit(), 3.0) / 3f64.sqrt(),
            Self::Skewed => {
                let sum = -2.0 * (stream.open_unit().ln() + stream.open_unit().ln());
                (sum - 4.0) / 8f64.sqrt()
            }
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Normal => "normal, 0.4 %",
            Self::Coarse => "normal, 1 %",
            Self::Heavy => "Student's t with 3 degrees of freedom, 0.4 %",
            Self::Skewed => "skewed (χ² with 4 degrees of freedom), 0.4 %",
        }
    }
}

/// One table, and the truth of each quantity there.
struct Case {
    table: RunTable,
    truth: [f64; 6],
    derive: Vec<String>,
}

fn case(design: Design, noise: Noise, replicate: u64) -> Case {
    let key = format!("coverage {} {}", design as u8, noise as u8);
    let mut stream = Stream::new(13, &key, replicate);
    let points = design.points(&mut stream);
    let (mut shared, mut last) = (0.0, (0.0, 0.0));
    let loss: Vec<f64> = points
        .iter()
        .map(|(n, d)| {
            let mut e = noise.draw(&mut stream);
            match design {
                Design::Uneven if *n < 3e8 => e *= 3.0,
                Design::Seeds => {
                    if (*n, *d) != last {
                        shared = noise.draw(&mut stream);
                        last = (*n, *d);
                    }
                    e = 0.8 * shared + 0.6 * e;
                }
                Design::Outliers if stream.unit() < 0.03 => {
                    e += if stream.unit() < 0.5 { 15.0 } else { -15.0 };
                }
                _ => {}
            }
            law(*n, *d) * (noise.sd() * e).exp()
        })
        .collect();
    let [_, a, b, alpha, beta] = TRUTH;
    let largest = points.iter().map(|(n, d)| 6.0 * n * d).fold(0.0, f64::max);
    let top = points
        .iter()
        .find(|(n, d)| 6.0 * n * d == largest)
        .map_or((1.0, 1.0), |p| *p);
    let (far_n, far_d) = (top.0 * 30f64.sqrt(), top.1 * 30f64.sqrt());
    let budget = 100.0 * largest / 6.0;
    let optimum = ((alpha * a / (beta * b)).ln() + beta * budget.ln()) / (alpha + beta);
    let (n, d): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
    Case {
        table: RunTable::from_columns("runs", &[("params", &n), ("tokens", &d), ("loss", &loss)])
            .keeping_copies(),
        truth: [
            TRUTH[0],
            alpha,
            beta,
            beta / (alpha + beta),
            optimum,
            law(far_n, far_d),
        ],
        derive: vec![
            "a = beta / (alpha + beta)".to_owned(),
            format!("lnN = (ln(alpha*A/(beta*B)) + beta*ln({budget:e})) / (alpha + beta)"),
            format!("far = E + A/{far_n:e}^alpha + B/{far_d:e}^beta"),
        ],
    }
}

/// What one fit says of each quantity: value, ends.
type Said = [(f64, f64, f64); 6];

fn said(
    case: &Case,
    chinchilla: &Law,
    method: &str,
    objective: &str,
    level: f64,
    seed: u64,
) -> Option<Said> {
    let options = FitOptions {
        objective: (!objective.is_empty())
            .then(|| Objective::parse(objective).expect("an objective")),
        uncertainty: match method {
            "default" => Uncertainty::Default,
            other => Uncertainty::parse(other).expect("a method"),
        },
        derive: case.derive.clone(),
        starts: Some(32),
        level,
        seed,
        ..FitOptions::default()
    };
    let found = fit(chinchilla, &case.table, &options).ok()?;
    if found.status == Status::NotConverged {
        return None;
    }
    let mut out = [(0.0, 0.0, 0.0); 6];
    for (slot, name) in out.iter_mut().zip(QUANTITIES) {
        *slot = quantity(&found, name)?;
    }
    Some(out)
}

fn quantity(found: &Fit, name: &str) -> Option<(f64, f64, f64)> {
    let mut all = found.coefs.iter().chain(&found.derived);
    let (_, estimate) = all.find(|(n, _)| n == name)?;
    let i = estimate.interval?;
    Some((estimate.value, i.lower, i.upper))
}

/// Share held and width beside the estimator's own spread, of each quantity; how many fits.
#[derive(Clone, Default)]
struct Cell {
    held: [f64; 6],
    width: [f64; 6],
    fits: usize,
}

fn cell(cases: &[Case], chinchilla: &Law, method: &str, objective: &str, level: f64) -> Cell {
    let found: Vec<Option<Said>> = cases
        .par_iter()
        .enumerate()
        .map(|(i, case)| said(case, chinchilla, method, objective, level, i as u64))
        .collect();
    let mut cell = Cell::default();
    let all: Vec<(&Case, &Said)> = cases
        .iter()
        .zip(&found)
        .filter_map(|(case, said)| Some((case, said.as_ref()?)))
        .collect();
    cell.fits = all.len();
    let z = 2.0 * normal_quantile(0.5 + 0.5 * level);
    for q in 0..6 {
        let held = all
            .iter()
            .filter(|(c, s)| s[q].1 <= c.truth[q] && c.truth[q] <= s[q].2);
        cell.held[q] = held.count() as f64 / all.len().max(1) as f64;
        // The spread of the estimates about the truth, by its middle half: a few ends on a bound do not count.
        let mut off: Vec<f64> = all.iter().map(|(c, s)| s[q].0 - c.truth[q]).collect();
        let mut width: Vec<f64> = all.iter().map(|(_, s)| s[q].2 - s[q].1).collect();
        off.sort_by(f64::total_cmp);
        width.sort_by(f64::total_cmp);
        let at = |v: &[f64], p: f64| isoflop_numerics::dist::sorted_quantile(v, p);
        let spread = (at(&off, 0.75) - at(&off, 0.25)) / 1.349;
        cell.width[q] = at(&width, 0.5) / (z * spread);
    }
    cell
}

/// Means over cells.
fn pooled(cells: &[Cell]) -> Cell {
    let mut out = Cell::default();
    let n = cells.len().max(1) as f64;
    for cell in cells {
        out.fits += cell.fits;
        for q in 0..6 {
            out.held[q] += cell.held[q] / n;
            out.width[q] += cell.width[q] / n;
        }
    }
    out
}

fn name(method: &str, objective: &str) -> String {
    match objective {
        "" => method.to_owned(),
        other => format!("{method}, {other}"),
    }
}

fn page(tables: u64) -> String {
    let chinchilla = Law::builtin("chinchilla").expect("in the catalogue");
    // [design][noise][method][level]
    let mut all: Vec<Vec<Vec<Vec<Cell>>>> = Vec::new();
    for (design, ..) in DESIGNS {
        let mut by_noise = Vec::new();
        for noise in NOISES {
            let cases: Vec<Case> = (0..tables).map(|r| case(design, noise, r)).collect();
            let by_method = METHODS.map(|(method, every, objective)| {
                let levels: &[f64] = if every { &LEVELS } else { &LEVELS[3..] };
                let one = |level: &f64| cell(&cases, &chinchilla, method, objective, *level);
                levels.iter().map(one).collect()
            });
            by_noise.push(by_method.to_vec());
        }
        all.push(by_noise);
    }
    let mut out = head(tables);
    by_design(&mut out, &all);
    by_noise(&mut out, &all);
    by_level(&mut out, &all);
    out
}

fn head(tables: u64) -> String {
    let cell = 4 * tables;
    let mut out = format!(
        "# Coverage of intervals\n\nHow often intervals hold the truth, in per cent, and how wide they are beside the spread of \
         the estimates themselves (1 is ideal: the median width over that of the central range of a normal law with the \
         estimates' quartiles, which {tables} tables know to {:.0} %), for the Chinchilla law with E 1.7, A 400, B 2000, alpha 0.34, beta 0.28, over {tables} tables for each \
         design and each noise. Written by `cargo xtask coverage`.\n\n`a` is beta/(alpha + beta), `N*` the compute-optimal size at 100 times \
         the largest compute (its logarithm), `far` the loss at 30 times. The standard error of a share near 95 % is {:.1} over \
         {cell} tables, near 50 % it is {:.1}.\n\n| design | what |\n|---|---|\n",
        // Of a quartile range of normal numbers the relative standard error is 1.17/√n.
        117.0 / (tables as f64).sqrt(),
        100.0 * (0.95 * 0.05 / cell as f64).sqrt(),
        100.0 * (0.25 / cell as f64).sqrt(),
    );
    for (_, name, what) in DESIGNS {
        writeln!(out, "| {name} | {what} |").expect("a string takes all text");
    }
    let noises: Vec<&str> = NOISES.iter().map(|n| n.words()).collect();
    writeln!(
        out,
        "\nNoise on the logarithm of the loss: {}.",
        noises.join("; ")
    )
    .expect("a string takes all text");
    out
}

fn heading(out: &mut String, title: &str, first: &str) {
    write!(
        out,
        "\n## {title}\n\n| {first} | method | E | alpha | beta | a | N* | far | fits |\n|---|---|---|---|---|---|---|---|---|\n"
    )
    .expect("a string takes all text");
}

fn line(out: &mut String, first: &str, method: &str, cell: &Cell) {
    let parts: Vec<String> = (0..6)
        .map(|q| {
            if cell.fits == 0 {
                "–".to_owned()
            } else {
                format!("{:.0} ({:.2})", 100.0 * cell.held[q], cell.width[q])
            }
        })
        .collect();
    writeln!(
        out,
        "| {first} | {method} | {} | {} |",
        parts.join(" | "),
        cell.fits
    )
    .expect("a string takes all text");
}

fn by_design(out: &mut String, all: &[Vec<Vec<Vec<Cell>>>]) {
    heading(out, "95 %, by design, all noises together", "design");
    for (d, (_, design, _)) in DESIGNS.iter().enumerate() {
        for (m, (method, _, objective)) in METHODS.iter().enumerate() {
            let cells: Vec<Cell> = all[d].iter().filter_map(|n| n[m].last().cloned()).collect();
            line(out, design, &name(method, objective), &pooled(&cells));
        }
    }
}

fn by_noise(out: &mut String, all: &[Vec<Vec<Vec<Cell>>>]) {
    heading(
        out,
        "95 %, by noise, all designs but ray20 together",
        "noise",
    );
    for (k, noise) in NOISES.iter().enumerate() {
        for (m, (method, _, objective)) in METHODS.iter().enumerate() {
            let cells: Vec<Cell> = all[..7]
                .iter()
                .filter_map(|d| d[k][m].last().cloned())
                .collect();
            line(
                out,
                noise.words(),
                &name(method, objective),
                &pooled(&cells),
            );
        }
    }
}

fn by_level(out: &mut String, all: &[Vec<Vec<Vec<Cell>>>]) {
    heading(
        out,
        "By level, all designs but ray20 and all noises together",
        "level",
    );
    for (l, level) in LEVELS.iter().enumerate() {
        for (m, (method, _, objective)) in METHODS.iter().enumerate() {
            let cells: Vec<Cell> = all[..7]
                .iter()
                .flatten()
                .filter(|n| n[m].len() == LEVELS.len())
                .map(|n| n[m][l].clone())
                .collect();
            if !cells.is_empty() {
                line(
                    out,
                    &format!("{:.0} %", 100.0 * level),
                    &name(method, objective),
                    &pooled(&cells),
                );
            }
        }
    }
}

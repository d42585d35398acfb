//! Random formulas of the grammar on random small tables, under every objective and uncertainty: an answer or
//! a diagnostic, never a panic, and no number that is none. `fuzz/commands.py` does the same to the whole command.

use crate::support::csv;
use isoflop_base::Interval;
use isoflop_data::RunTable;
use isoflop_fit::{FitOptions, Objective, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_testkit::Random;
use std::fmt::Write as _;

const CASES: u64 = 250;
const NAMES: [&str; 6] = ["a", "b", "c", "k", "alpha", "E"];
const CALLS: [&str; 10] = [
    "exp", "ln", "log10", "sqrt", "abs", "sigmoid", "softplus", "tanh", "sin", "atan",
];
const OBJECTIVES: [&str; 12] = [
    "squared",
    "squared-log",
    "squared-lhs",
    "huber-log:1e-3",
    "huber:0.1",
    "huber-log:2mad",
    "abs",
    "abs-log",
    "soft-l1:0.1",
    "quantile:0.7",
    "student:4",
    "binomial",
];
const UNCERTAINTIES: [&str; 9] = [
    "none",
    "covariance",
    "sandwich",
    "bootstrap:22",
    "bca:22",
    "wild:22",
    "parametric:22",
    "profile",
    "cluster:g:22",
];

fn pick<'a>(random: &mut Random, of: &[&'a str]) -> &'a str {
    of[random.below(of.len())]
}

fn expression(random: &mut Random, depth: u32, unknowns: usize) -> String {
    if depth == 0 || random.unit() < 0.12 {
        return match random.below(8) {
            0..=2 => pick(random, &NAMES),
            3..=5 => pick(random, &["x", "z", ["x", "u", "v"][unknowns]]),
            _ => pick(random, &["1", "2", "0.5", "0", "1e-3"]),
        }
        .to_owned();
    }
    let inner = |random: &mut Random| expression(random, depth - 1, unknowns);
    match random.below(20) {
        0..=9 => {
            let op = pick(random, &["+", "-", "*", "*", "/", "^"]);
            let (a, b) = (inner(random), inner(random));
            format!("({a} {op} {b})")
        }
        10..=14 => format!("{}({})", pick(random, &CALLS), inner(random)),
        15 => {
            let call = pick(random, &["min", "max", "logsumexp"]);
            let (a, b) = (inner(random), inner(random));
            format!("{call}({a}, {b})")
        }
        16 => {
            let parts: Vec<String> = (0..4).map(|_| inner(random)).collect();
            format!(
                "(if {} < {} then {} else {})",
                parts[0], parts[1], parts[2], parts[3]
            )
        }
        17 if unknowns < 2 && depth < 3 => {
            let name = ["u", "v"][unknowns];
            let equation = expression(random, depth - 1, unknowns + 1);
            format!("solve({name}, 0, 10, {name} - {equation})")
        }
        _ => format!("{} * x^-{}", pick(random, &NAMES), pick(random, &NAMES)),
    }
}

/// A formula, in a third of the cases with steps before it, one of which may name itself or one that comes later.
fn formula(random: &mut Random, depth: u32) -> String {
    let right = expression(random, depth, 0);
    if random.below(3) > 0 {
        return format!("y = {right}");
    }
    let mut text = String::new();
    for k in 0..=random.below(3) {
        let value = expression(random, 2, 0);
        let other = pick(random, &["q0", "q1", "x", "k"]);
        let _ = write!(text, "let q{k} = {value} + {other}; ");
    }
    let op = pick(random, &["+", "*", "/", "^"]);
    format!("{text}y = {right} {op} q0")
}

/// The last column: a name of runs that hang together, or of no meaning.
fn runs_of(runs: &RunTable) -> &str {
    runs.columns().last().map_or("g", |c| c.name.as_str())
}

fn table(random: &mut Random) -> String {
    let rows = [1, 4, 8, 12, 20][random.below(5)];
    let group = pick(random, &["g", "g", "run_id"]);
    let (unit, kind) = (random.log_between(1e-9, 1e12), random.below(5));
    let mut text = format!("x,z,y,{group}\n");
    for i in 0..rows {
        let share = f64::from(i) / f64::from(rows);
        let x = match kind {
            0 => unit * share,
            1 => unit * 10f64.powf(3.0 * share),
            2 => unit * random.normal(),
            3 => 2020.0 + share,
            _ => [0.0, -1.0, unit, 1e300][random.below(4)],
        };
        let y = match kind {
            0 | 1 => 1.0 + 0.5 * (-3.0 * share).exp() + 0.01 * random.normal(),
            2 => random.unit(),
            3 => 1.5,
            _ => random.normal(),
        };
        let _ = writeln!(text, "{x:e},{},{y:e},g{}", random.below(4), i % 4);
    }
    text
}

#[test]
fn any_formula_on_any_table_has_an_answer_or_a_diagnostic() {
    for case in 0..CASES {
        let mut random = Random::new(900 + case);
        let depth = 1 + random.below(4) as u32;
        let formula = formula(&mut random, depth);
        let runs = csv(&table(&mut random));
        let Ok(law) = Law::from_formula(&formula, &["x", "z", "y", runs_of(&runs)], &[]) else {
            continue;
        };
        let options = FitOptions {
            objective: Some(Objective::parse(pick(&mut random, &OBJECTIVES)).expect("parses")),
            uncertainty: Uncertainty::parse(pick(&mut random, &UNCERTAINTIES)).expect("parses"),
            starts: Some(64),
            derive: law
                .coefs
                .first()
                .map_or_else(Vec::new, |c| vec![format!("twice = 2*{}", c.name)]),
            ..FitOptions::default()
        };
        if let Ok(found) = fit(&law, &runs, &options) {
            let derived = found.derived.iter();
            for (name, estimate) in found.coefs.iter().chain(derived) {
                let place = || format!("case {case}: {name} of {formula}, {estimate:?}");
                assert!(!estimate.value.is_nan(), "{}", place());
                assert!(
                    estimate.se.is_none_or(|se| !se.is_nan() && se >= 0.0),
                    "{}",
                    place()
                );
                let ordered = |i: Interval| i.lower <= i.upper;
                assert!(estimate.interval.is_none_or(ordered), "{}", place());
            }
        }
    }
}

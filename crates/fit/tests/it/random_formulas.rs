//! Random formulas of the grammar on random small tables, under every objective and uncertainty: an answer or
//! a diagnostic, never a panic, and no number that is none. `fuzz/commands.py` does the same to the whole command.

use crate::support::csv;
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

fn table(random: &mut Random) -> String {
    let rows = [1, 4, 8, 12, 20][random.below(5)];
    let (unit, kind) = (random.log_between(1e-9, 1e12), random.below(5));
    let mut text = "x,z,y,g\n".to_owned();
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
        let formula = format!("y = {}", expression(&mut random, depth, 0));
        let runs = csv(&table(&mut random));
        let options = FitOptions {
            objective: Some(Objective::parse(pick(&mut random, &OBJECTIVES)).expect("parses")),
            uncertainty: Uncertainty::parse(pick(&mut random, &UNCERTAINTIES)).expect("parses"),
            starts: Some(64),
            ..FitOptions::default()
        };
        let Ok(law) = Law::from_formula(&formula, &["x", "z", "y", "g"], &[]) else {
            continue;
        };
        if let Ok(found) = fit(&law, &runs, &options) {
            for (name, estimate) in &found.coefs {
                assert!(!estimate.value.is_nan(), "case {case}: {name} of {formula}");
            }
        }
    }
}

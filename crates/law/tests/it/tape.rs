//! The compiled tape of every law of the catalogue against the reference evaluator, and its derivatives against
//! differences of its own values.

use crate::places::{Compiled, drawn, laws, published, reference, rows};
use isoflop_formula::parse_formula;
use isoflop_law::Law;
use isoflop_law::tape::{Bound, Output};

/// Random rows beside those of the checks: more than one block of the tape.
const ROWS: usize = 300;
/// Largest relative difference between tape and reference, where nothing cancels.
const SAME: f64 = 1e-12;
/// Largest error of a derivative, relative to the largest of its column.
const SAME_SLOPE: f64 = 1e-9;
/// What differences of a value cannot resolve, relative to the value: some thousand roundings, from values that pass
/// through powers such as (x/d)^(1/f) and are divided by steps of a hundredth.
const ROUNDING: f64 = 1e-12;

#[test]
fn every_formula_is_read_back_as_printed() {
    for law in laws() {
        let text = law.formula.to_string();
        let again = parse_formula(&text, "again").unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(again, law.formula, "{text}");
    }
}

#[test]
fn the_tape_gives_every_check_of_every_law() {
    for law in laws() {
        let rows = rows(&law, 0, 0);
        let compiled = Compiled::new(&law, &rows, Output::Response);
        for (k, check) in law.checks.iter().enumerate() {
            let coefs = match law.variant(&check.variant) {
                Some(variant) => &variant.coefs,
                None => &check.coefs,
            };
            let bound = compiled.bind(&rows);
            let found = evaluated(&bound, &compiled.theta(coefs))[k];
            let gap = (found / check.value - 1.0).abs();
            assert!(
                gap <= check.tolerance,
                "{}, check {}: {found} for {}",
                law.id,
                k + 1,
                check.value
            );
        }
    }
}

#[test]
fn the_tape_agrees_with_the_reference_evaluator_over_the_domain_of_every_law() {
    let mut wrong = Vec::new();
    for law in laws() {
        let rows = rows(&law, ROWS, 1);
        let compiled = Compiled::new(&law, &rows, Output::Response);
        let bound = compiled.bind(&rows);
        for (name, coefs) in published(&law).into_iter().chain(drawn(&law, 2)) {
            let found = evaluated(&bound, &compiled.theta(&coefs));
            let wanted = reference(&law, &coefs, &rows);
            let largest = largest(&wanted);
            for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                // Where `eps - k exp(-gamma L)` crosses zero its terms cancel: there the size of the terms counts.
                let size = wanted.abs().max(1e-2 * largest.min(1.0));
                let gap = (found - wanted).abs() / size;
                if gap.is_nan() || gap > SAME {
                    wrong.push(format!(
                        "{} {name}, row {i}: {found} for {wanted} ({gap:.1e})",
                        law.id
                    ));
                }
            }
        }
    }
    none_wrong(&wrong);
}

#[test]
fn derivatives_of_the_response_agree_with_differences() {
    derivatives_agree(Output::Response);
}

#[test]
fn derivatives_of_the_log_response_agree_with_differences() {
    derivatives_agree(Output::LnResponse);
}

#[track_caller]
fn derivatives_agree(output: Output) {
    let mut wrong = Vec::new();
    // A response that may be zero or below has no logarithm to fit.
    let asked = |law: &Law| output != Output::LnResponse || law.response().positive;
    for law in laws().into_iter().filter(asked) {
        let rows = rows(&law, ROWS, 3);
        let compiled = Compiled::new(&law, &rows, output);
        let bound = compiled.bind(&rows);
        for (name, coefs) in published(&law).into_iter().chain(drawn(&law, 4)) {
            let theta = compiled.theta(&coefs);
            wrong.extend(slopes_agree(&law, &name, &bound, &theta));
        }
    }
    none_wrong(&wrong);
}

/// Every column of the Jacobian against the nearest of several differences: each of them approaches the derivative
/// and nothing else, at a step that is too long for one row and too short for another.
fn slopes_agree(law: &Law, name: &str, bound: &Bound<'_>, theta: &[f64]) -> Vec<String> {
    let p = theta.len();
    let values = evaluated(bound, theta);
    let jacobian = bound.jacobian(&mut bound.program().workspace(), theta);
    // An error rate below zero, far outside its data, has no logarithm.
    let valued: Vec<usize> = (0..values.len()).filter(|i| !values[*i].is_nan()).collect();
    assert!(2 * valued.len() > values.len(), "{} {name}", law.id);
    let mut wrong = Vec::new();
    for (j, coordinate) in bound.program().coordinates().iter().enumerate() {
        let slope = |i: usize| jacobian[i * p + j];
        let scale = valued.iter().fold(0.0f64, |m, i| m.max(slope(*i).abs()));
        let differences = differences(bound, theta, j);
        for i in &valued {
            let gap = differences
                .iter()
                .map(|d| (d[*i] - slope(*i)).abs())
                .fold(f64::INFINITY, f64::min);
            let limit = SAME_SLOPE * scale + ROUNDING * values[*i].abs().max(1.0);
            if slope(*i).is_nan() || gap > limit {
                wrong.push(format!(
                    "{} {name}, row {i}, {} = {}: {} for {} (gap {gap:.1e}, column {scale:.1e}, value {})",
                    law.id, coordinate.label, theta[j], slope(*i), differences[1][*i], values[*i]
                ));
            }
        }
    }
    wrong
}

#[track_caller]
fn none_wrong(wrong: &[String]) {
    let first = &wrong[..wrong.len().min(40)];
    assert!(
        wrong.is_empty(),
        "{} gaps:\n{}",
        wrong.len(),
        first.join("\n")
    );
}

fn evaluated(bound: &Bound<'_>, theta: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; bound.rows()];
    bound.evaluate(&mut bound.program().workspace(), theta, &mut out);
    out
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0f64, |m, x| m.max(x.abs()))
}

/// Differences of every row by coordinate j: central ones at several steps, then one-sided ones, which stay on one
/// branch of a piecewise law when the other begins next to `theta`.
fn differences(bound: &Bound<'_>, theta: &[f64], j: usize) -> Vec<Vec<f64>> {
    let value = |h: f64| -> Vec<f64> {
        let mut at = theta.to_vec();
        at[j] += h;
        evaluated(bound, &at)
    };
    let slope = |from: f64, to: f64| -> Vec<f64> {
        let (low, high) = (value(from), value(to));
        let run = to - from;
        low.iter().zip(&high).map(|(l, h)| (h - l) / run).collect()
    };
    let unit = if bound.program().coordinates()[j].log {
        1.0
    } else {
        theta[j].abs().clamp(0.1, 1.0)
    };
    let mut out: Vec<Vec<f64>> = [1e-1, 2e-2, 4e-3, 8e-4]
        .iter()
        .map(|step| extrapolated(step * unit, 4.0, 4, |h| slope(-h, h)))
        .collect();
    for side in [-1.0, 1.0] {
        out.push(extrapolated(2e-2 * unit, 2.0, 6, |h| slope(0.0, side * h)));
    }
    out
}

/// Richardson's extrapolation: `levels` halvings of the step, each of which removes the next term of an error in
/// powers of `ratio` per halving.
fn extrapolated(step: f64, ratio: f64, levels: u32, slope: impl Fn(f64) -> Vec<f64>) -> Vec<f64> {
    let halved = |k: u32| slope(step / f64::from(1u32 << k));
    let mut table: Vec<Vec<f64>> = (0..levels).map(halved).collect();
    for order in 1..levels {
        let factor = ratio.powi(order as i32);
        table = table
            .windows(2)
            .map(|pair| {
                let rows = pair[0].iter().zip(&pair[1]);
                rows.map(|(coarse, fine)| (factor * fine - coarse) / (factor - 1.0))
                    .collect()
            })
            .collect();
    }
    table.swap_remove(0)
}

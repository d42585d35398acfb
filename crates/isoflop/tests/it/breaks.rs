//! Breaks: of curves that have one, and of curves that rise and fall without.

use isoflop::{FitOptions, RunTable, breaks};
use isoflop_testkit::Random;

/// A curve with 1 % noise over three orders of magnitude.
fn curve(seed: u64, points: i32, truth: fn(f64) -> f64) -> RunTable {
    let mut rng = Random::new(seed);
    let step = 3.0 / f64::from(points - 1);
    let x: Vec<f64> = (0..points)
        .map(|i| 10f64.powf(3.0 + step * f64::from(i)))
        .collect();
    let y: Vec<f64> = x
        .iter()
        .map(|x| truth(*x) * (0.01 * rng.normal()).exp())
        .collect();
    RunTable::from_columns("curve", &[("x", &x), ("y", &y)])
}

fn found(table: &RunTable) -> usize {
    breaks(table, &FitOptions::default(), 39)
        .expect("a curve")
        .found
}

#[test]
fn a_rising_power_law_has_no_break() {
    assert_eq!(found(&curve(1, 16, |x| 0.2 * x.powf(0.3))), 0);
    assert_eq!(found(&curve(2, 16, |x| 3.0 + 0.01 * x.powf(0.7))), 0);
}

#[test]
fn a_curve_that_rises_to_a_ceiling_has_no_break() {
    assert_eq!(found(&curve(3, 16, |x| 0.9 - 6.0 * x.powf(-0.4))), 0);
}

#[test]
fn a_rising_curve_that_bends_has_one() {
    let bent = |x: f64| 0.2 * x.powf(0.1) * (1.0 + (x / 3e4).powf(4.0)).powf(0.15);
    assert_eq!(found(&curve(4, 24, bent)), 1);
}

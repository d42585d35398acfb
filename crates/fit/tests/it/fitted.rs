//! A fit that is asked again: values, draws and noise.

use crate::support::{close, csv, plain, table};
use isoflop_fit::{Fit, FitOptions, Fitted, InputRow, Uncertainty, fit};
use isoflop_law::Law;
use std::borrow::Cow;

fn simulated(objective: &str, uncertainty: Uncertainty, filter: &str) -> Fit {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let options = FitOptions {
        uncertainty,
        ..plain(objective)
    };
    let runs = table("simulated/sweep.csv", Some(filter));
    fit(&law, &runs, &options).unwrap_or_else(|e| panic!("{e}"))
}

fn rows(found: &Fit) -> Vec<InputRow> {
    (0..found.points.response.len())
        .map(|i| InputRow {
            at: pick(&found.points.inputs, i),
            levels: pick(&found.points.levels, i),
        })
        .collect()
}

fn pick<T: Clone>(columns: &[(String, Vec<T>)], row: usize) -> Vec<(String, T)> {
    let one = |(name, values): &(String, Vec<T>)| (name.clone(), values[row].clone());
    columns.iter().map(one).collect()
}

#[test]
fn values_at_the_runs_are_the_fitted_ones_on_every_scale() {
    for objective in ["squared", "squared-log", "squared-lhs"] {
        let found = simulated(objective, Uncertainty::None, "loss < 3.44");
        let fitted = Fitted::new(&found).expect("compiles");
        let values = fitted.values(&rows(&found));
        assert_eq!(values.len(), found.n);
        for (value, known) in values.iter().zip(&found.points.fitted) {
            close(*value, *known, 1e-12, objective);
        }
        // Without uncertainty there are no draws, of whatever number and purpose.
        assert!(fitted.draws(10, "test").is_empty());
    }
}

#[test]
fn levels_choose_their_own_coefficients() {
    let law = Law::builtin("chinchilla-by-corpus").expect("in the catalogue");
    let mut text = "params,tokens,corpus,loss\n".to_owned();
    for (k, corpus) in [
        "c4", "code", "c4", "code", "c4", "code", "c4", "code", "c4", "code",
    ]
    .iter()
    .enumerate()
    {
        for j in 0..4i32 {
            let (n, d) = (1e7 * 2f64.powi(k as i32), 2e9 * 3f64.powi(j));
            let floor = if *corpus == "c4" { 1.8 } else { 0.9 };
            let noise = 1.0 + 1e-3 * f64::from((7 * j + 3 * k as i32) % 5 - 2);
            let loss = noise * (floor + 406.4 / n.powf(0.34) + 410.7 / d.powf(0.28));
            text.push_str(&format!("{n},{d},{corpus},{loss}\n"));
        }
    }
    let options = FitOptions {
        uncertainty: Uncertainty::Covariance,
        ..plain("squared-log")
    };
    let found = fit(&law, &csv(&text), &options).unwrap_or_else(|e| panic!("{e}"));
    let fitted = Fitted::new(&found).expect("compiles");
    let row = |corpus: &str| InputRow {
        at: vec![("N".to_owned(), 1e9), ("D".to_owned(), 1e11)],
        levels: vec![("corpus".to_owned(), corpus.to_owned())],
    };
    let values = fitted.values(&[row("code"), row("c4")]);
    let floor = |name: &str| {
        let own = found.coefs.iter().find(|(n, _)| n == name);
        own.expect("a coefficient of the level").1.value
    };
    let apart = floor("E[c4]") - floor("E[code]");
    assert!(apart > 0.5, "{apart}");
    close(
        values[1] - values[0],
        apart,
        1e-12,
        "the levels differ in E",
    );
}

#[test]
fn resamples_are_the_draws_of_a_bootstrap_in_their_order() {
    let found = simulated(
        "huber-log:1e-3",
        Uncertainty::Bootstrap { resamples: 20 },
        "loss < 3.44",
    );
    let fitted = Fitted::new(&found).expect("compiles");
    let draws = fitted.draws(5, "test");
    assert!(matches!(draws, Cow::Borrowed(_)));
    assert_eq!(*draws, found.joint.draws[..]);
}

#[test]
fn draws_from_a_covariance_are_keyed_by_purpose_and_fit() {
    let found = simulated("squared-log", Uncertainty::Covariance, "loss < 3.44");
    let other = simulated("squared-log", Uncertainty::Covariance, "loss < 3.3");
    let fitted = Fitted::new(&found).expect("compiles");
    let draws = fitted.draws(400, "test");
    assert_eq!(draws.len(), 400);
    assert_eq!(
        draws,
        Fitted::new(&found).expect("compiles").draws(400, "test")
    );
    assert_eq!(
        draws[..50],
        fitted.draws(50, "test")[..],
        "a longer sample begins as a shorter one"
    );
    assert_ne!(draws[0], fitted.draws(1, "another")[0]);
    // Standardised steps of the two fits are not those of one stream.
    let step = |found: &Fit| {
        let fitted = Fitted::new(found).expect("compiles");
        let sd = found.joint.covariance[0][0].sqrt();
        (fitted.draws(1, "test")[0][0] - found.joint.at[0]) / sd
    };
    assert!((step(&found) - step(&other)).abs() > 1e-6);
    // Their spread is that of the covariance: the standard error of a variance of 400 draws is 7 %.
    for (j, line) in found.joint.covariance.iter().enumerate() {
        let off = |d: &Vec<f64>| (d[j] - found.joint.at[j]).powi(2);
        let variance = draws.iter().map(off).sum::<f64>() / 400.0;
        assert!(
            (0.75..1.4).contains(&(variance / line[j])),
            "{j}: {}",
            variance / line[j]
        );
    }
}

#[test]
fn noise_has_the_residual_variance_on_the_scale_of_the_program() {
    for objective in ["squared", "squared-log", "squared-lhs"] {
        let found = simulated(objective, Uncertainty::None, "loss < 3.44");
        let fitted = Fitted::new(&found).expect("compiles");
        let noise = fitted.noise();
        let mean_square = noise.iter().map(|r| r * r).sum::<f64>() / noise.len() as f64;
        close(mean_square, fitted.noise_variance(), 1e-9, objective);
    }
}

//! Responses that are not normal: shares of successes, and quantiles.

use crate::support::{close, coef, csv, plain, table};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Objective, Status, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_testkit::Random;
use rayon::prelude::*;
use std::fmt::Write as _;

fn law(formula: &str, columns: &[&str]) -> Law {
    Law::from_formula(formula, columns, &[]).unwrap_or_else(|e| panic!("{e}"))
}

fn with(objective: &str, uncertainty: Uncertainty) -> FitOptions {
    FitOptions {
        objective: Some(Objective::parse(objective).expect("the test's objective parses")),
        uncertainty,
        ..FitOptions::default()
    }
}

fn se(fit: &Fit, name: &str) -> f64 {
    let found = fit.coefs.iter().find(|(n, _)| n == name);
    found.and_then(|(_, e)| e.se).expect("it has an error")
}

/// Two groups and two coefficients: the shares are met exactly, and the error of the log odds is √(1/(n p q)).
#[test]
fn a_saturated_binomial_law_has_its_closed_form() {
    let runs = csv("x,solved,tried\n1,30,40\n2,9,90\n");
    let law = law("solved = sigmoid(a + b * (x - 1))", &["x", "solved"]);
    let found = fit(
        &law,
        &runs,
        &with("binomial:tried", Uncertainty::Covariance),
    );
    // Two runs do not determine two coefficients and their errors by residuals; a third group makes it three.
    assert_eq!(
        found.expect_err("as many runs as coefficients").0[0].code,
        "too-few-runs"
    );
    let runs = csv("x,solved,tried\n1,30,40\n2,9,90\n2,9,90\n");
    let found = fit(
        &law,
        &runs,
        &with("binomial:tried", Uncertainty::Covariance),
    )
    .expect("fits");
    assert_eq!(found.status, Status::Converged);
    let (p, q) = (0.75f64, 0.1f64);
    let odds = |p: f64| (p / (1.0 - p)).ln();
    close(
        coef(&found, "a"),
        odds(p),
        1e-9,
        "log odds of the first group",
    );
    close(
        coef(&found, "b"),
        odds(q) - odds(p),
        1e-9,
        "difference of log odds",
    );
    let variance = |p: f64, n: f64| 1.0 / (n * p * (1.0 - p));
    close(se(&found, "a"), variance(p, 40.0).sqrt(), 1e-7, "its error");
    let both = (variance(p, 40.0) + variance(q, 180.0)).sqrt();
    close(se(&found, "b"), both, 1e-7, "error of the difference");
    assert!(
        found.objective.value.abs() < 1e-12,
        "the shares are met: {}",
        found.objective.value
    );
}

/// Intervals of planted log odds from covariance, sandwich and parametric bootstrap hold the truth.
#[test]
fn binomial_intervals_hold_planted_coefficients() {
    let (a, b) = (1.0, -0.8);
    let law = law("solved = sigmoid(a + b * (x - 3))", &["x", "solved"]);
    let simulate = |seed: u64| -> RunTable {
        let mut random = Random::new(seed);
        let mut text = String::from("x,solved,tried\n");
        for k in 0..40 {
            let x = 1.0 + 0.15 * f64::from(k);
            let p = 1.0 / (1.0 + (-(a + b * (x - 3.0))).exp());
            let n = 5 + (k % 7) * 4;
            let yes = (0..n).filter(|_| random.unit() < p).count();
            writeln!(text, "{x},{yes},{n}").expect("a string takes all text");
        }
        csv(&text)
    };
    let methods = [
        (Uncertainty::Covariance, 600u64),
        (Uncertainty::Sandwich, 600),
        (Uncertainty::Parametric { resamples: 200 }, 300),
    ];
    for (method, simulations) in methods {
        let inside: usize = (0..simulations)
            .into_par_iter()
            .filter(|seed| {
                let options = FitOptions {
                    starts: Some(8),
                    ..with("binomial:tried", method.clone())
                };
                let found = fit(&law, &simulate(*seed), &options).expect("fits");
                let interval = found.coefs[1].1.interval.expect("asked for");
                assert_eq!(found.coefs[1].0, "b");
                interval.contains(b)
            })
            .count();
        let share = inside as f64 / simulations as f64;
        println!("{method:?}: {share:.3} of {simulations}");
        // Four binomial standard errors about 95 %.
        let slack = 4.0 * (0.95 * 0.05 / simulations as f64).sqrt();
        assert!((share - 0.95).abs() < slack, "{method:?}: {share}");
    }
}

#[test]
fn counts_above_the_trials_are_refused_with_their_place() {
    let runs = csv("x,solved,tried\n1,3,4\n2,9,8\n3,1,4\n4,1,4\n");
    let law = law("solved = sigmoid(a + b * x)", &["x", "solved"]);
    let faults = fit(&law, &runs, &with("binomial:tried", Uncertainty::None)).expect_err("9 of 8");
    assert_eq!(faults.0[0].code, "not-a-share");
    assert!(
        faults.0[0].message.contains("test.csv:3"),
        "{}",
        faults.0[0].message
    );
}

#[test]
fn trials_that_are_not_independent_are_noted() {
    let mut text = String::from("x,solved,tried\n");
    let mut random = Random::new(5);
    for k in 1..=60 {
        let p: f64 = if random.unit() < 0.5 { 0.2 } else { 0.8 };
        let yes = (0..50).filter(|_| random.unit() < p).count();
        writeln!(text, "{k},{yes},50").expect("a string takes all text");
    }
    let law = law("solved = sigmoid(a + b * x)", &["x", "solved"]);
    let found = fit(
        &law,
        &csv(&text),
        &with("binomial:tried", Uncertainty::Covariance),
    );
    let found = found.expect("fits");
    assert!(found.notes.iter().any(|n| n.code == "overdispersed"));
    // The sandwich knows: its error is larger by about the root of the dispersion.
    let wide = fit(
        &law,
        &csv(&text),
        &with("binomial:tried", Uncertainty::Sandwich),
    )
    .expect("fits");
    assert!(se(&wide, "a") > 2.5 * se(&found, "a"));
}

#[test]
fn quantiles_are_those_of_linear_programming() {
    let runs = table("simulated/sweep.csv", None);
    let law = law("loss = A / tokens^alpha", &["tokens", "loss"]);
    for (tau, a, alpha, value) in QUANTILES {
        let found = fit(&law, &runs, &plain(&format!("quantile-log:{tau}"))).expect("fits");
        assert_eq!(
            found.status,
            Status::Converged,
            "{tau}: {:?}",
            found.certificate
        );
        close(
            found.objective.value,
            *value,
            1e-9,
            "value of the check function",
        );
        close(coef(&found, "A"), *a, 1e-6, "A");
        close(coef(&found, "alpha"), *alpha, 1e-6, "alpha");
        let below = found
            .points
            .residual
            .iter()
            .filter(|r| **r < -1e-12)
            .count();
        let share = below as f64 / found.n as f64;
        assert!(
            (share - tau).abs() < 0.01,
            "{tau}: {share} of the runs lie below"
        );
        let duals = found.certificate.interpolated.iter().map(|(_, d)| *d);
        assert!(
            duals
                .into_iter()
                .all(|d| d <= tau + 1e-9 && d >= tau - 1.0 - 1e-9)
        );
    }
}

/// A median is a fit of least absolute deviations with half the objective.
#[test]
fn the_median_is_least_absolute_deviations() {
    let runs = table("simulated/sweep.csv", Some("loss < 3.44"));
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let absolute = fit(&law, &runs, &plain("abs-log")).expect("fits");
    let median = fit(&law, &runs, &plain("quantile-log:0.5")).expect("fits");
    close(
        2.0 * median.objective.value,
        absolute.objective.value,
        1e-10,
        "objective",
    );
    for ((name, a), (_, b)) in median.coefs.iter().zip(&absolute.coefs) {
        close(a.value, b.value, 1e-6, name);
    }
}

/// τ, A, alpha and the value of the check function on ln loss, by testdata/certify.py: linear programs over the 245 runs.
const QUANTILES: &[(f64, f64, f64, f64)] = &[
    (
        0.1,
        8.965453025886227,
        0.054754443195243085,
        2.8148445083483624,
    ),
    (
        0.5,
        7.761528284357875,
        0.04447796369559357,
        7.7136091052082785,
    ),
    (
        0.9,
        9.545365058413823,
        0.048943997316725565,
        3.5020941094397737,
    ),
];

/// Compute that was not measured is not made of size and tokens when compute is what the law explains.
#[test]
fn a_response_without_a_measurement_leaves_its_row_out() {
    let runs = csv(
        "params,tokens,flops\n1e8,2e9,2e18\n2e8,4e9,9e18\n4e8,8e9,\n8e8,1.6e10,1.6e20\n1.6e9,3.2e10,7e20\n",
    );
    let measured = fit(
        &law("flops = k * N^a", &["params", "tokens", "flops"]),
        &runs,
        &plain("squared-log"),
    )
    .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(measured.n, 4);
    assert_eq!(measured.skipped.iter().map(|s| s.rows).sum::<usize>(), 1);
    // As an input the empty cell is filled.
    let filled = fit(
        &law("tokens = k * C^a", &["params", "tokens", "flops"]),
        &runs,
        &plain("squared-log"),
    )
    .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(filled.n, 5);
}

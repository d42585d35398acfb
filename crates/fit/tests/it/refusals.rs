//! Runs that cannot determine a law, and runs that determine it to the last digit.

use crate::support::{close, coef, csv, plain, table};
use isoflop_data::RunTable;
use isoflop_fit::{Status, fit};
use isoflop_law::Law;
use isoflop_testkit::{Noise, Planted};

#[track_caller]
fn refused(runs: &RunTable) -> (String, String) {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let faults = fit(&law, runs, &plain("huber-log:1e-3")).expect_err("cannot be fitted");
    let [fault] = faults.0.as_slice() else {
        panic!("one fault, not {}", faults.0.len())
    };
    assert!(!fault.help.is_empty(), "{fault}");
    (fault.code.to_string(), fault.message.clone())
}

#[test]
fn fewer_runs_than_coefficients_are_refused_with_the_number_that_is_needed() {
    for (file, runs) in [
        ("messy/one_run.csv", "1 run"),
        ("messy/three_runs.csv", "3 runs"),
    ] {
        let (code, message) = refused(&table(file, None));
        assert_eq!(code, "too-few-runs", "{message}");
        assert!(
            message.contains(runs) && message.contains("5 coefficients"),
            "{message}"
        );
        assert!(message.contains("at least 6"), "{message}");
    }
}

#[test]
fn as_many_runs_as_coefficients_leave_nothing_for_their_errors() {
    let mut text = String::from("params,tokens,loss\n");
    for (k, n) in [1e8, 2e8, 4e8, 8e8, 16e8].into_iter().enumerate() {
        text += &format!(
            "{n:e},{:e},{}\n",
            3e9 * (k * k + 1) as f64,
            3.0 - 0.2 * k as f64
        );
    }
    assert_eq!(refused(&csv(&text)).0, "too-few-runs");
}

#[test]
fn one_model_size_does_not_tell_its_exponent() {
    let nearly = table("messy/one_model_size.csv", None);
    let mut same = String::from("params,tokens,loss\n");
    for k in 0..12 {
        let tokens = 1e9 * f64::powi(2.0, k);
        same += &format!("1e9,{tokens:e},{:e}\n", 2.2 + 2100.0 / tokens.powf(0.37));
    }
    for runs in [nearly, csv(&same)] {
        let (code, message) = refused(&runs);
        assert_eq!(code, "not-identified", "{message}");
        assert!(
            message.contains("params") && message.contains("cannot be told apart"),
            "{message}"
        );
    }
}

#[test]
fn runs_without_noise_give_the_law_to_the_last_digits() {
    let truth = [
        ("E", 1.8),
        ("A", 480.0),
        ("B", 2100.0),
        ("alpha", 0.35),
        ("beta", 0.37),
    ];
    let mut design = Vec::new();
    for k in 0..40 {
        let n = 3e7 * 1.12f64.powi(k);
        design.push((vec![n, n * 3.0 * 1.4f64.powi(k * 7 % 16)], String::new()));
    }
    let planted = Planted::new("chinchilla", &truth, design);
    let runs = planted.table(Noise::Log(0.0), 1);
    for objective in [
        "huber-log:1e-3",
        "huber-log:2mad",
        "soft-l1-log:1e-3",
        "squared-log",
        "squared",
        "abs-log",
        "abs",
        "student-log:4",
    ] {
        let fit = fit(planted.law(), &runs, &plain(objective)).expect("fits");
        assert_eq!(
            fit.status,
            Status::Converged,
            "{objective}: {:?}",
            fit.certificate
        );
        assert!(
            fit.residuals.max_abs < 1e-13,
            "{objective}: {:e}",
            fit.residuals.max_abs
        );
        assert!(
            2 * fit.starts.reached_best > fit.starts.solved,
            "{objective}: {:?}",
            fit.starts
        );
        for (name, value) in truth {
            close(
                coef(&fit, name),
                value,
                1e-9,
                &format!("{objective}: {name}"),
            );
        }
    }
}

/// All but 1% of the range of k overflows between the first x and the last, and so do that many starts.
#[test]
fn starts_that_overflow_do_not_stop_a_fit() {
    let law = Law::from_toml(
        "growth",
        "growth.toml",
        r#"
title   = "Growth"
formula = "y = c + a * exp(k * x)"
[vars]
y = { column = "y", role = "response" }
x = { column = "x" }
[coefs]
c = { range = [0, inf] }
a = { range = [0, inf] }
k = { range = [-100, 100] }
"#,
    )
    .unwrap_or_else(|e| panic!("{e}"));
    let mut text = String::from("x,y\n");
    for i in 1..=40 {
        let x = 25.0 * f64::from(i);
        text += &format!("{x:e},{:e}\n", 5.0 + 2.0 * (0.003 * x).exp());
    }
    for objective in ["squared", "squared-log", "huber:1e-3", "huber-log:1e-3"] {
        let fit = fit(&law, &csv(&text), &plain(objective)).expect("fits");
        assert_eq!(
            fit.status,
            Status::Converged,
            "{objective}: {:?}",
            fit.certificate
        );
        for (name, value) in [("c", 5.0), ("a", 2.0), ("k", 0.003)] {
            close(
                coef(&fit, name),
                value,
                1e-8,
                &format!("{objective}: {name}"),
            );
        }
    }
}

#[test]
fn columns_of_nothing_but_nan_leave_no_runs() {
    let (code, _) = refused(&csv(
        "params,tokens,loss\n1e8,2e9,nan\n2e8,4e9,inf\n4e8,nan,3.1\n",
    ));
    assert_eq!(code, "no-usable-rows");
}

/// A regression of prices has squared errors in the millions: nothing says that they are of a language model.
#[test]
fn the_loss_of_a_typed_formula_is_of_any_size() {
    let rows = [100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0f64].map(|x| {
        let loss = 2e5 + 3e7 / x.sqrt() * (1.0 + 0.01 * (x / 100.0).sin());
        format!("{x},{loss}\n")
    });
    let runs = csv(&(String::from("step,loss\n") + &rows.concat()));
    let law = Law::from_formula("loss = E + A/step^a", &["step", "loss"], &[]).expect("a law");
    let found = fit(&law, &runs, &plain("squared")).unwrap_or_else(|e| panic!("{e}"));
    close(coef(&found, "a"), 0.5, 0.05, "exponent");
}

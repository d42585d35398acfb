//! Shares of successes and quantiles of tables that may not be shipped.

use crate::support::{close, coef, plain, rows};
use isoflop_fit::{Fit, FitOptions, Objective, Status, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_testkit::outside;

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

/// Success of one model over task length: Newton's method for logistic regression in NumPy gives these.
#[test]
fn logistic_regression_on_task_lengths_is_that_of_newton() {
    let runs = rows(
        &outside("metr_horizons/runs.csv"),
        Some("model == \"GPT-4o\""),
    );
    let law = law(
        "success = sigmoid(a + b * log2(human_minutes))",
        &["human_minutes", "success"],
    );
    let found = fit(&law, &runs, &with("binomial", Uncertainty::Covariance)).expect("fits");
    assert_eq!(
        (found.n, found.status),
        (METR.0, Status::Converged),
        "{:?}",
        found.certificate
    );
    close(coef(&found, "a"), METR.1, 1e-8, "intercept");
    close(coef(&found, "b"), METR.2, 1e-8, "slope");
    close(se(&found, "a"), METR.3, 1e-6, "its error");
    close(se(&found, "b"), METR.4, 1e-6, "its error");
    // Shares of 0 and 1 have no deviance of their own, so the objective is the whole negative log likelihood.
    close(
        found.objective.value,
        METR.5,
        1e-10,
        "negative log likelihood",
    );
}

/// Runs, intercept, slope, their errors and the negative log likelihood of `success ~ log2(human_minutes)` for GPT-4o,
/// by fifty Newton steps in NumPy 2.4.
const METR: (usize, f64, f64, f64, f64, f64) = (
    885,
    1.1789972114749174,
    -0.40802666090693146,
    0.19640931615883228,
    0.03426833553934387,
    403.8562406654283,
);

#[test]
fn quantiles_are_those_of_linear_programming() {
    let runs = rows(&outside("chinchilla_epoch/chinchilla.csv"), None);
    let law = law("loss = A / params^alpha", &["params", "loss"]);
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

/// τ, A, alpha and the value of the check function on ln loss, by SciPy 1.17's `linprog` (HiGHS) over the 245 runs.
const QUANTILES: &[(f64, f64, f64, f64)] = &[
    (
        0.1,
        12.46455311292515,
        0.07925042727044937,
        2.2568122878557615,
    ),
    (
        0.5,
        11.352905664013338,
        0.07174620065057342,
        7.215234488917186,
    ),
    (
        0.9,
        8.362474735998097,
        0.05151154950934891,
        5.423139800305851,
    ),
];

//! Standard deviations of the measured response that are known: weighted least squares has a closed form.

use crate::support::{close, coef, csv};
use isoflop_fit::{Fit, FitOptions, Objective, Uncertainty, fit};
use isoflop_law::Law;

const X: [f64; 5] = [1.0, 2.0, 4.0, 7.0, 11.0];
const Y: [f64; 5] = [2.1, 3.9, 8.3, 13.6, 22.9];
const S: [f64; 5] = [0.1, 0.2, 0.2, 0.5, 1.0];

/// The five points with standard deviations `factor` times as large.
fn fitted(formula: &str, objective: Option<&str>, factor: f64) -> Fit {
    let rows = (0..5).map(|i| format!("{},{},{}\n", X[i], Y[i], S[i] * factor));
    let runs = csv(&(String::from("x,y,s\n") + &rows.collect::<String>()));
    let law = Law::from_formula(formula, &["x", "y", "s"], &[]).expect("a law");
    let options = FitOptions {
        objective: objective.map(|o| Objective::parse(o).expect("an objective")),
        sigma: Some("s".to_owned()),
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    };
    fit(&law, &runs, &options).unwrap_or_else(|e| panic!("{e}"))
}

fn se(fit: &Fit, name: &str) -> f64 {
    let found = fit.coefs.iter().find(|(n, _)| n == name);
    found.and_then(|(_, e)| e.se).expect("it has an error")
}

/// NumPy: inv(XᵀWX), W = 1/s²; SciPy's `curve_fit(…, absolute_sigma=True)` agrees.
#[test]
fn a_line_with_known_errors_has_its_closed_form() {
    let found = fitted("y = a + b*x", Some("squared"), 1.0);
    close(coef(&found, "a"), 0.05755963, 1e-6, "intercept");
    close(coef(&found, "b"), 2.01860989, 1e-8, "slope");
    close(se(&found, "a"), 0.12507888, 1e-6, "error of the intercept");
    close(se(&found, "b"), 0.05142392, 1e-6, "error of the slope");
}

#[test]
fn errors_grow_with_the_standard_deviations_given() {
    let found = fitted("y = a + b*x", Some("squared"), 10.0);
    close(coef(&found, "b"), 2.01860989, 1e-8, "slope");
    close(se(&found, "b"), 0.5142392, 1e-6, "error of the slope");
}

/// On logarithms a standard deviation of the response is divided by it: log y is linear in log x with weights (y/s)².
#[test]
fn a_power_law_on_logarithms_has_its_closed_form() {
    let found = fitted("y = a*x^b", Some("squared-log"), 1.0);
    close(coef(&found, "a"), 2.0641783483691984, 1e-8, "amplitude");
    close(coef(&found, "b"), 0.9915119949389185, 1e-8, "exponent");
    close(se(&found, "a"), 0.07613127954945391, 1e-6, "error of a");
    close(se(&found, "b"), 0.02358803653101742, 1e-6, "error of b");
}

#[test]
fn intervals_of_known_noise_have_normal_quantiles() {
    let found = fitted("y = a + b*x", Some("squared"), 1.0);
    let slope = found.coefs.iter().find(|(n, _)| n == "b").expect("a slope");
    let interval = slope.1.interval.expect("an interval");
    close(
        0.5 * (interval.upper - interval.lower),
        1.959963985 * 0.05142392,
        1e-6,
        "half an interval",
    );
}

#[test]
fn without_an_objective_known_errors_are_those_of_squares() {
    let stated = fitted("y = a + b*x", Some("squared"), 1.0);
    let found = fitted("y = a + b*x", None, 1.0);
    close(coef(&found, "b"), coef(&stated, "b"), 1e-9, "slope");
    close(
        se(&found, "b"),
        se(&stated, "b"),
        1e-6,
        "error of the slope",
    );
}

/// Runs that scatter ten times as much, or a tenth as much, as their standard deviations say.
#[test]
fn standard_deviations_that_the_runs_contradict_are_told() {
    let scatter = |sd: f64| -> Option<isoflop_base::Note> {
        let mut random = isoflop_testkit::Random::new(11);
        let rows =
            (1..=40).map(|x| format!("{x},{},{sd}\n", 3.0 + 2.0 * f64::from(x) + random.normal()));
        let runs = csv(&(String::from("x,y,s\n") + &rows.collect::<String>()));
        let law = Law::from_formula("y = a + b*x", &["x", "y", "s"], &[]).expect("a law");
        let options = FitOptions {
            objective: Some(Objective::parse("squared").expect("an objective")),
            sigma: Some("s".to_owned()),
            uncertainty: Uncertainty::Covariance,
            ..FitOptions::default()
        };
        let found = fit(&law, &runs, &options).unwrap_or_else(|e| panic!("{e}"));
        found
            .notes
            .into_iter()
            .find(|n| n.code == "sigma-contradicted")
    };
    let said = |sd: f64| scatter(sd).map(|n| (n.severity, n.message));
    let (severity, message) = said(0.1).expect("a note");
    assert_eq!(severity, isoflop_base::Severity::Warning);
    assert!(message.contains("scatter more"), "{message}");
    let (severity, _) = said(10.0).expect("a note");
    assert_eq!(severity, isoflop_base::Severity::Info);
    assert_eq!(said(1.0), None);
}

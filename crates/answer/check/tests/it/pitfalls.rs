//! Pitfalls of public tools that no other test covers: the others are listed with their tests in `docs/pitfalls.md`.

use crate::support::{chinchilla, table, usual};
use isoflop_data::RunTable;
use isoflop_fit::{FitOptions, Objective, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_numerics::dist::t_quantile;
use isoflop_predict::{Point, predict};

/// A public tool takes the logarithm of Student's quantile, and its degrees of freedom from the grid that it plots: its
/// band of 95 % covers half. The band of a straight line is in every textbook: ŷ ± t √(s² (1/n + (x − x̄)²/Sxx)), with
/// one more s² under the root for a new run.
#[test]
fn the_band_of_a_line_is_the_textbook_one() {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let y = [2.1, 3.9, 6.2, 7.8, 10.1, 11.7];
    let runs = RunTable::from_columns("line", &[("x", &x), ("y", &y)]);
    let law = Law::from_formula("y = a + b*x", &["x", "y"], &[]).unwrap_or_else(|e| panic!("{e}"));
    let options = FitOptions {
        objective: Some(Objective::parse("squared").expect("a spelling")),
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    };
    let found = fit(&law, &runs, &options).unwrap_or_else(|e| panic!("{e}"));
    let at = |x: f64| Point {
        at: vec![("x".to_owned(), x)],
        levels: Vec::new(),
    };
    let points = [at(3.5), at(10.0)];
    let said = predict(&found, &points, 0.95).unwrap_or_else(|e| panic!("{e}"));
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sxx: f64 = x.iter().map(|v| (v - mx).powi(2)).sum();
    let slope = x
        .iter()
        .zip(&y)
        .map(|(u, v)| (u - mx) * (v - my))
        .sum::<f64>()
        / sxx;
    let line = |u: f64| my + slope * (u - mx);
    let s2 = x
        .iter()
        .zip(&y)
        .map(|(u, v)| (v - line(*u)).powi(2))
        .sum::<f64>()
        / (n - 2.0);
    let t = t_quantile(0.975, n - 2.0);
    for (point, u) in said.points.iter().zip([3.5, 10.0]) {
        let share = 1.0 / n + (u - mx).powi(2) / sxx;
        let (band, wide) = (t * (s2 * share).sqrt(), t * (s2 * (1.0 + share)).sqrt());
        let confidence = point.confidence.expect("the fit has a covariance");
        let prediction = point.prediction.expect("the fit has a covariance");
        for (found, wanted) in [
            (confidence.lower, line(u) - band),
            (confidence.upper, line(u) + band),
            (prediction.lower, line(u) - wide),
            (prediction.upper, line(u) + wide),
        ] {
            assert!(
                (found - wanted).abs() < 1e-9,
                "at {u}: {found} for {wanted}"
            );
        }
    }
}

/// A public tool calls δ = 1 the published one, which is least squares in all but name.
#[test]
fn the_default_penalty_is_hubers_on_logarithms_with_its_corner_at_twice_the_noise_summed() {
    let runs = table(&usual());
    let options = FitOptions {
        uncertainty: Uncertainty::None,
        ..FitOptions::default()
    };
    let formula = Law::from_formula(
        "L = E + A/N^alpha + B/D^beta",
        &["params", "tokens", "loss"],
        &[],
    );
    for law in [chinchilla(), formula.unwrap_or_else(|e| panic!("{e}"))] {
        let found = fit(&law, &runs, &options).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(found.objective.spelling, "huber-log:2mad", "{}", law.id);
        let delta = found.objective.delta.unwrap_or(f64::NAN);
        let noise = found.residuals.robust_sd;
        assert!(
            delta > 1.4 * noise && delta < 3.0 * noise,
            "δ {delta} for noise {noise}"
        );
        let one = |r: &f64| {
            let size = r.abs();
            if size <= delta {
                0.5 * r * r
            } else {
                delta * size - 0.5 * delta * delta
            }
        };
        let by_hand: f64 = found.points.residual.iter().map(one).sum();
        assert!((found.objective.value / by_hand - 1.0).abs() < 1e-9);
    }
}

/// A public tool's bounds in the wrong order always end in "initial guess is outside of provided bounds".
#[test]
fn bounds_in_the_wrong_order_are_refused_by_name() {
    let options = FitOptions {
        coefs: vec!["alpha in [1, 0.1]".to_owned()],
        ..FitOptions::default()
    };
    let faults = fit(&chinchilla(), &table(&usual()), &options)
        .expect_err("the bounds are the wrong way round");
    assert_eq!(faults.0[0].code, "bad-range");
    assert!(
        faults.0[0]
            .message
            .contains("the lower bound 1 is not below the upper bound 0.1"),
        "{}",
        faults.0[0].message
    );
}

//! Formulas as typed, with nothing said of their coefficients: ordinary curves at any scale and of either sign.

use crate::support::{close, coef, csv, plain};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Objective, Status, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_testkit::Random;

fn typed(formula: &str, runs: &RunTable) -> Law {
    let columns: Vec<&str> = runs.columns().map(|c| c.name.as_str()).collect();
    Law::from_formula(formula, &columns, &[]).unwrap_or_else(|e| panic!("{formula}: {e:?}"))
}

#[track_caller]
fn fitted(formula: &str, text: &str, objective: &str) -> Fit {
    let runs = csv(text);
    fit(&typed(formula, &runs), &runs, &plain(objective))
        .unwrap_or_else(|e| panic!("{formula}: {e:?}"))
}

/// A curve with its coefficients, over x from 0 to 1 or -1 to 1, scaled by `unit` on x.
struct Curve {
    formula: &'static str,
    from: f64,
    value: fn(f64) -> f64,
}

const CURVES: [Curve; 16] = [
    Curve {
        formula: "y = a - b * exp(-k * x)",
        from: 0.0,
        value: |x| 1.0 - 0.7 * (-3.0 * x).exp(),
    },
    Curve {
        formula: "y = a * exp(k * x)",
        from: 0.0,
        value: |x| (4.0 * x).exp(),
    },
    Curve {
        formula: "y = h * 2^(x / T)",
        from: 0.0,
        value: |x| 2f64.powf(5.0 * x),
    },
    Curve {
        formula: "y = lo + (hi - lo) / (1 + exp(-k * (x - m)))",
        from: -1.0,
        value: |x| 0.2 + 0.8 / (1.0 + (-6.0 * (x - 0.2)).exp()),
    },
    Curve {
        formula: "y = a + b * x + c * x^2",
        from: -1.0,
        value: |x| 1.0 - 0.5 * x + 1.5 * x * x,
    },
    Curve {
        formula: "y = v * x / (h + x)",
        from: 0.0,
        value: |x| x / (0.3 + x),
    },
    Curve {
        formula: "y = c0 + c * x^m",
        from: 0.01,
        value: |x| 1.0 - 0.4 * x.powf(-0.3),
    },
    Curve {
        formula: "y = e + a * x^-p + b * x^-q",
        from: 0.002,
        value: |x| 0.5 + 0.3 * x.powf(-0.2) + 0.02 * x.powf(-1.1),
    },
    Curve {
        formula: "y = a + b * max(0, x - k)",
        from: 0.0,
        value: |x| 1.0 + 2.0 * (x - 0.47).max(0.0),
    },
    Curve {
        formula: "y = e + a * (1 + x / d)^-p",
        from: 0.0,
        value: |x| 0.3 + (1.0 + x / 0.1).powf(-0.8),
    },
    Curve {
        formula: "y = (a + b * x) / (1 + c * x)",
        from: 0.0,
        value: |x| (1.0 + 6.0 * x) / (1.0 + 2.0 * x),
    },
    Curve {
        formula: "y = a + b * tanh((x - m) / w)",
        from: -1.0,
        value: |x| 1.0 + 2.0 * ((x + 0.1) / 0.3).tanh(),
    },
    Curve {
        formula: "y = a + b * exp(-((x - m) / w)^2)",
        from: -1.0,
        value: |x| 1.0 - 2.0 * (-((x - 0.2) / 0.3).powi(2)).exp(),
    },
    Curve {
        formula: "y = a + b * ln(x + h)",
        from: 0.0,
        value: |x| 1.0 + 0.5 * (x + 0.1).ln(),
    },
    Curve {
        formula: "y = a + b * sin(w * x + f)",
        from: 0.0,
        value: |x| 1.0 + 2.0 * (9.0 * x + 1.0).sin(),
    },
    Curve {
        formula: "y = a * exp(-b * exp(-c * x))",
        from: 0.0,
        value: |x| (-4.0 * (-5.0 * x).exp()).exp(),
    },
];

/// A curve, the unit of x and the factor on y, that missed the objective of the truth.
#[test]
fn ordinary_curves_come_back_at_any_scale() {
    let mut random = Random::new(7);
    let mut missed = Vec::new();
    for curve in &CURVES {
        for (unit, size) in [(1e-9, 1.0), (1.0, -1e-4), (3e4, 2e6), (1e12, -1.0)] {
            let mut text = "x,y\n".to_owned();
            let mut truth = 0.0;
            for i in 0..30 {
                let x = curve.from + (1.0 - curve.from) * f64::from(i) / 29.0;
                let noise = size * 0.01 * random.normal();
                truth += noise * noise;
                text += &format!("{:e},{:e}\n", x * unit, size * (curve.value)(x) + noise);
            }
            let found = fitted(curve.formula, &text, "squared");
            if found.n != 30 || found.objective.value > 1.01 * truth {
                missed.push(format!("{} unit {unit:e} size {size:e}", curve.formula));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Lanczos' and Nelson's kind: x = 0 is a run like any other, and so are responses below zero.
#[test]
fn rows_at_zero_and_below_are_used() {
    let mut text = "x,y\n".to_owned();
    for i in 0..12 {
        let x = f64::from(i) - 4.0;
        text += &format!("{x},{}\n", 2.0 - 5.0 / (1.0 + (-x).exp()));
    }
    let found = fitted("y = a + b / (1 + exp(-k * (x - m)))", &text, "squared");
    assert_eq!((found.n, found.skipped.len()), (12, 0));
    close(
        coef(&found, "a").abs() + coef(&found, "b").abs(),
        7.0,
        0.15,
        "a and b",
    );
}

#[test]
fn rows_on_which_the_formula_has_no_value_are_left_out_and_said() {
    let mut text = "x,y\n".to_owned();
    for i in -2..12 {
        text += &format!("{i},{}\n", 1.0 + 2.0 / (f64::from(i) + 1e-3));
    }
    let found = fitted("y = a + b / x", &text, "squared");
    let skipped: Vec<(&str, usize)> = found
        .skipped
        .iter()
        .map(|s| (s.reason.as_str(), s.rows))
        .collect();
    assert_eq!(skipped, [("the formula has no finite value there", 1)]);
    let found = fitted("y = a + b * ln(x)", &text, "squared");
    assert_eq!(found.n, 11);
}

/// Columns that change by a hundredth of themselves, but by years and degrees.
#[test]
fn calendar_years_are_no_narrow_range() {
    let mut text = "year,y\n".to_owned();
    for i in 0..20 {
        let year = 2021.0 + 0.15 * f64::from(i);
        text += &format!(
            "{year},{}\n",
            3.0 * (-0.8 * (year - 2021.0)).exp() + 0.01 * f64::from(i % 3)
        );
    }
    let found = fitted("y = p * exp(-k * (year - 2021))", &text, "squared");
    assert!(
        (coef(&found, "k") - 0.8).abs() < 0.05,
        "{}",
        coef(&found, "k")
    );
    let found = fitted("y = a + b * year", &text, "squared");
    assert_eq!(found.status, Status::Converged);
}

/// In a fit of logarithms an amplitude is above zero, and so is its interval.
#[test]
fn an_amplitude_of_an_exponential_has_a_positive_interval() {
    let mut random = Random::new(3);
    let mut text = "x,y\n".to_owned();
    for i in 0..12 {
        let x = f64::from(i);
        text += &format!("{x},{}\n", 700.0 * (0.3 * x + 1.5 * random.normal()).exp());
    }
    let runs = csv(&text);
    let options = FitOptions {
        uncertainty: Uncertainty::Covariance,
        ..plain("squared-log")
    };
    let found = fit(&typed("y = a * exp(k * x)", &runs), &runs, &options).expect("fits");
    let a = &found.coefs.iter().find(|(n, _)| n == "a").expect("a").1;
    assert!(a.interval.is_some_and(|i| i.lower > 0.0), "{a:?}");
}

#[test]
fn a_negative_amplitude_of_a_power_is_found() {
    let mut text = "x,y\n".to_owned();
    for i in 0..20 {
        let x = 1e6 * 10f64.powf(0.1 * f64::from(i));
        text += &format!("{x:e},{}\n", 5.0 - 300.0 * x.powf(-0.4));
    }
    let found = fitted("y = c0 + c * x^m", &text, "squared");
    close(coef(&found, "c"), -300.0, 1e-5, "c");
    close(coef(&found, "m"), -0.4, 1e-6, "m");
}

#[test]
fn a_solve_inside_a_solve_has_a_value() {
    let mut text = "x,y\n".to_owned();
    for i in 1..9 {
        text += &format!("{i},{}\n", 2.0 * f64::from(i).sqrt().sqrt());
    }
    let formula = "y = a * solve(u, 0.001, 10, u - solve(v, 0, 100, v^2 - x * u / u) / u)";
    let found = fitted(formula, &text, "squared");
    close(coef(&found, "a"), 2.0, 1e-6, "a");
}

#[test]
fn exact_runs_have_accelerated_intervals_or_none_but_no_panic() {
    let mut text = "x,y\n".to_owned();
    for i in 0..8 {
        text += &format!("{i},{}\n", 1 + 2 * i);
    }
    let runs = csv(&text);
    let options = FitOptions {
        objective: Some(Objective::parse("abs").expect("parses")),
        uncertainty: Uncertainty::Bca { resamples: 40 },
        ..FitOptions::default()
    };
    let found = fit(&typed("y = a + b * x", &runs), &runs, &options).expect("fits");
    close(coef(&found, "b"), 2.0, 1e-9, "b");
}

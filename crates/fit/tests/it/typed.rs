//! Formulas whose writer meant something else, and those that once brought the fit down.

use std::fmt::Write as _;

use crate::support::{close, coef, csv, plain};
use isoflop_base::{Diagnostics, Severity};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Objective, Status, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_testkit::Random;

fn law(formula: &str, runs: &RunTable) -> Result<Law, Diagnostics> {
    let columns: Vec<&str> = runs.columns().map(|c| c.name.as_str()).collect();
    Law::from_formula(formula, &columns, &[])
}

fn attempt(formula: &str, text: &str, options: &FitOptions) -> Result<Fit, Diagnostics> {
    let runs = csv(text);
    fit(&law(formula, &runs)?, &runs, options)
}

#[track_caller]
fn fitted(formula: &str, text: &str, options: &FitOptions) -> Fit {
    attempt(formula, text, options).unwrap_or_else(|e| panic!("{formula}: {e:?}"))
}

#[track_caller]
fn refused(formula: &str, text: &str) -> String {
    let faults = attempt(formula, text, &plain("squared")).expect_err("cannot be fitted");
    format!("{faults:?}")
}

/// A table of x and y on a grid of x from one.
fn curve(n: u32, mut y: impl FnMut(f64) -> f64) -> String {
    let mut text = "x,y\n".to_owned();
    for i in 0..n {
        let x = 1.0 + f64::from(i);
        let _ = writeln!(text, "{x},{}", y(x));
    }
    text
}

/// Twelve runs of three checkpoints each, which share what the law does not explain; `zeros` adds a row at x = 0 to each.
fn checkpoints(zeros: bool) -> String {
    let mut random = Random::new(7);
    let mut text = "run_id,size,x,y\n".to_owned();
    for run in 0..12 {
        let own = 0.3 * random.normal();
        if zeros {
            let _ = writeln!(text, "r{run},{run},0,9");
        }
        for k in 1..=3 {
            let x = f64::from(k) + 0.1 * f64::from(run);
            let y = 5.0 + 2.0 / x + own + 0.05 * random.normal();
            let _ = writeln!(text, "r{run},{run},{x},{y}");
        }
    }
    text
}

#[test]
fn groups_are_those_of_the_rows_that_are_left() {
    for uncertainty in ["covariance", "sandwich", "bootstrap:60", "wild:60"] {
        let options = FitOptions {
            uncertainty: Uncertainty::parse(uncertainty).expect("parses"),
            ..plain("huber:9")
        };
        let formula = "y = a + b/x + c*size";
        let with = fitted(formula, &checkpoints(true), &options);
        let without = fitted(formula, &checkpoints(false), &options);
        assert_eq!(with.coefs, without.coefs, "{uncertainty}");
        let codes = |fit: &Fit| fit.notes.iter().any(|n| n.code == "dependent-runs");
        assert!(codes(&with) && codes(&without), "{uncertainty}");
    }
}

#[test]
fn a_step_that_names_itself_is_refused() {
    let text = curve(12, |x| 1.0 + 2.0 / x);
    for formula in ["let q = q*2; y = a + b/x^q", "let x = x*x; y = a + b*ln(x)"] {
        assert!(
            refused(formula, &text).contains("duplicate-name"),
            "{formula}"
        );
    }
}

#[test]
fn a_chain_of_steps_is_followed_once_each() {
    for (op, first) in [("+", "a/x^b"), ("*", "x^b"), ("*", "1 + a*x"), ("+", "x")] {
        let mut formula = format!("let s0 = {first}; ");
        for i in 1..=40 {
            let _ = write!(formula, "let s{i} = s{0} {op} s{0}; ", i - 1);
        }
        formula += "y = c*s40^k + d*ln(s40)";
        // Followed twice each, forty steps take 2^40 evaluations, and the runner ends the test.
        let options = FitOptions {
            starts: Some(16),
            ..plain("squared")
        };
        let found = attempt(&formula, &curve(12, |x| 1.0 + 2.0 / x), &options);
        let value = found.as_ref().map_or(0.0, |fit| fit.objective.value);
        assert!(value.is_finite(), "{first}");
    }
}

#[test]
fn a_second_exponential_that_the_runs_do_not_need_is_no_fault_of_the_law() {
    let mut random = Random::new(31);
    let noise: Vec<f64> = (0..24).map(|_| 0.05 * random.normal()).collect();
    let text = curve(24, |x| {
        4.8 + 1.6 * (-0.27 * x).exp() + noise[x as usize - 1]
    });
    for starts in [40, 512] {
        let options = FitOptions {
            starts: Some(starts),
            ..plain("huber-log:2mad")
        };
        let found = attempt("y = a + b*exp(-k*x) + c*exp(-m*x)", &text, &options);
        let words = format!("{:?}", found.as_ref().err());
        assert!(!words.contains("no effect"), "{starts} starts: {words}");
    }
}

#[test]
fn a_narrow_input_is_narrow_behind_a_step() {
    let mut text = "N,D,L\n".to_owned();
    for i in 0..30 {
        let (n, d) = (1e9 * (1.0 + 0.0015 * f64::from(i)), 1e9 * 1.4f64.powi(i));
        let _ = writeln!(
            text,
            "{n},{d},{}",
            1.8 + 400.0 / n.powf(0.34) + 1200.0 / d.powf(0.36)
        );
    }
    for formula in [
        "L = E + A/N^a + B/D^b",
        "let M = N/1e9; L = E + A/M^a + B/D^b",
        "let M = N/1e9; let K = 2*M; L = E + A/K^a + B/D^b",
    ] {
        assert!(refused(formula, &text).contains("varies by"), "{formula}");
    }
}

#[test]
fn a_column_that_happens_to_be_called_l_may_be_negative() {
    let mut text = "x,L\n".to_owned();
    for i in 0..12 {
        let x = f64::from(i);
        let _ = writeln!(text, "{x},{}", 0.9 * x - 3.0 + 0.02 * f64::from(i % 3));
    }
    let found = fitted("L = a + b*x", &text, &FitOptions::default());
    assert_eq!(found.n, 12);
    close(coef(&found, "b"), 0.9, 0.01, "b");
}

#[test]
fn as_many_starts_are_solved_as_are_asked_for() {
    let text = curve(12, |x| 1.0 + 2.0 / x);
    let solved = |starts: Option<usize>| {
        let options = FitOptions {
            starts,
            ..plain("squared")
        };
        let found = fitted(
            "y = solve(u, 1e-3, 1e3, u - a - b/(x + 0.1*u))",
            &text,
            &options,
        );
        found.starts.solved
    };
    assert_eq!(solved(Some(128)), solved(Some(129)));
    assert!(solved(None) < solved(Some(128)), "{}", solved(None));
}

#[test]
fn numbers_of_a_law_in_another_unit_than_the_column_are_refused() {
    let file = |prior: &str| {
        format!(
            "title = \"P\"\nformula = \"L = E + A / N^alpha\"\n\
             [vars]\nL = {{ column = \"loss\", unit = \"nats/token\", role = \"response\" }}\n\
             N = {{ column = \"params\" }}\n[coefs]\nE = {{ unit = \"nats/token\"{prior} }}\nA = {{}}\nalpha = {{}}\n"
        )
    };
    let mut text = "params,loss [bits/byte]\n".to_owned();
    for i in 0..12 {
        let n = 1e7 * 2f64.powi(i);
        let _ = writeln!(
            text,
            "{n},{}",
            0.6 + 40.0 / n.powf(0.3) + 1e-3 * f64::from(i % 3)
        );
    }
    let runs = csv(&text);
    let with = |prior: &str, coefs: &[&str]| {
        let law = Law::from_toml("p", "p.toml", &file(prior)).expect("a law file");
        let options = FitOptions {
            coefs: coefs.iter().map(|c| (*c).to_owned()).collect(),
            ..plain("squared-log")
        };
        fit(&law, &runs, &options).map_err(|e| e.0[0].code.to_string())
    };
    let prior = ", prior = { mean = 1.8, sd = 0.01 }";
    assert_eq!(with(prior, &[]).err().as_deref(), Some("other-unit"));
    assert_eq!(
        with(", fixed = 1.8", &[]).err().as_deref(),
        Some("other-unit")
    );
    // What the user holds is in the unit of his table.
    let held = with(prior, &["E = 0.6"]).expect("is fitted");
    close(coef(&held, "E"), 0.6, 1e-12, "E");
    assert!(with("", &[]).is_ok());
}

#[test]
fn a_coefficient_without_effect_has_words_without_numbers_that_are_none() {
    let mut random = Random::new(5);
    let text = curve(12, |_| 1.0 + 0.01 * random.unit());
    for formula in [
        "y = tanh(c * x^-alpha)",
        "y = min(a, b*x)",
        "y = a + max(0, c*x - 1e9)",
    ] {
        let Ok(found) = attempt(formula, &text, &plain("squared")) else {
            continue;
        };
        for weak in &found.identifiability.weak {
            let none = weak.words.contains("NaN") || weak.words.contains("inf");
            assert!(!none, "{formula}: {}", weak.words);
        }
    }
}

#[test]
fn a_table_of_x_and_y_has_no_compute_to_disagree_with() {
    let found = fitted(
        "y = a*x^b + c",
        &curve(15, |x| 6.0 / x + 1.0 + 1e-3 * (x % 3.0)),
        &plain("squared"),
    );
    let codes: Vec<&str> = found.notes.iter().map(|n| n.code.as_str()).collect();
    assert!(!codes.contains(&"flops-disagree"), "{codes:?}");
}

#[test]
fn a_name_that_is_no_column_is_named_when_it_tells_nothing() {
    let text = curve(15, |x| 6.0 / x + 1.0);
    let words = refused("y = a*w^b + c", &text);
    assert!(words.contains("w is no column of the table"), "{words}");
    assert!(refused("y = a*pi*x + c", &text).contains("3.14159"));
}

#[test]
fn a_root_outside_its_bracket_is_said() {
    let text = curve(15, |x| 40.0 + 6.0 / x);
    let options = plain("squared");
    let words = match attempt("y = solve(t, 2, 3, t - a - b/x)", &text, &options) {
        Err(faults) => format!("{faults:?}"),
        Ok(found) => {
            assert_eq!(found.status, Status::NotConverged);
            found.notes.iter().map(|n| n.advice.clone()).collect()
        }
    };
    assert!(words.contains("t is sought between 2 and 3"), "{words}");
}

#[test]
fn of_two_sets_of_coefficients_for_one_curve_the_upright_one_is_taken_and_the_other_named() {
    for unit in [1.0, 100.0] {
        let mut random = Random::new(11);
        let noise: Vec<f64> = (0..30).map(|_| 0.003 * random.normal()).collect();
        let text = curve(30, |x| {
            unit * (0.25 + 0.65 / (1.0 + (-0.4 * (x - 14.0)).exp()) + noise[x as usize - 1])
        });
        let options = FitOptions {
            objective: Some(Objective::parse("squared").expect("parses")),
            ..plain("squared")
        };
        let found = fitted("y = lo + (hi - lo)/(1 + exp(-k*(x - m)))", &text, &options);
        assert!(coef(&found, "k") > 0.0, "{:?}", found.coefs);
        close(coef(&found, "hi"), 0.9 * unit, 0.02, "hi");
        let other = found.notes.iter().find(|n| n.code == "second-optimum");
        let words = &other.expect("the other set is named").message;
        assert!(words.contains("k = -0."), "{words}");
    }
}

#[test]
fn a_response_that_does_not_vary_is_not_to_be_used() {
    let found = fitted("y = a + b*x", &curve(12, |_| 2.5), &plain("squared"));
    let note = found.notes.iter().find(|n| n.code == "constant-response");
    let severity = note.map(|n| n.severity);
    assert_eq!(severity, Some(Severity::Error), "{:?}", found.notes);
    let varies = fitted("y = a + b*x", &curve(12, |x| x), &plain("squared"));
    assert!(varies.notes.iter().all(|n| n.code != "constant-response"));
}

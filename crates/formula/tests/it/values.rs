//! The reference evaluator against values worked out by hand.

use isoflop_formula::{EvalError, evaluate, evaluate_right, parse_expr, parse_formula};

#[track_caller]
fn value(text: &str) -> f64 {
    let expr = parse_expr(text, "f").expect(text);
    evaluate(&expr, &|name, index| match (name, index) {
        ("x", None) => Some(2.0),
        ("nan", None) => Some(f64::NAN),
        ("w", Some(columns)) if columns == ["task".to_owned()] => Some(5.0),
        _ => None,
    })
    .expect(text)
}

#[test]
fn arithmetic_is_that_of_doubles() {
    assert_eq!(value("1 + 2 * x^3 - 4 / x"), 15.0);
    assert_eq!(value("-x^2"), -4.0);
    assert_eq!(value("w[task] * 2"), 10.0);
    assert!(value("ln(-1)").is_nan());
    assert_eq!(value("1 / 0"), f64::INFINITY);
}

#[test]
fn comparisons_give_one_or_zero() {
    assert_eq!(value("x < 3 and not x == 1"), 1.0);
    assert_eq!(value("x >= 3 or x != 2"), 0.0);
    assert_eq!(value("if x > 1 then 10 else missing"), 10.0);
}

#[test]
fn functions_stay_finite_far_out() {
    assert_eq!(value("logsumexp(1000, 1000)"), 1000.0 + 2f64.ln());
    assert_eq!(value("softplus(1000)"), 1000.0);
    assert_eq!(value("sigmoid(-800)"), 0.0);
    assert_eq!(value("sigmoid(0)"), 0.5);
    assert_eq!(value("max(1, x, -3) + min(1, x, -3)"), -1.0);
    assert_eq!(value("atan(1e300)"), std::f64::consts::FRAC_PI_2);
    assert!(value("max(1, nan)").is_nan() && value("min(nan, 1)").is_nan());
}

#[test]
fn angles_are_in_radians() {
    assert_eq!(value("cos(0) + sin(0)"), 1.0);
    assert_eq!(value("4 * atan(1)"), std::f64::consts::PI);
    assert!((value("sin(x)^2 + cos(x)^2") - 1.0).abs() <= f64::EPSILON);
    assert!(value("sin(1 / 0)").is_nan());
}

#[test]
fn solve_finds_the_zero_to_the_last_bit() {
    let root = value("solve(y, 0, 10, y^2 - x)");
    assert!((root - 2f64.sqrt()).abs() <= f64::EPSILON);
    assert_eq!(value("solve(y, 0, 4, y)"), 0.0);
    assert!(value("solve(y, 5, 6, y^2 - x)").is_nan());
    assert_eq!(value("solve(x, 0, 8, x - 3)"), 3.0);
}

#[test]
fn steps_see_the_steps_before_them() {
    let law = parse_formula("let a = 2 * N; let b = a + 1; L = a * b", "f").expect("reads");
    let right = evaluate_right(&law, &|name, _| (name == "N").then_some(3.0));
    assert_eq!(right, Ok(42.0));
}

#[test]
fn a_name_without_a_value_and_a_text_are_errors() {
    let nothing = |_: &str, _: Option<&[String]>| None;
    let unbound = evaluate(&parse_expr("q + 1", "f").expect("reads"), &nothing);
    assert_eq!(
        unbound,
        Err(EvalError::Unbound {
            name: "q".to_owned()
        })
    );
    let text = evaluate(&parse_expr("\"adam\" == 1", "f").expect("reads"), &nothing);
    assert_eq!(
        text,
        Err(EvalError::Text {
            text: "adam".to_owned()
        })
    );
}

#[test]
fn a_pole_is_no_root() {
    let formula = isoflop_formula::parse_formula("y = solve(x, 0.5, 3, 1 / (x - 2))", "test")
        .expect("parses");
    let value = isoflop_formula::evaluate_right(&formula, &|_, _| None).expect("no names");
    assert!(value.is_nan(), "{value}");
}

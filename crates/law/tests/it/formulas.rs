//! Laws from bare formulas: which name is what, and in which range.

use super::shown;
use insta::assert_snapshot;
use isoflop_law::{Law, VarRole};

const INF: f64 = f64::INFINITY;

#[track_caller]
fn law(text: &str) -> Law {
    let columns = ["run", "params", "tokens", "loss", "flops", "corpus", "lr"];
    Law::from_formula(text, &columns, &[]).unwrap_or_else(|e| panic!("{}", shown(&e)))
}

#[track_caller]
fn range(law: &Law, name: &str) -> (f64, f64) {
    let coef = law
        .coef(name)
        .unwrap_or_else(|| panic!("{name} is a coefficient"));
    (coef.lower, coef.upper)
}

#[track_caller]
fn bad(text: &str) -> String {
    shown(
        &Law::from_formula(text, &["params", "tokens", "loss", "eval_loss"], &[]).expect_err(text),
    )
}

#[test]
fn the_standard_letters_are_the_standard_columns() {
    let law = law("L = E + A / N^alpha + B / D^beta");
    let columns: Vec<_> = law
        .vars
        .iter()
        .map(|v| (v.name.as_str(), v.column.as_str(), v.unit.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            ("L", "loss", "nats/token"),
            ("N", "params", "params"),
            ("D", "tokens", "tokens")
        ]
    );
    assert_eq!(law.response().name, "L");
    let coefs: Vec<_> = law.coefs.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(coefs, ["E", "A", "alpha", "B", "beta"]);
}

#[test]
fn other_columns_are_variables_under_their_own_name() {
    let law = law("lr = k * params^p * D^q");
    assert_eq!(law.response().column, "lr");
    assert_eq!(law.var("params").map(|v| v.unit.as_str()), Some("params"));
    assert_eq!(law.coefs.len(), 3);
}

#[test]
fn a_column_of_the_very_letter_is_used_when_the_standard_one_is_missing() {
    let law = Law::from_formula("L = a * N^-b", &["N", "L"], &[]).expect("reads");
    assert_eq!(law.var("N").map(|v| v.column.as_str()), Some("N"));
    assert_eq!(law.response().column, "L");
}

#[test]
fn a_declared_coefficient_is_one_whatever_it_looks_like() {
    let law = Law::from_formula(
        "L = C + tokns * N^-b",
        &["params", "tokens", "loss"],
        &["C", "tokns"],
    )
    .expect("reads");
    assert!(law.coef("C").is_some() && law.coef("tokns").is_some() && law.var("C").is_none());
}

#[test]
fn nothing_is_bounded_unasked() {
    for text in [
        "L = E + A / N^alpha + B * D^-beta",
        "L = a + b * lr",
        "L = a + exp(b * lr)",
        "L = a + (1 - a) * sigmoid(b * lr)",
        "L = a * 2^(lr / b)",
        "let r = D / N; L = a + b * r^-2",
    ] {
        let law = law(text);
        for coef in &law.coefs {
            let name = &coef.name;
            assert_eq!(range(&law, name), (-INF, INF), "{name} in {text}");
        }
    }
}

#[test]
fn what_a_logarithm_or_a_power_is_taken_of_is_above_zero() {
    let kaplan = law("L = ((N_c / N)^(alpha_N / alpha_D) + D_c / D)^alpha_D");
    assert_eq!(range(&kaplan, "N_c"), (0.0, INF));
    assert_eq!(range(&kaplan, "alpha_N"), (-INF, INF));
    assert_eq!(range(&kaplan, "D_c"), (-INF, INF));
    assert_eq!(range(&law("L = a - b * ln(m * N)"), "m"), (0.0, INF));
    assert_eq!(range(&law("L = a - b * k^0.5"), "k"), (0.0, INF));
}

#[test]
fn a_column_is_above_zero_only_under_a_logarithm_or_a_power_with_a_coefficient() {
    for (text, name, positive) in [
        ("loss = a + b * lr", "lr", false),
        ("loss = a + b * lr^2", "lr", false),
        ("loss = a + b * exp(-lr / c)", "lr", false),
        ("loss = a + b * (lr + c)^d", "lr", false),
        ("loss = a + b * lr^c", "lr", true),
        ("loss = a + b * (c / lr)^d", "lr", true),
        ("loss = a + b * ln lr", "lr", true),
        ("let r = tokens / lr; loss = a + b * r^c", "lr", true),
        ("ln loss = a + b * lr", "loss", true),
        ("loss = a + b * lr", "loss", false),
    ] {
        let law = law(text);
        let var = law.var(name).expect("a variable");
        assert_eq!(var.positive, positive, "{name} in {text}");
    }
}

#[test]
fn amplitudes_are_what_multiplies_a_power_or_an_exponential() {
    let names = |text: &str, floors| law(text).amplitudes(floors).join(" ");
    let chinchilla = "L = E + A / N^alpha + B * D^-beta";
    assert_eq!(names(chinchilla, false), "A B");
    assert_eq!(names(chinchilla, true), "A B E");
    assert_eq!(names("L = a - b * exp(-k * lr)", false), "b");
    assert_eq!(names("let r = D / N; L = E + A * r^-b", false), "A");
    assert_eq!(names("L = a + b * lr + c * lr^2", true), "a");
    assert_eq!(names("L = ((c / N)^(p / q) + d / D)^q", false), "d");
}

#[test]
fn an_index_is_added_as_a_variable() {
    let law = law("L = E[corpus] + A / N^alpha");
    assert_eq!(law.var("corpus").map(|v| v.role), Some(VarRole::Index));
    assert_eq!(law.coef("E").map(|c| c.index.len()), Some(1));
}

#[test]
fn the_law_of_a_formula_reads_back_from_its_text() {
    for text in [
        "L = E[corpus] + A / N^alpha",
        "ln L = a - `b/2` * ln N",
        "let r = D / N\nL = a * r^-b",
        "L = if N < 1e9 then a else α",
    ] {
        let law = law(text);
        let again = Law::from_toml(&law.id, "again", &law.text).expect(text);
        assert_eq!(format!("{again:?}"), format!("{law:?}"));
    }
}

#[test]
fn a_name_that_nearly_is_a_column_is_refused() {
    assert_snapshot!(bad("L = E + A / parms^alpha + evalloss"), @r"
    <formula>:1:13: `parms` is no column of the table, and would become a coefficient [unknown-name]
      L = E + A / parms^alpha + evalloss
                  ^^^^^
      help: did you mean `params`?
      help: if it is a coefficient, declare it: --coef parms
    <formula>:1:27: `evalloss` is no column of the table, and would become a coefficient [unknown-name]
      L = E + A / parms^alpha + evalloss
                                ^^^^^^^^
      help: did you mean `eval_loss`?
      help: if it is a coefficient, declare it: --coef evalloss
    ");
}

#[test]
fn the_left_side_names_one_column() {
    assert_snapshot!(bad("E + A / N"), @r"
    <formula>:1:1: the formula has no left side [left-side]
      E + A / N
      ^^^^^^^^^
      help: write the predicted column on the left, as in `L = E + A / N^alpha`
    ");
    assert_snapshot!(bad("L - E = A / N"), @r"
    <formula>:1:1: the left side names more than one thing, expected the response alone [left-side]
      L - E = A / N
      ^^^^^
      help: write the predicted column on the left, as in `L = E + A / N^alpha`
    ");
    assert_snapshot!(bad("2 = A / N"), @r"
    <formula>:1:1: the left side names no column [left-side]
      2 = A / N
      ^
      help: write the predicted column on the left, as in `L = E + A / N^alpha`
    ");
}

#[test]
fn an_unknown_of_solve_must_not_be_a_name_elsewhere() {
    assert_snapshot!(bad("L = a + solve(a, 0, 1, a * N - 1)"), @r"
    <formula>:1:15: the unknown `a` has the name of a variable, coefficient or step [duplicate-name]
      L = a + solve(a, 0, 1, a * N - 1)
                    ^
      help: give the unknown another name
    ");
}

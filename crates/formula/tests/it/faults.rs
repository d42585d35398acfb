//! One bad formula, one snapshot.

use super::shown;
use insta::assert_snapshot;
use isoflop_base::Span;
use isoflop_formula::{Place, parse_assignment, parse_expr, parse_formula, parse_formula_at};

#[track_caller]
fn law(text: &str) -> String {
    shown(&parse_formula(text, "<formula>").expect_err(text))
}

#[track_caller]
fn filter(text: &str) -> String {
    shown(&parse_expr(text, "<where>").expect_err(text))
}

#[test]
fn a_bare_log_asks_for_its_base() {
    assert_snapshot!(law("L = E - k * log(N)"), @r"
    <formula>:1:13: `log` is not a function: its base is not known [bare-log]
      L = E - k * log(N)
                  ^^^
      help: write `ln` (natural), `log2` or `log10`
    ");
}

#[test]
fn a_bare_log_without_brackets_asks_for_its_base_too() {
    assert_snapshot!(law("log L = a - b * ln(N)"), @r"
    <formula>:1:1: `log` is not a function: its base is not known [bare-log]
      log L = a - b * ln(N)
      ^^^
      help: write `ln` (natural), `log2` or `log10`
    ");
}

#[test]
fn a_misspelt_function_gets_its_neighbour() {
    assert_snapshot!(law("L = sqtr(N) + expit(N) + A(N + 1)"), @r"
    <formula>:1:5: there is no function `sqtr` [unknown-function]
      L = sqtr(N) + expit(N) + A(N + 1)
          ^^^^
      help: did you mean `sqrt`?
    <formula>:1:15: there is no function `expit` [unknown-function]
      L = sqtr(N) + expit(N) + A(N + 1)
                    ^^^^^
      help: write `sigmoid(x)`
    <formula>:1:26: there is no function `A` [unknown-function]
      L = sqtr(N) + expit(N) + A(N + 1)
                               ^
      help: write `A * (…)` for a product; the functions are exp, ln, log2, log10, sqrt, abs, min, max, sigmoid, softplus, tanh, sin, cos, atan, logsumexp
    ");
}

#[test]
fn the_power_of_a_bare_logarithm_is_refused() {
    assert_snapshot!(law("L = a * ln N^2 + b"), @r"
    <formula>:1:9: `ln N^2` can be read in two ways [ambiguous-power]
      L = a * ln N^2 + b
              ^^^^^^
      help: write `ln(N)^2` or `ln(N^2)`
    ");
    assert_snapshot!(law("L = a * ln N^(2 + c)"), @r"
    <formula>:1:9: `ln N^…` can be read in two ways [ambiguous-power]
      L = a * ln N^(2 + c)
              ^^^^^
      help: write `ln(N)^…` or `ln(N^…)`
    ");
}

#[test]
fn python_powers_and_foreign_signs_get_advice() {
    assert_snapshot!(law("L = A / N**alpha"), @r"
    <formula>:1:10: `**` is not an operator of this language [formula-syntax]
      L = A / N**alpha
               ^^
      help: write `^` for a power
    ");
    assert_snapshot!(filter("tokens ≥ 1e9"), @r"
    <where>:1:8: `≥` is not an operator of this language [formula-syntax]
      tokens ≥ 1e9
             ^
      help: write `>=`
    ");
    assert_snapshot!(filter("a && b"), @r"
    <where>:1:3: `&&` is not an operator of this language [formula-syntax]
      a && b
        ^^
      help: write `and`
    ");
}

#[test]
fn two_operands_in_a_row_need_an_operator() {
    assert_snapshot!(law("L = E + 2 N"), @r"
    <formula>:1:11: found `N`, expected an operator or the end of the formula [formula-syntax]
      L = E + 2 N
                ^
      help: write `*` for a product
    ");
    assert_snapshot!(law("L = E + 2x"), @r"
    <formula>:1:9: found `x` directly behind the number 2, expected an operator [formula-syntax]
      L = E + 2x
              ^^
      help: write `2 * x`
    ");
}

#[test]
fn suffixes_are_for_filters_only() {
    assert_snapshot!(law("L = A / (N / 2B)^alpha"), @r"
    <formula>:1:14: the suffix B of a number has no meaning in a law [number-suffix]
      L = A / (N / 2B)^alpha
                   ^^
      help: write `2e9` for the number, `2 * B` for a product
    ");
    assert!(parse_expr("tokens > 2B", "<where>").is_ok());
}

#[test]
fn comparisons_do_not_chain() {
    assert_snapshot!(filter("1 < x < 3"), @r"
    <where>:1:7: comparisons cannot be chained [formula-syntax]
      1 < x < 3
            ^
      help: write `a < b and b < c`
    ");
}

#[test]
fn a_single_equals_sign_is_no_comparison() {
    assert_snapshot!(filter("optimizer = 'adam'"), @r"
    <where>:1:11: found `=` in an expression [formula-syntax]
      optimizer = 'adam'
                ^
      help: write `==` to compare
    ");
    assert_snapshot!(law("L = E = 2"), @r"
    <formula>:1:7: found a second `=`, expected the end of the formula [formula-syntax]
      L = E = 2
            ^
      help: write `==` to compare
    ");
}

#[test]
fn open_ends_are_shown_where_they_open() {
    assert_snapshot!(law("L = E + (A / N"), @r"
    <formula>:1:9: this bracket is never closed: expected `)` [formula-syntax]
      L = E + (A / N
              ^
    ");
    assert_snapshot!(law("L = E + A /"), @r"
    <formula>:1:12: found the end, expected a number, a name or `(` [formula-syntax]
      L = E + A /
                 ^
    ");
    assert_snapshot!(filter("optimizer == 'adam"), @r"
    <where>:1:14: this quoted text is never closed on its line [formula-syntax]
      optimizer == 'adam
                   ^^^^^
      help: close it with '
    ");
    assert_snapshot!(filter("`eval/loss > 2"), @r"
    <where>:1:1: this backquote is never closed on its line [formula-syntax]
      `eval/loss > 2
      ^^^^^^^^^^^^^^
      help: close the name with a second backquote
    ");
}

#[test]
fn every_statement_reports_its_own_fault() {
    assert_snapshot!(law("let a = N *\nlet b = log(D); let b = 2 +; L = E $ a"), @r"
    <formula>:2:1: found `let`, expected a number, a name or `(` [formula-syntax]
      let b = log(D); let b = 2 +; L = E $ a
      ^^^
    <formula>:2:9: `log` is not a function: its base is not known [bare-log]
      let b = log(D); let b = 2 +; L = E $ a
              ^^^
      help: write `ln` (natural), `log2` or `log10`
    <formula>:2:21: `b` is set by two `let` steps [duplicate-name]
      let b = log(D); let b = 2 +; L = E $ a
                          ^
      help: give the second one another name
    <formula>:2:28: found `;`, expected a number, a name or `(` [formula-syntax]
      let b = log(D); let b = 2 +; L = E $ a
                                 ^
    <formula>:2:36: found the character `$`, which has no meaning in a formula [formula-syntax]
      let b = log(D); let b = 2 +; L = E $ a
                                         ^
      help: a name with other characters than letters, digits and `_` is written in backquotes, as in `eval/loss`
    ");
}

#[test]
fn functions_are_not_names() {
    assert_snapshot!(law("let max = 3; L = exp + max"), @r"
    <formula>:1:5: `max` is a function and cannot be a name [reserved-name]
      let max = 3; L = exp + max
          ^^^
      help: choose another name, or write it in backquotes
    <formula>:1:18: exp is a function and needs its argument in parentheses [formula-syntax]
      let max = 3; L = exp + max
                       ^^^
      help: write `exp(x)`; a column of that name is written in backquotes
    ");
}

#[test]
fn the_number_of_arguments_is_checked() {
    assert_snapshot!(law("L = ln(N, 2) + solve(y, 0, 1)"), @r"
    <formula>:1:5: ln takes one argument, found 2 [argument-count]
      L = ln(N, 2) + solve(y, 0, 1)
          ^^^^^^^^
    <formula>:1:29: found `)`, expected `,` and the equation: solve(unknown, lower, upper, expression that is zero at the answer) [formula-syntax]
      L = ln(N, 2) + solve(y, 0, 1)
                                  ^
    ");
}

#[test]
fn conditions_need_all_three_parts_and_brackets_inside_sums() {
    assert_snapshot!(law("L = if N < 1e9 then E"), @r"
    <formula>:1:22: found the end, expected `else`: the form is `if a < b then x else y` [formula-syntax]
      L = if N < 1e9 then E
                           ^
    ");
    assert_snapshot!(law("L = E + if N < 1e9 then 1 else 2"), @r"
    <formula>:1:9: `if` cannot stand behind an operator [formula-syntax]
      L = E + if N < 1e9 then 1 else 2
              ^^
      help: put it in parentheses
    ");
}

#[test]
fn nothing_at_all_is_not_a_formula() {
    assert_snapshot!(law(""), @r"
    <formula>:1:1: found the end, expected a formula such as `L = E + A / N^alpha` [formula-syntax]
      
      ^
    ");
    assert_snapshot!(law("let a = 2"), @r"
    <formula>:1:10: found the end, expected a formula after the `let` steps [formula-syntax]
      let a = 2
               ^
    ");
    assert_snapshot!(shown(&parse_assignment("6 * N", "<let>").expect_err("no name")), @r"
    <let>:1:1: found `6`, expected the name of the new column, as in `C = 6 * N * D` [formula-syntax]
      6 * N
      ^
    ");
}

#[test]
fn a_number_beyond_the_doubles_is_refused() {
    assert_snapshot!(law("L = 1e999"), @r"
    <formula>:1:5: the number 1e999 is too large for a double, expected less than 1.8e308 [number-range]
      L = 1e999
          ^^^^^
    ");
}

#[test]
fn deep_nesting_is_a_fault_and_not_a_crash() {
    let deep = [
        "(".repeat(5000),
        "-".repeat(5000),
        "ln ".repeat(5000),
        "2^".repeat(5000),
        "1+".repeat(5000),
        "not ".repeat(5000),
    ];
    for text in deep.map(|opening| format!("{opening}x")) {
        let faults = parse_expr(&text, "f").expect_err("too deep");
        assert_eq!(faults.0[0].code, "nesting", "{}", &text[..8]);
    }
    let fits = format!("{}x{}", "(".repeat(150), ")".repeat(150));
    assert!(parse_expr(&fits, "f").is_ok());
    assert!(parse_expr(&vec!["x"; 400].join(" + "), "f").is_ok());
}

#[test]
fn a_formula_inside_a_file_is_marked_there() {
    let source = "title = \"t\"\nformula = \"L = E + log(N)\"\n";
    let span = Span::new(22, source.len() - 1);
    let text = "L = E + log(N)";
    let faults = parse_formula_at(text, &Place::inside("law.toml", source, span, text))
        .expect_err("bare log");
    assert_snapshot!(shown(&faults), @r#"
    law.toml:2:20: `log` is not a function: its base is not known [bare-log]
      formula = "L = E + log(N)"
                         ^^^
      help: write `ln` (natural), `log2` or `log10`
    "#);
}

//! Which tree a text gives, shown through fully bracketed forms.

use isoflop_formula::{parse_assignment, parse_expr, parse_formula};

#[track_caller]
fn same(a: &str, b: &str) {
    assert_eq!(
        parse_expr(a, "a").expect(a),
        parse_expr(b, "b").expect(b),
        "{a} against {b}"
    );
}

#[track_caller]
fn same_law(a: &str, b: &str) {
    assert_eq!(
        parse_formula(a, "a").expect(a),
        parse_formula(b, "b").expect(b),
        "{a} against {b}"
    );
}

#[test]
fn operators_bind_as_in_mathematics() {
    same("-x^2", "-(x^2)");
    same("2^3^2", "2^(3^2)");
    same("2^-x^2", "2^(-(x^2))");
    same("2^-3 * 4", "(2^(-3)) * 4");
    same("-a * b", "(-a) * b");
    same("a - b - c", "(a - b) - c");
    same("a / b * c", "(a / b) * c");
    same("a + b * c", "a + (b * c)");
    same("not a < b and c", "(not (a < b)) and c");
    same("a or b and c", "a or (b and c)");
    same("a + 1 < b * 2", "(a + 1) < (b * 2)");
    same(
        "if a < b then x else y + 1",
        "if (a < b) then x else (y + 1)",
    );
}

#[test]
fn a_function_may_stand_before_one_name_or_number() {
    same("ln L", "ln(L)");
    same("ln N * 2", "ln(N) * 2");
    same("exp E[corpus] + 1", "exp(E[corpus]) + 1");
    same("ln sqrt x", "ln(sqrt(x))");
    same("ln max(a, b)", "ln(max(a, b))");
}

#[test]
fn numbers_are_read_to_the_nearest_double() {
    same("1_000_000", "1000000");
    same(".5", "0.5");
    same("1.4T", "1.4e12");
    same("5.76E23", "5.76e+23");
    same("70B", "7e10");
    same("3k + 3K", "3000 + 3000");
    same("0.1M", "1e5");
}

#[test]
fn backquotes_make_any_text_a_name() {
    let expr = parse_expr("`eval/loss` + `if` + plain", "f").expect("reads");
    let names: Vec<_> = expr.names().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["eval/loss", "if", "plain"]);
    same("`plain`", "plain");
}

#[test]
fn quoted_texts_hold_doubled_quotes() {
    same("optimizer == \"ad\"\"am\"", "optimizer == 'ad\"am'");
}

#[test]
fn statements_end_at_semicolons_and_line_ends() {
    same_law(
        "let a = N / D; let b = ln(a); L = E * b",
        "let a = N / D\nlet b = ln(a)\n\nL = E * b\n",
    );
    same_law(
        "L = E\n  + A / N^alpha\n  + (B\n / D^beta)",
        "L = E + A / N^alpha + (B / D^beta)",
    );
    same_law(
        "L = if N < 1e9\n then E\n else A",
        "L = if N < 1e9 then E else A",
    );
}

#[test]
fn lambda_and_letters_of_other_scripts_are_names() {
    let law = parse_formula("L = lambda * N^α", "f").expect("reads");
    let names: Vec<_> = law.names().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["L", "lambda", "N", "α"]);
}

#[test]
fn names_leave_out_what_the_formula_binds_itself() {
    let law = parse_formula(
        "let r = D / U; L = E + solve(y, 0, r + y, y - A[task] * r)",
        "f",
    )
    .expect("reads");
    let names: Vec<_> = law.names().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["D", "U", "L", "E", "r", "y", "A", "r"]
            .into_iter()
            .filter(|n| *n != "r")
            .collect::<Vec<_>>()
    );
    let indexed: Vec<_> = law
        .uses()
        .iter()
        .filter(|u| !u.index.is_empty())
        .map(|u| u.name)
        .collect();
    assert_eq!(indexed, ["A"]);
}

#[test]
fn an_assignment_names_a_new_column() {
    let (name, expr) = parse_assignment("C = 6*N*D", "f").expect("reads");
    assert_eq!(name, "C");
    assert_eq!(expr, parse_expr("6 * N * D", "f").expect("reads"));
}

#[test]
fn spans_cover_the_text_of_each_node() {
    let text = "L = E + (A / N^alpha)";
    let law = parse_formula(text, "f").expect("reads");
    let uses: Vec<_> = law
        .names()
        .iter()
        .map(|(_, s)| &text[s.start..s.end])
        .collect();
    assert_eq!(uses, ["L", "E", "A", "N", "alpha"]);
    assert_eq!(
        &text[law.right.span.start..law.right.span.end],
        "E + (A / N^alpha)"
    );
}

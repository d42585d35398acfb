//! Printing and reading undo each other, and no text makes the parser panic.

use isoflop_base::Span;
use isoflop_formula::ast::{BinaryOp, Expr, ExprKind, Formula, Function, Let, UnaryOp};
use isoflop_formula::{number, parse_assignment, parse_expr, parse_formula};
use proptest::prelude::*;

fn node(kind: ExprKind) -> Expr {
    Expr {
        kind,
        span: Span::default(),
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z_αβ][a-zA-Z0-9_]{0,6}",
        1 => "[a-z]{1,3}[/. -][a-z]{1,3}",
        1 => prop::sample::select(vec!["if", "let", "ln", "solve", "log", "lambda"]).prop_map(str::to_owned),
    ]
}

fn operator() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::{Add, And, Div, Eq, Ge, Gt, Le, Lt, Mul, Ne, Or, Pow, Sub};
    prop::sample::select(vec![
        Add, Sub, Mul, Div, Pow, Lt, Le, Gt, Ge, Eq, Ne, And, Or,
    ])
}

fn expr() -> impl Strategy<Value = Expr> {
    let finite = prop::num::f64::POSITIVE | prop::num::f64::ZERO;
    let leaf = prop_oneof![
        finite.prop_map(|x| node(ExprKind::Number(x.abs()))),
        name().prop_map(|n| node(ExprKind::Name(n))),
        "[a-z\"' ]{0,5}".prop_map(|t| node(ExprKind::Text(t))),
        (name(), prop::collection::vec(name(), 1..3)).prop_map(|(name, columns)| {
            let index = columns.into_iter().map(|c| (c, Span::default())).collect();
            node(ExprKind::Indexed { name, index })
        }),
    ];
    leaf.prop_recursive(6, 60, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed
                .clone()
                .prop_map(|a| node(ExprKind::Unary(UnaryOp::Neg, a))),
            boxed
                .clone()
                .prop_map(|a| node(ExprKind::Unary(UnaryOp::Not, a))),
            (operator(), boxed.clone(), boxed.clone())
                .prop_map(|(op, a, b)| node(ExprKind::Binary(op, a, b))),
            (
                prop::sample::select(Function::ALL.to_vec()),
                prop::collection::vec(inner, 1..4)
            )
                .prop_map(|(f, mut args)| {
                    if f.takes_one() {
                        args.truncate(1);
                    }
                    node(ExprKind::Call(f, args))
                }),
            (boxed.clone(), boxed.clone(), boxed.clone())
                .prop_map(|(a, b, c)| node(ExprKind::If(a, b, c))),
            (name(), boxed.clone(), boxed.clone(), boxed).prop_map(
                |(name, lower, upper, equation)| {
                    node(ExprKind::Solve {
                        name,
                        name_span: Span::default(),
                        lower,
                        upper,
                        equation,
                    })
                }
            ),
        ]
    })
}

proptest! {
    #[test]
    fn reading_a_printed_expression_gives_it_back(tree in expr()) {
        let text = tree.to_string();
        prop_assert_eq!(parse_expr(&text, "f").map_err(|e| e.to_string()), Ok(tree), "{}", text);
    }

    #[test]
    fn reading_a_printed_formula_gives_it_back(
        steps in prop::collection::btree_map(name(), expr(), 0..3),
        left in prop::option::of(expr()),
        right in expr(),
    ) {
        let lets = steps.into_iter().map(|(name, value)| Let { name, name_span: Span::default(), value }).collect();
        let formula = Formula { lets, left, right };
        let text = formula.to_string();
        prop_assert_eq!(parse_formula(&text, "f").map_err(|e| e.to_string()), Ok(formula), "{}", text);
    }

    #[test]
    fn printed_numbers_read_back_bit_for_bit(x in prop::num::f64::NORMAL) {
        prop_assert_eq!(number(x).parse::<f64>().map(f64::to_bits), Ok(x.to_bits()));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = (parse_formula(&text, "f").is_ok(), parse_expr(&text, "f").is_ok(), parse_assignment(&text, "f").is_ok());
    }

    #[test]
    fn any_run_of_pieces_is_read_or_refused_with_a_place(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "[", "]", ",", ";", "\n", "=", "==", "<", "^", "*", "**", "-", "+", "1.5", "2B", "1e", "ln", "log",
            "max", "foo(", "solve(", "if", "then", "else", "and", "not", "let", "N", "α", "`", "`a b`", "\"t\"", "'", "$", "−",
        ]), 0..40),
    ) {
        let text = pieces.join(" ");
        let results = [parse_formula(&text, "f").err(), parse_expr(&text, "f").err()];
        for faults in results.into_iter().flatten() {
            prop_assert!(!faults.0.is_empty() && faults.0.iter().all(|d| d.excerpt.is_some()), "{}", text);
        }
    }
}

#[test]
fn printing_uses_few_brackets() {
    for text in [
        "L = E + A / N^alpha + B / D^beta",
        "let r = D / U; ln(L) = logsumexp(a - alpha * ln(N), b - beta * ln(D), e)",
        "L = if N < 1e9 then a else -b^-c * (d - e)",
        "y = solve(`y/2`, 0, 1, (y - a) / (b - y)^alpha)",
    ] {
        assert_eq!(parse_formula(text, "f").expect(text).to_string(), text);
    }
}

#[test]
fn numbers_are_printed_short() {
    let shown: Vec<_> = [400.0, 0.34, 5.76e23, 1e6, 10000.0, 0.001, 3.2e-4, 1.4e12]
        .map(number)
        .to_vec();
    assert_eq!(
        shown,
        [
            "400", "0.34", "5.76e23", "1e6", "10000", "0.001", "0.00032", "1.4e12"
        ]
    );
}

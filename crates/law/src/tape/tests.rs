//! The tape against the reference evaluator, and its derivatives against central differences.

use super::*;
use crate::{Coef, Conventions, Law, Var, VarRole};
use isoflop_base::Span;
use isoflop_formula::parse_formula;

/// A law from a formula: variables by role, coefficients positive unless they start with `_`.
fn law(text: &str, inputs: &[&str], coefs: &[&str]) -> Law {
    let formula = parse_formula(text, "<formula>").expect("the test's formula parses");
    let var = |name: &str, role| Var {
        name: name.to_owned(),
        column: name.to_owned(),
        unit: String::new(),
        doc: String::new(),
        role,
        positive: true,
        domain: None,
    };
    let mut vars = vec![var("L", VarRole::Response)];
    vars.extend(inputs.iter().map(|n| var(n, VarRole::Input)));
    let coefs = coefs
        .iter()
        .map(|declared| {
            let (name, index) = declared
                .split_once('[')
                .map_or((*declared, Vec::new()), |(n, i)| {
                    (n, vec![i.trim_end_matches(']').to_owned()])
                });
            Coef {
                name: name.to_owned(),
                doc: String::new(),
                unit: String::new(),
                lower: if name.starts_with('_') {
                    f64::NEG_INFINITY
                } else {
                    0.0
                },
                upper: f64::INFINITY,
                start: Vec::new(),
                index,
                fixed: None,
                tie: None,
                prior: None,
                pool: None,
                span: Span::default(),
            }
        })
        .collect();
    Law {
        id: "test".into(),
        title: String::new(),
        formula_text: text.into(),
        formula,
        vars,
        coefs,
        objective: None,
        simplex: Vec::new(),
        stages: Vec::new(),
        variants: Vec::new(),
        checks: Vec::new(),
        source: String::new(),
        key: String::new(),
        conventions: Conventions::default(),
        trust: String::new(),
        note: String::new(),
        tags: Vec::new(),
        text: String::new(),
    }
}

struct Case {
    text: &'static str,
    inputs: &'static [&'static str],
    coefs: &'static [&'static str],
    at: &'static [f64],
}

const CASES: &[Case] = &[
    Case {
        text: "L = E + A / N^alpha + B / D^beta",
        inputs: &["N", "D"],
        coefs: &["E", "A", "B", "alpha", "beta"],
        at: &[1.8, 480.0, 2100.0, 0.35, 0.37],
    },
    Case {
        text: "ln L = logsumexp(_e, _a - _alpha * ln N, _b - _beta * ln D)",
        inputs: &["N", "D"],
        coefs: &["_e", "_a", "_b", "_alpha", "_beta"],
        at: &[0.6, 6.2, 7.6, 0.35, 0.37],
    },
    Case {
        text: "L = ((Nc / N)^(an / ad) + Dc / D)^ad",
        inputs: &["N", "D"],
        coefs: &["Nc", "Dc", "an", "ad"],
        at: &[6.4e13, 1.8e13, 0.076, 0.103],
    },
    Case {
        text: "L = a + b * N^(-_c0) * (1 + (N / d1)^(1 / f1))^(-_c1 * f1)",
        inputs: &["N", "D"],
        coefs: &["a", "b", "_c0", "_c1", "d1", "f1"],
        at: &[0.4, 12.0, 0.1, 0.4, 3e7, 0.2],
    },
    Case {
        text: "let R = D / N; L = if R < 30 then E + A * R^(-alpha) else E + A * 30^(-alpha) + _k * tanh(R / 1e3)",
        inputs: &["N", "D"],
        coefs: &["E", "A", "alpha", "_k"],
        at: &[1.8, 4.0, 0.3, 0.2],
    },
    Case {
        text: "L = min(E + A * N^(-alpha), 3) * sigmoid(_k * ln D - 20 * _k) + softplus(_k) + max(0.1, abs(_k - 1))",
        inputs: &["N", "D"],
        coefs: &["E", "A", "alpha", "_k"],
        at: &[1.8, 40.0, 0.3, 0.2],
    },
    Case {
        text: "L = sqrt(E^2 + A * (N * D)^(-alpha)) + _k * log10(N) / log2(D)",
        inputs: &["N", "D"],
        coefs: &["E", "A", "alpha", "_k"],
        at: &[1.8, 400.0, 0.3, 0.2],
    },
    Case {
        text: "L = solve(y, 0, 10, y - E - A * N^(-alpha) * (10 - y)^_k) + _k * D / 1e12",
        inputs: &["N", "D"],
        coefs: &["E", "A", "alpha", "_k"],
        at: &[1.0, 40.0, 0.2, 0.3],
    },
    Case {
        text: "L = E + A * cos(_k * ln D) + _a * sin(_k) * atan(_k * N / 1e6 - 2 * cos(_a))",
        inputs: &["N", "D"],
        coefs: &["E", "A", "_k", "_a"],
        at: &[5.0, 0.4, 0.3, 0.7],
    },
    Case {
        text: "let De = N * (1 + R * (1 - exp(-(D / N - 1) / R))); L = E + B / De^beta",
        inputs: &["N", "D"],
        coefs: &["E", "B", "beta", "R"],
        at: &[1.0, 400.0, 0.3, 15.0],
    },
    Case {
        text: "log10 (L / N) = _k + D^(-alpha) * (E - 2)^3 / exp(_k)",
        inputs: &["N", "D"],
        coefs: &["_k", "alpha", "E"],
        at: &[-8.0, 0.01, 1.1],
    },
];

fn columns(rows: usize) -> (Vec<f64>, Vec<f64>) {
    let n = (0..rows).map(|i| 1e6 * 1.02f64.powi(i as i32)).collect();
    let d = (0..rows)
        .map(|i| 3e7 * 1.3f64.powi((i * 7 % 53) as i32))
        .collect();
    (n, d)
}

fn coordinates(program: &Program, at: &[f64]) -> Vec<f64> {
    program
        .coordinates()
        .iter()
        .zip(at)
        .map(|(c, x)| c.of(*x))
        .collect()
}

#[test]
fn values_agree_with_the_reference_evaluator() {
    let (n, d) = columns(300);
    for case in CASES {
        let law = law(case.text, case.inputs, case.coefs);
        let program = Program::compile(&law, &Vec::new(), Output::AsWritten).expect("compiles");
        let bound = program.bind(300, &[&[], &n, &d], &[]);
        let mut ws = program.workspace();
        let mut out = vec![0.0; 300];
        bound.evaluate(&mut ws, &coordinates(&program, case.at), &mut out);
        for i in 0..300 {
            let want = isoflop_formula::evaluate_right(&law.formula, &|name, _| match name {
                "N" => Some(n[i]),
                "D" => Some(d[i]),
                _ => case
                    .coefs
                    .iter()
                    .position(|c| *c == name)
                    .map(|k| case.at[k]),
            })
            .expect("all names are bound");
            let gap = (out[i] - want).abs() / want.abs().max(1e-300);
            assert!(gap < 3e-13, "{}: row {i}: {} for {want}", case.text, out[i]);
        }
    }
}

#[test]
fn jacobians_agree_with_central_differences() {
    let (n, d) = columns(300);
    for case in CASES {
        for output in [Output::AsWritten, Output::LnResponse, Output::Response] {
            let law = law(case.text, case.inputs, case.coefs);
            let program = Program::compile(&law, &Vec::new(), output).expect("compiles");
            let bound = program.bind(300, &[&[], &n, &d], &[]);
            let mut ws = program.workspace();
            let theta = coordinates(&program, case.at);
            let p = theta.len();
            let jacobian = bound.jacobian(&mut ws, &theta);
            for j in 0..p {
                let want = difference(&bound, &theta, j);
                let scale = want.iter().fold(1e-12f64, |m, x| m.max(x.abs()));
                for i in 0..300 {
                    let gap = (jacobian[i * p + j] - want[i]).abs() / scale;
                    assert!(
                        gap < 1e-9,
                        "{} {output:?}: row {i}, {}: {gap:e}",
                        case.text,
                        case.coefs[j]
                    );
                }
            }
        }
    }
}

/// Central differences, extrapolated twice (Richardson): error of order h⁶.
fn difference(bound: &Bound<'_>, theta: &[f64], j: usize) -> Vec<f64> {
    let rows = bound.rows();
    let mut ws = bound.program().workspace();
    let mut central = |h: f64| -> Vec<f64> {
        let (mut up, mut down) = (vec![0.0; rows], vec![0.0; rows]);
        let mut at = theta.to_vec();
        at[j] = theta[j] + h;
        bound.evaluate(&mut ws, &at, &mut up);
        at[j] = theta[j] - h;
        bound.evaluate(&mut ws, &at, &mut down);
        up.iter()
            .zip(&down)
            .map(|(u, d)| (u - d) / (2.0 * h))
            .collect()
    };
    let h = 2e-3 * theta[j].abs().clamp(0.05, 1.0);
    let (a, b, c) = (central(h), central(h / 2.0), central(h / 4.0));
    (0..rows)
        .map(|i| {
            let (ab, bc) = ((4.0 * b[i] - a[i]) / 3.0, (4.0 * c[i] - b[i]) / 3.0);
            (16.0 * bc - ab) / 15.0
        })
        .collect()
}

#[test]
fn indexed_coefficients_are_gathered_and_their_normal_equations_scattered() {
    let law = law(
        "L = E[corpus] + A[corpus] / N^alpha",
        &["N", "D"],
        &["E[corpus]", "A[corpus]", "alpha"],
    );
    let levels = vec![(
        "corpus".to_owned(),
        vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
    )];
    let program = Program::compile(&law, &levels, Output::LnResponse).expect("compiles");
    assert_eq!(program.coordinates().len(), 7);
    assert_eq!(program.coordinates()[1].name, "E[b]");
    let (n, d) = columns(600);
    let codes: Vec<u32> = (0..600).map(|i| (i % 3) as u32).collect();
    let bound = program.bind(600, &[&[], &n, &d], &[codes.clone(), codes]);
    let mut ws = program.workspace();
    let theta: Vec<f64> = [1.0f64, 2.0, 3.0, 100.0, 200.0, 300.0, 0.3]
        .iter()
        .map(|x| x.ln())
        .collect();
    let jacobian = bound.jacobian(&mut ws, &theta);
    for j in 0..7 {
        for (i, want) in difference(&bound, &theta, j).into_iter().enumerate() {
            assert!(
                (jacobian[i * 7 + j] - want).abs() < 1e-9,
                "row {i}, coordinate {j}"
            );
        }
    }
    let weights: Vec<f64> = (0..600).map(|i| 0.5 + (i % 5) as f64).collect();
    let (gram, side) = normal_equations(&bound, &theta, &weights);
    for j in 0..7 {
        let want: f64 = (0..600).map(|i| weights[i] * jacobian[i * 7 + j]).sum();
        assert!((side[j] - want).abs() < 1e-10 * want.abs().max(1.0));
        for k in 0..7 {
            let want: f64 = (0..600)
                .map(|i| weights[i] * jacobian[i * 7 + j] * jacobian[i * 7 + k])
                .sum();
            assert!(
                (gram[j * 7 + k] - want).abs() < 1e-10 * want.abs().max(1.0),
                "{j} {k}"
            );
        }
    }
}

fn normal_equations(bound: &Bound<'_>, theta: &[f64], weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let program = bound.program();
    let p = program.coordinates().len();
    let mut ws = program.workspace();
    let mut normal = Normal::new(program);
    bound.set(&mut ws, theta);
    for block in 0..bound.blocks() {
        bound.values(&mut ws, block);
        bound.derivatives(&mut ws, block);
        let at = bound.block(block);
        normal.add_side(bound, &ws, block, &weights[at.clone()]);
        normal.add_gram(bound, &ws, block, &weights[at]);
    }
    let (mut gram, mut side) = (vec![0.0; p * p], vec![0.0; p]);
    normal.side(program, &mut ws, &mut side);
    normal.gram(program, &mut ws, &mut gram);
    (gram, side)
}

#[test]
fn log_space_forms_do_not_overflow() {
    let law = law(
        "L = a + b * N^(-c) * (1 + (N / d1)^(1 / f1))^(-c1 * f1)",
        &["N", "D"],
        &["a", "b", "c", "c1", "d1", "f1"],
    );
    let program = Program::compile(&law, &Vec::new(), Output::Response).expect("compiles");
    let (n, d) = columns(300);
    let bound = program.bind(300, &[&[], &n, &d], &[]);
    let mut ws = program.workspace();
    let theta = coordinates(&program, &[0.4, 2.0, 0.1, 0.4, 3e3, 1e-3]);
    let mut out = vec![0.0; 300];
    bound.evaluate(&mut ws, &theta, &mut out);
    assert!(out.iter().all(|x| x.is_finite()));
    assert!(
        bound
            .jacobian(&mut ws, &theta)
            .iter()
            .all(|x| x.is_finite())
    );
}

#[test]
fn amplitudes_that_stand_alone_are_known() {
    let mut law = law(
        "L = E + A / N^alpha + B / D^beta",
        &["N", "D"],
        &["E", "A", "B", "alpha", "beta"],
    );
    law.coefs[3].upper = 2.0;
    law.coefs[4].upper = 2.0;
    let program = Program::compile(&law, &Vec::new(), Output::LnResponse).expect("compiles");
    let amplitudes = program.amplitudes();
    assert_eq!(amplitudes.len(), 2);
    assert_eq!(
        (
            amplitudes[0].coordinate,
            amplitudes[0].exponents[0].0,
            amplitudes[0].exponents[0].1
        ),
        (1, 3, -1.0)
    );
}

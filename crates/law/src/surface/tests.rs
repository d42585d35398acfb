//! The surface agrees with the reference evaluator for every law of the catalogue, and its derivatives with differences.

use super::{Jet, Number, Powers, Surface};
use crate::law::{Law, VarRole};
use crate::{At, catalogue};

/// Arithmetic in another order than the reference evaluator's.
const ROUNDING: f64 = 1e-13;

fn inputs_of(law: &Law, at: &[(String, f64)]) -> Vec<f64> {
    let value = |name: &str| at.iter().find(|(n, _)| n == name).map(|(_, x)| *x);
    let inputs = law.vars.iter().filter(|v| v.role == VarRole::Input);
    inputs
        .map(|v| value(&v.name).expect("a check gives every input"))
        .collect()
}

#[test]
fn every_check_of_the_catalogue_comes_out() {
    let mut compared = 0;
    for (id, _) in catalogue() {
        let law = Law::builtin(id).expect("the catalogue parses");
        for check in &law.checks {
            let Ok(surface) = Surface::compile(&law, &check.levels) else {
                assert!(law.formula_text.contains("solve"), "{id} is not implicit");
                continue;
            };
            let mut coefs = check.coefs.clone();
            if let Some(variant) = law.variant(&check.variant) {
                coefs.extend(variant.coefs.iter().cloned());
            }
            let theta: Vec<f64> = surface
                .coefs()
                .iter()
                .map(|name| {
                    let own = coefs.iter().find(|(n, _)| n.replace(", ", ",") == *name);
                    own.expect("a check gives every coefficient").1
                })
                .collect();
            let inputs = inputs_of(&law, &check.at);
            let found = surface.at(&theta, &inputs, &mut Vec::new());
            let wanted = law
                .value(&At {
                    coefs: &coefs,
                    inputs: &check.at,
                    levels: &check.levels,
                })
                .expect("a check has a value");
            let gap = (found - wanted).abs() / wanted.abs().max(1e-300);
            assert!(gap <= ROUNDING || found == wanted, "{id}: {found} {wanted}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared} checks compared");
}

#[test]
fn derivatives_agree_with_differences() {
    for (id, at) in [
        ("chinchilla", [22.0, 24.0]),
        ("chinchilla-log", [20.0, 25.0]),
        ("outer-exponent", [21.0, 25.0]),
        ("over-training", [20.0, 27.0]),
        ("farseer", [21.0, 25.0]),
    ] {
        let law = Law::builtin(id).expect("in the catalogue");
        let surface = Surface::compile(&law, &[]).expect("compiles");
        let theta: Vec<f64> = surface
            .coefs()
            .iter()
            .map(|name| {
                let coef = law.coef(name).expect("declared");
                let published = law.variants.first().and_then(|v| {
                    let own = v.coefs.iter().find(|(n, _)| n == name);
                    own.map(|(_, x)| *x)
                });
                published.unwrap_or_else(|| coef.start.first().copied().unwrap_or(0.3))
            })
            .collect();
        let jet = |x: f64, y: f64| {
            let inputs = [Jet::exp_x(x), Jet::exp_y(y)];
            surface.at(&theta, &inputs, &mut Vec::new())
        };
        let (x, y) = (at[0], at[1]);
        let here = jet(x, y);
        let h = 1e-5;
        let (right, left) = (jet(x + h, y), jet(x - h, y));
        let (up, down) = (jet(x, y + h), jet(x, y - h));
        let cases = [
            (here.x, (right.value - left.value) / (2.0 * h)),
            (here.y, (up.value - down.value) / (2.0 * h)),
            (here.xx, (right.x - left.x) / (2.0 * h)),
            (here.xy, (right.y - left.y) / (2.0 * h)),
            (here.yy, (up.y - down.y) / (2.0 * h)),
        ];
        // The error of a central difference at this step, relative to the loss.
        for (found, wanted) in cases {
            assert!(
                (found - wanted).abs() < 2e-9 * here.value,
                "{id}: {found} {wanted}"
            );
        }
    }
}

#[test]
fn sums_of_powers_are_recognised_from_the_structure() {
    let terms = |id: &str, theta: &[f64]| {
        let law = Law::builtin(id).expect("in the catalogue");
        let surface = Surface::compile(&law, &[]).expect("compiles");
        let form = surface.at(theta, &[Powers::first(), Powers::second()], &mut Vec::new());
        form.sum().map(|sum| sum.terms().to_vec())
    };
    let plain = terms("chinchilla", &[1.7, 400.0, 0.34, 410.0, 0.28]).expect("a sum of powers");
    let powers: Vec<(f64, f64)> = plain.iter().map(|t| (t.x, t.y)).collect();
    assert_eq!(powers, [(0.0, 0.0), (-0.34, 0.0), (0.0, -0.28)]);
    assert_eq!(
        terms("outer-exponent", &[1.7, 400.0, 0.34, 410.0, 0.28, 0.9]),
        None
    );

    let ln = Powers::first().plus(Powers::constant(0.0));
    let ln = Powers::call(isoflop_formula::ast::Function::Ln, &[ln]);
    let back = Powers::call(
        isoflop_formula::ast::Function::Exp,
        &[ln.times(Powers::constant(2.0))],
    );
    assert_eq!(back.sum().map(|s| s.terms()[0].x), Some(2.0));
}

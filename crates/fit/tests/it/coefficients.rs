//! Fixed, tied, bounded, indexed coefficients and priors, on cases whose answer is known by hand.

use crate::support::{close, coef, csv, plain};
use isoflop_fit::{FitOptions, Status, Uncertainty, fit};
use isoflop_law::Law;

/// y = m·x + c with known residuals.
const LINE: &str = "x,y\n1,2.1\n2,3.9\n3,6.2\n4,7.8\n5,10.1\n6,11.7\n";

fn line_law(coefs: &str) -> Law {
    let text = format!(
        "title = \"A line\"\nformula = \"y = m * x + c\"\nsource = \"test\"\n\n[vars]\ny = {{ column = \"y\", role = \
         \"response\", positive = false }}\nx = {{ column = \"x\", positive = false }}\n\n[coefs]\n{coefs}"
    );
    Law::from_toml("line", "line.toml", &text).expect("the test's law reads")
}

#[test]
fn least_squares_on_a_line_is_the_textbook_answer() {
    let law = line_law("m = { range = [-inf, inf] }\nc = { range = [-inf, inf] }\n");
    let options = FitOptions {
        uncertainty: Uncertainty::Covariance,
        ..plain("squared")
    };
    let found = fit(&law, &csv(LINE), &options).expect("fits");
    // Around the means 3.5 and 41.8/6: Σxx = 17.5, Σxy = 180.4 − 3.5·41.8 = 34.1; s² = RSS/4.
    let m = 34.1 / 17.5;
    close(coef(&found, "m"), m, 1e-12, "slope");
    close(coef(&found, "c"), 41.8 / 6.0 - 3.5 * m, 1e-11, "intercept");
    let s2 = found.objective.value / 4.0;
    close(
        found.coefs[0].1.se.expect("an error"),
        (s2 / 17.5).sqrt(),
        1e-9,
        "error of the slope",
    );
}

#[test]
fn a_fixed_coefficient_stays_and_a_tied_one_follows_with_its_error() {
    let law = line_law("m = { range = [-inf, inf] }\nc = { range = [-inf, inf] }\n");
    let fixed = FitOptions {
        coefs: vec!["c = 0".to_owned()],
        ..plain("squared")
    };
    let found = fit(&law, &csv(LINE), &fixed).expect("fits");
    assert_eq!(coef(&found, "c"), 0.0);
    // Through the origin: Σxy/Σxx = 180.4/91.
    close(coef(&found, "m"), 180.4 / 91.0, 1e-12, "slope");
    let tied = FitOptions {
        coefs: vec!["c = m / 10".to_owned()],
        uncertainty: Uncertainty::Covariance,
        ..plain("squared")
    };
    let found = fit(&law, &csv(LINE), &tied).expect("fits");
    close(
        coef(&found, "c"),
        coef(&found, "m") / 10.0,
        1e-14,
        "the tie",
    );
    let (m, c) = (&found.coefs[0].1, &found.coefs[1].1);
    close(
        c.se.expect("an error"),
        m.se.expect("an error") / 10.0,
        1e-6,
        "error of the tied one",
    );
}

#[test]
fn a_bound_is_held_said_and_degenerate() {
    let law = line_law("m = { range = [-10, 1.5] }\nc = { range = [-inf, inf] }\n");
    let found = fit(&law, &csv(LINE), &plain("squared")).expect("fits");
    assert_eq!(coef(&found, "m"), 1.5);
    assert_eq!(
        (found.status, found.certificate.at_bound.clone()),
        (Status::Degenerate, vec!["m".to_owned()])
    );
    assert!(
        found.notes.iter().any(|n| n.code == "bound-hit"),
        "{:?}",
        found.notes
    );
}

#[test]
fn a_prior_weighs_as_much_as_its_standard_deviation_says() {
    let law = line_law(
        "m = { range = [-inf, inf], prior = { mean = 1, sd = 0.02 } }\nc = { range = [-inf, inf], fixed = 0 }\n",
    );
    let found = fit(&law, &csv(LINE), &plain("squared")).expect("fits");
    let m = coef(&found, "m");
    // The mode of a normal likelihood with its own noise σ² = RSS/n and a normal prior: a fixed point in m.
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let y = [2.1, 3.9, 6.2, 7.8, 10.1, 11.7];
    let rss: f64 = x
        .iter()
        .zip(&y)
        .map(|(x, y): (&f64, &f64)| (y - m * x) * (y - m * x))
        .sum();
    let pull = rss / 6.0 / (0.02 * 0.02);
    close(m, (180.4 + pull) / (91.0 + pull), 1e-8, "posterior mode");
    assert!(m > 1.0 && m < 1.98);
}

#[test]
fn a_log_normal_prior_acts_on_the_logarithm() {
    let law = line_law(
        "m = { range = [0, inf], prior = { mean-ln = 0, sd-ln = 1e-6 } }\nc = { range = [-inf, inf], fixed = 0 }\n",
    );
    let found = fit(&law, &csv(LINE), &plain("squared")).expect("fits");
    close(
        coef(&found, "m"),
        1.0,
        1e-4,
        "a prior as sharp as this decides",
    );
}

#[test]
fn weights_count_like_repeated_runs() {
    let law = line_law("m = { range = [-inf, inf] }\nc = { range = [-inf, inf] }\n");
    let weighted = "x,y,w\n1,2.1,1\n2,3.9,3\n3,6.2,1\n4,7.8,2\n5,10.1,1\n6,11.7,1\n";
    let repeated = "x,y\n1,2.1\n2,3.9\n2,3.9\n2,3.9\n3,6.2\n4,7.8\n4,7.8\n5,10.1\n6,11.7\n";
    for objective in ["squared", "huber:0.1", "abs", "soft-l1:0.1"] {
        let options = FitOptions {
            weights: Some("w".to_owned()),
            ..plain(objective)
        };
        let a = fit(&law, &csv(weighted), &options).expect("fits");
        let b = fit(&law, &csv(repeated), &plain(objective)).expect("fits");
        close(a.objective.value, b.objective.value, 1e-12, objective);
        close(coef(&a, "m"), coef(&b, "m"), 1e-8, objective);
    }
}

#[test]
fn indexed_coefficients_share_the_others() {
    let mut text = "corpus,x,y\n".to_owned();
    for (corpus, floor) in [("a", 1.0), ("b", 2.0), ("c", 3.5)] {
        for k in 0..12 {
            let x = 1e3 * 2f64.powi(k);
            text.push_str(&format!(
                "{corpus},{x:e},{:e}\n",
                floor + 20.0 * x.powf(-0.35)
            ));
        }
    }
    let law = Law::from_toml(
        "by-corpus",
        "by-corpus.toml",
        "title = \"Floors\"\nformula = \"y = E[corpus] + A / x^alpha\"\nsource = \"test\"\n\n[vars]\ny = { column = \
         \"y\", role = \"response\" }\nx = { column = \"x\" }\ncorpus = { column = \"corpus\", role = \"index\" \
         }\n\n[coefs]\nE = { range = [0, inf], index = [\"corpus\"] }\nA = { range = [0, inf] }\nalpha = { range = [0, 2] }\n",
    )
    .expect("reads");
    let found = fit(&law, &csv(&text), &plain("squared-log")).expect("fits");
    assert_eq!(found.status, Status::Converged, "{:?}", found.certificate);
    for (name, value) in [
        ("E[a]", 1.0),
        ("E[b]", 2.0),
        ("E[c]", 3.5),
        ("A", 20.0),
        ("alpha", 0.35),
    ] {
        close(coef(&found, name), value, 1e-9, name);
    }
}

/// Two corpora of runs that share an exponent.
fn two_corpora() -> isoflop_data::RunTable {
    let mut text = String::from("params,corpus,loss\n");
    for k in 0..8 {
        let n = 1e7 * 3f64.powi(k);
        for (corpus, a) in [("c4", 30.0), ("web", 60.0)] {
            let loss = 1.5 + a / n.powf(0.3) + 1e-3 * f64::from((k * 7) % 5);
            text += &format!("{n:e},{corpus},{loss}\n");
        }
    }
    crate::support::csv(&text)
}

#[test]
fn a_derived_quantity_without_a_value_is_refused() {
    let law = Law::from_formula(
        "loss = E + A[corpus] / params^alpha",
        &["params", "corpus", "loss"],
        &[],
    )
    .expect("a formula");
    let ask = |derive: &str| {
        let options = FitOptions {
            derive: vec![derive.to_owned()],
            ..crate::support::plain("squared-log")
        };
        fit(&law, &two_corpora(), &options)
    };
    let faults = ask("x = `A[wbe]`").expect_err("no such level");
    assert_eq!(faults.0[0].code, "unknown-level");
    assert!(
        faults.0[0].help.iter().any(|h| h.contains("A[web]")),
        "{faults}"
    );
    let faults = ask("x = ln(-alpha)").expect_err("a logarithm of a negative number");
    assert_eq!(faults.0[0].code, "no-value");
    let found = ask("x = `A[web]` / `A[c4]`").expect("both levels occur");
    assert!((found.derived[0].1.value - 2.0).abs() < 0.1);
}

#[test]
fn a_tied_indexed_coefficient_is_told_level_by_level() {
    let law = Law::from_formula(
        "loss = E + A[corpus] / params^alpha + B[corpus] / params",
        &["params", "corpus", "loss"],
        &[],
    )
    .expect("a formula");
    let options = FitOptions {
        coefs: vec!["B = 2 * A[corpus]".to_owned()],
        ..crate::support::plain("squared-log")
    };
    let found = fit(&law, &two_corpora(), &options).expect("fits");
    let value = |name: &str| crate::support::coef(&found, name);
    for level in ["c4", "web"] {
        let (a, b) = (value(&format!("A[{level}]")), value(&format!("B[{level}]")));
        assert!((b - 2.0 * a).abs() < 1e-9 * a, "{level}: {b} for {a}");
    }
}

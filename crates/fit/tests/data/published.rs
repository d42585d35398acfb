//! Fits that others have published on tables that may not be shipped.

use crate::support::{close, coef, mapped, plain, rows};
use isoflop_fit::{Status, fit};
use isoflop_law::Law;
use isoflop_testkit::outside;

/// The parametric fits of three sets of IsoFLOP curves, by BFGS from 72 starts: (experiment, runs, their objective,
/// their A, B, E, alpha, beta as printed).
const ISOFLOPS: &[(&str, usize, f64, [f64; 5])] = &[
    (
        "epochai_chinchilla__massivetext__chinchilla",
        85,
        0.000331933,
        [465.8, 4320.0, 1.8323, 0.3435, 0.4009],
    ),
    (
        "misfitting__fineweb_c4__transformer",
        106,
        0.000448306,
        [1.054e5, 1.244e6, 2.6909, 0.6686, 0.6921],
    ),
    (
        "ml_scalefit__massivetext__chinchilla",
        89,
        0.000386258,
        [491.6, 4823.0, 1.8506, 0.3478, 0.4071],
    ),
];

#[test]
fn isoflop_curves_are_fitted_as_well_as_by_their_collectors() {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    for (experiment, runs, theirs, coefs) in ISOFLOPS {
        let filter = format!("experiment == \"{experiment}\" and not flagged_outlier");
        let table = rows(&outside("isoflops/isoflops.csv"), Some(&filter));
        let fit = fit(&law, &table, &plain("huber-log:1e-3")).expect("fits");
        println!(
            "{experiment}: objective {:.9e} for their {theirs:.6e}, {} of {} starts",
            fit.objective.value, fit.starts.reached_best, fit.starts.solved
        );
        assert_eq!(
            (fit.n, fit.status),
            (*runs, Status::Converged),
            "{experiment}"
        );
        // Theirs is printed to six digits.
        assert!(
            fit.objective.value <= theirs * (1.0 + 2e-6),
            "{experiment}: {} above {theirs}",
            fit.objective.value
        );
        for (name, printed) in ["A", "B", "E", "alpha", "beta"].iter().zip(coefs) {
            // Four digits were printed of the amplitudes.
            close(
                coef(&fit, name),
                *printed,
                2e-4,
                &format!("{experiment}: {name}"),
            );
        }
        assert!(fit.starts.reached_best * 10 > fit.starts.solved * 9);
    }
}

/// Σ(ln(1 + y) − ln(1 + f))², with the constants that the authors' script holds.
#[test]
fn the_break_in_addition_is_the_published_one() {
    let law = Law::builtin("bnsl1").expect("in the catalogue");
    let sides = law.formula_text.split_once('=');
    let (left, right) = sides.expect("a formula has two sides");
    let shifted = format!("ln(1 + {}) = ln(1 + {})", left.trim(), right.trim());
    let text = law.text.replace(&law.formula_text, &shifted);
    let law = Law::from_toml("bnsl1-shifted", "bnsl1-shifted.toml", &text)
        .unwrap_or_else(|e| panic!("{e}"));
    let table = mapped(
        &outside("breaks/addition_4digit.csv"),
        Some("split == \"train\""),
        &[("x", "train_examples"), ("y", "loss")],
    );
    let fit = fit(&law, &table, &plain("squared-lhs")).unwrap_or_else(|e| panic!("{e}"));
    println!(
        "objective {:.11e}, {} of {} starts",
        fit.objective.value, fit.starts.reached_best, fit.starts.solved
    );
    assert_eq!(
        (fit.n, fit.status),
        (14, Status::Converged),
        "{:?}",
        fit.certificate
    );
    close(fit.objective.value, 2.26745851955e-6, 1e-10, "objective");
    for (name, published) in [
        ("a", 0.41388447),
        ("b", 2.2772723),
        ("c0", 0.055077343),
        ("c1", 5.6629034),
        ("d1", 612.58362),
        ("f1", 0.059193039),
    ] {
        close(coef(&fit, name), published, 1e-7, name);
    }
    assert!(2 * fit.starts.reached_best > fit.starts.solved);
}

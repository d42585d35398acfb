//! Curves of published constants, and tables with faults.

use crate::support::{close, coef, csv, plain, table};
use isoflop_fit::{Status, fit};
use isoflop_law::Law;

/// The curve of the published constants (Caballero et al. 2022, a transformer that learns addition) by the formula written
/// out here, with six decimals.
#[test]
fn a_break_comes_out_with_the_constants_that_made_it() {
    let (a, b, c0, c1, d1, f1) = (
        0.41388447,
        2.2772723,
        0.055077343,
        5.6629034,
        612.58362,
        0.059193039,
    );
    let mut text = String::from("x,y\n");
    for x in [
        100, 144, 160, 192, 256, 320, 384, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 800,
        864, 928, 1100, 1400, 2000,
    ] {
        let x = f64::from(x);
        let y = a + b * f64::powf(x, -c0) * (1.0 + f64::powf(x / d1, 1.0 / f1)).powf(-c1 * f1);
        text += &format!("{x},{y:.6}\n");
    }
    let law = Law::builtin("bnsl1").expect("in the catalogue");
    let fit = fit(&law, &csv(&text), &plain("squared-log")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(fit.status, Status::Converged, "{:?}", fit.certificate);
    for (name, truth) in [
        ("a", a),
        ("b", b),
        ("c0", c0),
        ("c1", c1),
        ("d1", d1),
        ("f1", f1),
    ] {
        close(coef(&fit, name), truth, 1e-4, name);
    }
}

#[test]
fn a_table_with_faults_gives_the_fit_of_its_sound_runs() {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    // Four runs are repeated with a loss 0.004 higher, the only losses written with six decimals.
    let repeats = "loss == 3.314171 or loss == 2.975301 or loss == 3.121402 or loss == 3.324117";
    let table = table(
        "messy/nan_inf_duplicates.csv",
        Some(&format!("not ({repeats})")),
    );
    let fit = fit(&law, &table, &plain("huber-log:1e-3")).expect("fits");
    assert_eq!((fit.n, fit.status), (227, Status::Converged));
    for (name, printed, half_a_digit) in [
        ("A", 602.7759, 1e-3),
        ("B", 2020.208, 1e-2),
        ("E", 1.8348018, 1e-6),
        ("alpha", 0.36135975, 1e-7),
        ("beta", 0.36429950, 1e-7),
    ] {
        let found = coef(&fit, name);
        assert!(
            (found - printed).abs() <= half_a_digit,
            "{name}: {found} for {printed}"
        );
    }
}

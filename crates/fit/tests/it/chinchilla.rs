//! The Chinchilla law on the 245 digitised runs: certified optima in 50-digit arithmetic.

use crate::support::{close, coef, plain, table};
use isoflop_fit::{FitOptions, Status, fit};
use isoflop_law::Law;

const KEPT: &str = "loss < 3.44";

/// (rows, objective, A, B, E, alpha, beta, value, tolerance of the coefficients, tolerance of the value).
type Golden = (Option<&'static str>, &'static str, [f64; 5], f64, f64, f64);

const GOLDEN: &[Golden] = &[
    (
        Some(KEPT),
        "huber-log:1e-3",
        [
            477.825868233905,
            2143.41736336046,
            1.81721809901008,
            0.347310498881755,
            0.367172432627762,
        ],
        0.0010182740178006,
        1e-7,
        1e-12,
    ),
    (
        Some(KEPT),
        "huber-log:1e-2",
        [
            538.751877036216,
            2905.59993049515,
            1.8380786155766,
            0.35441550346685,
            0.381537524895706,
        ],
        0.00469622488261602,
        1e-7,
        1e-12,
    ),
    (
        Some(KEPT),
        "huber-log:1e-4",
        [
            478.688705234617,
            2065.4129875684,
            1.81582357854734,
            0.347408851525445,
            0.365384731723686,
        ],
        1.11778748164019e-4,
        1e-7,
        1e-12,
    ),
    (
        Some(KEPT),
        "abs-log",
        [
            482.006054751354,
            2085.43624547797,
            1.81686413285377,
            0.347813070127694,
            0.365854164325918,
        ],
        1.12949465362154,
        1e-6,
        1e-12,
    ),
    (
        Some(KEPT),
        "squared-log",
        [593.3221, 4875.6368, 1.864550086, 0.3602527986, 0.4058833517],
        0.0114618869917,
        1e-6,
        1e-10,
    ),
    (
        Some(KEPT),
        "squared",
        [567.80542, 7581.8519, 1.882813609, 0.3576150873, 0.427620618],
        0.0832038076933,
        1e-6,
        1e-10,
    ),
    (
        None,
        "huber-log:1e-3",
        [
            495.72600877331,
            12845.6132733156,
            1.89133849914932,
            0.349312893717824,
            0.453049295584052,
        ],
        0.00182601052306934,
        1e-7,
        1e-12,
    ),
    (
        None,
        "abs-log",
        [
            463.284581441191,
            12529.5031491374,
            1.88537680264426,
            0.345356620453168,
            0.451892074007359,
        ],
        1.93991554200663,
        1e-6,
        1e-12,
    ),
];

#[test]
fn every_certified_optimum_comes_out() {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    for (filter, objective, coefs, value, tolerance, value_tolerance) in GOLDEN {
        let runs = table("chinchilla_epoch/chinchilla.csv", *filter);
        let fit = fit(&law, &runs, &plain(objective)).expect("fits");
        let what = format!("{objective} on {} runs", fit.n);
        eprintln!(
            "{what}: {:?} {:?} {:?}",
            fit.status, fit.starts.reached_best, fit.certificate
        );
        for (name, wanted) in ["A", "B", "E", "alpha", "beta"].iter().zip(coefs) {
            close(
                coef(&fit, name),
                *wanted,
                *tolerance,
                &format!("{what}: {name}"),
            );
        }
        close(fit.objective.value, *value, *value_tolerance, &what);
        assert_eq!(
            fit.status,
            Status::Converged,
            "{what}: {:?}",
            fit.certificate
        );
        assert!(
            fit.starts.reached_best * 2 > fit.starts.solved,
            "{what}: {:?}",
            fit.starts
        );
    }
}

#[test]
fn the_huber_optimum_has_39_residuals_inside_delta_and_a_coarse_response() {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let runs = table("chinchilla_epoch/chinchilla.csv", Some(KEPT));
    let fit = fit(&law, &runs, &plain("huber-log:1e-3")).expect("fits");
    assert_eq!((fit.n, fit.skipped[0].rows), (240, 5));
    close(
        fit.objective.inside.expect("a corner"),
        39.0 / 240.0,
        1e-12,
        "share inside",
    );
    let codes: Vec<&str> = fit.notes.iter().map(|n| n.code.as_str()).collect();
    assert!(codes.contains(&"corner-below-resolution"), "{codes:?}");
}

#[test]
fn least_absolute_deviations_pass_through_five_runs_with_duals_inside_one() {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let runs = table("chinchilla_epoch/chinchilla.csv", Some(KEPT));
    let fit = fit(&law, &runs, &plain("abs-log")).expect("fits");
    // Rows 19, 37, 46, 142, 178 of the file from 0: lines 21, 39, 48, 144, 180 with the header.
    let wanted = [
        (21, -0.8236),
        (39, 0.2883),
        (48, 0.6660),
        (144, -0.6804),
        (180, -0.4504),
    ];
    assert_eq!(fit.certificate.interpolated.len(), 5);
    for ((place, dual), (line, want)) in fit.certificate.interpolated.iter().zip(wanted) {
        assert!(
            place.ends_with(&format!(":{line}")),
            "{place} for line {line}"
        );
        assert!(
            (dual.abs() - f64::abs(want)).abs() < 1e-3,
            "{place}: {dual} for {want}"
        );
    }
}

#[test]
fn bootstrap_errors_and_intervals_are_the_published_ones() {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let runs = table("chinchilla_epoch/chinchilla.csv", Some(KEPT));
    let options = FitOptions {
        uncertainty: isoflop_fit::Uncertainty::Bootstrap { resamples: 4000 },
        ..plain("huber-log:1e-3")
    };
    let fit = fit(&law, &runs, &options).expect("fits");
    assert_eq!(fit.uncertainty.certified, 4000, "{:?}", fit.notes);
    let wanted = [
        ("A", 124.5),
        ("B", 1293.0),
        ("E", 0.02566),
        ("alpha", 0.01540),
        ("beta", 0.02059),
    ];
    for (name, se) in wanted {
        let found = &fit.coefs.iter().find(|(n, _)| n == name).expect("fitted").1;
        eprintln!("{name}: {found:?}");
        close(found.se.expect("a standard error"), se, 0.04, name);
    }
    for (name, lower, upper) in [
        ("E", 1.7694, 1.8712),
        ("alpha", 0.3168, 0.3733),
        ("beta", 0.3313, 0.4154),
    ] {
        let found = fit
            .coefs
            .iter()
            .find(|(n, _)| n == name)
            .and_then(|(_, e)| e.interval)
            .expect("an interval");
        assert!(
            (found.lower - lower).abs() < 0.006 && (found.upper - upper).abs() < 0.006,
            "{name}: {found:?}"
        );
    }
}

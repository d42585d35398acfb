//! The Chinchilla law on the simulated sweep: optima that testdata/certify.py finds in 50-digit arithmetic.

use crate::support::{close, coef, csv, plain, table};
use isoflop_data::RunTable;
use isoflop_fit::{FitOptions, Status, fit};
use isoflop_law::Law;
use isoflop_numerics::random::Stream;
use rayon::prelude::*;

const SWEEP: &str = "simulated/sweep.csv";

/// The runs near the law.
const KEPT: &str = "loss < 3.44";

/// (rows, objective, A, B, E, alpha, beta, value, tolerance of the coefficients).
type Golden = (Option<&'static str>, &'static str, [f64; 5], f64, f64);

const GOLDEN: &[Golden] = &[
    (
        Some(KEPT),
        "huber-log:1e-3",
        [
            612.223051018249,
            2031.675570218694,
            1.837636904652639,
            0.3623304401783758,
            0.3646876122446395,
        ],
        0.001204593337054362,
        1e-7,
    ),
    (
        Some(KEPT),
        "huber-log:1e-2",
        [
            686.616274269637,
            2220.79230572063,
            1.851423410314601,
            0.3691137705934034,
            0.3691917342109084,
        ],
        0.006082589188390781,
        1e-7,
    ),
    (
        Some(KEPT),
        "huber-log:1e-4",
        [
            621.9894068021798,
            1967.966894038092,
            1.835982997045421,
            0.3631331003067489,
            0.3630931867841665,
        ],
        0.0001303731841953524,
        1e-7,
    ),
    (
        Some(KEPT),
        "abs-log",
        [
            624.1471897026125,
            1977.878059334673,
            1.836311808925119,
            0.3633160952467888,
            0.3633482938973634,
        ],
        1.315533614858159,
        1e-6,
    ),
    (
        Some(KEPT),
        "squared-log",
        [
            705.3347289162943,
            2192.055733573603,
            1.850762636706031,
            0.3705862552313791,
            0.3684401479683225,
        ],
        0.01404074139009905,
        1e-7,
    ),
    (
        Some(KEPT),
        "squared",
        [
            692.2607268602606,
            2171.823463612164,
            1.848440970146891,
            0.36945786558498,
            0.3679446482255911,
        ],
        0.1043986875541078,
        1e-7,
    ),
    (
        None,
        "huber-log:1e-3",
        [
            674.5174905101581,
            2986.409284429,
            1.863055216748172,
            0.3680003157629718,
            0.3834743993837941,
        ],
        0.0019416764129476,
        1e-7,
    ),
    (
        None,
        "abs-log",
        [
            698.6013900719954,
            2941.220574700559,
            1.864886073856125,
            0.3699506313755462,
            0.3828385428161659,
        ],
        2.0589442272264,
        1e-6,
    ),
];

fn law() -> Law {
    Law::builtin("chinchilla").expect("in the catalogue")
}

#[test]
fn every_certified_optimum_comes_out() {
    for (filter, objective, coefs, value, tolerance) in GOLDEN {
        let fit = fit(&law(), &table(SWEEP, *filter), &plain(objective)).expect("fits");
        let what = format!("{objective} on {} runs", fit.n);
        for (name, wanted) in ["A", "B", "E", "alpha", "beta"].iter().zip(coefs) {
            let of = format!("{what}: {name}");
            close(coef(&fit, name), *wanted, *tolerance, &of);
        }
        close(fit.objective.value, *value, 1e-12, &what);
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
fn the_huber_optimum_has_41_residuals_inside_delta_and_a_coarse_response() {
    let fit = fit(&law(), &table(SWEEP, Some(KEPT)), &plain("huber-log:1e-3")).expect("fits");
    assert_eq!((fit.n, fit.skipped[0].rows), (240, 5));
    let inside = fit.objective.inside.expect("a corner");
    close(inside, 41.0 / 240.0, 1e-12, "share inside");
    let codes: Vec<&str> = fit.notes.iter().map(|n| n.code.as_str()).collect();
    assert!(codes.contains(&"corner-below-resolution"), "{codes:?}");
}

#[test]
fn least_absolute_deviations_pass_through_five_runs_with_duals_inside_one() {
    let fit = fit(&law(), &table(SWEEP, Some(KEPT)), &plain("abs-log")).expect("fits");
    // Lines of the file, and the duals of the certificate; their signs are those of observed minus fitted.
    let wanted = [
        (95, -0.91710006),
        (102, -0.75291044),
        (128, 0.050308122),
        (129, -0.40156256),
        (223, -0.97873506),
    ];
    assert_eq!(fit.certificate.interpolated.len(), 5);
    for ((place, dual), (line, want)) in fit.certificate.interpolated.iter().zip(wanted) {
        assert!(
            place.ends_with(&format!(":{line}")),
            "{place} for line {line}"
        );
        assert!((dual - want).abs() < 1e-6, "{place}: {dual} for {want}");
    }
}

#[test]
fn a_warm_started_resample_ends_where_many_starts_end() {
    let kept = kept_rows();
    let resamples = 200;
    let options = FitOptions {
        uncertainty: isoflop_fit::Uncertainty::Bootstrap { resamples },
        ..plain("huber-log:1e-3")
    };
    let warm = fit(&law(), &weighted(&kept, &vec![1; kept.len()]), &options).expect("fits");
    assert_eq!(warm.uncertainty.certified, resamples);
    let many = FitOptions {
        starts: Some(64),
        weights: Some("w".to_owned()),
        ..plain("huber-log:1e-3")
    };
    let worse: Vec<usize> = (0..resamples)
        .into_par_iter()
        .filter(|replicate| {
            let mut stream = Stream::new(0, "bootstrap", *replicate as u64);
            let mut counts = vec![0; kept.len()];
            for _ in 0..kept.len() {
                counts[stream.below(kept.len())] += 1;
            }
            let cold = fit(&law(), &weighted(&kept, &counts), &many).expect("fits");
            let alpha = warm.joint.draws[*replicate][3];
            (alpha - coef(&cold, "alpha")).abs() > 1e-6
        })
        .collect();
    assert!(
        worse.is_empty(),
        "resamples {worse:?} stopped at another optimum"
    );
}

/// (params, tokens, loss) of the kept runs, as text.
fn kept_rows() -> Vec<String> {
    let path = isoflop_testkit::testdata(SWEEP);
    let text = std::fs::read_to_string(path).expect("readable");
    text.lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|cells| cells[4].parse::<f64>().expect("a loss") < 3.44)
        .map(|cells| format!("{},{},{}", cells[1], cells[2], cells[4]))
        .collect()
}

/// A table of the rows drawn at least once, with how often in column `w`.
fn weighted(rows: &[String], counts: &[u32]) -> RunTable {
    let mut text = "params,tokens,loss,w\n".to_owned();
    for (row, count) in rows.iter().zip(counts).filter(|(_, c)| **c > 0) {
        text.push_str(&format!("{row},{count}\n"));
    }
    csv(&text)
}

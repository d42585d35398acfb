//! Laws with a coefficient for each of many levels: hundreds of coordinates, few of which meet.

use crate::support::{coef, csv, plain};
use isoflop_fit::{Status, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_testkit::Random;

/// Runs of `levels` corpora with an amplitude each, and a floor each where asked.
fn corpora(levels: usize, runs: usize, floors: bool) -> (String, Vec<(f64, f64)>) {
    let mut rng: Random = Random::new(11);
    let truth: Vec<(f64, f64)> = (0..levels)
        .map(|_| {
            let amplitude = 400.0 * (0.4 * rng.normal()).exp();
            (
                amplitude,
                1.7 + if floors { 0.3 * rng.normal() } else { 0.0 },
            )
        })
        .collect();
    let mut text = "params,corpus,loss\n".to_owned();
    for (level, (amplitude, floor)) in truth.iter().enumerate() {
        for _ in 0..runs {
            let n = 10f64.powf(7.0 + 3.0 * rng.unit());
            let loss = (floor + amplitude / n.powf(0.34)) * (0.01 * rng.normal()).exp();
            text += &format!("{n:e},c{level:03},{loss}\n");
        }
    }
    (text, truth)
}

#[test]
fn a_hundred_amplitudes_are_found_from_every_start() {
    let (text, truth) = corpora(100, 8, false);
    let law = Law::from_formula(
        "loss = E + A[corpus]/params^alpha",
        &["params", "corpus", "loss"],
        &[],
    )
    .expect("the formula parses");
    let found = fit(&law, &csv(&text), &plain("squared-log")).expect("the fit succeeds");
    assert_eq!(found.status, Status::Converged, "{:?}", found.certificate);
    assert_eq!(found.starts.reached_best, found.starts.solved);
    assert!((coef(&found, "E") - 1.7).abs() < 0.03 && (coef(&found, "alpha") - 0.34).abs() < 0.01);
    // alpha moves all amplitudes together, so they are compared beside the first one.
    let first = coef(&found, "A[c000]") / truth[0].0;
    for (level, (amplitude, _)) in truth.iter().enumerate() {
        let share = coef(&found, &format!("A[c{level:03}]")) / amplitude / first;
        assert!((share - 1.0).abs() < 0.2, "c{level:03}: {share}");
    }
}

#[test]
fn a_floor_and_an_amplitude_for_each_of_forty_corpora() {
    let (text, truth) = corpora(40, 16, true);
    let law = Law::from_formula(
        "loss = E[corpus] + A[corpus]/params^alpha",
        &["params", "corpus", "loss"],
        &[],
    )
    .expect("it parses");
    let found = fit(&law, &csv(&text), &plain("squared-log")).expect("the fit succeeds");
    assert_eq!(found.status, Status::Converged, "{:?}", found.certificate);
    for (level, (_, floor)) in truth.iter().enumerate() {
        let gap = coef(&found, &format!("E[c{level:03}]")) - floor;
        assert!(gap.abs() < 0.15, "c{level:03}: {gap}");
    }
}

#[test]
fn levels_of_three_runs_have_intervals_from_every_resample() {
    let (text, truth) = corpora(60, 3, false);
    let law = Law::from_formula(
        "loss = E + A[corpus]/params^alpha",
        &["params", "corpus", "loss"],
        &[],
    )
    .expect("the formula parses");
    let mut options = plain("squared-log");
    options.uncertainty = Uncertainty::Bootstrap { resamples: 200 };
    let found = fit(&law, &csv(&text), &options).expect("the fit succeeds");
    assert_eq!(found.uncertainty.certified, 200, "{:?}", found.notes);
    let inside = truth.iter().enumerate().filter(|(level, (amplitude, _))| {
        let name = format!("A[c{level:03}]");
        let estimate = found.coefs.iter().find(|(n, _)| *n == name);
        let interval = estimate.and_then(|(_, e)| e.interval).expect("an interval");
        (interval.lower..=interval.upper).contains(amplitude)
    });
    // Not independent: alpha moves all of them together. A resample of three runs is too narrow by about a fifth.
    let inside = inside.count();
    assert!((42..=60).contains(&inside), "{inside} of 60");
}

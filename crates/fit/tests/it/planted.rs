//! Planted laws: 95% intervals hold the true coefficients in 92% to 98% of simulations.
//!
//! A thousand simulations of an interval that holds in 95% give a share with a binomial standard error of 0.7%, five
//! hundred one of 1%: the band lies three to four of them away, so a coefficient outside it has intervals that are
//! wrong. The two noise levels of a law have seeds of their own.

use crate::support::plain;
use isoflop_fit::{Fit, FitOptions, Status, Uncertainty, fit};
use isoflop_testkit::{Coverage, Noise, Planted};
use rayon::prelude::*;

const BAND: std::ops::RangeInclusive<f64> = 0.92..=0.98;

/// A law with what it is fitted by.
struct Study {
    planted: Planted,
    objective: &'static str,
    uncertainty: Uncertainty,
    /// Coverage is about intervals: these starts are as many as find the optimum of every simulation.
    starts: usize,
    simulations: u64,
}

impl Study {
    fn new(planted: Planted, objective: &'static str) -> Self {
        Self {
            planted,
            objective,
            uncertainty: Uncertainty::Default,
            starts: 12,
            simulations: 1000,
        }
    }

    fn simulate(&self, noise: Noise, first_seed: u64) -> Vec<Fit> {
        let options = FitOptions {
            uncertainty: self.uncertainty.clone(),
            starts: Some(self.starts),
            ..plain(self.objective)
        };
        (first_seed..first_seed + self.simulations)
            .into_par_iter()
            .map(|seed| {
                let options = FitOptions {
                    seed,
                    ..options.clone()
                };
                let table = self.planted.table(noise, seed);
                fit(self.planted.law(), &table, &options).expect("a planted law fits")
            })
            .collect()
    }

    /// Asserts the coverage of every coefficient at every noise, and prints it.
    #[track_caller]
    #[expect(
        clippy::print_stdout,
        reason = "the shares are worth reading also where they pass"
    )]
    fn intervals_hold(&self, noises: [Noise; 2]) {
        let mut wrong = Vec::new();
        for (k, noise) in noises.into_iter().enumerate() {
            let fits = self.simulate(noise, 100_000 * (k as u64 + 1));
            let converged = fits
                .iter()
                .filter(|f| f.status == Status::Converged)
                .count();
            assert_eq!(converged, fits.len(), "{noise:?}");
            for (name, truth) in &self.planted.truth {
                let coverage = coverage(&fits, name, *truth);
                let line = format!(
                    "{noise:?}, {name}: {:.3} ± {:.3} of {} intervals hold {truth}; {} below, {} above",
                    coverage.share(),
                    coverage.error(0.95),
                    coverage.total(),
                    coverage.below,
                    coverage.above
                );
                println!("{line}");
                if !BAND.contains(&coverage.share()) {
                    wrong.push(line);
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

fn coverage(fits: &[Fit], name: &str, truth: f64) -> Coverage {
    let mut coverage = Coverage::default();
    for fit in fits {
        let found = fit.coefs.iter().find(|(n, _)| n == name);
        let estimate = &found.expect("every planted coefficient is fitted").1;
        let interval = estimate
            .interval
            .expect("every coefficient has an interval");
        coverage.count(interval.lower, interval.upper, truth);
    }
    coverage
}

/// Values from `low` to `high`, equally far apart in the logarithm.
fn ladder(low: f64, high: f64, steps: usize) -> Vec<f64> {
    let rate = (high / low).ln() / (steps - 1) as f64;
    (0..steps).map(|k| low * (rate * k as f64).exp()).collect()
}

/// Model sizes times ratios of tokens to parameters: the grid of a sweep.
fn sweep(sizes: usize, ratios: usize, level: &str) -> Vec<(Vec<f64>, String)> {
    let ratios = ladder(3.0, 600.0, ratios);
    ladder(3e7, 3e9, sizes)
        .into_iter()
        .flat_map(|n| ratios.iter().map(move |r| vec![n, n * r]))
        .map(|inputs| (inputs, level.to_owned()))
        .collect()
}

fn curve(low: f64, high: f64, points: usize) -> Vec<(Vec<f64>, String)> {
    let point = |x| (vec![x], String::new());
    ladder(low, high, points).into_iter().map(point).collect()
}

fn chinchilla() -> Planted {
    let truth = [
        ("E", 1.8),
        ("A", 480.0),
        ("B", 2100.0),
        ("alpha", 0.35),
        ("beta", 0.37),
    ];
    Planted::new("chinchilla", &truth, sweep(9, 9, ""))
}

fn power_floor(points: usize) -> Planted {
    let truth = [("e", 1.0), ("a", 8.0), ("b", 0.3)];
    Planted::new("power-floor", &truth, curve(1e2, 1e6, points))
}

#[test]
fn chinchilla_by_least_squares() {
    Study::new(chinchilla(), "squared-log").intervals_hold([Noise::Log(0.002), Noise::Log(0.01)]);
}

#[test]
fn chinchilla_under_student_noise_by_its_own_likelihood() {
    Study::new(chinchilla(), "student-log:4")
        .intervals_hold([Noise::LogStudent(0.002, 4), Noise::LogStudent(0.006, 4)]);
}

#[test]
fn a_power_with_a_floor() {
    Study::new(power_floor(60), "squared-log")
        .intervals_hold([Noise::Log(0.003), Noise::Log(0.02)]);
}

#[test]
fn kaplan_in_size_and_data() {
    let truth = [
        ("N_c", 6.4e13),
        ("D_c", 1.8e13),
        ("alpha_N", 0.076),
        ("alpha_D", 0.103),
    ];
    let data = ladder(2e7, 2e10, 9);
    let design = ladder(1e6, 1.5e9, 9)
        .into_iter()
        .flat_map(|n| data.iter().map(move |d| (vec![n, *d], String::new())))
        .collect();
    Study::new(Planted::new("kaplan-lnd", &truth, design), "squared-log")
        .intervals_hold([Noise::Log(0.003), Noise::Log(0.02)]);
}

#[test]
fn over_training() {
    let truth = [("E", 1.51), ("a", 141.0), ("b", 190.0), ("eta", 0.121)];
    Study::new(
        Planted::new("over-training", &truth, sweep(9, 9, "")),
        "squared-log",
    )
    .intervals_hold([Noise::Log(0.002), Noise::Log(0.01)]);
}

#[test]
fn a_floor_for_each_corpus_on_the_raw_scale() {
    let truth = [
        ("E[code]", 0.9),
        ("E[web]", 1.8),
        ("E[wiki]", 1.6),
        ("A", 480.0),
        ("B", 2100.0),
        ("alpha", 0.35),
        ("beta", 0.37),
    ];
    let corpora = ["code", "web", "wiki"];
    let design = corpora.iter().flat_map(|c| sweep(6, 6, c)).collect();
    Study::new(
        Planted::new("chinchilla-by-corpus", &truth, design),
        "squared",
    )
    .intervals_hold([Noise::Raw(0.005), Noise::Raw(0.02)]);
}

#[test]
fn one_break() {
    let truth = [
        ("a", 0.4),
        ("b", 2.3),
        ("c0", 0.1),
        ("c1", 0.9),
        ("d1", 800.0),
        ("f1", 0.3),
    ];
    let planted = Planted::new("bnsl1", &truth, curve(1e1, 1e5, 80));
    Study {
        starts: 24,
        simulations: 500,
        ..Study::new(planted, "squared-log")
    }
    .intervals_hold([Noise::Log(0.003), Noise::Log(0.01)]);
}

#[test]
fn resampled_intervals_of_a_robust_fit_under_heavy_tails() {
    Study {
        uncertainty: Uncertainty::Bootstrap { resamples: 400 },
        simulations: 600,
        ..Study::new(power_floor(120), "huber-log:2mad")
    }
    .intervals_hold([Noise::LogStudent(0.003, 3), Noise::LogStudent(0.01, 3)]);
}

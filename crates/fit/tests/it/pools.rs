//! Partial pooling against closed forms and planted levels.

use crate::support::{close, coef, csv, plain};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Uncertainty, ValueScale, fit};
use isoflop_law::Law;
use isoflop_testkit::Random;
use rayon::prelude::*;
use std::fmt::Write as _;

/// Scores that differ by model and nothing else.
fn one_way(pool: &str) -> Law {
    let text = format!(
        "title = \"Scores\"\nformula = \"y = theta[model]\"\n\n[vars]\ny = {{ column = \"y\", role = \"response\", positive = \
         false }}\n\n[coefs]\ntheta = {{ index = [\"model\"], {pool} }}\n"
    );
    Law::from_toml("scores", "scores.toml", &text).unwrap_or_else(|e| panic!("{e}"))
}

/// `models` levels of standard deviation `between`, `each` runs of noise `within`; the true levels beside.
fn panel(models: u32, each: u32, between: f64, within: f64, seed: u64) -> (RunTable, Vec<f64>) {
    let mut random = Random::new(seed);
    let mut text = String::from("model,y\n");
    let mut levels = Vec::new();
    for m in 0..models {
        let level = 3.0 + between * random.normal();
        levels.push(level);
        for _ in 0..each {
            let y = level + within * random.normal();
            writeln!(text, "m{m:03},{y}").expect("a string takes all text");
        }
    }
    (csv(&text), levels)
}

fn options() -> FitOptions {
    FitOptions {
        uncertainty: Uncertainty::Covariance,
        starts: Some(8),
        ..plain("squared")
    }
}

fn solve(law: &Law, table: &RunTable) -> Fit {
    fit(law, table, &options()).unwrap_or_else(|e| panic!("{e}"))
}

/// Balanced groups have restricted maximum likelihood in closed form: σ² = MSW, τ² = (MSB − MSW)/r, and every level is
/// drawn to the grand mean by the factor τ²/(τ² + σ²/r).
#[test]
fn balanced_groups_are_pooled_as_the_analysis_of_variance_says() {
    let (models, each) = (12u32, 5u32);
    let (table, _) = panel(models, each, 1.0, 0.8, 7);
    let y = table
        .column("y")
        .and_then(|c| c.numbers())
        .expect("numbers");
    let (m, r) = (f64::from(models), f64::from(each));
    let means: Vec<f64> = y
        .chunks(each as usize)
        .map(|g| g.iter().sum::<f64>() / r)
        .collect();
    let grand = means.iter().sum::<f64>() / m;
    let msb = r * means.iter().map(|g| (g - grand).powi(2)).sum::<f64>() / (m - 1.0);
    let within: f64 = y
        .chunks(each as usize)
        .zip(&means)
        .map(|(g, mean)| g.iter().map(|y| (y - mean).powi(2)).sum::<f64>())
        .sum();
    let msw = within / (m * (r - 1.0));
    let tau = ((msb - msw) / r).sqrt();

    let found = solve(&one_way("pool = {}"), &table);
    let pool = &found.pools[0];
    assert!(pool.estimated && pool.scale == ValueScale::Raw && pool.levels == 12);
    close(pool.sd, tau, 1e-3, "standard deviation between models");
    close(pool.mean, grand, 1e-6, "mean of the models");
    let shrink = tau * tau / (tau * tau + msw / r);
    for (k, mean) in means.iter().enumerate() {
        let level = coef(&found, &format!("theta[m{k:03}]"));
        assert!(
            (level - (grand + shrink * (mean - grand))).abs() < 1e-3,
            "{k}: {level}"
        );
    }
    // The variance of a level, given τ and σ: that of its own runs shrunk, and of the grand mean.
    let own = shrink * msw / r + (1.0 - shrink).powi(2) * (tau * tau + msw / r) / m;
    let se = found.coefs[0].1.se.expect("asked for");
    close(se, own.sqrt(), 0.02, "standard error of a level");
}

#[test]
fn levels_that_do_not_differ_are_pooled_into_one() {
    let (table, _) = panel(20, 4, 0.0, 1.0, 3);
    let found = solve(&one_way("pool = {}"), &table);
    assert!(found.pools[0].sd < 0.25, "{:?}", found.pools);
    let levels: Vec<f64> = found.coefs.iter().map(|(_, e)| e.value).collect();
    let spread = levels
        .iter()
        .fold(0.0f64, |m, x| m.max((x - levels[0]).abs()));
    assert!(spread < 0.3, "{spread}");
}

#[test]
fn a_given_standard_deviation_is_kept() {
    let (table, _) = panel(10, 4, 1.0, 0.5, 5);
    let tight = solve(&one_way("pool = { sd = 1e-4 }"), &table);
    let wide = solve(&one_way("pool = { sd = 1e4 }"), &table);
    assert!(!tight.pools[0].estimated);
    let spread = |f: &Fit| {
        let x: Vec<f64> = f.coefs.iter().map(|(_, e)| e.value).collect();
        x.iter().fold(f64::NEG_INFINITY, |m, x| m.max(*x))
            - x.iter().fold(f64::INFINITY, |m, x| m.min(*x))
    };
    assert!(spread(&tight) < 1e-3);
    let free = solve(&one_way("range = [-inf, inf]"), &table);
    close(spread(&wide), spread(&free), 1e-6, "no pooling at all");
}

/// Over panels drawn from the model itself, intervals of the levels hold them and the standard deviation between
/// levels is right on average.
#[test]
fn pooled_intervals_hold_planted_levels() {
    let law = one_way("pool = {}");
    let panels: Vec<(f64, usize, usize)> = (0..150u64)
        .into_par_iter()
        .map(|seed| {
            let (table, levels) = panel(25, 3, 0.7, 0.9, 1000 + seed);
            let found = solve(&law, &table);
            let inside = found
                .coefs
                .iter()
                .zip(&levels)
                .filter(|((_, e), truth)| e.interval.is_some_and(|i| i.contains(**truth)))
                .count();
            (found.pools[0].sd.powi(2), inside, levels.len())
        })
        .collect();
    let variance = panels.iter().map(|p| p.0).sum::<f64>() / panels.len() as f64;
    let inside: usize = panels.iter().map(|p| p.1).sum();
    let total: usize = panels.iter().map(|p| p.2).sum();
    let share = inside as f64 / total as f64;
    println!("variance between {variance:.3} for 0.49, {share:.3} of {total} intervals hold");
    // The standard error of the mean variance is 0.018 here.
    assert!((variance - 0.49).abs() < 0.06, "{variance}");
    // Intervals take τ and σ as known: a little short with 25 levels of 3 runs.
    assert!((0.925..=0.965).contains(&share), "{share}");
}

/// A pooled amplitude within a law: corpora with few runs borrow from those with many.
#[test]
fn a_positive_coefficient_is_pooled_on_its_logarithm() {
    let law = Law::from_toml(
        "t",
        "t.toml",
        "title = \"Corpora\"\nformula = \"L = E + A[corpus] / N^alpha\"\n\n[vars]\nL = { column = \"loss\", role = \
         \"response\" }\nN = { column = \"params\" }\n\n[coefs]\nE = { range = [0, inf], start = [1] }\nA = { range = [0, inf], start = \
         [100], index = [\"corpus\"], pool = {} }\nalpha = { range = [0, 1], start = [0.3] }\n",
    )
    .expect("reads");
    let mut random = Random::new(9);
    let mut text = String::from("params,corpus,loss\n");
    let mut truth = Vec::new();
    for c in 0..15 {
        let a = 400.0 * (0.3 * random.normal()).exp();
        truth.push(a.ln());
        for k in 0..(2 + 2 * (c % 4)) {
            let n = 1e7 * 4f64.powi(k);
            let loss = (1.7 + a / n.powf(0.34)) * (0.01 * random.normal()).exp();
            writeln!(text, "{n:e},c{c:02},{loss}").expect("a string takes all text");
        }
    }
    let mean = truth.iter().sum::<f64>() / 15.0;
    let sd = (truth.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / 14.0).sqrt();
    let found = fit(
        &law,
        &csv(&text),
        &FitOptions {
            ..plain("squared-log")
        },
    )
    .expect("fits");
    assert_eq!(found.pools[0].scale, ValueScale::Ln);
    assert!(
        (found.pools[0].sd / sd - 1.0).abs() < 0.25,
        "{:?} for {sd}",
        found.pools
    );
    assert!((coef(&found, "alpha") - 0.34).abs() < 0.03);
}

#[test]
fn a_pool_without_an_index_is_refused() {
    let faults = Law::from_toml(
        "t",
        "t.toml",
        "title = \"t\"\nformula = \"y = a * x\"\n[vars]\ny = { role = \"response\" }\nx = {}\n[coefs]\na = { pool = {} }\n",
    )
    .expect_err("no index");
    assert!(faults.0.iter().any(|f| f.code == "bad-pool"), "{faults}");
}

//! A small part of the simulations behind docs/coverage.md: how often intervals hold a known law, by every method, on small
//! tables and on tables whose runs hang together.

use isoflop_data::RunTable;
use isoflop_fit::{Dependence, Fit, FitOptions, Objective, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_numerics::dist::normal_quantile;
use isoflop_numerics::random::Stream;
use isoflop_testkit::Coverage;

const TRUTH: [(&str, f64); 4] = [
    ("E", 1.7),
    ("alpha", 0.34),
    ("beta", 0.28),
    ("a", 0.28 / 0.62),
];

/// Five sizes by four ratios, 0.4 % of noise of which seeds of a cell share `shared` of the variance.
fn table(seeds: usize, shared: f64, replicate: u64) -> RunTable {
    bent(seeds, shared, 0.0, replicate)
}

/// The same from a truth that leaves the law by a smooth surface of height `bend`.
fn bent(seeds: usize, shared: f64, bend: f64, replicate: u64) -> RunTable {
    let mut stream = Stream::new(3, "coverage", replicate);
    let mut normal = || normal_quantile(stream.open_unit());
    let (mut params, mut tokens, mut loss) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..5 {
        for j in 0..4 {
            let n = 3e7 * 40f64.powf(f64::from(i) / 4.0);
            let d = n * 8.0 * 25f64.powf(f64::from(j) / 3.0);
            let common = normal() * shared.sqrt();
            let (x, y) = (f64::from(i) / 4.0, f64::from(j) / 3.0);
            let miss = bend * (3.0 * x + 1.0).sin() * (2.5 * y).cos();
            for _ in 0..seeds {
                let noise = 0.004 * (common + normal() * (1.0 - shared).sqrt());
                params.push(n);
                tokens.push(d);
                let law = 1.7 + 400.0 / n.powf(0.34) + 2000.0 / d.powf(0.28);
                loss.push(law * (miss + noise).exp());
            }
        }
    }
    RunTable::from_columns(
        "runs",
        &[("params", &params), ("tokens", &tokens), ("loss", &loss)],
    )
    .keeping_copies()
}

fn fitted(table: &RunTable, method: Uncertainty, seed: u64) -> Fit {
    let options = FitOptions {
        uncertainty: method,
        derive: vec!["a = beta / (alpha + beta)".to_owned()],
        starts: Some(32),
        seed,
        ..FitOptions::default()
    };
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    fit(&law, table, &options).expect("fits")
}

/// Over all tables and quantities; the quantities of one table go together, so the error is that of the tables.
fn held(method: &str, seeds: usize, shared: f64, tables: u64) -> f64 {
    let mut coverage = Coverage::default();
    for replicate in 0..tables {
        let method = match method {
            "default" => Uncertainty::Default,
            other => Uncertainty::parse(other).expect("a method"),
        };
        let found = fitted(&table(seeds, shared, replicate), method, replicate);
        for (name, truth) in TRUTH {
            let mut all = found.coefs.iter().chain(&found.derived);
            let (_, estimate) = all.find(|(n, _)| n == name).expect("there");
            let i = estimate.interval.expect("an interval");
            coverage.count(i.lower, i.upper, truth);
        }
    }
    coverage.share()
}

/// Three standard errors of 50 tables are 9 points; the covariance of δ = 1e-3 held 73 % here, the profile 84 %.
#[test]
fn intervals_of_95_percent_hold_with_twenty_runs_by_every_method() {
    for (method, tables) in [
        ("covariance", 50),
        ("sandwich", 50),
        ("profile", 25),
        ("wild:100", 25),
        ("parametric:100", 25),
        ("default", 25),
    ] {
        let share = held(method, 1, 0.0, tables);
        let least = if tables < 50 { 0.83 } else { 0.86 };
        assert!(share >= least, "{method}: {share}");
    }
}

/// Counted one by one, three seeds that share two thirds of their variance gave 60 %.
#[test]
fn intervals_hold_where_seeds_of_one_cell_hang_together() {
    for (method, tables) in [
        ("covariance", 50),
        ("sandwich", 50),
        ("profile", 25),
        ("wild:100", 25),
        ("default", 25),
    ] {
        let share = held(method, 3, 0.64, tables);
        let least = if tables < 50 { 0.83 } else { 0.86 };
        assert!(share >= least, "{method}: {share}");
    }
}

/// How many of the tables are said to be of dependent runs.
fn grouped(tables: u64, table: impl Fn(u64) -> RunTable) -> usize {
    let found = |replicate| fitted(&table(replicate), Uncertainty::Covariance, 0);
    (0..tables)
        .filter(|replicate| {
            let notes = found(*replicate).notes;
            notes.iter().any(|n| n.code == "dependent-runs")
        })
        .count()
}

#[test]
fn seeds_that_scatter_as_the_law_misses_stay_single_runs() {
    // The test is at 5 %: more than 6 of 40 come in 0.3 % of the cases.
    let found = grouped(40, |replicate| table(3, 0.0, replicate));
    assert!(found <= 6, "{found} of 40");
}

/// A law that misses by 1 % beside 0.4 % of noise made groups of independent seeds in 86 % of the tables.
#[test]
fn a_law_that_misses_smoothly_makes_no_groups_of_independent_seeds() {
    let found = grouped(40, |replicate| bent(3, 0.0, 0.01, replicate));
    assert!(found <= 6, "{found} of 40");
}

#[test]
fn seeds_that_hang_together_are_found() {
    // In 94 % of the tables: fewer than 32 of 40 come in 0.1 % of the cases.
    let found = grouped(40, |replicate| table(3, 0.64, replicate));
    assert!(found >= 32, "{found} of 40");
}

/// Least squares asked for by name prints the errors that other programs print, and says what they take for granted.
#[test]
fn the_covariance_of_least_squares_asked_for_by_name_counts_rows_and_says_so() {
    let table = table(3, 0.8, 1);
    let by = |uncertainty, dependence| {
        let options = FitOptions {
            objective: Some(Objective::parse("squared-log").expect("parses")),
            uncertainty,
            dependence,
            ..FitOptions::default()
        };
        fit(
            &Law::builtin("chinchilla").expect("there"),
            &table,
            &options,
        )
        .expect("fits")
    };
    let asked = by(Uncertainty::Covariance, Dependence::Found);
    let single = by(Uncertainty::Covariance, Dependence::None);
    let default = by(Uncertainty::Default, Dependence::Found);
    assert_eq!(asked.coefs, single.coefs);
    assert_eq!(asked.notes[0].code, "alike-rows");
    assert!(single.notes.iter().all(|n| n.code != "alike-rows"));
    let error = |fit: &Fit| fit.coefs[0].1.se.expect("an error");
    assert!(error(&default) > 1.1 * error(&asked), "{}", error(&default));
}

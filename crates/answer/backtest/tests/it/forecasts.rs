//! Forecasts on record and their scores; how predictions move with a coefficient.

use isoflop_backtest::ledger::{Entry, Forecast, Kept, forecast, score};
use isoflop_data::{Input, ReadOptions, RunTable, read};
use isoflop_fit::{Fit, FitOptions, Fitted, Uncertainty, fit};
use isoflop_predict::profile::profile;
use isoflop_predict::{Point, distributions, predict};
use isoflop_testkit::grid::{TRUTH, chinchilla, surface, table, usual};

/// Options of a quick fit with intervals.
fn quick() -> FitOptions {
    FitOptions {
        uncertainty: Uncertainty::Bootstrap { resamples: 200 },
        ..FitOptions::default()
    }
}

fn fitted(options: &FitOptions) -> Fit {
    fit(&chinchilla(), &table(&usual()), options).unwrap_or_else(|e| panic!("{e}"))
}

fn point(n: f64, d: f64) -> Point {
    Point {
        at: vec![("N".to_owned(), n), ("D".to_owned(), d)],
        levels: Vec::new(),
    }
}

fn csv(text: &str) -> RunTable {
    let input = Input::Reader {
        name: "truth.csv".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    read(&[input], &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn kept(forecast: Forecast) -> Kept {
    let checksum = format!("sum of {}", forecast.name);
    Kept {
        entry: Entry::Forecast(Box::new(forecast)),
        checksum,
    }
}

/// A forecast whose distribution is a normal one.
fn normal(mean: f64, sd: f64) -> Forecast {
    let quantile = |k: usize| {
        let share = (k as f64 + 0.5) / 40.0;
        mean + sd * isoflop_numerics::dist::normal_quantile(share)
    };
    let made = forecast(&fitted(&quick()), "run", &point(7e10, 1.4e12), None);
    Forecast {
        quantiles: (0..40).map(quantile).collect(),
        ..made.unwrap_or_else(|e| panic!("{e}"))
    }
}

#[test]
fn scores_of_a_normal_distribution_are_those_of_its_closed_form() {
    let made = normal(2.0, 0.1);
    // CRPS of N(μ, σ) at μ + zσ is σ (z (2Φ(z) − 1) + 2φ(z) − 1/√π) (Gneiting, Raftery 2007, equation 21): at z = 0
    // 0.233695 σ, at z = 1 0.602441 σ. Forty quantiles miss it by less than one in a hundred.
    assert!(
        (made.crps(2.0) / 0.023_369_5 - 1.0).abs() < 0.01,
        "{}",
        made.crps(2.0)
    );
    assert!(
        (made.crps(2.1) / 0.060_244_1 - 1.0).abs() < 0.01,
        "{}",
        made.crps(2.1)
    );
    for z in [-4.0, -1.5, 0.0, 0.3, 2.0, 3.0] {
        assert!(
            (made.z(2.0 + 0.1 * z) - z).abs() < 1e-2,
            "{z}: {}",
            made.z(2.0 + 0.1 * z)
        );
    }
}

#[test]
fn a_forecast_keeps_what_the_prediction_says() {
    let fit = fitted(&quick());
    let at = point(7e10, 1.4e12);
    let made = forecast(&fit, "big", &at, Some("2026-01-01")).unwrap_or_else(|e| panic!("{e}"));
    let said = predict(&fit, &[at], 0.95).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(made.value, said.points[0].value);
    assert_eq!(made.intervals.last().copied(), said.points[0].prediction);
    assert_eq!(made.beyond, said.points[0].beyond);
    assert!(made.quantiles.windows(2).all(|w| w[0] <= w[1]));
    let none = FitOptions {
        uncertainty: Uncertainty::None,
        ..quick()
    };
    let fault =
        forecast(&fitted(&none), "big", &point(7e10, 1.4e12), None).expect_err("no interval");
    assert_eq!(fault.0[0].code, "no-distribution");
}

#[test]
fn the_distribution_of_a_prediction_has_the_quantiles_and_the_score_of_its_forecast() {
    let covariance = FitOptions {
        uncertainty: Uncertainty::Covariance,
        ..quick()
    };
    for options in [quick(), covariance] {
        let fit = fitted(&options);
        let at = point(7e10, 1.4e12);
        let made = forecast(&fit, "big", &at, None).unwrap_or_else(|e| panic!("{e}"));
        let asked = Fitted::new(&fit).unwrap_or_else(|e| panic!("{e}"));
        let found = distributions(&asked, &[at]).unwrap_or_else(|e| panic!("{e}"));
        let run = found[0].run.as_ref().expect("the fit has intervals");
        for (k, q) in made.quantiles.iter().enumerate() {
            let share = (k as f64 + 0.5) / 40.0;
            assert!((run.quantile(share) / q - 1.0).abs() < 1e-12, "{share}");
            // Equal draws, and quantiles that are held at the value, have the probability of all that are equal.
            let reached = run.cdf(*q);
            let held = (*q / made.value - 1.0).abs() < 1e-12;
            assert!(
                reached > share - 1e-6 && (held || reached < share + 0.002),
                "{share} {reached}"
            );
        }
        let y = made.value * 1.002;
        // Forty quantiles miss a score by less than one in a hundred.
        assert!((made.crps(y) / run.crps(y) - 1.0).abs() < 0.01);
    }
}

#[test]
fn runs_are_found_by_name_then_by_inputs_and_scored_once() {
    let fit = fitted(&quick());
    let of = |name: &str, n: f64, d: f64| {
        kept(forecast(&fit, name, &point(n, d), None).unwrap_or_else(|e| panic!("{e}")))
    };
    let mut ledger = vec![
        of("big", 2e10, 4e11),
        of("mid", 1e10, 2e11),
        of("never", 3e10, 1e12),
        of("twice", 8e9, 1e11),
    ];
    let loss = |n: f64, d: f64| surface(TRUTH, n, d);
    let truth = csv(&format!(
        "name,params,tokens,loss\nbig,2e10,4e11,{}\nother,1.005e10,2e11,{}\na,8e9,1e11,2.3\nb,8e9,1e11,2.4\n",
        loss(2e10, 4e11),
        loss(1e10, 2e11)
    ));
    let (check, fresh) =
        score(&ledger, Some(&truth), Some("2026-02-01")).unwrap_or_else(|e| panic!("{e}"));
    let by: Vec<(&str, &str)> = fresh
        .iter()
        .map(|s| (s.name.as_str(), s.matched_by.as_str()))
        .collect();
    assert_eq!(by, [("big", "name"), ("mid", "inputs")]);
    let why: Vec<&str> = check.unscored.iter().map(|u| u.reason.as_str()).collect();
    assert_eq!(why.len(), 2);
    assert!(why[1].contains("2 rows could be it"), "{why:?}");
    let calibration = check.calibration.expect("two were scored");
    assert_eq!((calibration.scored, calibration.inside[2].inside), (2, 2));
    assert!(calibration.rms_z < 2.0);
    // What is kept is not scored again.
    ledger.extend(fresh.into_iter().map(|s| Kept {
        entry: Entry::Scored(Box::new(s)),
        checksum: String::new(),
    }));
    let (check, fresh) = score(&ledger, Some(&truth), None).unwrap_or_else(|e| panic!("{e}"));
    assert!(fresh.is_empty());
    assert_eq!(
        check.forecasts.iter().filter(|f| f.score.is_some()).count(),
        2
    );
}

#[test]
fn a_prediction_moves_with_the_floor_and_is_itself_in_the_middle() {
    let fit = fitted(&quick());
    let points = [point(7e10, 1.4e12), point(1e9, 2e10)];
    let found = profile(&fit, "E", &points).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(found.rows.len(), 9);
    assert!(
        found
            .rows
            .iter()
            .all(|r| r.rise.is_some_and(|rise| rise > -1e-9))
    );
    assert!(
        found
            .rows
            .windows(2)
            .all(|w| w[0].predicted[0] < w[1].predicted[0])
    );
    let said = predict(&fit, &points, 0.95).unwrap_or_else(|e| panic!("{e}"));
    let (far, near) = (
        found.span(0).expect("fitted"),
        found.span(1).expect("fitted"),
    );
    assert!(far.0 < said.points[0].value && said.points[0].value < far.1);
    // Inside the runs the data hold the prediction, whatever the floor is.
    assert!(
        (near.1 - near.0) < 0.2 * (far.1 - far.0),
        "{near:?} {far:?}"
    );
    let fault = profile(&fit, "alfa", &points).expect_err("no such coefficient");
    assert_eq!(fault.0[0].code, "unknown-coefficient");
    assert!(fault.0[0].help[0].contains("alpha"));
}

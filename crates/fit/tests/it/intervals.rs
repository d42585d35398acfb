//! Every way to find uncertainty, on one data set where they must agree, and on cases made to tell them apart.

use crate::support::{close, csv, plain, table};
use isoflop_base::Estimate;
use isoflop_fit::{Fit, FitOptions, Status, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_numerics::dist::normal_quantile;
use isoflop_numerics::random::Stream;

/// A power law with a floor and log-normal noise of 1 %, 80 runs.
fn runs(noise: impl Fn(usize, &mut Stream) -> f64) -> String {
    let mut text = "x,y,group\n".to_owned();
    for i in 0..80usize {
        let x = 1e3 * 1.12f64.powi(i as i32);
        let mut stream = Stream::new(11, "runs", i as u64);
        let y = (1.5 + 40.0 * x.powf(-0.4)) * (0.01 * noise(i, &mut stream)).exp();
        text.push_str(&format!("{x:e},{y:e},g{}\n", i / 4));
    }
    text
}

fn normal(_: usize, stream: &mut Stream) -> f64 {
    normal_quantile(stream.open_unit())
}

fn fitted(text: &str, uncertainty: &str, derive: &[&str]) -> Fit {
    let law = Law::builtin("power-floor").expect("in the catalogue");
    let options = FitOptions {
        uncertainty: Uncertainty::parse(uncertainty).expect("parses"),
        derive: derive.iter().map(|d| (*d).to_owned()).collect(),
        ..plain("squared-log")
    };
    fit(&law, &csv(text), &options).expect("fits")
}

fn of<'a>(fit: &'a Fit, name: &str) -> &'a Estimate {
    &fit.coefs
        .iter()
        .chain(&fit.derived)
        .find(|(n, _)| n == name)
        .expect("there")
        .1
}

fn ends(e: &Estimate) -> (f64, f64) {
    let i = e.interval.expect("an interval");
    (i.lower, i.upper)
}

#[test]
fn all_ways_agree_on_normal_noise() {
    let text = runs(normal);
    let reference = fitted(&text, "covariance", &[]);
    let names: Vec<String> = reference.coefs.iter().map(|(n, _)| n.clone()).collect();
    for way in [
        "sandwich",
        "bootstrap:2000",
        "bca:2000",
        "wild:2000",
        "parametric:2000",
        "profile",
    ] {
        let found = fitted(&text, way, &[]);
        for name in &names {
            let (a, b) = (of(&reference, name), of(&found, name));
            close(
                b.se.expect("an error"),
                a.se.expect("an error"),
                0.3,
                &format!("{way}: se of {name}"),
            );
            let ((low, high), (lower, upper)) = (ends(a), ends(b));
            let width = high - low;
            assert!(
                (low - lower).abs() < 0.2 * width,
                "{way} {name}: {lower} for {low}"
            );
            assert!(
                (high - upper).abs() < 0.2 * width,
                "{way} {name}: {upper} for {high}"
            );
        }
    }
}

#[test]
fn profile_ends_are_where_the_objective_has_risen_by_the_f_quantile() {
    let text = runs(normal);
    let best = fitted(&text, "profile", &[]);
    let df = 77.0;
    let t = isoflop_numerics::dist::t_quantile(0.975, df);
    for (name, e) in &best.coefs {
        let (lower, upper) = ends(e);
        for end in [lower, upper] {
            let law = Law::builtin("power-floor").expect("in the catalogue");
            let options = FitOptions {
                coefs: vec![format!("{name} = {end:e}")],
                ..plain("squared-log")
            };
            let held = fit(&law, &csv(&text), &options).expect("fits");
            let rise = (held.objective.value - best.objective.value) / best.objective.value * df;
            close(rise, t * t, 1e-4, &format!("{name} held at {end}"));
        }
    }
}

#[test]
fn a_cluster_bootstrap_sees_noise_that_groups_share() {
    // One disturbance for each four neighbouring runs: rows are not independent, groups are.
    let text = runs(|i, _| normal(i, &mut Stream::new(11, "group", i as u64 / 4)));
    let (rows, groups) = (
        fitted(&text, "bootstrap:2000", &[]),
        fitted(&text, "cluster:group:2000", &[]),
    );
    for (name, e) in &rows.coefs {
        let ratio = of(&groups, name).se.expect("an error") / e.se.expect("an error");
        // Four equal disturbances count as one: errors should double, less what neighbours share anyway.
        assert!(ratio > 1.4 && ratio < 2.6, "{name}: {ratio}");
    }
}

#[test]
fn a_wild_bootstrap_follows_noise_that_grows() {
    let text = runs(|i, s| normal(i, s) * if i < 20 { 6.0 } else { 0.5 });
    let (flat, sandwich, wild) = (
        fitted(&text, "covariance", &[]),
        fitted(&text, "sandwich", &[]),
        fitted(&text, "wild:2000", &[]),
    );
    for (name, e) in &sandwich.coefs {
        let (s, w) = (
            e.se.expect("an error"),
            of(&wild, name).se.expect("an error"),
        );
        close(w, s, 0.2, &format!("{name}: wild beside sandwich"));
    }
    // The floor rests on the quiet runs: an equal-noise covariance is far too wide for it.
    let ratio = of(&flat, "e").se.expect("an error") / of(&wild, "e").se.expect("an error");
    assert!(ratio > 1.25, "{ratio}");
}

#[test]
fn derived_quantities_carry_the_error_of_the_coefficients() {
    let text = runs(normal);
    for way in ["covariance", "bootstrap:2000"] {
        let found = fitted(&text, way, &["twice = 2 * b", "again = twice / 2 + e - e"]);
        let (b, twice, again) = (of(&found, "b"), of(&found, "twice"), of(&found, "again"));
        close(twice.value, 2.0 * b.value, 1e-14, way);
        close(
            twice.se.expect("an error"),
            2.0 * b.se.expect("an error"),
            1e-6,
            way,
        );
        close(
            again.se.expect("an error"),
            b.se.expect("an error"),
            1e-6,
            way,
        );
    }
}

#[test]
fn an_unknown_name_in_a_derived_quantity_is_refused_at_its_place() {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let options = FitOptions {
        derive: vec!["a = betta / (alpha + beta)".to_owned()],
        ..plain("squared-log")
    };
    let faults = fit(&law, &csv("params,tokens,loss\n1,1,1\n"), &options).expect_err("refused");
    let excerpt = faults.0[0].excerpt.as_ref().expect("a place");
    assert_eq!(
        (faults.0[0].code, excerpt.column),
        ("unknown-coefficient", 5)
    );
    assert!(
        faults.0[0].help[0].contains("beta"),
        "{:?}",
        faults.0[0].help
    );
}

#[test]
fn a_floor_that_the_data_do_not_bound_has_an_open_profile() {
    // No floor in the data: e may be anything down to zero.
    let mut text = "x,y\n".to_owned();
    for i in 0..40usize {
        let x = 1e3 * 1.3f64.powi(i as i32);
        let y =
            40.0 * x.powf(-0.3) * (0.02 * normal(i, &mut Stream::new(3, "pure", i as u64))).exp();
        text.push_str(&format!("{x:e},{y:e}\n"));
    }
    let found = fitted(&text, "profile", &[]);
    let (lower, upper) = ends(of(&found, "e"));
    assert!(
        lower < 1e-6 && upper > 0.0 && upper < 0.1,
        "{lower} {upper}"
    );
}

#[test]
fn a_fit_that_has_not_converged_gets_no_intervals_unasked() {
    // Nine coefficients, of which these runs tell three directions apart from nothing.
    let law = Law::builtin("farseer").unwrap();
    let runs = table("simulated/sweep.csv", None);
    let options = FitOptions {
        starts: Some(4),
        ..FitOptions::default()
    };
    let found = fit(&law, &runs, &options).unwrap();
    assert_eq!(found.status, Status::NotConverged);
    assert_eq!(found.uncertainty.method, "none");
    assert!(found.uncertainty.meaning.contains("has not converged"));
    assert!(found.coefs.iter().all(|(_, e)| e.interval.is_none()));
}

/// Forty checkpoints of four runs are four runs.
#[test]
fn checkpoints_of_one_run_are_counted_as_one() {
    let mut text = "run_id,params,tokens,loss\n".to_owned();
    for i in 0..16usize {
        let n = 3e7 * 2f64.powi((i / 4) as i32);
        let mut stream = Stream::new(7, "checkpoints", i as u64);
        let own = 0.004 * normal(0, &mut stream);
        for k in 1..=10 {
            let d = n * 12.0 * (1.0 + (i % 4) as f64) * f64::from(k);
            let noise = own + 0.001 * normal(0, &mut stream);
            let loss = (1.7 + 400.0 / n.powf(0.34) + 2000.0 / d.powf(0.28)) * noise.exp();
            text.push_str(&format!("r{i},{n:e},{d:e},{loss:e}\n"));
        }
    }
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let found = fit(&law, &csv(&text), &FitOptions::default()).expect("fits");
    let note = found
        .notes
        .iter()
        .find(|n| n.code == "dependent-runs")
        .expect("said");
    assert!(
        note.message.contains("16 groups (by `run_id`)"),
        "{}",
        note.message
    );
    let single = text.replace("run_id", "label");
    let options = FitOptions {
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    };
    let apart = fit(&law, &csv(&single), &options).expect("fits");
    let width = |f: &Fit| {
        let (low, high) = ends(of(f, "alpha"));
        high - low
    };
    assert!(
        width(&found) > 1.5 * width(&apart),
        "{} for {}",
        width(&found),
        width(&apart)
    );
}

/// 24 runs of a law without a floor: half of the resamples would have one.
#[test]
fn resamples_and_profiles_leave_a_bound() {
    let mut text = "params,tokens,loss\n".to_owned();
    for i in 0..6 {
        for j in 0..4 {
            let (n, d) = (3e5 * 3f64.powi(i), 5e6 * 4f64.powi(j));
            let mut stream = Stream::new(8, "floor", (4 * i + j) as u64);
            let noise = 0.01 * normal(0, &mut stream);
            let loss = (30.0 / n.powf(0.2) + 600.0 / d.powf(0.33)) * noise.exp();
            text.push_str(&format!("{n:e},{d:e},{loss:e}\n"));
        }
    }
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let by = |way: &str| {
        let options = FitOptions {
            uncertainty: Uncertainty::parse(way).expect("parses"),
            ..FitOptions::default()
        };
        fit(&law, &csv(&text), &options).expect("fits")
    };
    for way in ["bootstrap:400", "profile"] {
        let found = by(way);
        let (low, high) = ends(of(&found, "E"));
        assert!(
            low < 1e-3 && high > 0.05 && high < 1.0,
            "{way}: E [{low}, {high}]"
        );
        let (low, high) = ends(of(&found, "alpha"));
        assert!(low < 0.2 && high > 0.2, "{way}: alpha [{low}, {high}]");
    }
}

/// 24 runs whose floor is below zero: nearly all resamples stay on the bound, and their percentiles are a point.
#[test]
fn the_default_interval_of_a_coefficient_on_its_bound_is_no_point() {
    let mut text = "params,tokens,loss\n".to_owned();
    for i in 0..6 {
        for j in 0..4 {
            let (n, d) = (3e5 * 3f64.powi(i), 5e6 * 4f64.powi(j));
            let mut stream = Stream::new(8, "below", (4 * i + j) as u64);
            let noise = 0.01 * normal(0, &mut stream);
            let loss = (30.0 / n.powf(0.2) + 600.0 / d.powf(0.33) - 0.4) * noise.exp();
            text.push_str(&format!("{n:e},{d:e},{loss:e}\n"));
        }
    }
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let found = fit(&law, &csv(&text), &FitOptions::default()).expect("fits");
    assert_eq!(found.uncertainty.method, "profile");
    let floor = of(&found, "E");
    assert!(floor.se.is_none(), "no curvature there: {:?}", floor.se);
    let (low, high) = ends(floor);
    assert!(low == 0.0 && high > 1e-3, "E [{low}, {high}]");
}

#[test]
fn an_exact_fit_has_no_intervals_and_says_so() {
    let text = runs(|_, _| 0.0);
    for way in [
        "covariance",
        "sandwich",
        "profile",
        "bootstrap:40",
        "bca:40",
        "wild:40",
        "parametric:40",
    ] {
        let found = fitted(&text, way, &["d = a / 2"]);
        assert!(
            found
                .coefs
                .iter()
                .all(|(_, e)| e.se.is_none() && e.interval.is_none()),
            "{way}"
        );
        let codes: Vec<&str> = found.notes.iter().map(|n| n.code.as_str()).collect();
        assert!(codes.contains(&"exact-fit"), "{way}: {codes:?}");
    }
}

#[test]
fn a_corner_far_below_the_noise_is_said_first() {
    let law = Law::builtin("power-floor").expect("in the catalogue");
    let by = |objective: &str, way: &str| {
        let options = FitOptions {
            uncertainty: Uncertainty::parse(way).expect("parses"),
            ..plain(objective)
        };
        fit(&law, &csv(&runs(normal)), &options)
            .expect("fits")
            .uncertainty
            .caution
    };
    let said = by("huber-log:0.001", "covariance").expect("a caution");
    assert!(said.contains("rough"), "{said}");
    assert_eq!(by("huber-log:0.001", "bootstrap:40"), None);
    assert_eq!(by("huber-log:2mad", "covariance"), None);
}

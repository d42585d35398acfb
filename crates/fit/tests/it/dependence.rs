//! Which rows hang together, and that all errors count them the same way.

use crate::support::{csv, plain};
use isoflop_base::Estimate;
use isoflop_fit::{Dependence, Fit, FitOptions, Objective, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_numerics::dist::normal_quantile;
use isoflop_numerics::random::Stream;
use std::fmt::Write as _;

fn chinchilla() -> Law {
    Law::builtin("chinchilla").expect("in the catalogue")
}

fn grouped(fit: &Fit) -> bool {
    fit.notes.iter().any(|n| n.code == "dependent-runs")
}

fn of<'a>(fit: &'a Fit, name: &str) -> &'a Estimate {
    let mut all = fit.coefs.iter().chain(&fit.derived);
    &all.find(|(n, _)| n == name).expect("there").1
}

fn ends(fit: &Fit, name: &str) -> (f64, f64) {
    let i = of(fit, name).interval.expect("an interval");
    (i.lower, i.upper)
}

/// Twelve runs of eight checkpoints that share most of their noise; `columns` in front of each row.
fn checkpoints(head: &str, columns: impl Fn(usize, u32) -> String) -> String {
    let mut text = format!("{head}params,tokens,loss\n");
    for i in 0..12usize {
        let n = 3e7 * 3f64.powi((i / 3) as i32);
        let mut stream = Stream::new(5, "runs", i as u64);
        let mut noise = |sd: f64| sd * normal_quantile(stream.open_unit());
        let own = noise(0.004);
        for k in 1..=8u32 {
            let d = n * 12.0 * (1.0 + (i % 3) as f64) * f64::from(k);
            let loss =
                (1.7 + 400.0 / n.powf(0.34) + 2000.0 / d.powf(0.28)) * (own + noise(0.001)).exp();
            writeln!(text, "{}{n:e},{d:e},{loss:e}", columns(i, k))
                .expect("a string takes all text");
        }
    }
    text
}

fn runs() -> String {
    checkpoints("run_id,", |i, _| format!("r{i},"))
}

fn by(text: &str, uncertainty: &str, changes: &dyn Fn(&mut FitOptions)) -> Fit {
    let mut options = FitOptions {
        objective: Some(Objective::parse("squared-log").expect("parses")),
        uncertainty: match uncertainty {
            "default" => Uncertainty::Default,
            other => Uncertainty::parse(other).expect("parses"),
        },
        starts: Some(64),
        ..FitOptions::default()
    };
    changes(&mut options);
    fit(&chinchilla(), &csv(text), &options).unwrap_or_else(|e| panic!("{e}"))
}

/// Two measurements at each of twenty settings, whose noise differs by a factor of 100 over the settings: independent, and
/// said to be. Without the weights the largest settings alone decide, and 16 of 60 tables were groups.
#[test]
fn independent_repeats_of_unequal_noise_stay_single_runs() {
    let law = Law::from_formula("y = a + b*x", &["x", "y", "s", "w"], &[]).expect("a law");
    let (mut by_sigma, mut by_weights) = (0, 0);
    for table in 0..60u64 {
        let mut stream = Stream::new(9, "uneven", table);
        let mut text = "x,y,s,w\n".to_owned();
        for k in 0..40u32 {
            let x = 1.0 + 0.5 * f64::from(k / 2);
            let s = 10f64.powf(-2.0 + 0.5 * f64::from(k / 2 % 5));
            let y = 3.0 + 0.5 * x + s * normal_quantile(stream.open_unit());
            writeln!(text, "{x},{y},{s},{}", s.powi(-2)).expect("a string takes all text");
        }
        let with = |sigma: Option<&str>, weights: Option<&str>| {
            let options = FitOptions {
                sigma: sigma.map(str::to_owned),
                weights: weights.map(str::to_owned),
                uncertainty: Uncertainty::Sandwich,
                starts: Some(16),
                ..plain("squared")
            };
            grouped(&fit(&law, &csv(&text), &options).expect("fits"))
        };
        by_sigma += usize::from(with(Some("s"), None));
        by_weights += usize::from(with(None, Some("w")));
    }
    // The test is at 5 %: more than 8 of 60 come in 0.3 % of the cases.
    assert!(by_sigma <= 8, "{by_sigma} of 60 by standard deviations");
    assert!(by_weights <= 8, "{by_weights} of 60 by weights");
}

/// Seeds 1 to 3 at each of ten sizes, in a column called run: no run changes its size.
#[test]
fn the_number_of_a_seed_is_no_run() {
    let mut text = "run,params,loss\n".to_owned();
    for k in 0..30u32 {
        let n = 1e6 * 2f64.powi((k / 3) as i32);
        let mut stream = Stream::new(2, "seeds", u64::from(k));
        let noise = 0.004 * normal_quantile(stream.open_unit());
        let loss = (1.7 + 400.0 / n.powf(0.34)) * noise.exp();
        writeln!(text, "{},{n:e},{loss:e}", k % 3 + 1).expect("a string takes all text");
    }
    let law =
        Law::from_formula("loss = E + A/params^alpha", &["params", "loss"], &[]).expect("a law");
    let found = fit(&law, &csv(&text), &FitOptions::default()).expect("fits");
    assert!(!grouped(&found), "{:?}", found.notes);
    // The same labels over training steps are runs.
    let steps = text.replace("params", "step");
    let law = Law::from_formula("loss = E + A/step^alpha", &["step", "loss"], &[]).expect("a law");
    let found = fit(&law, &csv(&steps), &FitOptions::default()).expect("fits");
    assert!(grouped(&found));
}

/// A number of the row beside the name of the run ended the search, and every checkpoint was a run.
#[test]
fn a_column_of_row_numbers_hides_no_runs() {
    let numbered = checkpoints("run,run_id,", |i, k| format!("{},r{i},", 8 * i as u32 + k));
    let (found, plain) = (
        by(&numbered, "sandwich", &|_| {}),
        by(&runs(), "sandwich", &|_| {}),
    );
    assert!(grouped(&found));
    assert_eq!(of(&found, "alpha"), of(&plain, "alpha"));
}

/// `x = alpha` is alpha: the same error, and the interval of the degrees of freedom that the text names.
#[test]
fn a_derived_copy_of_a_coefficient_has_its_error() {
    let found = by(&runs(), "sandwich", &|o| {
        o.derive = vec!["x = alpha".to_owned()]
    });
    let (alpha, copy) = (of(&found, "alpha"), of(&found, "x"));
    let (a, b) = (alpha.se.expect("an error"), copy.se.expect("an error"));
    assert!((a / b - 1.0).abs() < 1e-6, "{a} and {b}");
}

/// Noise of a known size has normal quantiles, also in what follows from the coefficients.
#[test]
fn derived_quantities_of_known_noise_have_normal_quantiles() {
    let text = "x,y,s\n1,2.1,.1\n2,3.9,.2\n4,8.3,.2\n7,13.6,.5\n11,22.9,1\n";
    let law = Law::from_formula("y = a + b*x", &["x", "y", "s"], &[]).expect("a law");
    let options = FitOptions {
        sigma: Some("s".to_owned()),
        derive: vec!["q = b".to_owned()],
        uncertainty: Uncertainty::Covariance,
        ..plain("squared")
    };
    let found = fit(&law, &csv(text), &options).expect("fits");
    let ((low, high), (l, h)) = (ends(&found, "b"), ends(&found, "q"));
    assert!(
        (low - l).abs() + (high - h).abs() < 1e-6 * (high - low),
        "{l} {h}"
    );
}

/// |alpha − beta − c| turns inside its interval: the ends on both sides of the turn are not its least value.
#[test]
fn the_interval_of_a_quantity_that_turns_holds_its_value() {
    let text = runs();
    let plain = by(&text, "covariance", &|_| {});
    let middle = of(&plain, "alpha").value - of(&plain, "beta").value;
    let near = middle - 0.1 * of(&plain, "alpha").se.expect("an error");
    let derive = vec![format!("z = abs(alpha - beta - ({near:e}))")];
    let found = by(&text, "covariance", &|o| o.derive.clone_from(&derive));
    let (low, high) = ends(&found, "z");
    let value = of(&found, "z").value;
    assert!(low <= value && value <= high, "{value} in [{low}, {high}]");
}

/// A range that cuts an interval off says nothing of how far groups widen the other end.
#[test]
fn a_range_does_not_shorten_the_profile_of_groups() {
    let free = by(&runs(), "profile", &|_| {});
    let (low, high) = ends(&free, "alpha");
    let at = of(&free, "alpha").value;
    let upper = at + 0.2 * (high - at);
    let held = by(&runs(), "profile", &|o| {
        o.coefs = vec![format!("alpha in [0.01, {upper:e}]")];
    });
    let (cut, _) = ends(&held, "alpha");
    assert!(
        (cut - low).abs() < 0.02 * (high - low),
        "{cut} beside {low}"
    );
}

/// The default reads intervals from draws: each coefficient with its own degrees of freedom, as the sandwich does.
#[test]
fn drawn_intervals_have_the_degrees_of_freedom_of_their_coefficient() {
    let drawn = by(&runs(), "default", &|_| {});
    let asked = by(&runs(), "covariance", &|_| {});
    assert!(!drawn.joint.draws.is_empty() && asked.joint.draws.is_empty());
    for name in ["alpha", "beta"] {
        let ((l, h), (low, high)) = (ends(&drawn, name), ends(&asked, name));
        let ratio = (h - l) / (high - low);
        assert!((0.75..1.4).contains(&ratio), "{name}: {ratio}");
    }
    assert_eq!(drawn.joint.covariance, asked.joint.covariance);
}

/// Weights of Student's t count runs more often; they do not make their noise smaller.
#[test]
fn weights_leave_the_noise_of_students_t_as_it_is() {
    let head = "w,";
    let with = |weight: u32| {
        let text = checkpoints(head, |_, _| format!("{weight},"));
        let found = by(&text, "parametric:60", &|o| {
            o.objective = Some(Objective::parse("student-log:4").expect("parses"));
            o.weights = Some("w".to_owned());
        });
        of(&found, "alpha").se.expect("an error")
    };
    let (one, many) = (with(1), with(100));
    assert!((many / one - 1.0).abs() < 0.3, "{many} beside {one}");
}

/// The stages of a law are resampled by whole runs, unless rows are said to be independent.
#[test]
fn stages_are_resampled_by_runs() {
    let base = chinchilla();
    let (head, _) = base
        .text
        .split_once("\n[[variant]]")
        .expect("it has variants");
    let text = format!(
        "{head}\n[[stage]]\ncoefs = [\"B\", \"beta\"]\n\n[[stage]]\ncoefs = [\"E\", \"A\", \"alpha\"]\n"
    );
    let staged = Law::from_toml("staged", "staged.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    let by = |dependence| {
        let options = FitOptions {
            uncertainty: Uncertainty::Bootstrap { resamples: 60 },
            dependence,
            ..plain("squared-log")
        };
        fit(&staged, &csv(&runs()), &options).unwrap_or_else(|e| panic!("{e}"))
    };
    let (found, rows) = (by(Dependence::Found), by(Dependence::None));
    assert!(grouped(&found) && !grouped(&rows));
    assert_eq!(found.uncertainty.method, "cluster");
    assert!(
        found.uncertainty.meaning.contains("12 groups"),
        "{}",
        found.uncertainty.meaning
    );
    assert!(found.uncertainty.caution.is_some());
    let error = |f: &Fit| of(f, "B").se.expect("an error") / of(f, "B").value;
    assert!(
        error(&found) > 1.3 * error(&rows),
        "{} for {}",
        error(&found),
        error(&rows)
    );
}

/// Twenty tokens for each parameter: the exponents can change places, and no run tells.
#[test]
fn exponents_that_can_change_places_have_intervals_over_both() {
    let mut text = "params,tokens,loss\n".to_owned();
    for k in 0..20u32 {
        let n = 2e7 * 150f64.powf(f64::from(k) / 19.0);
        let mut stream = Stream::new(4, "ray", u64::from(k));
        let noise = 0.001 * normal_quantile(stream.open_unit());
        let loss = (1.7 + 400.0 / n.powf(0.5) + 60.0 / (20.0 * n).powf(0.15)) * noise.exp();
        writeln!(text, "{n:e},{:e},{loss:e}", 20.0 * n).expect("a string takes all text");
    }
    for way in ["covariance", "sandwich", "profile", "default"] {
        let options = FitOptions {
            uncertainty: match way {
                "default" => Uncertainty::Default,
                other => Uncertainty::parse(other).expect("parses"),
            },
            ..FitOptions::default()
        };
        let found = fit(&chinchilla(), &csv(&text), &options).expect("fits");
        for (name, truth) in [("alpha", 0.5), ("beta", 0.15)] {
            let (low, high) = ends(&found, name);
            assert!(
                low <= truth && truth <= high,
                "{way}: {name} [{low}, {high}]"
            );
        }
        let caution = found.uncertainty.caution.unwrap_or_default();
        assert!(
            caution.contains("optima fit the runs alike"),
            "{way}: {caution}"
        );
    }
}

/// Two terms that only change their names are one law: their intervals do not reach over each other.
#[test]
fn terms_that_change_their_names_are_one_optimum() {
    let mut text = "x,y\n".to_owned();
    for k in 0..40u32 {
        let x = 1.2f64.powi(k as i32);
        let mut stream = Stream::new(6, "terms", u64::from(k));
        let noise = 0.002 * normal_quantile(stream.open_unit());
        writeln!(
            text,
            "{x:e},{:e}",
            (9.0 * x.powf(-1.5) + 3.0 * x.powf(-0.2)) * noise.exp()
        )
        .expect("a string takes all text");
    }
    let law = Law::from_formula("y = a*x^b + c*x^d", &["x", "y"], &[]).expect("a law");
    let found = fit(&law, &csv(&text), &FitOptions::default()).expect("fits");
    let (low, high) = ends(&found, "b");
    assert!(high - low < 0.5, "b [{low}, {high}]");
}

/// Four runs, three coefficients: a resample has 2.7 different runs on average.
#[test]
fn runs_too_few_to_resample_are_not_resampled_and_it_is_said() {
    let text = "x,y\n1,6.02\n3,3.61\n10,2.47\n40,1.79\n";
    let law = Law::from_formula("y = a*x^b + c", &["x", "y"], &[]).expect("a law");
    let found = fit(&law, &csv(text), &FitOptions::default()).expect("fits");
    assert_eq!(found.uncertainty.method, "covariance");
    let caution = found.uncertainty.caution.expect("said");
    assert!(caution.contains("leave 1 degree of freedom"), "{caution}");
}

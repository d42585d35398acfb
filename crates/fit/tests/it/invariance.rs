//! What must not change a fit: the units of its columns, the size of its weights, the order of its rows, threads.

use crate::support::{close, coef, csv, plain, table};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, Status, Uncertainty, fit};
use isoflop_law::Law;
use isoflop_testkit::Random;

const HUBER: &str = "huber-log:1e-3";

/// Parameters, tokens and loss of the 240 runs of the sweep that lie near the law.
fn kept() -> Vec<[f64; 3]> {
    let runs = table("simulated/sweep.csv", Some("loss < 3.44"));
    let known = Law::builtin("chinchilla").expect("in the catalogue");
    let fit = fit(&known, &runs, &plain(HUBER)).expect("the sweep can be fitted");
    let column = |letter: &str| {
        let found = fit.points.inputs.iter().find(|(name, _)| name == letter);
        found.expect("an input of the law").1.clone()
    };
    let inputs = column("N").into_iter().zip(column("D"));
    let rows: Vec<[f64; 3]> = inputs
        .zip(&fit.points.response)
        .map(|((n, d), loss)| [n, d, *loss])
        .collect();
    assert_eq!(rows.len(), 240);
    rows
}

/// A table of these rows, written with all digits.
fn written(rows: &[[f64; 3]]) -> RunTable {
    let line = |[n, d, loss]: &[f64; 3]| format!("{n:e},{d:e},{loss:e}\n");
    csv(&(String::from("N,D,L\n") + &rows.iter().map(line).collect::<String>()))
}

/// The law with columns that are no roles: sizes of any unit, which no run can have, are refused where they are.
fn law() -> Law {
    let mut text = Law::builtin("chinchilla").expect("in the catalogue").text;
    for role in ["params", "tokens", "loss"] {
        text = text.replace(
            &format!("column = \"{role}\""),
            &format!("column = \"any_{}\"", &role[..1]),
        );
    }
    Law::from_toml("chinchilla", "any.toml", &text).expect("a law")
}

fn fitted(runs: &RunTable, options: &FitOptions) -> Fit {
    let fit = fit(&law(), runs, options).expect("fits");
    assert_eq!(fit.status, Status::Converged, "{:?}", fit.certificate);
    fit
}

fn bytes(fit: &Fit) -> String {
    serde_json::to_string(fit).expect("a fit can be written")
}

/// A = A'/uᵅ brings an amplitude fitted in units of u back; α, β, E and the objective have no unit of size.
#[test]
fn sizes_and_tokens_may_be_written_in_any_unit() {
    let rows = kept();
    let plain = plain(HUBER);
    let wanted = fitted(&written(&rows), &plain);
    let mut random = Random::new(11);
    for case in 0..16 {
        // The ends first, then factors between them.
        let mut factor = |end: f64| match case {
            0 => end,
            1 => 1.0 / end,
            _ => random.log_between(1e-12, 1e12),
        };
        let (per_n, per_d) = (factor(1e12), factor(1e-12));
        let scaled: Vec<[f64; 3]> = rows
            .iter()
            .map(|[n, d, loss]| [n * per_n, d * per_d, *loss])
            .collect();
        let found = fitted(&written(&scaled), &plain);
        let what = format!("params × {per_n:e}, tokens × {per_d:e}");
        for name in ["E", "alpha", "beta"] {
            close(coef(&found, name), coef(&wanted, name), 1e-7, &what);
        }
        let a = coef(&found, "A") / per_n.powf(coef(&found, "alpha"));
        let b = coef(&found, "B") / per_d.powf(coef(&found, "beta"));
        close(a, coef(&wanted, "A"), 1e-7, &what);
        close(b, coef(&wanted, "B"), 1e-7, &what);
        close(found.objective.value, wanted.objective.value, 1e-12, &what);
    }
}

#[test]
fn the_loss_may_be_written_in_bits_or_any_other_unit() {
    let rows = kept();
    let plain = plain(HUBER);
    let wanted = fitted(&written(&rows), &plain);
    let mut random = Random::new(12);
    for factor in [
        1.0 / std::f64::consts::LN_2,
        random.log_between(1e-9, 1.0),
        random.log_between(1.0, 1e9),
    ] {
        let scaled: Vec<[f64; 3]> = rows
            .iter()
            .map(|[n, d, loss]| [*n, *d, loss * factor])
            .collect();
        let found = fitted(&written(&scaled), &plain);
        let what = format!("loss × {factor:e}");
        for name in ["alpha", "beta"] {
            close(coef(&found, name), coef(&wanted, name), 1e-7, &what);
        }
        for name in ["E", "A", "B"] {
            close(
                coef(&found, name),
                factor * coef(&wanted, name),
                1e-7,
                &what,
            );
        }
        close(found.objective.value, wanted.objective.value, 1e-10, &what);
    }
}

#[test]
fn equal_weights_of_any_size_change_only_the_objective() {
    let rows = kept();
    let wanted = fitted(&written(&rows), &plain(HUBER));
    let options = FitOptions {
        weights: Some("w".to_owned()),
        ..plain(HUBER)
    };
    let mut random = Random::new(13);
    let between: Vec<f64> = (0..6).map(|_| random.log_between(1e-9, 1e9)).collect();
    for weight in [1e-9, 1e9].into_iter().chain(between) {
        let line = |[n, d, loss]: &[f64; 3]| format!("{n:e},{d:e},{loss:e},{weight:e}\n");
        let text = String::from("N,D,L,w\n") + &rows.iter().map(line).collect::<String>();
        let found = fitted(&csv(&text), &options);
        for (name, estimate) in &wanted.coefs {
            close(
                coef(&found, name),
                estimate.value,
                1e-9,
                &format!("weight {weight:e}, {name}"),
            );
        }
        close(
            found.objective.value,
            weight * wanted.objective.value,
            1e-12,
            "objective",
        );
    }
}

#[test]
fn a_weight_of_two_is_a_run_written_twice() {
    let rows = kept();
    let twice: Vec<[f64; 3]> = rows.iter().chain(&rows[..60]).copied().collect();
    // Copies of a run are left out unless they differ somewhere.
    let line = |(k, [n, d, loss]): (usize, &[f64; 3])| format!("{k},{n:e},{d:e},{loss:e}\n");
    let text =
        String::from("run,N,D,L\n") + &twice.iter().enumerate().map(line).collect::<String>();
    let wanted = fitted(&csv(&text), &plain(HUBER));
    let line = |(k, [n, d, loss]): (usize, &[f64; 3])| {
        format!("{n:e},{d:e},{loss:e},{}\n", if k < 60 { 2 } else { 1 })
    };
    let text = String::from("N,D,L,w\n") + &rows.iter().enumerate().map(line).collect::<String>();
    let options = FitOptions {
        weights: Some("w".to_owned()),
        ..plain(HUBER)
    };
    let found = fitted(&csv(&text), &options);
    assert_eq!((wanted.n, found.n), (300, 240));
    for (name, estimate) in &wanted.coefs {
        close(coef(&found, name), estimate.value, 1e-9, name);
    }
}

/// Coefficients to ten digits, not bytes: a sum of 240 terms in another order rounds otherwise, and the starts are
/// screened and solved by such sums.
#[test]
fn the_order_of_rows_changes_nothing() {
    let mut rows = kept();
    let wanted = fitted(&written(&rows), &plain(HUBER));
    let mut random = Random::new(14);
    for case in 0..8 {
        random.shuffle(&mut rows);
        let found = fitted(&written(&rows), &plain(HUBER));
        for (name, estimate) in &wanted.coefs {
            close(
                coef(&found, name),
                estimate.value,
                1e-10,
                &format!("order {case}, {name}"),
            );
        }
        close(
            found.objective.value,
            wanted.objective.value,
            1e-12,
            "objective",
        );
    }
}

fn resampled(seed: u64) -> FitOptions {
    FitOptions {
        uncertainty: Uncertainty::Bootstrap { resamples: 200 },
        seed,
        ..plain(HUBER)
    }
}

#[test]
fn threads_change_no_byte() {
    let runs = written(&kept());
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool of threads");
        pool.install(|| bytes(&fitted(&runs, &resampled(5))))
    };
    let one = with(1);
    assert!(one == with(2), "two threads");
    assert!(one == with(7), "seven threads");
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_other_draws() {
    let runs = written(&kept());
    let (first, again, other) = (
        fitted(&runs, &resampled(1)),
        fitted(&runs, &resampled(1)),
        fitted(&runs, &resampled(2)),
    );
    assert!(bytes(&first) == bytes(&again));
    assert_eq!(first.joint.draws.len(), other.joint.draws.len());
    assert!(
        first
            .joint
            .draws
            .iter()
            .zip(&other.joint.draws)
            .all(|(a, b)| a != b)
    );
    assert_eq!(first.joint.at, other.joint.at, "the optimum has no seed");
}

#[test]
fn a_fit_is_read_back_as_it_was_written() {
    let runs = written(&kept());
    for options in [
        resampled(3),
        plain(HUBER),
        plain("abs-log"),
        plain("student-log:4"),
    ] {
        let fit = fitted(&runs, &options);
        let text = bytes(&fit);
        let mut again: Fit = serde_json::from_str(&text).expect("a fit can be read");
        // The file carries a digest of the fit, which the fit itself has not.
        assert_eq!(again.digest.take(), Some(fit.own_digest()));
        assert!(again == fit, "{:?}", options.objective);
        assert!(bytes(&again) == text, "{:?}", options.objective);
    }
}

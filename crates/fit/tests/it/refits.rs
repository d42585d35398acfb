//! Refits without some runs against fits of the others from the start.

use crate::support::{csv, plain, table};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, fit, refits};
use isoflop_law::Law;

fn chinchilla() -> Law {
    Law::builtin("chinchilla").expect("in the catalogue")
}

/// Sixty runs of the sweep.
fn runs() -> RunTable {
    let all = table("simulated/sweep.csv", Some("loss < 3.44"));
    let rows: Vec<usize> = (0..all.rows()).step_by(4).collect();
    all.subset(&rows)
}

/// The fit, and the optimum without some runs: by a refit, and from the start.
fn both(runs: &RunTable, options: &FitOptions, drop: &[usize]) -> (Fit, Vec<f64>, Vec<f64>) {
    let law = chinchilla();
    let found = fit(&law, runs, options).expect("fits");
    let without = refits(&law, runs, &found, |r| r.without(&[drop.to_vec()]));
    let again = without
        .expect("can be repeated")
        .remove(0)
        .expect("settles");
    let kept: Vec<usize> = (0..runs.rows()).filter(|i| !drop.contains(i)).collect();
    let anew = fit(&law, &runs.subset(&kept), options).expect("fits");
    (found, again, anew.joint.at)
}

#[test]
fn the_optimum_without_runs_is_that_of_the_others_from_the_start() {
    let runs = runs();
    for objective in [
        "huber-log:1e-3",
        "squared-log",
        "soft-l1-log:0.01",
        "abs-log",
        "student-log:3",
    ] {
        for drop in [vec![0], vec![3, 17, 40]] {
            let (found, again, anew) = both(&runs, &plain(objective), &drop);
            for ((a, b), name) in again.iter().zip(&anew).zip(&found.joint.coordinates) {
                assert!(
                    (a - b).abs() < 1e-5 * (1.0 + b.abs()),
                    "{objective}, without {drop:?}, {name}: {a} for {b}"
                );
            }
        }
    }
}

#[test]
fn weights_stay_with_their_runs() {
    let text = {
        let mut text = "params,tokens,loss,w\n".to_owned();
        for (k, row) in [
            (1e8, 1e9, 3.4),
            (1e8, 1e10, 2.9),
            (4e8, 4e9, 2.85),
            (4e8, 4e10, 2.5),
            (2e9, 1e10, 2.6),
            (2e9, 1e11, 2.25),
            (8e9, 2e10, 2.45),
            (8e9, 4e11, 2.05),
        ]
        .iter()
        .enumerate()
        {
            text.push_str(&format!("{},{},{},{}\n", row.0, row.1, row.2, 1 + k % 3));
        }
        text
    };
    let options = FitOptions {
        weights: Some("w".to_owned()),
        ..plain("squared-log")
    };
    let (_, again, anew) = both(&csv(&text), &options, &[2]);
    for (a, b) in again.iter().zip(&anew) {
        assert!(
            (a - b).abs() < 1e-5 * (1.0 + b.abs()),
            "{again:?} for {anew:?}"
        );
    }
}

#[test]
fn the_objective_at_the_optimum_is_that_of_the_fit_and_larger_elsewhere() {
    let (law, runs) = (chinchilla(), runs());
    for objective in ["huber-log:2mad", "abs-log", "student-log:3", "squared"] {
        let found = fit(&law, &runs, &plain(objective)).expect("fits");
        let mut off = found.joint.at.clone();
        off[3] += 0.01;
        let asked = refits(&law, &runs, &found, |r| {
            (r.objective(&found.joint.at), r.objective(&off))
        });
        let (here, there) = asked.expect("can be repeated");
        let gap = (here - found.objective.value).abs() / found.objective.value.abs();
        assert!(
            gap < 1e-9,
            "{objective}: {here} for {}",
            found.objective.value
        );
        assert!(there > here, "{objective}");
    }
}

#[test]
fn a_table_of_other_runs_and_too_few_runs_give_none() {
    let (law, runs) = (chinchilla(), runs());
    let found = fit(&law, &runs, &plain("squared-log")).expect("fits");
    let fewer = runs.subset(&(0..20).collect::<Vec<_>>());
    assert!(refits(&law, &fewer, &found, |_| ()).is_none());
    let all_but_four: Vec<usize> = (4..runs.rows()).collect();
    let left = refits(&law, &runs, &found, |r| r.without(&[all_but_four]));
    assert_eq!(left.map(|l| l[0].is_none()), Some(true));
}

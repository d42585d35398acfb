//! What is no fault: columns, states and curves that were once taken for one.

use crate::support::{Run, TRUTH, check_of, grid, is_clear, rule, said, surface, usual};
use isoflop_base::Severity;
use isoflop_check::{Check, Outcome};

fn codes(check: &Check) -> Vec<&str> {
    check.findings.iter().map(|f| f.code.as_str()).collect()
}

#[test]
fn a_learning_rate_that_falls_within_runs_is_no_setting() {
    let checkpoints: Vec<Run> = grid(6, 5, 0.003)
        .into_iter()
        .enumerate()
        .flat_map(|(i, run)| {
            [0.4, 0.7, 1.0].map(|done: f64| {
                let mut row = run.clone();
                row.tokens *= done;
                row.loss = surface(TRUTH, row.params, row.tokens);
                row.with("run_id", format!("run-{i}"))
                    .with("learning_rate", format!("{:e}", 1e-3 * (1.1 - done)))
            })
        })
        .collect();
    let check = check_of(&checkpoints);
    assert_eq!(
        rule(&check, "settings").outcome,
        Outcome::CannotTell,
        "{}",
        said(&check, "settings")
    );
}

#[test]
fn a_column_of_reasons_for_a_flag_is_no_source() {
    // The flag follows the loss itself, so that residuals differ by it.
    let runs: Vec<Run> = usual()
        .into_iter()
        .map(|run| {
            let high = run.loss > surface(TRUTH, run.params, run.tokens);
            run.with("flag_reason", if high { "loss too high" } else { "none" })
        })
        .collect();
    assert!(!codes(&check_of(&runs)).contains(&"mixed-sources"));
}

#[test]
fn one_measurement_under_two_labels_counts_once() {
    let runs: Vec<Run> = usual()
        .into_iter()
        .flat_map(|run| ["val", "valid"].map(|name| run.clone().with("split", name)))
        .collect();
    assert_eq!(check_of(&runs).n, usual().len());
}

#[test]
fn runs_without_noise_have_nothing_to_find_fault_with() {
    let mut runs = usual();
    for run in &mut runs {
        run.loss = surface(TRUTH, run.params, run.tokens);
    }
    let check = check_of(&runs);
    let grave: Vec<&str> = check
        .findings
        .iter()
        .filter(|f| f.severity >= Severity::Warning)
        .map(|f| f.code.as_str())
        .collect();
    assert!(grave.is_empty(), "{grave:?}");
    for name in ["outliers", "rungs", "residuals"] {
        assert!(is_clear(&check, name), "{}", said(&check, name));
    }
}

#[test]
fn one_loss_far_off_is_named_with_its_distance() {
    let mut runs = usual();
    runs[17].loss *= 1.06;
    let check = check_of(&runs);
    let found = &rule(&check, "outliers").findings;
    assert_eq!(found.len(), 1, "{}", said(&check, "outliers"));
    assert!(
        found[0].message.contains("runs.csv:19"),
        "{}",
        found[0].message
    );
}

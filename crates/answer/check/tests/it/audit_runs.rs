//! Rules about the runs: for each a table that it finds fault with, and one that it does not.

use crate::support::{
    Run, TRUTH, check_of, chinchilla, grid, is_clear, quick, rule, said, surface, table_called,
    usual,
};
use insta::assert_snapshot;
use isoflop_base::Severity;
use isoflop_check::{Checked, Outcome, check};
use isoflop_fit::fit;

#[test]
fn planted_runs_without_fault_raise_no_warning() {
    let check = check_of(&usual());
    let grave: Vec<String> = check
        .findings
        .iter()
        .filter(|f| f.severity >= Severity::Warning)
        .map(|f| format!("{}: {}", f.code, f.message))
        .collect();
    assert!(grave.is_empty(), "{grave:#?}");
    assert!(!check.says_no());
    for name in [
        "fitted",
        "units",
        "scales",
        "skipped",
        "sizes",
        "span",
        "freedom",
        "duplicates",
    ] {
        assert!(is_clear(&check, name), "{}", said(&check, name));
    }
}

#[test]
fn a_law_that_the_runs_cannot_determine_is_a_finding_and_not_a_crash() {
    let check = check_of(&usual()[..3]);
    assert_eq!(check.n, 0);
    assert!(check.says_no());
    assert_snapshot!(said(&check, "fitted"));
    // Nothing is said about a fit that is not there.
    assert_eq!(rule(&check, "influence").outcome, Outcome::NotAsked);
}

#[test]
fn sizes_in_millions_in_half_of_the_rows_are_found_and_the_fit_is_not_judged() {
    let runs: Vec<Run> = usual()
        .into_iter()
        .enumerate()
        .map(|(i, mut run)| {
            let flops = 6.0 * run.params * run.tokens;
            run.params *= if i % 2 == 0 { 1e-6 } else { 1.0 };
            run.with("flops", flops)
        })
        .collect();
    let check = check_of(&runs);
    assert_snapshot!(said(&check, "units"));
    assert_snapshot!(said(&check, "irreducible"), @"NotAsked: not asked: the runs are at fault (unit-mismatch)");
}

#[test]
fn perplexities_among_losses_are_found() {
    let mut runs = usual();
    for run in runs.iter_mut().step_by(3) {
        run.loss = run.loss.exp();
    }
    assert_snapshot!(said(&check_of(&runs), "scales"));
}

#[test]
fn rows_without_a_loss_are_counted_and_flagged_rows_named() {
    let runs: Vec<Run> = usual()
        .into_iter()
        .enumerate()
        .map(|(i, mut run)| {
            if i % 5 == 0 {
                run.loss = f64::NAN;
            }
            run.with("is_outlier", i == 8)
        })
        .collect();
    assert_snapshot!(said(&check_of(&runs), "skipped"));
}

#[test]
fn three_sizes_are_few() {
    assert_snapshot!(said(&check_of(&grid(3, 12, 0.003)), "sizes"));
}

#[test]
fn one_ratio_of_tokens_to_params_tells_no_size_from_data() {
    let mut runs = grid(8, 7, 0.003);
    for (i, run) in runs.iter_mut().enumerate() {
        let noise = run.loss / surface(TRUTH, run.params, run.tokens);
        run.tokens = run.params * (18.0 + (i % 7) as f64);
        run.loss = noise * surface(TRUTH, run.params, run.tokens);
    }
    assert_snapshot!(said(&check_of(&runs), "span"));
}

#[test]
fn a_dozen_runs_are_few_for_five_coefficients() {
    assert_snapshot!(said(&check_of(&grid(4, 3, 0.003)), "freedom"));
}

#[test]
fn checkpoints_of_one_run_are_not_taken_for_runs() {
    let checkpoints: Vec<Run> = grid(6, 5, 0.003)
        .into_iter()
        .enumerate()
        .flat_map(|(i, run)| {
            [0.05, 0.5, 1.0].map(|done| {
                let mut row = run.clone();
                row.tokens *= done;
                row.loss = surface(TRUTH, row.params, row.tokens);
                row.with("run_id", format!("run-{i}"))
                    .with("fraction_done", done)
            })
        })
        .collect();
    let check = check_of(&checkpoints);
    assert_snapshot!(said(&check, "checkpoints"));
    assert_snapshot!(said(&check, "schedule"));
    let finished: Vec<Run> = checkpoints.into_iter().skip(2).step_by(3).collect();
    let check = check_of(&finished);
    assert!(
        is_clear(&check, "checkpoints"),
        "{}",
        said(&check, "checkpoints")
    );
    assert!(is_clear(&check, "schedule"), "{}", said(&check, "schedule"));
}

#[test]
fn schedules_of_several_kinds_and_long_warmups_are_found() {
    let mixed: Vec<Run> = usual()
        .into_iter()
        .enumerate()
        .map(|(i, run)| {
            let kind = if i % 2 == 0 { "cosine" } else { "constant" };
            run.with("lr_schedule", kind)
                .with("warmup_steps", 2000)
                .with("total_steps", 4000 + 1000 * i)
        })
        .collect();
    assert_snapshot!(said(&check_of(&mixed), "schedule"));
    let check = check_of(&usual());
    assert_eq!(rule(&check, "schedule").outcome, Outcome::CannotTell);
}

#[test]
fn runs_beside_the_best_of_their_setting_are_counted() {
    let swept: Vec<Run> = grid(6, 5, 0.001)
        .into_iter()
        .flat_map(|run| {
            [1e-4, 1e-3, 1e-2].map(|lr: f64| {
                let mut row = run.clone();
                row.loss *= 1.0 + 0.02 * (lr / 1e-2).log10().abs();
                row.with("learning_rate", lr)
            })
        })
        .collect();
    assert_snapshot!(said(&check_of(&swept), "settings"));
    let best: Vec<Run> = swept.into_iter().skip(2).step_by(3).collect();
    let check = check_of(&best);
    assert!(is_clear(&check, "settings"), "{}", said(&check, "settings"));
}

#[test]
fn repeats_that_share_what_the_law_gets_wrong_are_found() {
    let repeated: Vec<Run> = grid(6, 5, 0.01)
        .into_iter()
        .flat_map(|run| {
            [0.9999, 1.0, 1.0001].map(|factor| {
                let mut row = run.clone();
                row.loss *= factor;
                row
            })
        })
        .collect();
    assert_snapshot!(said(&check_of(&repeated), "duplicates"));
}

#[test]
fn data_seen_more_than_once_are_found() {
    let with_unique = |most: f64| -> Vec<Run> {
        usual()
            .into_iter()
            .enumerate()
            .map(|(i, run)| {
                let unique = run.tokens / if i % 2 == 0 { most } else { 1.0 };
                run.with("unique_tokens", unique)
            })
            .collect()
    };
    let check = check_of(&with_unique(8.0));
    assert_snapshot!(said(&check, "epochs"));
    assert_eq!(
        rule(&check, "epochs").findings[0].severity,
        Severity::Warning
    );
    let check = check_of(&with_unique(2.0));
    assert_eq!(rule(&check, "epochs").findings[0].severity, Severity::Info);
    assert!(is_clear(&check_of(&with_unique(1.0)), "epochs"));
}

#[test]
fn compute_of_params_without_embeddings_leaves_the_last_layer_out() {
    let with_flops = |factor: f64| -> Vec<Run> {
        usual()
            .into_iter()
            .map(|run| {
                // Attention: over 6ND as context over width, the width as the cube root of N.
                let attention = factor * (5e7 / run.params).cbrt();
                let flops = 6.0 * run.params * run.tokens * (1.0 + attention);
                run.with("flops", flops)
            })
            .collect()
    };
    // The header of these runs says params; another name is what makes the difference.
    let runs = table_called("params_non_embedding", &with_flops(0.0));
    let (law, options) = (chinchilla(), quick());
    let what = Checked {
        law: &law,
        table: Some(&runs),
        options: &options,
        points: &[],
        rivals: &[],
        backtest: None,
        changed: &[],
    };
    let found = fit(&law, &runs, &options);
    let check = check(&what, found).unwrap_or_else(|e| panic!("{e}"));
    assert_snapshot!(said(&check, "last-layer"));
    let check = check_of(&with_flops(0.0));
    assert!(
        is_clear(&check, "last-layer"),
        "{}",
        said(&check, "last-layer")
    );
    let check = check_of(&with_flops(0.5));
    assert!(
        is_clear(&check, "last-layer"),
        "{}",
        said(&check, "last-layer")
    );
    let mixed: Vec<Run> = with_flops(0.0)
        .into_iter()
        .enumerate()
        .map(|(i, run)| {
            run.with(
                "flop_convention",
                if i % 2 == 0 { "kaplan" } else { "standard" },
            )
        })
        .collect();
    assert_snapshot!(said(&check_of(&mixed), "last-layer"));
}

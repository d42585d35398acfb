//! `isoflop check` as its users run it: tables, saved fits, exit codes, pages.

use std::path::PathBuf;

use crate::program::{Folder, Said, isoflop};

fn shared(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    path.join(file).display().to_string()
}

/// The check as JSON.
fn check(file: &str, more: &[&str]) -> serde_json::Value {
    let path = shared(file);
    let mut args = vec!["check", &path, "--law", "chinchilla", "--json"];
    args.extend(more);
    let said = isoflop(&args);
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}{}", said.out, said.err))
}

fn codes(check: &serde_json::Value) -> Vec<&str> {
    let findings = check["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect()
}

fn finding<'c>(check: &'c serde_json::Value, code: &str) -> &'c serde_json::Value {
    let findings = check["findings"].as_array().unwrap();
    findings
        .iter()
        .find(|f| f["code"] == code)
        .unwrap_or_else(|| panic!("no {code} among {:?}", codes(check)))
}

#[test]
fn the_runs_that_move_beta_of_the_chinchilla_points_are_named() {
    let check = check(
        "chinchilla_epoch/chinchilla.csv",
        &["--uncertainty", "bootstrap:200"],
    );
    let found = &finding(&check, "runs-decide")["evidence"];
    let close = |name: &str, wanted: f64| (found[name].as_f64().unwrap() - wanted).abs() < 5e-4;
    // All 245 points, and what is left without five: the published figures are 0.4530 and 0.3672. Three do most of it.
    assert!(
        close("value", 0.4530) && close("value_without_most", 0.3672),
        "{found}"
    );
    assert!(found["value_without"].as_f64().unwrap() < 0.39, "{found}");
    assert!(
        found["optimal_size_ratio"].as_f64().unwrap() < 0.8,
        "{found}"
    );
    assert_eq!(check["schema"], "isoflop.check/1");
    assert_eq!(check["backtest"].as_array().map(Vec::len), Some(0));
}

#[test]
fn rounded_published_coefficients_have_four_times_the_objective() {
    let keep = ["--where", "not excluded_in_refit", "--uncertainty", "none"];
    let check = check("chinchilla_epoch/chinchilla.csv", &keep);
    let found = &finding(&check, "published-rounding")["evidence"];
    // 0.004121009136 over 0.0010182740178006, both known to all digits.
    assert!(
        (found["objective_ratio"].as_f64().unwrap() - 4.047_053).abs() < 1e-5,
        "{found}"
    );
    assert_eq!(found["published"], "paper");
    finding(&check, "corner-below-resolution");
}

#[test]
fn faulty_tables_are_known_by_their_findings() {
    for (file, code, severity) in [
        (
            "messy/params_in_millions_half.csv",
            "unit-mismatch",
            "error",
        ),
        ("messy/mixed_loss_scales.csv", "mixed-loss-scales", "error"),
        ("messy/steps_called_tokens.csv", "tokens-per-param", "error"),
        (
            "messy/flops_forward_only.csv",
            "forward-only-flops",
            "warning",
        ),
        ("messy/one_model_size.csv", "not-fitted", "error"),
        ("messy/three_runs.csv", "not-fitted", "error"),
    ] {
        let check = check(file, &["--uncertainty", "none"]);
        assert_eq!(finding(&check, code)["severity"], severity, "{file}");
    }
}

#[test]
fn real_sweeps_are_told_by_their_own_weaknesses() {
    for (file, more, wanted) in [
        (
            "misfitting_runs/final.csv",
            vec![],
            vec!["unselected-runs", "definition-of-n"],
        ),
        (
            "misfitting_runs/checkpoints.csv",
            vec![],
            vec![
                "checkpoints-as-runs",
                "early-checkpoints",
                "schedule-not-matched",
            ],
        ),
        (
            "porian_refinedweb/isoflop_points.csv",
            vec![],
            vec![
                "mixed-schedules",
                "mixed-flop-conventions",
                "mixed-sources",
                "isoflop-bias",
            ],
        ),
        (
            "porian_refinedweb/isoflop_points.csv",
            vec!["--where", "experiment == \"rw_5_tuned_no_decay\""],
            vec!["floor-above-runs", "residual-trend"],
        ),
        (
            "datablations/runs.csv",
            vec![],
            vec!["repeated-data", "diverged-runs"],
        ),
        (
            "gadre_overtraining/models.csv",
            vec!["--map", "loss=loss_c4_val"],
            vec!["mixed-sources", "definition-of-n", "residual-trend"],
        ),
        (
            "steplaw_dense/runs.csv",
            vec![],
            vec![
                "unselected-runs",
                "last-layer-flop",
                "narrow-range",
                "diverged-runs",
            ],
        ),
        (
            "isoflops/isoflops.csv",
            vec![],
            vec!["mixed-sources", "flagged-rows-used"],
        ),
    ] {
        let more = [vec!["--uncertainty", "none"], more].concat();
        let check = check(file, &more);
        for code in wanted {
            finding(&check, code);
        }
    }
}

#[test]
fn strict_says_no_with_its_own_exit_code() {
    let said = |more: &[&str]| {
        let args = ["check", "simulated-ladder", "--law", "chinchilla"];
        isoflop(&[&args[..], more].concat())
    };
    let loose = |s: &Said| s.code;
    assert_eq!(loose(&said(&["--strict"])), 0);
    assert_eq!(loose(&said(&["--uncertainty", "none"])), 0);
    assert_eq!(loose(&said(&["--uncertainty", "none", "--strict"])), 3);
}

#[test]
fn a_saved_fit_is_checked_with_its_tables_and_without() {
    let folder = Folder::new("check-saved");
    let text = isoflop(&["data", "show", "simulated-ladder"]).out;
    folder.file("runs.csv", text.as_bytes());
    let fitted = folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        "chinchilla",
        "-q",
        "-o",
        "fit.json",
    ]);
    assert_eq!(fitted.code, 0, "{}", fitted.err);
    let direct = folder.run(&["check", "runs.csv", "--law", "chinchilla", "--json"]);
    let saved = folder.run(&["check", "fit.json", "--json"]);
    assert_eq!(saved.out, direct.out);
    let lines: Vec<&str> = text.lines().collect();
    folder.file(
        "runs.csv",
        (lines[..lines.len() - 1].join("\n") + "\n").as_bytes(),
    );
    assert!(
        folder
            .run(&["check", "fit.json"])
            .out
            .contains("tables-changed")
    );
    std::fs::remove_file(folder.path().join("runs.csv")).unwrap();
    let gone = folder.run(&["check", "fit.json", "--strict"]);
    assert!(
        gone.code == 3 && gone.out.contains("tables-gone"),
        "{}",
        gone.out
    );
}

#[test]
fn the_page_holds_the_checklist_and_points_are_measured() {
    let folder = Folder::new("check-page");
    let args = [
        "check",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "--at",
        "N=70B,D=1.4T",
        "-o",
        "check.md",
        "-o",
        "check.csv",
    ];
    let said = folder.run(&args);
    assert_eq!(said.code, 0, "{}", said.err);
    let words = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("orders of magnitude above the largest C of the runs"),
        "{words}"
    );
    let page = folder.read("check.md");
    for words in [
        "# Check of",
        "## Findings",
        "## Reporting checklist",
        "for the author to say",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(
        folder
            .read("check.csv")
            .starts_with("severity,code,message,evidence,advice,source")
    );
}

#[test]
fn the_same_check_has_the_same_bytes_at_any_number_of_threads() {
    let said = |threads: &str| {
        let path = shared("isoflops/isoflops.csv");
        isoflop(&[
            "check",
            &path,
            "--law",
            "chinchilla",
            "--json",
            "--uncertainty",
            "bootstrap:50",
            "--threads",
            threads,
        ])
        .out
    };
    assert_eq!(said("1"), said("2"));
}

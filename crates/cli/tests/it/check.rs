//! `isoflop check` as its users run it: tables, saved fits, exit codes, pages.

use isoflop_testkit::testdata;

use crate::checked::{check, finding};
use crate::program::{Folder, isoflop};

#[test]
fn a_sweep_is_told_by_its_resolution_and_its_flagged_rows() {
    let huber = ["--objective", "huber-log:1e-3", "--uncertainty", "none"];
    let check = check(&testdata("simulated/sweep.csv"), &huber);
    finding(&check, "corner-below-resolution");
    let flagged = finding(&check, "flagged-rows-used")["message"].clone();
    assert!(
        flagged.as_str().unwrap().starts_with("5 of 245 rows"),
        "{flagged}"
    );
    assert_eq!(check["schema"], "isoflop.check/1");
    assert!(check["backtest"].is_array() && check["ranking"].is_array());
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
        (
            "messy/flops_forward_only.csv",
            "forward-only-flops",
            "warning",
        ),
        ("messy/one_model_size.csv", "not-fitted", "error"),
        ("messy/three_runs.csv", "not-fitted", "error"),
    ] {
        let check = check(&testdata(file), &["--uncertainty", "none"]);
        assert_eq!(finding(&check, code)["severity"], severity, "{file}");
    }
}

#[test]
fn real_sweeps_are_told_by_their_own_weaknesses() {
    for (file, more, wanted) in [
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
    ] {
        let more = [vec!["--uncertainty", "none"], more].concat();
        let check = check(&testdata(file), &more);
        for code in wanted {
            finding(&check, code);
        }
    }
}

#[test]
fn steps_called_tokens_are_refused_with_what_mends_them() {
    let file = testdata("messy/steps_called_tokens.csv");
    let said = isoflop(&[
        "check",
        file.to_str().expect("a name in UTF-8"),
        "--law",
        "chinchilla",
    ]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.contains("D*TOKENS_PER_STEP"), "{}", said.err);
}

#[test]
fn strict_says_no_with_its_own_exit_code() {
    let said = |more: &[&str]| {
        let args = ["check", "simulated-ladder", "--law", "chinchilla"];
        isoflop(&[&args[..], more].concat())
    };
    // Two runs of that table are wrong on purpose.
    let clean = ["--without", "simulated-ladder:22,57"];
    let cleaned = |more: &[&str]| said(&[&clean[..], more].concat()).code;
    assert_eq!(said(&["--strict"]).code, 3);
    assert_eq!(cleaned(&["--strict"]), 0);
    assert_eq!(cleaned(&["--uncertainty", "none"]), 0);
    assert_eq!(cleaned(&["--uncertainty", "none", "--strict"]), 3);
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
        "root mean square error of runs beyond",
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
        let path = testdata("porian_refinedweb/isoflop_points.csv");
        let path = path.display().to_string();
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

//! No output is written over an input: every verb, every option that writes, every way to name one file twice.

use crate::program::{Folder, Said};

/// A refused output: nothing on standard output, and the input as it was.
#[track_caller]
fn refused(folder: &Folder, input: &str, args: &[&str]) -> Said {
    let before = folder.bytes(input);
    let said = folder.run(args);
    assert_eq!(
        (said.code, said.out.as_str()),
        (1, ""),
        "{args:?}: {}",
        said.err
    );
    assert!(
        said.err.contains("output-is-input"),
        "{args:?}: {}",
        said.err
    );
    assert_eq!(folder.bytes(input), before, "{args:?}");
    said
}

const RUNS: &[u8] =
    b"params,tokens,loss\n1e7,2e8,4.5\n1e8,2e9,3.4\n1e9,2e10,2.8\n1e9,3e10,2.7\n1e8,3e10,3.1\n1e7,1e9,3.9\n";

#[test]
fn every_verb_spares_its_inputs() {
    let folder = Folder::with_fit("spare-verbs");
    folder
        .file("runs.csv", RUNS)
        .file("law.toml", b"formula = \"L = E\"\n");
    let law = "L = E + B/D^beta";
    for args in [
        ["fit", "runs.csv", "--law", law, "-o", "./runs.csv"].as_slice(),
        &[
            "fit",
            "simulated-ladder",
            "--law",
            "law.toml",
            "-o",
            "law.toml",
        ],
        &["fit", "runs.csv", "--recipe", "isoflop", "-o", "runs.csv"],
        &[
            "predict",
            "fit.json",
            "--at",
            "N=1e9,D=1e10",
            "-o",
            "fit.json",
        ],
        &[
            "predict",
            "fit.json",
            "--at-file",
            "runs.csv",
            "-o",
            "runs.csv",
        ],
        &["check", "runs.csv", "--law", law, "--keep", "runs.csv"],
        &["check", "runs.csv", "--law", law, "-o", "runs.csv"],
        &["plan", "fit.json", "--compute", "1e22", "-o", "fit.json"],
        &["report", "fit.json", "-o", "fit.json"],
        &["report", "runs.csv", "--law", law, "-o", "runs.csv"],
        &["verify", "fit.json", "-o", "fit.json"],
        &["laws", "show", "law.toml", "-o", "law.toml"],
    ] {
        let file = args[args.len() - 1].trim_start_matches("./");
        refused(&folder, file, args);
    }
}

#[test]
fn the_truth_of_a_ledger_is_spared() {
    let folder = Folder::with_fit("spare-truth");
    let record = [
        "predict",
        "fit.json",
        "--at",
        "N=1e9,D=1e10",
        "--record",
        "l.jsonl",
        "--name",
        "a",
    ];
    assert_eq!(folder.run(&record).code, 0);
    folder.file("truth.csv", b"name,loss\na,3.0\n");
    refused(
        &folder,
        "truth.csv",
        &[
            "check",
            "l.jsonl",
            "--truth",
            "truth.csv",
            "-o",
            "truth.csv",
        ],
    );
    refused(
        &folder,
        "l.jsonl",
        &["check", "l.jsonl", "--truth", "l.jsonl"],
    );
}

#[test]
fn folders_and_patterns_hold_their_files() {
    let folder = Folder::new("spare-folder");
    std::fs::create_dir(folder.path().join("runs")).unwrap();
    folder.file("runs/a.csv", RUNS);
    let law = "L = E + B/D^beta";
    for input in ["runs", "runs/", "runs/*.csv", "./runs/../runs"] {
        refused(
            &folder,
            "runs/a.csv",
            &["fit", input, "--law", law, "-o", "runs/a.csv"],
        );
    }
    // The next call would read it as a table of runs.
    refused(
        &folder,
        "runs/a.csv",
        &["fit", "runs", "--law", law, "-o", "runs/new.csv"],
    );
    let said = folder.run(&["fit", "runs", "--law", law, "-q", "-o", "runs/fit.json"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn the_tables_of_a_saved_fit_are_inputs() {
    let folder = Folder::new("spare-tables");
    folder.file("runs.csv", RUNS);
    let law = "L = E + B/D^beta";
    let fit = ["fit", "runs.csv", "--law", law, "-q", "-o", "fit.json"];
    assert_eq!(folder.run(&fit).code, 0);
    for verb in ["report", "check", "verify"] {
        refused(&folder, "runs.csv", &[verb, "fit.json", "-o", "runs.csv"]);
    }
}

#[test]
fn a_plan_file_names_its_inputs() {
    let folder = Folder::with_fit("spare-plan");
    folder.file("plan.toml", b"laws = [\"fit.json\"]\ncompute = [1e22]\n");
    refused(
        &folder,
        "fit.json",
        &["plan", "plan.toml", "-o", "fit.json"],
    );
    refused(
        &folder,
        "plan.toml",
        &["plan", "plan.toml", "-o", "plan.toml"],
    );
}

#[test]
fn two_outputs_have_two_names() {
    let folder = Folder::with_fit("spare-two");
    let args = [
        "plan",
        "fit.json",
        "--compute",
        "1e22",
        "-o",
        "a.md",
        "-o",
        "./a.md",
    ];
    let said = folder.run(&args);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("same-output"), "{}", said.err);
    assert!(!folder.has("a.md"));
}

#[cfg(unix)]
#[test]
fn links_are_seen_through() {
    let folder = Folder::new("spare-links");
    folder.file("runs.csv", RUNS);
    let at = |name: &str| folder.path().join(name);
    std::os::unix::fs::symlink("runs.csv", at("soft.csv")).unwrap();
    std::fs::hard_link(at("runs.csv"), at("hard.csv")).unwrap();
    let law = "L = E + B/D^beta";
    for (input, output) in [
        ("runs.csv", "soft.csv"),
        ("soft.csv", "runs.csv"),
        ("runs.csv", "hard.csv"),
        ("soft.csv", "hard.csv"),
    ] {
        refused(
            &folder,
            "runs.csv",
            &["fit", input, "--law", law, "-o", output],
        );
    }
}

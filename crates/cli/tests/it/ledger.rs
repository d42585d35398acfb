//! Forecasts on record: `predict --record` and `check LEDGER` as their users run them.

use crate::program::{Folder, Said};

fn record(folder: &Folder, names: &[&str]) -> Said {
    let mut args = vec![
        "predict",
        "fit.json",
        "--record",
        "ledger.jsonl",
        "--date",
        "2026-03-01",
    ];
    for (name, at) in names.iter().zip(["N=10B,D=200B", "N=20B,D=400B"]) {
        args.extend(["--name", name, "--at", at]);
    }
    folder.run(&args)
}

#[test]
fn a_forecast_is_kept_scored_when_the_run_arrives_and_kept_again() {
    let folder = Folder::with_fit("ledger");
    let said = record(&folder, &["big", "bigger"]);
    assert!(
        said.code == 0 && said.out.contains("Recorded in"),
        "{}{}",
        said.out,
        said.err
    );
    let before = folder.read("ledger.jsonl");
    assert_eq!(before.lines().count(), 2);
    folder.file("truth.csv", b"run,params,tokens,loss\nbig,10B,200B,2.10\n");
    let args = ["check", "ledger.jsonl", "--truth", "truth.csv", "--json"];
    let said = folder.run(&args);
    let check: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(check["schema"], "isoflop.ledger/1");
    let score = &check["forecasts"][0]["score"];
    assert_eq!(score["observed"], 2.10);
    assert!(
        score["crps"].as_f64().unwrap() > 0.0 && score["z"].is_f64(),
        "{score}"
    );
    assert_eq!(check["unscored"][0]["name"], "bigger");
    let after = folder.read("ledger.jsonl");
    assert!(after.starts_with(&before), "lines are added, never changed");
    assert_eq!(after.lines().count(), 3);
    // Scoring again adds nothing and says the same.
    let again: serde_json::Value = serde_json::from_str(&folder.run(&args).out).unwrap();
    assert_eq!(folder.read("ledger.jsonl"), after);
    assert_eq!(again["calibration"], check["calibration"]);
    let text = folder.run(&["check", "ledger.jsonl"]).out;
    assert!(
        text.contains("2 forecasts on record, 1 scored, 0 of them now"),
        "{text}"
    );
}

#[test]
fn the_same_forecast_writes_the_same_line() {
    let folder = Folder::with_fit("ledger-bytes");
    record(&folder, &["big"]);
    let first = folder.read("ledger.jsonl");
    std::fs::remove_file(folder.path().join("ledger.jsonl")).unwrap();
    record(&folder, &["big"]);
    assert_eq!(folder.read("ledger.jsonl"), first);
}

#[test]
fn forecasts_recorded_at_the_same_time_follow_each_other() {
    let folder = Folder::with_fit("ledger-threads");
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d", "e", "f"] {
            let folder = &folder;
            scope.spawn(move || assert_eq!(record(folder, &[name]).code, 0));
        }
    });
    assert_eq!(folder.read("ledger.jsonl").lines().count(), 6);
    let said = folder.run(&["check", "ledger.jsonl"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn strict_says_no_to_forecasts_that_hold_too_seldom() {
    let folder = Folder::with_fit("ledger-strict");
    let mut truth = "run,params,tokens,loss\n".to_owned();
    for name in ["a", "b", "c", "d", "e"] {
        record(&folder, &[name]);
        truth.push_str(&format!("{name},10B,200B,1.9\n"));
    }
    assert_eq!(folder.run(&["check", "ledger.jsonl", "--strict"]).code, 0);
    folder.file("truth.csv", truth.as_bytes());
    let args = ["check", "ledger.jsonl", "--truth", "truth.csv", "--strict"];
    let said = folder.run(&args);
    assert!(
        said.code == 3 && said.out.contains("5 scored"),
        "{}{}",
        said.out,
        said.err
    );
}

#[test]
fn a_changed_ledger_is_refused_and_left_alone() {
    let folder = Folder::with_fit("ledger-broken");
    record(&folder, &["big", "bigger"]);
    let whole = folder.read("ledger.jsonl");
    for broken in [
        whole.replacen("\"name\":\"big\"", "\"name\":\"bug\"", 1),
        whole.lines().skip(1).map(|l| format!("{l}\n")).collect(),
    ] {
        folder.file("ledger.jsonl", broken.as_bytes());
        for said in [
            folder.run(&["check", "ledger.jsonl"]),
            record(&folder, &["third"]),
        ] {
            assert_eq!(said.code, 1);
            assert!(said.err.contains("broken-ledger"), "{}", said.err);
        }
        assert_eq!(folder.read("ledger.jsonl"), broken);
    }
}

#[test]
fn names_go_with_points_and_a_forecast_needs_a_distribution() {
    let folder = Folder::with_fit("ledger-names");
    let args = [
        "predict",
        "fit.json",
        "--at",
        "N=10B,D=200B",
        "--record",
        "l.jsonl",
    ];
    assert_eq!(folder.run(&args).code, 2);
    let two = [&args[..], &["--name", "a", "--name", "b"]].concat();
    let said = folder.run(&two);
    assert!(
        said.code == 1 && said.err.contains("2 names were given for 1 points"),
        "{}",
        said.err
    );
    let said = folder.run(&[
        "predict",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "--uncertainty",
        "none",
        "--at",
        "N=10B,D=200B",
        "--record",
        "l.jsonl",
        "--name",
        "a",
    ]);
    assert!(
        said.code == 1 && said.err.contains("no-distribution"),
        "{}",
        said.err
    );
    assert!(!folder.has("l.jsonl"));
}

#[test]
fn a_profile_shows_the_prediction_over_the_floor() {
    let folder = Folder::with_fit("profile");
    let said = folder.run(&[
        "predict",
        "fit.json",
        "--at",
        "N=70B,D=1.4T",
        "--profile",
        "E",
        "--json",
    ]);
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(found["schema"], "isoflop.predict/1");
    assert_eq!(found["profile"]["coef"], "E");
    assert_eq!(found["profile"]["rows"].as_array().map(Vec::len), Some(9));
    let text = folder
        .run(&[
            "predict",
            "fit.json",
            "--at",
            "N=70B,D=1.4T",
            "--profile",
            "E",
        ])
        .out;
    assert!(text.contains("How the prediction moves with E"), "{text}");
}

#[test]
fn a_torn_last_line_is_cut_off_and_told() {
    let folder = Folder::with_fit("ledger-torn");
    assert_eq!(record(&folder, &["big", "bigger"]).code, 0);
    let whole = folder.read("ledger.jsonl");
    let torn = &whole[..whole.len() - 30];
    folder.file("ledger.jsonl", torn.as_bytes());
    let said = folder.run(&["check", "ledger.jsonl", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("torn-ledger"), "{}", said.err);
    assert_eq!(
        folder.read("ledger.jsonl"),
        torn,
        "whoever only reads changes nothing"
    );
    let said = folder.run(&[
        "predict",
        "fit.json",
        "--record",
        "ledger.jsonl",
        "--date",
        "2026-03-01",
        "--name",
        "bigger",
        "--at",
        "N=20B,D=400B",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("torn-ledger"), "{}", said.err);
    assert_eq!(folder.read("ledger.jsonl"), whole);
}

#[test]
fn a_missing_line_end_loses_nothing() {
    let folder = Folder::with_fit("ledger-open");
    assert_eq!(record(&folder, &["big"]).code, 0);
    let first = folder.read("ledger.jsonl");
    folder.file("ledger.jsonl", first.trim_end().as_bytes());
    assert_eq!(record(&folder, &["bigger"]).code, 0);
    let text = folder.read("ledger.jsonl");
    assert!(
        text.starts_with(&first) && text.lines().count() == 2,
        "{text}"
    );
}

/// A limit of the size of files stops the writing in the middle, as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_ledger_as_it_was() {
    let folder = Folder::with_fit("ledger-full");
    let mut names = Vec::new();
    // Up to more than the limit below, a line at a time.
    while names.is_empty() || folder.read("ledger.jsonl").len() < 900 {
        let name = format!("run{}", names.len());
        assert_eq!(record(&folder, &[&name]).code, 0);
        names.push(name);
    }
    let before = folder.bytes("ledger.jsonl");
    let blocks = before.len() / 1024 + 1;
    let script = format!(
        "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" predict fit.json --record ledger.jsonl --name a --name b --name c \
         --name d --at N=1B,D=20B --at N=2B,D=20B --at N=3B,D=20B --at N=4B,D=20B"
    );
    let ended = std::process::Command::new("bash")
        .args(["-c", &script, env!("CARGO_BIN_EXE_isoflop")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{err}");
    assert!(err.contains("cannot-write"), "{err}");
    assert_eq!(folder.bytes("ledger.jsonl"), before);
}

/// A ledger with one forecast, and what a table of finished runs makes of it.
fn scored(test: &str, names: &[&str], truth: &str) -> (Folder, serde_json::Value) {
    let folder = Folder::with_fit(test);
    assert_eq!(record(&folder, names).code, 0);
    folder.file("truth.csv", truth.as_bytes());
    let said = folder.run(&["check", "ledger.jsonl", "--truth", "truth.csv", "--json"]);
    let check = serde_json::from_str(&said.out).unwrap();
    (folder, check)
}

#[test]
fn a_truth_in_bits_is_held_against_a_forecast_in_nats() {
    let truth = "run,params,tokens,loss_bits\nbig,10B,200B,3.0\n";
    let (_, check) = scored("ledger-bits", &["big"], truth);
    let observed = check["forecasts"][0]["score"]["observed"].as_f64().unwrap();
    assert!(
        (observed - 3.0 * std::f64::consts::LN_2).abs() < 1e-12,
        "{observed}"
    );
    // A byte is no token: nothing converts one into the other.
    let truth = "run,params,tokens,loss (bits/byte)\nbig,10B,200B,0.9\n";
    let (_, check) = scored("ledger-bytes-unit", &["big"], truth);
    let reason = check["unscored"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("bits/byte") && reason.contains("nats/token"),
        "{reason}"
    );
}

#[test]
fn a_run_of_the_name_with_other_inputs_is_not_the_forecast() {
    let truth = "run,params,tokens,loss\nbig,20B,200B,2.0\n";
    let (_, check) = scored("ledger-other", &["big"], truth);
    let reason = check["unscored"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("other inputs"), "{reason}");
}

#[test]
fn a_run_that_was_forecast_twice_counts_once() {
    let folder = Folder::with_fit("ledger-twice");
    assert_eq!(record(&folder, &["big"]).code, 0);
    assert_eq!(record(&folder, &["big"]).code, 0);
    folder.file("truth.csv", b"run,params,tokens,loss\nbig,10B,200B,2.0\n");
    let said = folder.run(&["check", "ledger.jsonl", "--truth", "truth.csv", "--json"]);
    let check: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(check["forecasts"].as_array().unwrap().len(), 2);
    assert_eq!(check["calibration"]["scored"], 1);
}

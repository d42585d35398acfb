//! Exit codes of results that must not be used, and saved fits that are not as they were saved.

use crate::program::Folder;
use isoflop::{Fit, FitOptions, Law, ReadOptions, Status, dataset, fit, read, report::json};

fn found() -> Fit {
    let set = dataset("simulated-ladder").unwrap();
    let table = read(&[set.input()], &ReadOptions::default()).unwrap();
    let law = Law::builtin("chinchilla").unwrap();
    fit(&law, &table, &FitOptions::default()).unwrap()
}

#[test]
fn a_fit_that_did_not_converge_is_refused_with_exit_3() {
    let folder = Folder::new("unusable");
    let mut fit = found();
    fit.status = Status::NotConverged;
    folder.file("fit.json", json::text(&fit).as_bytes());
    for args in [
        ["predict", "fit.json", "--at", "N=1e10,D=1e11"].as_slice(),
        &["plan", "fit.json", "--compute", "1e22"],
        &[
            "predict",
            "fit.json",
            "--at",
            "N=1e10,D=1e11",
            "--record",
            "l.jsonl",
            "--name",
            "a",
        ],
    ] {
        let said = folder.run(args);
        assert_eq!((said.code, said.out.as_str()), (3, ""), "{}", said.err);
        assert!(said.err.contains("must not be used"), "{}", said.err);
    }
    assert!(
        !folder.has("l.jsonl"),
        "no forecast of a fit that must not be used"
    );
    let said = folder.run(&["report", "fit.json", "--no-check"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.out.contains("There is no answer yet"), "{}", said.out);
}

#[test]
fn a_fit_with_an_error_among_its_notes_is_refused_with_exit_3() {
    let folder = Folder::new("unusable-note");
    let mut fit = found();
    fit.notes.push(isoflop::Note {
        code: "impossible-units".to_owned(),
        severity: isoflop::Severity::Error,
        message: "a model of 0.06 parameters".to_owned(),
        evidence: Vec::new(),
        advice: String::new(),
    });
    folder.file("fit.json", json::text(&fit).as_bytes());
    let said = folder.run(&["plan", "fit.json", "--compute", "1e22"]);
    assert_eq!(said.code, 3);
    assert!(
        said.err.contains("a model of 0.06 parameters"),
        "{}",
        said.err
    );
}

/// Changes one place of a saved fit, and gives what every verb says.
fn changed(folder: &Folder, change: impl Fn(&mut serde_json::Value)) -> Vec<(i32, String)> {
    let mut value: serde_json::Value = serde_json::from_str(&folder.read("fit.json")).unwrap();
    change(&mut value);
    folder.file(
        "changed.json",
        serde_json::to_string(&value).unwrap().as_bytes(),
    );
    let verbs = [
        ["predict", "changed.json", "--at", "N=1e10,D=1e11"].as_slice(),
        &["plan", "changed.json", "--compute", "1e22"],
        &["report", "changed.json"],
        &["check", "changed.json"],
        &["verify", "changed.json"],
    ];
    let said = verbs.iter().map(|args| folder.run(args));
    said.map(|s| (s.code, s.err)).collect()
}

#[test]
fn an_edited_fit_is_refused_by_every_verb() {
    let folder = Folder::with_fit("edited");
    for change in [
        |v: &mut serde_json::Value| v["coefs"]["E"]["value"] = 1.0.into(),
        |v: &mut serde_json::Value| v["joint"]["at"][0] = 0.5.into(),
        |v: &mut serde_json::Value| v["n"] = 7.into(),
        |v: &mut serde_json::Value| v["residuals"]["rms"] = 1e-9.into(),
        |v: &mut serde_json::Value| v["digest"] = "0".into(),
    ] {
        for (code, err) in changed(&folder, change) {
            assert_eq!(code, 1, "{err}");
            assert!(
                err.contains("broken-fit") && err.contains("edited"),
                "{err}"
            );
        }
    }
}

#[test]
fn a_fit_without_a_digest_is_checked_by_its_parts() {
    let folder = Folder::with_fit("unsealed");
    let bare = |v: &mut serde_json::Value| {
        v.as_object_mut().unwrap().remove("digest");
    };
    let said = changed(&folder, bare);
    assert!(said.iter().all(|(code, _)| *code == 0), "{said:?}");
    // Every answer says that the fit may have been edited.
    for args in [
        ["predict", "changed.json", "--at", "N=1e10,D=1e11"].as_slice(),
        &["plan", "changed.json", "--compute", "1e22"],
        &["check", "changed.json"],
    ] {
        let said = folder.run(args);
        assert!(said.out.contains("no-digest"), "{args:?}: {}", said.out);
    }
    type Change = fn(&mut serde_json::Value);
    let changes: [(&str, Change); 9] = [
        ("coefficient E", |v| v["coefs"]["E"]["value"] = 1.0.into()),
        ("covariance", |v| {
            v["joint"]["covariance"][0][0] = (-1.0).into()
        }),
        ("covariance", |v| {
            v["joint"]["covariance"][1][0] = 7.0.into()
        }),
        ("draw", |v| {
            v["joint"]["draws"][0] = serde_json::json!([1.0])
        }),
        ("corner", |v| v["objective"]["delta"] = (-1.0).into()),
        ("responses", |v| {
            v["points"]["inputs"]["N"] = serde_json::json!([])
        }),
        ("level", |v| v["uncertainty"]["level"] = 2.0.into()),
        ("law inside", |v| {
            v["law"]["text"] = "formula = \"L = E\"".into()
        }),
        ("standard error", |v| v["coefs"]["E"]["se"] = (-1.0).into()),
    ];
    for (word, change) in changes {
        let both = |v: &mut serde_json::Value| {
            bare(v);
            change(v);
        };
        for (code, err) in changed(&folder, both) {
            assert_eq!(code, 1, "{word}: {err}");
            assert!(
                err.contains("broken-fit") && err.contains(word),
                "{word}: {err}"
            );
        }
    }
}

#[test]
fn another_order_of_keys_and_other_spaces_are_the_same_fit() {
    let folder = Folder::with_fit("reordered");
    let said = changed(&folder, |v| {
        let fields = v.as_object_mut().unwrap();
        let first = fields.remove("schema").unwrap();
        fields.insert("schema".to_owned(), first);
    });
    assert!(said.iter().all(|(code, _)| *code == 0), "{said:?}");
}

#[test]
fn verify_says_that_the_table_changed() {
    let folder = Folder::new("verify-table");
    let rows = "1e7,2e8,4.5\n1e8,2e9,3.4\n1e9,2e10,2.8\n1e9,3e10,2.7\n1e8,3e10,3.1\n1e7,1e9,3.9\n";
    folder.file("runs.csv", format!("params,tokens,loss\n{rows}").as_bytes());
    let fit = [
        "fit",
        "runs.csv",
        "--law",
        "L = E + B/D^beta",
        "-q",
        "-o",
        "fit.json",
    ];
    assert_eq!(folder.run(&fit).code, 0);
    assert_eq!(folder.run(&["verify", "fit.json"]).code, 0);
    let changed = rows.replace("3.9", "3.8");
    folder.file(
        "runs.csv",
        format!("params,tokens,loss\n{changed}").as_bytes(),
    );
    let said = folder.run(&["verify", "fit.json"]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(
        said.out.contains("runs.csv is not what was fitted"),
        "{}",
        said.out
    );
}

#[test]
fn numbers_beyond_reason_are_wrong_usage() {
    let folder = Folder::new("beyond");
    for (option, value) in [
        ("--threads", "5000"),
        ("--uncertainty", "bootstrap:99999999999"),
    ] {
        let said = folder.run(&[
            "fit",
            "simulated-ladder",
            "--law",
            "chinchilla",
            option,
            value,
        ]);
        assert_ne!(said.code, 0);
        assert!(
            said.out.is_empty() && said.err.contains("whole number"),
            "{}",
            said.err
        );
    }
    let said = folder.run(&[
        "ladder",
        "compare",
        "a.toml",
        "b.toml",
        "--resamples",
        "9999999999",
    ]);
    assert!(said.err.contains("whole number from 20"), "{}", said.err);
}

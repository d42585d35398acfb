//! Inputs that are at fault: exit code 1, nothing on standard output, the place and the advice on standard error.

use crate::program::{Folder, Said, isoflop};

const RUNS: &[u8] = b"params,tokens,loss\n1e7,2e8,4.5\n1e8,2e9,3.4\n1e9,2e10,2.8\n";

/// The code of the first fault, with the checks that hold for every bad input.
#[track_caller]
fn fault(said: &Said) -> &str {
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
    let start = said.err.find("error[").map(|i| i + 6);
    let code = start.and_then(|i| said.err[i..].split(']').next());
    assert!(
        !said.err.contains("panicked") && !said.err.contains('\x1b'),
        "{}",
        said.err
    );
    code.unwrap_or_else(|| panic!("no fault in {}", said.err))
}

#[test]
fn tables_without_rows_are_refused() {
    let folder = Folder::new("empty");
    folder
        .file("empty.csv", b"")
        .file("header.csv", b"params,tokens,loss\n")
        .file("blank.csv", b" \n\n");
    let cases = [
        ("empty.csv", "empty-file"),
        ("header.csv", "header-only"),
        ("blank.csv", "empty-file"),
    ];
    for (file, code) in cases {
        assert_eq!(
            fault(&folder.run(&["fit", file, "--law", "chinchilla"])),
            code,
            "{file}"
        );
    }
}

#[test]
fn a_table_that_is_not_utf8_is_refused_with_its_place() {
    let folder = Folder::new("utf8");
    folder.file(
        "latin.csv",
        b"params,tokens,loss\n1e7,2e8,4.5\n1e8,2e9,3\xff4\n",
    );
    let said = folder.run(&["fit", "latin.csv", "--law", "chinchilla"]);
    assert_eq!(fault(&said), "not-utf8");
    assert!(said.err.contains("latin.csv"), "{}", said.err);
}

#[test]
fn a_missing_column_names_the_columns_there_are() {
    let folder = Folder::new("column");
    folder.file("runs.csv", b"params,tokns,loss\n1e7,2e8,4.5\n1e8,2e9,3.4\n");
    let said = folder.run(&["fit", "runs.csv", "--law", "chinchilla"]);
    assert_eq!(fault(&said), "unknown-column");
    assert!(
        said.err.contains("tokns") && said.err.contains("--map"),
        "{}",
        said.err
    );
}

#[test]
fn a_wrong_formula_is_underlined() {
    let folder = Folder::new("formula");
    folder.file("runs.csv", RUNS);
    let said = folder.run(&["fit", "runs.csv", "--law", "L = E + A / N^alpha +"]);
    fault(&said);
    assert!(said.err.contains("L = E + A / N^alpha +\n"), "{}", said.err);
    assert!(
        said.err
            .lines()
            .any(|l| l.contains('^') && !l.contains("alpha")),
        "{}",
        said.err
    );
    let said = folder.run(&["fit", "runs.csv", "--law", "L = E + log(N)"]);
    fault(&said);
    assert!(said.err.contains("log10"), "{}", said.err);
}

#[test]
fn an_undeclared_name_in_a_law_file_is_shown_in_the_file() {
    let folder = Folder::new("lawfile");
    let law = "title = \"t\"\nformula = \"L = E + A / N^alpah\"\nsource = \"here\"\n\n[vars]\n\
               L = { column = \"loss\", role = \"response\" }\nN = { column = \"params\" }\n\n[coefs]\n\
               E = { range = [0, inf] }\nA = { range = [0, inf] }\nalpha = { range = [0, 2] }\n";
    folder
        .file("runs.csv", RUNS)
        .file("my.toml", law.as_bytes());
    let said = folder.run(&["fit", "runs.csv", "--law", "my.toml"]);
    fault(&said);
    assert!(said.err.contains("my.toml:2:"), "{}", said.err);
    assert!(said.err.contains("did you mean `alpha`?"), "{}", said.err);
}

#[test]
fn an_unknown_law_gets_a_suggestion() {
    let folder = Folder::new("law");
    folder.file("runs.csv", RUNS);
    let said = folder.run(&["fit", "runs.csv", "--law", "chinchila"]);
    assert_eq!(fault(&said), "unknown-law");
    assert!(said.err.contains("`chinchilla`"), "{}", said.err);
}

#[test]
fn faults_of_table_and_law_are_reported_together() {
    let said = isoflop(&["fit", "no-such-runs.csv", "--law", "chinchila"]);
    assert_eq!(fault(&said), "cannot-read");
    assert!(said.err.contains("error[unknown-law]"), "{}", said.err);
}

#[test]
fn a_misspelt_data_set_gets_a_suggestion() {
    let said = isoflop(&["fit", "simulated-lader", "--law", "chinchilla"]);
    assert_eq!(fault(&said), "cannot-read");
    assert!(said.err.contains("`simulated-ladder`"), "{}", said.err);
}

#[test]
fn misspelt_options_are_all_reported() {
    let said = isoflop(&[
        "fit",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "--objective",
        "hubr-log:1e-3",
        "--uncertainty",
        "boot",
        "--map",
        "params",
    ]);
    fault(&said);
    for code in ["bad-objective", "bad-uncertainty", "bad-map"] {
        assert!(said.err.contains(code), "{code}: {}", said.err);
    }
}

#[test]
fn files_that_are_no_saved_fit_are_refused() {
    let folder = Folder::new("saved");
    folder
        .file("runs.csv", RUNS)
        .file("other.json", b"{\"schema\": \"isoflop.plan/1\"}")
        .file("cut.json", b"{\"schema\":\n ");
    for (file, code) in [
        ("runs.csv", "not-json"),
        ("other.json", "wrong-schema"),
        ("cut.json", "not-json"),
    ] {
        let said = folder.run(&["predict", file, "--at", "N=70B,D=1.4T"]);
        assert_eq!(fault(&said), code, "{file}");
        assert!(said.err.contains("help:"), "{}", said.err);
    }
    assert_eq!(
        fault(&folder.run(&["predict", "none.json", "--at", "N=1"])),
        "cannot-read"
    );
}

#[test]
fn an_ending_that_cannot_be_written_is_refused_before_any_work() {
    let said = isoflop(&[
        "fit",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "-o",
        "fit.svgg",
    ]);
    assert_eq!(fault(&said), "unknown-ending");
    assert!(said.err.contains("did you mean `.svg`?"), "{}", said.err);
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    let cases: [&[&str]; 6] = [
        &[],
        &["fti"],
        &["fit", "runs.csv"],
        &[
            "fit",
            "runs.csv",
            "--law",
            "chinchilla",
            "--objectiv",
            "abs",
        ],
        &["fit", "runs.csv", "--law", "chinchilla", "--level", "95"],
        &["predict", "fit.json"],
    ];
    for args in cases {
        let said = isoflop(args);
        assert_eq!(
            (said.code, said.out.as_str()),
            (2, ""),
            "{args:?}: {}",
            said.err
        );
        assert!(
            said.err.contains("Usage") || said.err.contains("--help"),
            "{args:?}: {}",
            said.err
        );
    }
}

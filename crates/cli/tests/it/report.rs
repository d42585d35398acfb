//! `isoflop report`: the page, from a table and from a saved fit.

use serde_json::Value;

use crate::program::Folder;

const REPORT: [&str; 4] = ["report", "simulated-ladder", "--law", "chinchilla"];

#[test]
fn a_report_is_written_by_its_ending() {
    let folder = Folder::new("report");
    let said = folder.run(
        &[
            &REPORT[..],
            &[
                "-q", "-o", "r.html", "-o", "r.md", "-o", "r.json", "-o", "r.csv",
            ],
        ]
        .concat(),
    );
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let page = folder.read("r.html");
    assert!(page.starts_with("<!doctype html>") && page.len() < 1_500_000);
    assert!(page.contains("Figure 1. The runs and the law."));
    let story: Value = serde_json::from_str(&folder.read("r.json")).expect("is JSON");
    assert_eq!(story["schema"], "isoflop.report/1");
    assert_eq!(story["fit"]["n"], 72);
    assert_eq!(story["plan"]["schema"], "isoflop.plan/1");
    assert!(folder.read("r.md").contains("## How to cite"));
    let runs = folder.read("r.csv");
    assert!(runs.starts_with("run,params,tokens,loss,fitted loss,residual\n"));
    assert_eq!(runs.lines().count(), 73);
}

#[test]
fn a_saved_fit_gives_the_same_page_at_any_number_of_threads() {
    let folder = Folder::new("report-saved");
    folder.run(&[
        "fit",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "-q",
        "-o",
        "fit.json",
    ]);
    folder.run(&[&REPORT[..], &["-q", "--threads", "1", "-o", "a.html"]].concat());
    let said = folder.run(&["report", "fit.json", "-q", "--threads", "2", "-o", "b.html"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    // A fit that was not saved has to be saved before its plan can be made again.
    let first = "isoflop fit simulated-ladder --law chinchilla -o fit.json";
    let unsaved = folder.read("a.html");
    assert!(unsaved.contains(&format!(
        "<code data-command>{first} &amp;&amp; isoflop plan"
    )));
    let saved = unsaved
        .replace(&format!("{first} &amp;&amp; "), "")
        .replace(&format!("\"first\":\"{first}\""), "\"first\":null");
    assert!(saved == folder.read("b.html"));
}

#[test]
fn the_page_of_a_fit_names_the_file_that_holds_it() {
    let folder = Folder::new("report-named");
    let fit = ["fit", "simulated-ladder", "--law", "chinchilla", "-q"];
    folder.run(&[&fit[..], &["-o", "page.html", "-o", "own.json"]].concat());
    let page = folder.read("page.html");
    assert!(page.contains("<code data-command>isoflop plan own.json --compute"));
}

#[test]
fn the_page_of_a_fit_says_how_to_get_its_audit() {
    let folder = Folder::new("report-fit");
    folder.run(&[
        "fit",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "-q",
        "-o",
        "fit.html",
    ]);
    let page = folder.read("fit.html");
    assert!(page.contains("Neither audit nor backtest: <code>isoflop report</code> adds them"));
    assert!(page.contains("Figure 3. The surface of the law."));
}

#[test]
fn a_budget_that_is_none_is_refused() {
    let folder = Folder::new("report-budget");
    for (budget, why) in [
        ("soon", "compute soon"),
        ("0", "not above zero"),
        ("3 kWh", "3 kWh"),
    ] {
        let said = folder.run(&[&REPORT[..], &["--compute", budget]].concat());
        assert_eq!(said.code, 1, "{budget}");
        assert!(said.err.contains(why), "{budget}: {}", said.err);
    }
}

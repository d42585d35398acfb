//! Results: text, JSON, files, pipes; and the whole chain from runs to a prediction.

use std::process::Stdio;

use serde_json::Value;

use crate::program::{Folder, command, isoflop};

const FIT: [&str; 4] = ["fit", "simulated-ladder", "--law", "chinchilla"];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn help_and_version_succeed_on_standard_output() {
    for args in [
        &["--help"][..],
        &["--version"],
        &["fit", "--help"],
        &["laws", "eval", "--help"],
    ] {
        let said = isoflop(args);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
        assert!(said.out.contains("isoflop"), "{args:?}");
    }
}

#[test]
fn a_data_set_is_printed_as_it_is_and_read_back_from_a_pipe() {
    let table = isoflop(&["data", "show", "simulated-ladder"]).out;
    assert!(table.starts_with("run,params,tokens,flops,loss,seed\n"));
    let folder = Folder::new("pipe");
    assert_eq!(
        folder
            .run(&["data", "show", "simulated-ladder", "-q", "-o", "runs.csv"])
            .out,
        ""
    );
    assert_eq!(folder.read("runs.csv"), table);
    let args = [
        "fit",
        "-",
        "--law",
        "chinchilla",
        "--uncertainty",
        "none",
        "--json",
    ];
    let piped = folder.run_with_input(&args, table.as_bytes());
    assert_eq!(piped.code, 0, "{}", piped.err);
    let direct = json(&isoflop(&[&FIT[..], &["--uncertainty", "none", "--json"]].concat()).out);
    assert_eq!(json(&piped.out)["coefs"], direct["coefs"]);
}

#[test]
fn a_fit_is_written_in_every_format_and_predicts_when_read_back() {
    let folder = Folder::new("formats");
    let mut args = FIT.to_vec();
    args.extend([
        "-o",
        "fit.json",
        "-o",
        "fit.md",
        "-o",
        "fit.csv",
        "-o",
        "fit.svg",
        "-o",
        "fit.png",
        "--uncertainty",
        "bootstrap:40",
    ]);
    let said = folder.run(&args);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.contains("alpha"), "{}", said.out);
    for name in ["fit.json", "fit.md", "fit.csv", "fit.svg", "fit.png"] {
        let line = format!("wrote {name}");
        assert!(said.out.lines().any(|l| l == line), "{}", said.out);
    }
    assert_eq!(json(&folder.read("fit.json"))["schema"], "isoflop.fit/1");
    assert!(folder.read("fit.md").starts_with("# "));
    assert!(folder.read("fit.csv").starts_with("name,kind,value,"));
    assert!(folder.read("fit.svg").starts_with("<svg "));
    let png = folder.bytes("fit.png");
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    // The width in pixels, twice that of the SVG.
    assert_eq!(png[16..20], 1720u32.to_be_bytes());

    let predicted = folder.run(&[
        "predict",
        "fit.json",
        "--at",
        "N=70B,D=1.4T",
        "--at",
        "tokens=1.4T,params=70e9",
        "--json",
    ]);
    assert_eq!(predicted.code, 0, "{}", predicted.err);
    let predicted = json(&predicted.out);
    assert_eq!(
        predicted["points"][0]["value"],
        predicted["points"][1]["value"]
    );
    assert!(predicted["points"][0]["beyond"]["N"].as_f64().unwrap() > 1.0);

    folder.file("points.csv", b"params,tokens\n70B,1.4T\n1B,20B\n");
    let filed = folder.run(&["predict", "fit.json", "--at-file", "points.csv", "--json"]);
    assert_eq!(
        json(&filed.out)["points"][0],
        predicted["points"][0],
        "{}",
        filed.err
    );
    assert_eq!(json(&filed.out)["points"].as_array().unwrap().len(), 2);
}

#[test]
fn a_table_is_fitted_first_when_a_law_is_given() {
    let mut args = vec![
        "predict",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "--uncertainty",
        "covariance",
    ];
    args.extend(["--at", "N=2B,D=40B", "--json"]);
    let said = isoflop(&args);
    assert_eq!(said.code, 0, "{}", said.err);
    let truth = 1.80 + 410.0 / 2e9f64.powf(0.345) + 1900.0 / 4e10f64.powf(0.365);
    let value = json(&said.out)["points"][0]["value"].as_f64().unwrap();
    assert!((value / truth - 1.0).abs() < 0.01, "{value} for {truth}");
}

#[test]
fn points_that_do_not_fit_the_law_are_refused() {
    let folder = Folder::new("points");
    folder.run(&[&FIT[..], &["--uncertainty", "none", "-o", "fit.json"]].concat());
    for at in [
        "N=70B",
        "N=70B,D=1.4T,X=3",
        "N=70B,D=lots",
        "N=1,N=2,D=3",
        "70B",
        "N=-1,D=2",
    ] {
        let said = folder.run(&["predict", "fit.json", "--at", at]);
        assert_eq!(
            (said.code, said.out.as_str()),
            (1, ""),
            "{at}: {}",
            said.err
        );
    }
    folder.file("points.csv", b"params,tokens\n70B,\n");
    let said = folder.run(&["predict", "fit.json", "--at-file", "points.csv"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("points.csv:2"), "{}", said.err);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let fit = |threads: &str| {
        isoflop(
            &[
                &FIT[..],
                &[
                    "--uncertainty",
                    "bootstrap:60",
                    "--json",
                    "--threads",
                    threads,
                ],
            ]
            .concat(),
        )
        .out
    };
    let one = fit("1");
    assert!(one.len() > 1000);
    assert_eq!(one, fit("3"));
}

#[test]
fn the_demonstration_fits_below_predicts_above_and_checks() {
    let said = isoflop(&["demo"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for words in [
        "measured",
        "The law of the small runs",
        "came true",
        "the language itself scores",
        "isoflop fit small-ladder",
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    let json = json(&isoflop(&["demo", "--json"]).out);
    assert_eq!(json["schema"], "isoflop.demo/2");
    assert_eq!(json["data"], "small-ladder");
    let held_out = json["held_out"].as_array().unwrap();
    assert!(
        held_out
            .iter()
            .all(|run| run["params"].as_f64().unwrap() > 5e4)
    );
    assert!(
        held_out
            .iter()
            .any(|run| run["times_compute"].as_f64().unwrap() > 2.0)
    );
    assert!(json["entropy"]["on_held_out"].as_f64().unwrap() > 1.0);
}

#[test]
fn the_commands_that_the_demonstration_names_give_its_fit() {
    let folder = Folder::new("demo-next");
    let demo = json(&isoflop(&["demo", "--json"]).out);
    let args = [
        "fit",
        "small-ladder",
        "--law",
        "chinchilla",
        "--where",
        isoflop::dataset("small-ladder")
            .unwrap()
            .ladder
            .unwrap()
            .fitted,
        "--objective",
        "squared-log",
        "--uncertainty",
        "profile",
        "--level",
        "0.9",
        "--json",
    ];
    let fit = folder.run(&args);
    assert_eq!(fit.code, 0, "{}", fit.err);
    assert_eq!(json(&fit.out)["coefs"], demo["fit"]["coefs"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = command(&["laws", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success());
    assert!(
        ended.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
fn quiet_prints_nothing_and_text_has_no_colour_in_a_pipe() {
    assert_eq!(isoflop(&["laws", "list", "--quiet"]).out, "");
    assert!(
        !isoflop(&["laws", "show", "chinchilla"])
            .out
            .contains('\x1b')
    );
    assert!(
        isoflop(&["laws", "list", "--quiet", "--json"])
            .out
            .starts_with('{')
    );
}

#[test]
fn a_result_without_picture_is_not_written_as_one() {
    let folder = Folder::new("picture");
    for name in ["laws.svg", "laws.png"] {
        let said = folder.run(&["laws", "list", "-o", name]);
        assert_eq!(said.code, 1);
        assert!(
            said.err.contains("no-picture") && !folder.has(name),
            "{}",
            said.err
        );
    }
    // Nor is any other file of the same request.
    let said = folder.run(&["laws", "list", "-o", "laws.md", "-o", "laws.png"]);
    assert!(said.code == 1 && !folder.has("laws.md"));
}

#[test]
fn a_short_text_fits_a_screen_and_verbose_shows_the_rest() {
    let folder = Folder::new("short");
    let saved = folder.run(&[
        "fit",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "-o",
        "fit.json",
    ]);
    let line = saved.out.lines().nth(1).unwrap_or_default();
    assert!(
        line.contains("fits 72 runs") && line.contains("L = 1.8"),
        "{}",
        saved.out
    );
    assert!(saved.out.contains("the fit can be used"), "{}", saved.out);
    for args in [
        vec!["fit", "simulated-ladder", "--law", "chinchilla"],
        vec!["check", "fit.json"],
        vec!["report", "fit.json"],
        vec!["plan", "fit.json", "--compute", "1e24"],
        vec!["predict", "fit.json", "--at", "N=70B,D=1.4T"],
        vec!["demo"],
        vec!["laws", "show", "chinchilla"],
    ] {
        let short = folder.run(&args);
        assert!(short.out.lines().count() <= 60, "{args:?}: {}", short.out);
        let mut all = args.clone();
        all.push("--verbose");
        let all = folder.run(&all);
        assert!(!all.out.contains("Shortened"), "{args:?}");
        let is_shortened = short.out.contains("Shortened; --verbose");
        assert_eq!(
            is_shortened,
            all.out.lines().count() >= short.out.lines().count() && all.out != short.out,
            "{args:?}"
        );
    }
    let verbose = folder.run(&[
        "fit",
        "simulated-ladder",
        "--law",
        "chinchilla",
        "--verbose",
    ]);
    for words in [
        "Correlations of the coefficients",
        "Range of the runs",
        "Runs that carry the fit",
    ] {
        assert!(
            verbose.out.contains(words) && !saved.out.contains(words),
            "{words}"
        );
    }
}

//! Saved results with several parts, published laws and tables where one fit is asked for.

use crate::program::{Folder, Said, isoflop};

fn json(said: &Said) -> serde_json::Value {
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON on standard output")
}

/// Runs of two recipes; the second needs half the compute of the first.
fn two_recipes() -> String {
    let mut text = "params,tokens,recipe,loss\n".to_owned();
    for (name, factor) in [("old", 1.0f64), ("new", 2f64.sqrt())] {
        for i in 0..5 {
            for j in 0..5 {
                let n = 5e7 * 2.5f64.powi(i);
                let d = n * 5.0 * 2.2f64.powi(j);
                let wiggle = 1.0 + 0.002 * f64::from((7 * i + 3 * j) % 5 - 2);
                let loss =
                    1.8 + 480.0 / (factor * n).powf(0.348) + 2100.0 / (factor * d).powf(0.366);
                text.push_str(&format!("{n},{d},{name},{}\n", loss * wiggle));
            }
        }
    }
    text
}

fn with_groups(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.file("runs.csv", two_recipes().as_bytes());
    let said = folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        "chinchilla",
        "--group",
        "recipe",
        "--uncertainty",
        "bootstrap:100",
        "-q",
        "-o",
        "fits.json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    folder
}

#[test]
fn fits_by_group_are_predicted_group_by_group_or_one_by_its_name() {
    let folder = with_groups("parts-predict");
    let at = ["--at", "N=1B,D=20B", "--json"];
    let all = json(&folder.run(&[&["predict", "fits.json"][..], &at].concat()));
    assert_eq!(all["schema"], "isoflop.predictions/1");
    let one = json(&folder.run(&[&["predict", "fits.json:old"][..], &at].concat()));
    assert_eq!(one["schema"], "isoflop.predict/1");
    let own = all["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["part"] == "old");
    assert_eq!(own.unwrap()["prediction"], one);
    let text = folder.run(&["predict", "fits.json", "--at", "N=1B,D=20B"]);
    assert!(
        text.out.contains("old") && text.out.contains("new"),
        "{}",
        text.out
    );
    let none = folder.run(&["predict", "fits.json:odl", "--at", "N=1B,D=20B"]);
    assert!(
        none.code == 1 && none.err.contains("did you mean `fits.json:old`?"),
        "{}",
        none.err
    );
}

#[test]
fn the_gain_of_two_groups_is_that_of_their_fits() {
    let folder = with_groups("parts-gain");
    let one = json(&folder.run(&[
        "plan",
        "--gain",
        "fits.json:old",
        "fits.json:new",
        "--compute",
        "1e20",
        "--json",
    ]));
    let gain = one["headline"]["row"]["gain"]["value"].as_f64().unwrap();
    assert!((gain / 2.0 - 1.0).abs() < 0.1, "{gain}");
    // Groups stand in the order of their names: both of one file are the two laws.
    let both = json(&folder.run(&["plan", "--gain", "fits.json", "--compute", "1e20", "--json"]));
    assert_eq!((&both["a"], &both["b"]), (&one["b"], &one["a"]));
}

#[test]
fn one_fit_of_several_is_named_where_one_is_needed() {
    let folder = with_groups("parts-report");
    let said = folder.run(&["report", "fits.json", "--no-check"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("many-fits") && said.err.contains("fits.json:new"),
        "{}",
        said.err
    );
    let said = folder.run(&["report", "fits.json:old", "--no-check", "-v"]);
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn a_table_where_a_fit_is_needed_is_one_clear_fault() {
    let folder = Folder::new("parts-table");
    folder.file("runs.csv", two_recipes().as_bytes());
    for args in [
        &[
            "plan",
            "--gain",
            "runs.csv",
            "runs.csv",
            "--compute",
            "1e20",
        ][..],
        &["plan", "runs.csv", "--compute", "1e20"],
    ] {
        let said = folder.run(args);
        assert_eq!(said.code, 1);
        assert!(
            said.err.contains("table-for-fit") && said.err.contains("isoflop fit runs.csv"),
            "{}",
            said.err
        );
        assert!(said.err.lines().count() < 12, "{}", said.err);
    }
}

#[test]
fn published_laws_are_predicted_with() {
    let value = |law: &str| {
        let doc = json(&isoflop(&[
            "predict",
            law,
            "--at",
            "N=70B,tokens=1.4T",
            "--json",
        ]));
        doc["points"][0]["value"].as_f64().unwrap()
    };
    let by_hand = 1.8172 + 482.01 / 70e9f64.powf(0.3478) + 2085.43 / 1.4e12f64.powf(0.3658);
    assert!((value("chinchilla:besiroglu") - by_hand).abs() < 1e-12);
    assert!((value("chinchilla") - by_hand).abs() < 1e-2);
    let said = isoflop(&["predict", "chinchilla", "--at", "N=70B"]);
    assert!(
        said.code == 1 && said.err.contains("missing-input"),
        "{}",
        said.err
    );
}

/// Five budgets of seven sizes.
fn budgets() -> String {
    let mut text = "params,tokens,loss\n".to_owned();
    for i in 0..5 {
        let flops = 1e18 * 6f64.powi(i);
        for j in -3..=3 {
            let n = (flops / 120.0).sqrt() * 1.6f64.powi(j);
            let d = flops / (6.0 * n);
            let wiggle = 1.0 + 0.0005 * f64::from((3 * i + 5 * j).rem_euclid(7) - 3);
            let loss = 1.8172 + 482.01 / n.powf(0.3478) + 2085.43 / d.powf(0.3658);
            text.push_str(&format!("{n},{d},{}\n", loss * wiggle));
        }
    }
    text
}

#[test]
fn a_saved_recipe_plans_and_predicts_with_the_errors_of_the_recipe() {
    let folder = Folder::new("parts-recipe");
    folder.file("runs.csv", budgets().as_bytes());
    let said = folder.run(&[
        "fit",
        "runs.csv",
        "--recipe",
        "isoflop",
        "-q",
        "-o",
        "recipe.json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let plan = json(&folder.run(&["plan", "recipe.json", "--compute", "1e23", "--json"]));
    let own = &plan["rows"][0]["params"];
    let ends = |e: &serde_json::Value| [&e["lower"], &e["upper"]].map(|x| x.as_f64().unwrap());
    let [lower, upper] = ends(&own["interval"]);
    // N* of the law at 1e23 FLOP.
    let truth = (0.3478 * 482.01 / (0.3658 * 2085.43f64)).powf(1.0 / 0.7136)
        * (1e23 / 6.0f64).powf(0.3658 / 0.7136);
    assert!(
        lower < truth && truth < upper && upper / lower < 2.0,
        "[{lower:e}, {upper:e}] for {truth:e}"
    );
    let found = json(&folder.run(&["predict", "recipe.json:params", "--at", "C=1e23", "--json"]));
    let [low, high] = ends(&found["points"][0]["confidence"]);
    assert!(
        (low / lower - 1.0).abs() < 0.02 && (high / upper - 1.0).abs() < 0.02,
        "{low:e} {high:e}"
    );
    let both = json(&folder.run(&["predict", "recipe.json", "--at", "flops=1e23", "--json"]));
    assert_eq!(both["predictions"].as_array().unwrap().len(), 2);
}

#[test]
fn points_are_read_as_the_runs_were() {
    let folder = Folder::new("parts-points");
    let mut text = "size,work,val\n".to_owned();
    for line in budgets().lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|c| c.parse().unwrap()).collect();
        text.push_str(&format!(
            "{},{},{}\n",
            cells[0],
            6.0 * cells[0] * cells[1],
            cells[2]
        ));
    }
    folder.file("runs.csv", text.as_bytes());
    let said = folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        "chinchilla",
        "--map",
        "params=size,loss=val",
        "--let",
        "tokens = work/(6*size)",
        "--uncertainty",
        "none",
        "-q",
        "-o",
        "fit.json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    folder.file("points.csv", b"size,work\n1000000000,1.2e20\n");
    folder.file("plain.csv", b"params,tokens\n1000000000,2e10\n");
    let value = |file: &str| {
        let doc = json(&folder.run(&["predict", "fit.json", "--at-file", file, "--json"]));
        doc["points"][0]["value"].as_f64().unwrap()
    };
    assert!((value("points.csv") - value("plain.csv")).abs() < 1e-12);
}

#[test]
fn a_run_that_a_finding_names_is_left_out_by_its_place() {
    let folder = Folder::new("parts-without");
    folder.file("runs.csv", budgets().as_bytes());
    let fit = [
        "fit",
        "runs.csv",
        "--law",
        "chinchilla",
        "--uncertainty",
        "none",
        "--json",
    ];
    let all = json(&folder.run(&fit));
    let less = json(&folder.run(&[&fit[..], &["--without", "runs.csv:5,runs.csv:9"]].concat()));
    assert_eq!(all["n"].as_u64().unwrap() - 2, less["n"].as_u64().unwrap());
    assert!(
        less["skipped"].to_string().contains("runs.csv:5"),
        "{}",
        less["skipped"]
    );
    folder.file("less.json", less.to_string().as_bytes());
    let again = folder.run(&["verify", "less.json"]);
    assert!(!again.err.contains("unknown-option"), "{}", again.err);
    let said = folder.run(&[&fit[..], &["--without", "runs.csv:99"]].concat());
    assert!(
        said.code == 1 && said.err.contains("unknown-row"),
        "{}",
        said.err
    );
}

#[test]
fn commands_that_follow_name_the_law_file_and_no_pipe() {
    let folder = Folder::new("parts-next");
    folder.file("runs.csv", budgets().as_bytes());
    std::fs::create_dir_all(folder.path().join("my")).unwrap();
    let law = b"title = \"Own\"\nformula = \"L = E + A/N^alpha + B/D^beta\"\n[vars]\nL = { column = \"loss\", role = \"response\" }\n\
        N = { column = \"params\" }\nD = { column = \"tokens\" }\n[coefs]\nE = { range = [0, inf] }\nA = { range = [0, inf] }\n\
        B = { range = [0, inf] }\nalpha = { range = [0, 2] }\nbeta = { range = [0, 2] }\n";
    folder.file("my/own.toml", law);
    let said = folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        "my/own.toml",
        "--uncertainty",
        "none",
    ]);
    assert!(
        said.out.contains("--law my/own.toml"),
        "{}{}",
        said.out,
        said.err
    );
    let shown = folder.run(&["laws", "show", "my/own.toml"]);
    assert!(
        shown.out.contains("isoflop fit runs.csv --law my/own.toml"),
        "{}",
        shown.out
    );
    let piped = folder.run_with_input(&["fit", "-", "--law", "chinchilla"], budgets().as_bytes());
    assert!(
        !piped.out.contains("'<stdin>'") && piped.out.contains("-o fit.json"),
        "{}",
        piped.out
    );
}

#[test]
fn the_fit_of_a_group_is_repeated_on_the_rows_of_the_group() {
    let folder = with_groups("parts-rows");
    for group in ["old", "new"] {
        let said = folder.run(&["verify", &format!("fits.json:{group}")]);
        assert_eq!(said.code, 0, "{} {}", said.out, said.err);
    }
    let pinned = json(&folder.run(&[
        "plan",
        "--gain",
        "fits.json:old",
        "fits.json:new",
        "--compute",
        "1e20",
        "--pin",
        "1.8",
        "--json",
    ]));
    let gain = pinned["headline"]["row"]["gain"]["value"].as_f64().unwrap();
    assert!((gain / 2.0 - 1.0).abs() < 0.1, "{gain}");
    let said = folder.run(&["report", "fits.json:old", "--no-check", "-v"]);
    assert!(said.out.contains("--group recipe"), "{}", said.out);
}

#[test]
fn a_file_of_several_fits_is_not_written_over() {
    let folder = with_groups("parts-spare");
    let before = folder.read("fits.json");
    for args in [
        &["check", "fits.json:old", "--keep", "fits.json"][..],
        &["check", "fits.json:old", "-o", "fits.json"],
        &["verify", "fits.json:old", "-o", "fits.json"],
    ] {
        let said = folder.run(args);
        assert!(
            said.code == 1 && said.err.contains("output-is-input"),
            "{args:?}: {} {}",
            said.code,
            said.err
        );
    }
    assert_eq!(folder.read("fits.json"), before);
}

#[test]
fn groups_under_other_names_are_refused() {
    let folder = with_groups("parts-swapped");
    let mut value: serde_json::Value = serde_json::from_str(&folder.read("fits.json")).unwrap();
    value["groups"][0]["group"] = "old".into();
    value["groups"][1]["group"] = "new".into();
    let ask = |value: &serde_json::Value| {
        folder.file("swapped.json", value.to_string().as_bytes());
        folder.run(&["predict", "swapped.json:new", "--at", "N=1B,D=20B"])
    };
    let said = ask(&value);
    assert!(
        said.code == 1 && said.err.contains("edited"),
        "{}",
        said.err
    );
    value.as_object_mut().unwrap().remove("digest");
    let said = ask(&value);
    assert!(
        said.code == 1 && said.err.contains("that of another group"),
        "{}",
        said.err
    );
    value["groups"][0]["group"] = "new".into();
    value["groups"][1]["group"] = "old".into();
    let said = ask(&value);
    assert!(
        said.code == 0 && (said.out + &said.err).contains("no-digest"),
        "{}",
        said.err
    );
}

#[test]
fn options_of_tables_are_refused_for_a_saved_fit() {
    let folder = with_groups("parts-idle");
    for option in [
        &["--where", "tokens > 3"][..],
        &["--weights", "nope"],
        &["--map", "foo=bar"],
    ] {
        let fit = ["predict", "fits.json:old", "--at", "N=1B,D=20B"];
        let said = folder.run(&[&fit[..], option].concat());
        assert!(
            said.code == 1 && said.err.contains("idle-option") && said.err.contains(option[0]),
            "{}",
            said.err
        );
    }
}

#[test]
fn an_input_of_a_published_law_is_given_once() {
    for at in ["N=1e9,N=2e9,D=1e10", "N=1e9,params=2e9,D=1e10"] {
        let said = isoflop(&["predict", "chinchilla", "--at", at]);
        assert!(
            said.code == 1 && said.err.contains("gives N twice"),
            "{}",
            said.err
        );
    }
}

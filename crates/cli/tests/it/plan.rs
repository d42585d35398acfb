//! `isoflop plan`: answers, refusals, plan files, and that the same is said everywhere.

use crate::program::{Folder, Said, isoflop};

fn json(said: &Said) -> serde_json::Value {
    serde_json::from_str(&said.out).expect("JSON on standard output")
}

#[test]
fn a_budget_gives_the_model_with_intervals_and_distance() {
    let folder = Folder::with_fit("plan-budget");
    let said = folder.run(&["plan", "fit.json", "--compute", "1e22"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out
            .contains("For 1e22 FLOP the compute-optimal model has"),
        "{}",
        said.out
    );
    assert!(said.out.contains("extrapolation"), "{}", said.out);
    let doc = json(&folder.run(&["plan", "fit.json", "--compute", "1e22", "--json"]));
    assert_eq!(doc["schema"], "isoflop.plan/1");
    let row = &doc["rows"][0];
    let (n, d) = (&row["params"]["value"], &row["tokens"]["value"]);
    let spent = 6.0 * n.as_f64().unwrap() * d.as_f64().unwrap();
    assert!((spent / 1e22 - 1.0).abs() < 1e-12);
    for name in ["params", "tokens", "tokens_per_param", "loss"] {
        let interval = &row[name]["interval"];
        assert!(
            interval["lower"].as_f64() < row[name]["value"].as_f64(),
            "{name}"
        );
        assert!(
            interval["upper"].as_f64() > row[name]["value"].as_f64(),
            "{name}"
        );
    }
    assert!(row["beyond"]["C"].as_f64().unwrap() > 0.9);
}

#[test]
fn a_page_of_a_plan_moves_and_shows_the_command_that_gives_it() {
    let folder = Folder::with_fit("plan-page");
    let said = folder.run(&[
        "plan",
        "fit.json",
        "--compute",
        "1e22",
        "--unique",
        "1e11",
        "-q",
        "-o",
        "plan.html",
        "-o",
        "plan.md",
    ]);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{}", said.err);
    let command = "isoflop plan fit.json --compute 1e22 --unique 1e11";
    let page = folder.read("plan.html");
    assert!(page.contains("<section class=\"planner\""));
    assert!(page.contains(&format!("<code data-command>{command}</code>")));
    assert!(folder.read("plan.md").contains(command));
    // On the screen the command was just typed.
    let shown = folder.run(&["plan", "fit.json", "--compute", "1e22"]);
    assert!(
        !shown.out.contains("isoflop plan fit.json"),
        "{}",
        shown.out
    );
}

#[test]
fn a_plan_file_gives_the_same_plan_byte_by_byte() {
    let folder = Folder::with_fit("plan-file");
    let asked = [
        "plan",
        "fit.json",
        "--gpus",
        "64xH100",
        "--days",
        "2 weeks",
        "--per-gpu-hour",
        "2.10",
        "--serve",
        "1e12",
        "--serve-in",
        "usd",
        "--sizes",
        "0.5,2",
        "--max-memory",
        "24GB@int4",
        "-q",
        "-o",
        "plan.toml",
        "-o",
        "a.json",
    ];
    let said = folder.run(&asked);
    assert_eq!(said.code, 0, "{}", said.err);
    let again = folder.run(&[
        "plan",
        "plan.toml",
        "-q",
        "-o",
        "b.json",
        "-o",
        "again.toml",
    ]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(folder.read("a.json"), folder.read("b.json"));
    assert_eq!(folder.read("plan.toml"), folder.read("again.toml"));
    assert!(folder.read("plan.toml").contains("[assumed]"));
    // What is said on the command line goes before the file.
    let other = json(&folder.run(&["plan", "plan.toml", "--mfu", "0.2", "--json"]));
    let first: serde_json::Value = serde_json::from_str(&folder.read("a.json")).unwrap();
    let compute = |doc: &serde_json::Value| doc["rows"][0]["compute"].as_f64().unwrap();
    assert!((compute(&other) / compute(&first) - 0.5).abs() < 1e-12);
}

#[test]
fn a_request_that_cannot_be_met_is_explained() {
    let said = isoflop(&[
        "plan",
        "chinchilla:huber",
        "--target-loss",
        "2.0",
        "--max-params",
        "1B",
    ]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    for words in [
        "infeasible",
        "1B params",
        "at any number of tokens",
        "no model can",
    ] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    // One question of two has an answer: it is given, and the other explained.
    let both = isoflop(&[
        "plan",
        "chinchilla:huber",
        "--target-loss",
        "2.0",
        "--target-loss",
        "1.7",
    ]);
    assert_eq!(both.code, 0, "{}", both.err);
    assert!(
        both.out.contains("no plan for a loss of 1.7"),
        "{}",
        both.out
    );
}

#[test]
fn faults_of_a_request_are_told_together() {
    let said = isoflop(&[
        "plan",
        "chinchilla:hubre",
        "--compute",
        "lots",
        "--gpus",
        "H100",
        "--serve-in",
        "eur",
        "--serve",
        "1T",
    ]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("did you mean `chinchilla:huber`?"),
        "{}",
        said.err
    );
    let said = isoflop(&[
        "plan",
        "chinchilla",
        "--compute",
        "lots",
        "--gpus",
        "H100",
        "--serve-in",
        "eur",
        "--serve",
        "1T",
    ]);
    for code in ["bad-number", "bad-gpus", "bad-measure"] {
        assert!(said.err.contains(code), "{code}: {}", said.err);
    }
    for (args, code) in [
        (&["plan"][..], "nothing-to-plan-with"),
        (&["plan", "chinchilla"], "nothing-asked"),
        (
            &["plan", "llama3-tokens", "--target-loss", "2"],
            "says nothing of the loss",
        ),
        (&["plan", "kaplan-lc", "--compute", "1e22"], "cannot-plan"),
        (
            &["plan", "farseer", "--compute", "1e22"],
            "no-published-values",
        ),
        (
            &["plan", "joint-experts", "--compute", "1e22"],
            "missing-input",
        ),
        (
            &["plan", "chinchilla", "--compute", "1e22", "--at", "n=8"],
            "unknown-input",
        ),
        (
            &[
                "plan",
                "chinchilla",
                "--compute",
                "1e22",
                "--convention",
                "mfu",
            ],
            "not-a-convention",
        ),
        (
            &["plan", "chinchilla", "--gpus", "8xH1000", "--days", "3"],
            "unknown-accelerator",
        ),
        (
            &["plan", "chinchilla", "--compute", "1e26..1e20"],
            "bad-range",
        ),
        (
            &["plan", "--gain", "chinchilla", "--compute", "1e22"],
            "two-recipes",
        ),
    ] {
        let said = isoflop(args);
        assert_eq!(said.code, 1, "{args:?}");
        assert!(said.err.contains(code), "{args:?}: {}", said.err);
    }
}

#[test]
fn only_plans_are_written_as_plan_files() {
    let folder = Folder::new("plan-ending");
    let said = folder.run(&["laws", "show", "chinchilla", "-q", "-o", "law.toml"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no-plan-file"), "{}", said.err);
    folder.file("bad.toml", b"laws = [\"chinchilla\"]\nbudget = 3\n");
    let said = folder.run(&["plan", "bad.toml"]);
    assert!(
        said.err.contains("bad.toml:2:1") && said.err.contains("budget"),
        "{}",
        said.err
    );
}

#[test]
fn settings_are_compared() {
    let doc = json(&isoflop(&[
        "plan",
        "joint-experts",
        "--compute",
        "1e22",
        "--at",
        "n=1,8",
        "--json",
    ]));
    let loss = |k: usize| doc["rows"][k]["loss"]["value"].as_f64().unwrap();
    assert!(loss(1) < loss(0));
    let note = doc["notes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|n| n["code"] == "best-setting")
        .unwrap();
    assert!(
        note["message"]
            .as_str()
            .unwrap()
            .ends_with("joint-experts n=8"),
        "{note}"
    );
}

#[test]
fn shapes_that_can_be_built_are_ranked() {
    let folder = Folder::new("plan-shapes");
    folder.file(
        "shapes.csv",
        b"name,layers,width,heads,kv_heads,head_size,ffw_width,vocabulary,untied\n\
          small,16,2048,32,8,64,8192,128256,0\n\
          llama-3-8b,32,4096,32,8,128,14336,128256,1\n\
          llama-3-70b,80,8192,64,8,128,28672,128256,1\n",
    );
    let doc = json(&folder.run(&[
        "plan",
        "chinchilla:huber",
        "--compute",
        "1e22",
        "--shapes",
        "shapes.csv",
        "--json",
    ]));
    let best = &doc["shapes"][0];
    assert_eq!(
        (best["shape"].as_str(), best["best"].as_bool()),
        (Some("llama-3-8b"), Some(true))
    );
    // The published count of Llama 3 8B.
    assert_eq!(best["params"].as_f64(), Some(8_030_261_248.0));
    let spent = 6.0 * 8_030_261_248.0 * best["tokens"]["value"].as_f64().unwrap();
    assert!((spent / 1e22 - 1.0).abs() < 1e-9);
    let said = folder.run(&[
        "plan",
        "chinchilla:huber",
        "--compute",
        "1e22",
        "--shapes",
        "shapes.csv",
        "--convention",
        "palm",
    ]);
    assert!(
        said.err.contains("missing-column") && said.err.contains("context"),
        "{}",
        said.err
    );
    let said = folder.run(&[
        "plan",
        "chinchilla:huber",
        "--compute",
        "1e22",
        "--shapes",
        "shapes.csv",
        "--convention",
        "palm",
        "--at",
        "context=4096",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("counted by flops-palm"), "{}", said.out);
}

#[test]
fn a_gain_holds_what_is_left_when_asked() {
    let folder = Folder::with_fit("plan-gain");
    let said = folder.run(&[
        "plan",
        "--gain",
        "fit.json",
        "fit.json",
        "--compute",
        "1e20..1e22:3",
        "--pin",
        "1.8",
        "--json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let doc = json(&said);
    assert_eq!(
        (doc["schema"].as_str(), doc["pinned"].as_f64()),
        (Some("isoflop.gain/1"), Some(1.8))
    );
    assert_eq!(
        doc["floors"][0]["value"]
            .as_f64()
            .map(|x| (x - 1.8).abs() < 1e-6),
        Some(true)
    );
    assert!((doc["rows"][2]["gain"]["value"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    let said = folder.run(&[
        "plan",
        "--gain",
        "fit.json",
        "fit.json",
        "--compute",
        "1e20",
        "--pin",
        "floor=1.8",
    ]);
    assert!(
        said.code == 1 && said.err.contains("bad-pin"),
        "{}",
        said.err
    );
}

#[test]
fn levels_of_a_fit_are_chosen_by_name() {
    let folder = Folder::new("plan-levels");
    let mut table = String::from("params,tokens,corpus,loss\n");
    for (corpus, floor) in [("web", 1.9), ("code", 1.1)] {
        for n in [1e7, 3e7, 1e8, 3e8, 1e9] {
            for ratio in [5.0, 20.0, 80.0] {
                let d: f64 = ratio * n;
                let loss = floor + 400.0 / f64::powf(n, 0.34) + 410.0 / d.powf(0.3);
                table.push_str(&format!("{n},{d},{corpus},{loss}\n"));
            }
        }
    }
    folder.file("runs.csv", table.as_bytes());
    let law = "L = E[corpus] + A/N^alpha + B/D^beta";
    let said = folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        law,
        "--uncertainty",
        "covariance",
        "-q",
        "-o",
        "fit.json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let loss = |corpus: &str| {
        let at = format!("corpus={corpus}");
        let doc = json(&folder.run(&[
            "plan",
            "fit.json",
            "--compute",
            "1e20",
            "--at",
            &at,
            "--json",
        ]));
        doc["rows"][0]["loss"]["value"].as_f64().unwrap()
    };
    assert!((loss("web") - loss("code") - 0.8).abs() < 1e-4);
    let said = folder.run(&["plan", "fit.json", "--compute", "1e20"]);
    assert!(said.err.contains("missing-level"), "{}", said.err);
    let said = folder.run(&[
        "plan",
        "fit.json",
        "--compute",
        "1e20",
        "--at",
        "corpus=wbe",
    ]);
    assert!(said.err.contains("did you mean `E[web]`?"), "{}", said.err);
}

#[test]
fn recipes_groups_and_other_names_are_planned_with() {
    let folder = Folder::new("plan-sources");
    let mut table = String::from("size,seen,team,val\n");
    for (team, scale) in [("a", 400.0), ("b", 300.0)] {
        for flops in [1e18f64, 1e19, 1e20] {
            for step in -3..=3 {
                let n = (flops / 120.0).sqrt() * 1.6f64.powi(step);
                let d = flops / (6.0 * n);
                let loss = 1.8 + scale / n.powf(0.34) + 1500.0 / d.powf(0.36);
                table.push_str(&format!("{n},{d},{team},{loss}\n"));
            }
        }
    }
    folder.file("runs.csv", table.as_bytes());
    let map = [
        "--map",
        "params=size",
        "--map",
        "tokens=seen",
        "--map",
        "loss=val",
    ];
    let done = |said: &Said| assert_eq!(said.code, 0, "{}", said.err);

    let fit = [
        "fit",
        "runs.csv",
        "--recipe",
        "isoflop",
        "--where",
        "team == \"a\"",
        "-q",
        "-o",
        "recipe.json",
    ];
    done(&folder.run(&[&fit[..], &map[..]].concat()));
    let said = folder.run(&["plan", "recipe.json", "--compute", "1e21"]);
    done(&said);
    assert!(said.out.contains("N = k * C^a"), "{}", said.out);

    let fit = [
        "fit",
        "runs.csv",
        "--law",
        "chinchilla",
        "--group",
        "team",
        "-q",
        "-o",
        "groups.json",
    ];
    done(&folder.run(&[&fit[..], &map[..]].concat()));
    let doc = json(&folder.run(&["plan", "groups.json", "--compute", "1e21", "--json"]));
    let names: Vec<&str> = doc["laws"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["groups.json:a", "groups.json:b"]);
    assert!(doc["disagreements"][0]["params_ratio"].as_f64().unwrap() < 1.0);

    // A formula of the table's own names: roles are told.
    let law = "val = E + A/size^alpha + B/seen^beta";
    done(&folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        law,
        "--where",
        "team == \"a\"",
        "-q",
        "-o",
        "own.json",
    ]));
    let said = folder.run(&["plan", "own.json", "--compute", "1e21"]);
    assert!(said.err.contains("--map params=size"), "{}", said.err);
    let roles = ["--map", "params=size", "--map", "tokens=seen"];
    let doc = json(
        &folder.run(
            &[
                &["plan", "own.json", "--compute", "1e21", "--json"][..],
                &roles[..],
            ]
            .concat(),
        ),
    );
    let wanted = {
        let g = (0.34f64 * 400.0 / (0.36 * 1500.0)).powf(1.0 / 0.7);
        g * (1e21f64 / 6.0).powf(0.36 / 0.7)
    };
    assert!((doc["rows"][0]["params"]["value"].as_f64().unwrap() / wanted - 1.0).abs() < 1e-4);
    // The largest budget of the runs is 1e20.
    assert!((doc["rows"][0]["beyond"]["C"].as_f64().unwrap() - 1.0).abs() < 1e-9);
}

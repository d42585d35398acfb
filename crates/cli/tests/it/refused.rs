//! Inputs that have a number for an answer and no meaning: each is refused or told.

use crate::program::{Folder, Said};

/// A table of sizes and tokens per parameter, with a response and noise that repeats itself.
fn table(header: &str, ratios: &[f64], row: impl Fn(f64, f64, f64) -> String) -> String {
    let mut out = format!("{header}\n");
    let mut state = 1u64;
    for n in [2e7, 6e7, 2e8, 6e8, 1.5e9] {
        for ratio in ratios {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
            out += &row(n, n * ratio, noise);
            out.push('\n');
        }
    }
    out
}

const RATIOS: [f64; 5] = [5.0, 12.0, 25.0, 60.0, 140.0];

fn loss(n: f64, d: f64) -> f64 {
    1.8 + 400.0 / n.powf(0.34) + 1200.0 / d.powf(0.36)
}

fn losses(ratios: &[f64]) -> String {
    table("params,tokens,loss", ratios, |n, d, e| {
        format!("{n},{d},{}", loss(n, d) * (0.006 * e).exp())
    })
}

fn fitted(test: &str, text: &str, law: &str, more: &[&str]) -> (Folder, Said) {
    let folder = Folder::new(test);
    folder.file("runs.csv", text.as_bytes());
    let mut args = vec!["fit", "runs.csv", "--law", law, "-o", "fit.json"];
    args.extend(more);
    let said = folder.run(&args);
    (folder, said)
}

#[track_caller]
fn says(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    let all = format!("{}{}", said.out, said.err);
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(all.contains(word), "{word} is missing in {all}");
    }
}

/// The value of the first point of a prediction.
#[track_caller]
fn predicted(said: &Said) -> f64 {
    assert_eq!(said.code, 0, "{}", said.err);
    let doc: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    doc["points"][0]["value"].as_f64().unwrap()
}

#[test]
fn a_response_that_rises_with_compute_is_not_planned() {
    let text = table("params,tokens,accuracy", &RATIOS, |n, d, e| {
        let share = 0.95 - 8.0 / n.powf(0.2) - 40.0 / d.powf(0.25);
        format!("{n},{d},{}", share * (0.004 * e).exp())
    });
    let law = "accuracy = top - A/N^a - B/D^b";
    let (folder, said) = fitted("refused-rises", &text, law, &[]);
    says(&said, 0, &[]);
    let said = folder.run(&["plan", "fit.json", "--compute", "1e21"]);
    says(
        &said,
        1,
        &["not-a-loss", "accuracy falls neither with params nor"],
    );
}

#[test]
fn tied_inputs_are_told_wherever_their_fit_is_used() {
    // Three runs of each of five sizes, all with 20 tokens for each parameter.
    let text = losses(&[20.0; 3]);
    let (folder, _) = fitted("refused-tied", &text, "chinchilla", &["--starts", "64"]);
    let said = folder.run(&["predict", "fit.json", "--at", "N=100M,D=200B"]);
    says(&said, 0, &["[tied-inputs]"]);
    let fit: serde_json::Value = serde_json::from_str(&folder.read("fit.json")).unwrap();
    if fit["status"] == "degenerate" {
        says(&said, 0, &["[degenerate-fit]"]);
    }
}

#[test]
fn a_plan_at_the_end_of_the_search_is_no_plan() {
    let folder = Folder::new("refused-end");
    // Data cost nothing in this law: all compute goes to size.
    let law = "title = \"Data for nothing\"\nformula = \"L = E + A/N^a + B*D^b\"\n[vars]\nL = { column = \"loss\", role = \"response\" }\n\
        N = { column = \"params\" }\nD = { column = \"tokens\" }\n[coefs]\nE = {}\nA = {}\na = {}\nB = {}\nb = {}\n\
        [[variant]]\nname = \"own\"\nsource = \"made up\"\ncoefs = { E = 1, A = 400, a = 0.34, B = 0.01, b = 0.1 }\n";
    folder.file("law.toml", law.as_bytes());
    let said = folder.run(&["plan", "law.toml", "--compute", "1e21"]);
    says(
        &said,
        3,
        &["[no-optimum]", "least data", "no plan follows from it"],
    );
}

#[test]
fn points_are_scaled_as_the_columns_of_a_formula_are() {
    let text = table("params_M,tokens_B,minutes", &RATIOS, |n, d, e| {
        let minutes = 6.0 * n * d / 4e14 / 60.0 * (0.02 * e).exp();
        format!("{},{},{minutes}", n / 1e6, d / 1e9)
    });
    let law = "minutes = k*params_M^a*tokens_B^b";
    let (folder, said) = fitted("refused-scale", &text, law, &[]);
    says(&said, 0, &[]);
    folder.file("at.csv", b"params_M,tokens_B\n15000,2100\n");
    let typed = [
        "predict",
        "fit.json",
        "--json",
        "--at",
        "params_M=15000,tokens_B=2100",
    ];
    let typed = predicted(&folder.run(&typed));
    let read = predicted(&folder.run(&["predict", "fit.json", "--json", "--at-file", "at.csv"]));
    assert_eq!(typed, read);
    // 6 * 1.5e10 * 2.1e12 / 4e14 / 60, twelve orders beyond what 15,000 parameters take.
    assert!((typed / 7.875e6 - 1.0).abs() < 0.1, "{typed}");
}

#[test]
fn durations_are_in_the_unit_of_their_column_and_of_nothing_else() {
    let text = table("minutes,loss", &RATIOS, |n, d, e| {
        let minutes = 6.0 * n * d / 4e14 / 60.0;
        format!(
            "{minutes},{}",
            (1.8 + 2.0 * minutes.powf(-0.15)) * (0.006 * e).exp()
        )
    });
    let (folder, said) = fitted("refused-time", &text, "loss = E + A*minutes^-a", &[]);
    says(&said, 0, &[]);
    let at = |point: &str| folder.run(&["predict", "fit.json", "--json", "--at", point]);
    assert_eq!(
        predicted(&at("minutes=20 days")),
        predicted(&at("minutes=28800"))
    );
    says(&at("minutes=5 tokens"), 1, &["unit-mismatch"]);
    let (folder, _) = fitted("refused-days", &losses(&RATIOS), "chinchilla", &[]);
    let said = folder.run(&["predict", "fit.json", "--at", "N=20 days,D=1T"]);
    says(&said, 1, &["unit-mismatch", "counted in params"]);
    let said = folder.run(&["predict", "chinchilla", "--at", "N=20 days,D=1T"]);
    says(&said, 1, &["unit-mismatch"]);
}

#[test]
fn a_response_that_never_changes_is_no_fit() {
    let text = table("params,tokens,loss", &RATIOS, |n, d, _| {
        format!("{n},{d},2.5")
    });
    let (folder, said) = fitted("refused-constant", &text, "chinchilla", &[]);
    says(&said, 3, &["constant-response", "in all 25 runs"]);
    let said = folder.run(&["plan", "fit.json", "--compute", "1e22"]);
    assert_ne!(said.code, 0, "{}", said.out);
}

#[test]
fn perplexities_that_are_taken_for_losses_are_told() {
    let text = table("params,tokens,perplexity", &RATIOS, |n, d, e| {
        format!("{n},{d},{}", (loss(n, d) + 0.01 * e).exp())
    });
    let map = ["--map", "loss=perplexity"];
    let (_, said) = fitted("refused-perplexity", &text, "chinchilla", &map);
    says(
        &said,
        0,
        &["[perplexity-as-loss]", "--let 'loss = ln(perplexity)'"],
    );
}

#[test]
fn a_model_of_fifteen_parameters_is_no_model() {
    let (folder, _) = fitted("refused-tiny", &losses(&RATIOS), "chinchilla", &[]);
    let said = folder.run(&["predict", "fit.json", "--at", "N=15,D=2.1T"]);
    says(
        &said,
        3,
        &["[impossible-number]", "no run has 15 parameters"],
    );
    let said = folder.run(&["predict", "chinchilla", "--at", "N=15B,D=2.1"]);
    says(&said, 3, &["no run has 2.1 training tokens"]);
    let said = folder.run(&["laws", "eval", "chinchilla", "N=70", "D=1.4"]);
    says(&said, 0, &["warning[impossible-number]"]);
}

#[test]
fn what_follows_a_fit_names_its_law_and_its_file() {
    let changed = ["--coef", "E=1.8"];
    let (_, said) = fitted("refused-next", &losses(&RATIOS), "chinchilla", &changed);
    says(&said, 0, &["isoflop predict fit.json --at"]);
    assert!(!said.out.contains("chinchilla.toml"), "{}", said.out);
    assert!(!said.out.contains("-o fit.json"), "{}", said.out);
    let folder = Folder::new("refused-next-bits");
    let bits = losses(&RATIOS).replace("tokens,loss", "tokens,loss (bits)");
    folder.file("runs.csv", bits.as_bytes());
    let said = folder.run(&["fit", "runs.csv", "--law", "chinchilla"]);
    says(
        &said,
        0,
        &["isoflop fit runs.csv --law chinchilla -o fit.json"],
    );
}

#[test]
fn a_gain_over_a_published_law_says_that_the_losses_are_of_other_data() {
    let (folder, _) = fitted("refused-gain", &losses(&RATIOS), "chinchilla", &[]);
    let said = folder.run(&[
        "plan",
        "--gain",
        "fit.json",
        "chinchilla",
        "--compute",
        "1e20",
    ]);
    says(&said, 0, &["[other-corpora]", "MassiveText"]);
}

#[test]
fn a_floor_that_is_held_above_the_runs_is_found() {
    let folder = Folder::new("refused-floor");
    folder.file("runs.csv", losses(&RATIOS).as_bytes());
    let args = [
        "check",
        "runs.csv",
        "--law",
        "chinchilla",
        "--no-backtest",
        "--coef",
        "E=3",
    ];
    says(&folder.run(&args), 0, &["floor-above-runs"]);
}

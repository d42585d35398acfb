//! Every faulty file of `testdata/messy` through the program: what it says, how it ends, and that its advice works.

use isoflop_testkit::testdata;

use crate::program::{Folder, Said, isoflop};

fn messy(file: &str) -> String {
    testdata("messy").join(file).display().to_string()
}

/// Fits a law without intervals; `more` are further options.
fn fit(file: &str, law: &str, more: &[&str]) -> Said {
    let path = messy(file);
    let mut args = vec!["fit", &path, "--law", law, "--uncertainty", "none", "-v"];
    args.extend(more);
    isoflop(&args)
}

/// What was said as one line, so that it does not matter where lines break.
fn words(said: &Said) -> String {
    let all = format!("{} {}", said.out, said.err);
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The option that a message offers, as the two words of the command line.
#[track_caller]
fn offered(said: &Said, option: &str) -> Vec<String> {
    let words = words(said);
    let (_, rest) = words.split_once(&format!("{option} '")).unwrap();
    let value = rest.split('\'').next().unwrap();
    vec![option.to_owned(), value.to_owned()]
}

#[track_caller]
fn coefs(said: &Said) -> Vec<(String, f64)> {
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let coefs = json["coefs"].as_object().unwrap();
    coefs
        .iter()
        .map(|(name, c)| (name.clone(), c["value"].as_f64().unwrap()))
        .collect()
}

/// Compares with values known to so much.
#[track_caller]
fn close_to(said: &Said, published: &[(&str, f64, f64)]) {
    let found = coefs(said);
    for (name, value, within) in published {
        let (_, fitted) = found.iter().find(|(n, _)| n == name).unwrap();
        assert!(
            (fitted - value).abs() <= *within,
            "{name}: {fitted} for {value}"
        );
    }
}

/// The optimum of the 240 rows, by testdata/certify.py.
const REFIT: &[(&str, f64, f64)] = &[
    ("A", 612.223, 1e-3),
    ("B", 2031.676, 1e-2),
    ("E", 1.837637, 1e-6),
    ("alpha", 0.3623304, 1e-7),
    ("beta", 0.3646876, 1e-7),
];

const CHINCHILLA: &str = "chinchilla";

/// The objective of these optima.
const HUBER: [&str; 2] = ["--objective", "huber-log:1e-3"];

/// File, law, exit code, and what must be said.
type Case = (&'static str, &'static str, i32, &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "wandb_chart_export.csv",
        CHINCHILLA,
        1,
        &[
            "chart of Weights & Biases: 6 runs of `eval/c4_loss` at 127 steps, 394 points",
            "__MIN and __MAX repeat it and are left out",
            "params and tokens are not in it",
            "if \"12m\" in the names is the size, say so with --let",
        ],
    ),
    (
        "wandb_runs_table.csv",
        CHINCHILLA,
        1,
        &[
            "states of the runs: failed 61, crashed 6; `train/step` reaches `steps` in 52 of 67 runs",
            "perplexities by their names, not losses: `eval/ppl/c4.jsonl`",
            "take the logarithm",
            "no column for `N`",
        ],
    ),
    (
        "wandb_history_nested.jsonl",
        CHINCHILLA,
        0,
        &[
            "354 runs used",
            "`summary.eval/c4/loss` repeats the last point of `history.eval.c4.loss` in all of 5 runs",
            "column `run.config.model.n_params` is read as params",
            "column `history.progress.tokens` is read as tokens",
        ],
    ),
    (
        "steps.jsonl",
        "L = E[run] + 300/N^0.35 + B/D^beta",
        0,
        &[
            "205 runs used, 1 left out",
            "line is not valid JSON",
            "steps.jsonl:42:",
            "1 blank line",
            "`tokens_seen` is given as text in 9 rows, read as numbers",
            "`n_params` filled from other rows of the same run",
        ],
    ),
    (
        "tensorboard",
        CHINCHILLA,
        1,
        &[
            "no column for `L`",
            "run `12m-4B-lr0.004`, 32 steps with tags eval/c4_loss, progress/tokens",
            "run `12m-4B-lr0.008`, 32 steps with tags eval/c4_loss, progress/tokens",
            "run `35m-16B-lr0.004`, 125 steps with tags eval/c4_loss, progress/tokens",
            "values are stored in 32 bits, rounded by up to 6e-8 of their size",
            "n_params, lr read from the text `config/text_summary`",
            "column `n_params` is read as params",
            "column `progress/tokens` is read as tokens",
        ],
    ),
    (
        "runs_human_units.csv",
        "L = E + A/C^alpha + 0*N*D*Date",
        0,
        &[
            "40 runs used",
            "1 cell of `Data` marked approximate",
            "runs_human_units.csv:9)",
            "1 cell of `Params` marked approximate",
            "runs_human_units.csv:21)",
            "`Compute` filled as 6*params*tokens in 1 row",
            "runs_human_units.csv:13)",
            "lower-case m in `Params` read as million, not milli",
            "with two numbers before the year can only be day first",
        ],
    ),
    (
        "runs.parquet",
        CHINCHILLA,
        0,
        &["588 runs used, 12 left out", "12 L is missing", "float32"],
    ),
    (
        "nan_inf_duplicates.csv",
        CHINCHILLA,
        0,
        &[
            "231 runs used, 19 left out",
            "6 rows equal to an earlier one in every cell, counted once",
            "4 settings of the inputs occur more than once with different `loss`: kept as repeated measurements",
            "2.83e-3",
            "4 loss is NaN",
            "3 loss is infinite",
            "2 loss is not above zero",
            "#DIV/0!",
        ],
    ),
    (
        "params_in_millions_half.csv",
        CHINCHILLA,
        3,
        &[
            "error[unit-mismatch]",
            "`params` spans 8 orders of magnitude in two clusters a factor about 1e6 apart (120 rows",
            "disagrees with `flops` by a factor 1e6 on 120 of 240 rows: these rows look like millions",
        ],
    ),
    (
        "mixed_loss_scales.csv",
        CHINCHILLA,
        3,
        &[
            "error[mixed-loss-scales]",
            "do not lie on one surface",
            "100 rows in nats, 60 rows in bits, 80 rows in perplexity",
            "not reliable",
        ],
    ),
    (
        "megatron_diverged.log",
        "L = E + B/D^beta",
        3,
        &[
            "error[diverged-run]",
            "from about `iteration` 1600 on the loss (11.0733) is above its starting value 9.3928",
            "the last sane value is 5.9485 at 1000",
            "81 NaN iterations reported",
            "the run out of scaling fits; what came before is kept with --where",
        ],
    ),
    (
        "sweep_with_diverged.csv",
        "L = E + c*(ln(learning_rate) - m)^2",
        0,
        &[
            "18 of 120 rows have `loss` far above the rest",
            "the lowest of all is 2.4319",
            "diverged?",
            "--where 'loss < 3.3'",
        ],
    ),
    (
        "european_decimal.csv",
        CHINCHILLA,
        1,
        &[
            "has decimal commas and `;` between cells, after a byte-order mark",
            "`Modellgröße`, `Trainingstoken`, `FLOP`, `Verlust`",
            "--map params=COLUMN",
        ],
    ),
    (
        "flops_forward_only.csv",
        CHINCHILLA,
        0,
        &[
            "warning[forward-only-flops]",
            "90 of 240 rows have ratio 0.33 (forward pass only?)",
        ],
    ),
    (
        "scores_mixed_dates.csv",
        "MMLU = a + b*(release - 2022)",
        0,
        &[
            "58 runs used, 2 left out",
            "MMLU is missing",
            "scores_mixed_dates.csv:15",
            "MMLU exceeds 100% (\"104.2\")",
            "scores_mixed_dates.csv:31",
            "all are read as fractions of 1",
            "can be read two ways: taken as day first",
            "with a year only taken as the middle of the year (± 0.5 years)",
        ],
    ),
    ("empty.csv", CHINCHILLA, 1, &["empty.csv is empty"]),
    (
        "header_only.csv",
        CHINCHILLA,
        1,
        &["has a header but no rows"],
    ),
    (
        "one_run.csv",
        CHINCHILLA,
        1,
        &[
            "1 run cannot determine 5 coefficients",
            "at least 6 are needed",
        ],
    ),
    (
        "three_runs.csv",
        CHINCHILLA,
        1,
        &[
            "3 runs cannot determine 5 coefficients",
            "at least 6 are needed",
        ],
    ),
    (
        "one_model_size.csv",
        CHINCHILLA,
        1,
        &[
            "`params` varies by less than 10% over 7 rows",
            "against tokens only: --law 'L = E + B/D^beta'",
        ],
    ),
    (
        "steps_called_tokens.csv",
        CHINCHILLA,
        1,
        &[
            "error[impossible-number]: `D` is not in training tokens: 394 rows with 128 training tokens and the like",
            "multiply by the tokens of one, batch size times sequence length",
        ],
    ),
];

#[test]
fn every_messy_file_gets_its_message() {
    for (file, law, code, parts) in CASES {
        let said = fit(file, law, &[]);
        let words = words(&said);
        assert_eq!(said.code, *code, "{file}: {words}");
        assert!(!words.contains("panicked"), "{file}: {words}");
        for part in *parts {
            assert!(words.contains(part), "{file} should say {part:?}: {words}");
        }
    }
}

#[test]
fn every_messy_file_has_a_case() {
    let mut files: Vec<String> = std::fs::read_dir(messy(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.contains("truth"))
        .collect();
    files.sort();
    let mut cases: Vec<&str> = CASES.iter().map(|c| c.0).collect();
    cases.sort_unstable();
    assert_eq!(files, cases);
}

#[test]
fn the_offered_correction_of_sizes_gives_the_fit_of_sound_rows() {
    let file = "params_in_millions_half.csv";
    let option = offered(&fit(file, CHINCHILLA, &[]), "--let");
    let said = fit(
        file,
        CHINCHILLA,
        &[&option[0], &option[1], HUBER[0], HUBER[1], "--json"],
    );
    close_to(&said, REFIT);
    assert!(!said.out.contains("unit-mismatch"));
    let by_letter = "N = if params < 1e5 then params*1e6 else params";
    close_to(
        &fit(
            file,
            CHINCHILLA,
            &["--let", by_letter, HUBER[0], HUBER[1], "--json"],
        ),
        REFIT,
    );
}

#[test]
fn the_offered_correction_of_compute_takes_the_warning_away() {
    let file = "flops_forward_only.csv";
    let option = offered(&fit(file, CHINCHILLA, &[]), "--let");
    let said = fit(
        file,
        CHINCHILLA,
        &[&option[0], &option[1], HUBER[0], HUBER[1], "--json"],
    );
    close_to(&said, REFIT);
    assert!(!said.out.contains("forward-only-flops"), "{}", said.out);
}

#[test]
fn steps_become_tokens_with_the_tokens_of_a_step() {
    let file = "steps_called_tokens.csv";
    let option = offered(&fit(file, CHINCHILLA, &[]), "--let");
    let value = option[1].replace("TOKENS_PER_STEP", "1048576");
    let said = fit(file, CHINCHILLA, &["--let", &value, "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!said.out.contains("tokens-per-param"), "{}", said.out);
}

#[test]
fn one_size_is_fitted_against_tokens_as_offered() {
    let said = fit("one_model_size.csv", "L = E + B/D^beta", &[]);
    assert!(words(&said).contains("7 runs used"), "{}", said.err);
}

#[test]
fn columns_in_another_language_are_used_when_they_are_mapped() {
    let map = "params=Modellgröße,tokens=Trainingstoken,flops=FLOP,loss=Verlust";
    let said = fit("european_decimal.csv", CHINCHILLA, &["--map", map]);
    assert!(words(&said).contains("60 runs used"), "{}", said.err);
}

#[test]
fn clean_rows_without_the_repeats_give_the_expected_fit() {
    let text = std::fs::read_to_string(messy("nan_inf_duplicates.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // The last four rows repeat a setting with another loss.
    let folder = Folder::new("repeats");
    folder.file("runs.csv", lines[..lines.len() - 4].join("\n").as_bytes());
    let said = folder.run(&[
        "fit",
        "runs.csv",
        "--law",
        CHINCHILLA,
        HUBER[0],
        HUBER[1],
        "--uncertainty",
        "none",
        "--json",
    ]);
    close_to(
        &said,
        &[
            ("A", 602.776, 1e-3),
            ("B", 2020.208, 1e-2),
            ("E", 1.834802, 1e-6),
            ("alpha", 0.3613597, 1e-7),
            ("beta", 0.3642995, 1e-7),
        ],
    );
}

#[test]
fn the_part_of_a_log_before_it_diverged_can_be_kept() {
    let law = "L = E + B/D^0.5";
    let said = fit("megatron_diverged.log", law, &[]);
    let option = offered(&said, "--where");
    let kept = fit("megatron_diverged.log", law, &[&option[0], &option[1]]);
    let words = words(&kept);
    assert!(
        words.contains("5 runs used") && !words.contains("diverged-run"),
        "{words}"
    );
}

#[test]
fn a_folder_of_tensorboard_runs_is_fitted_once_its_loss_is_named() {
    let table = messy("tensorboard");
    let law = "L = E + A/N^0.35 + B/D^beta";
    let said = crate::program::isoflop(&[
        "fit",
        &table,
        "--law",
        law,
        "--map",
        "loss=eval/c4_loss",
        "--json",
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    let fit: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(fit["n"], 189);
}

//! The messy files, against what their table says a good tool should say.

use insta::assert_snapshot;

use crate::{file, note_codes, numbers, select};

const ALL: &[(&str, &str)] = &[
    ("N", "params"),
    ("D", "tokens"),
    ("C", "flops"),
    ("L", "loss"),
];

#[test]
fn a_sound_table_is_read_whole() {
    let table = file("simulated/sweep.csv");
    let selection = select(&table, ALL);
    assert_eq!(
        (table.rows(), selection.rows.len(), selection.skipped.len()),
        (245, 245, 0)
    );
    assert_eq!(numbers(&table, "loss")[0], 4.756974932461622);
    assert_eq!(
        table
            .column("excluded_in_refit")
            .unwrap()
            .text(0)
            .as_deref(),
        Some("true")
    );
}

#[test]
fn bad_rows_are_rejected_with_line_and_reason() {
    let table = file("messy/nan_inf_duplicates.csv");
    let folder = table.sources()[0]
        .name
        .replace("nan_inf_duplicates.csv", "");
    let selection = select(&table, ALL);
    let told: Vec<String> = selection
        .skipped
        .iter()
        .map(|s| format!("{} {} {}", s.rows, s.reason, s.places.join(" ")))
        .collect();
    assert_snapshot!(told.join("\n").replace(&folder, ""), @r##"
    4 loss is NaN nan_inf_duplicates.csv:2 nan_inf_duplicates.csv:77 nan_inf_duplicates.csv:191 nan_inf_duplicates.csv:215
    3 loss is infinite nan_inf_duplicates.csv:12 nan_inf_duplicates.csv:35 nan_inf_duplicates.csv:241
    1 params is not above zero nan_inf_duplicates.csv:118
    1 params is missing nan_inf_duplicates.csv:127
    1 loss is not a number ("#DIV/0!") nan_inf_duplicates.csv:131
    2 loss is not above zero nan_inf_duplicates.csv:134 nan_inf_duplicates.csv:199
    1 tokens is not above zero nan_inf_duplicates.csv:159
    6 row is an exact copy of an earlier row nan_inf_duplicates.csv:242 nan_inf_duplicates.csv:243 nan_inf_duplicates.csv:244 nan_inf_duplicates.csv:245 nan_inf_duplicates.csv:246 nan_inf_duplicates.csv:247
    "##);
    let rejected: usize = selection
        .skipped
        .iter()
        .filter(|s| s.column.is_some())
        .map(|s| s.rows)
        .sum();
    let copies: usize = selection
        .skipped
        .iter()
        .filter(|s| s.column.is_none())
        .map(|s| s.rows)
        .sum();
    assert_eq!((rejected, copies, selection.rows.len()), (13, 6, 231));
    assert_eq!(selection.read, 250);
}

#[test]
fn an_empty_compute_cell_is_filled() {
    let table = file("messy/nan_inf_duplicates.csv");
    let flops = table.resolve("C", "flops").unwrap();
    assert_eq!(note_codes(&flops.notes), ["filled-cells"]);
    assert!(
        flops.notes[0]
            .message
            .contains("nan_inf_duplicates.csv:161"),
        "{}",
        flops.notes[0].message
    );
    let row = (0..table.rows()).find(|r| table.line(*r) == 161).unwrap();
    let filled = flops.column.numbers().unwrap()[row];
    assert_eq!(filled, 6.0 * 3229642374.3948827 * 1165247048.4189918);
}

#[test]
fn human_units_agree_with_the_truth_to_the_printed_precision() {
    let table = file("messy/runs_human_units.csv");
    let truth = file("messy/runs_human_units.truth.csv");
    let selection = select(&table, ALL);
    assert_eq!((table.rows(), selection.rows.len()), (40, 40));
    for ((_, column), values) in ALL.iter().zip(&selection.numbers) {
        for (row, (read, exact)) in values.iter().zip(numbers(&truth, column)).enumerate() {
            // Two to four printed digits; 0.8B for 0.768e9 is off by 4 %.
            assert!(
                (read / exact - 1.0).abs() < 0.05,
                "{column} in row {}: {read} for {exact}",
                row + 1
            );
        }
    }
}

#[test]
fn approximate_cells_and_units_are_noted() {
    let table = file("messy/runs_human_units.csv");
    let tokens = table.resolve("D", "tokens").unwrap();
    assert_eq!(tokens.column.approximate, [7]);
    assert_eq!(tokens.column.unit, "tokens");
    assert_eq!(
        note_codes(&tokens.notes),
        ["column-guessed", "approximate-cells"]
    );
    assert_eq!(
        table.resolve("N", "params").unwrap().column.approximate,
        [19]
    );
    assert_eq!(table.resolve("C", "flops").unwrap().column.unit, "FLOP");
    assert_eq!(table.column("Val loss").unwrap().unit, "nats");
    assert_eq!(table.column("Date").unwrap().unit, "year");
}

#[test]
fn a_runs_table_with_commas_in_cells_is_read() {
    let table = file("messy/wandb_runs_table.csv");
    assert_eq!(table.rows(), 67);
    assert_eq!(
        table.column("Tags").unwrap().text(0).as_deref(),
        Some("a=gshard, experts=4")
    );
    assert_eq!(
        table.resolve("D", "tokens").unwrap().column.name,
        "optim/n_tokens"
    );
}

#[test]
fn percents_and_fractions_share_a_scale() {
    let table = file("messy/scores_mixed_dates.csv");
    let score = table.column("MMLU").unwrap();
    assert_eq!(score.numbers().unwrap()[..2], [0.251, 0.257]);
    assert_eq!(score.trouble(13).as_deref(), Some("is missing"));
}

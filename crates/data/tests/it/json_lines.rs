//! JSON Lines, flat and nested.

use insta::assert_snapshot;
use isoflop_data::{ReadOptions, RunTable, read};

use crate::{file, named, note_codes, numbers, refused, said};

#[track_caller]
fn jsonl(text: &str) -> RunTable {
    read(&[named("runs.jsonl", text)], &ReadOptions::default()).expect("the table is fine")
}

#[test]
fn nested_objects_become_columns_with_dots() {
    let table = jsonl("{\"run\": {\"n\": 1, \"opt\": {\"lr\": 0.1}}, \"loss\": 2}\n");
    let names: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["run.n", "run.opt.lr", "loss"]);
}

#[test]
fn an_array_of_objects_becomes_rows() {
    let table = jsonl(
        "{\"run\": \"a\", \"history\": [{\"step\": 1, \"eval\": {\"loss\": 3}}, {\"step\": 2, \"eval\": {\"loss\": 2}}]}\n",
    );
    assert_eq!(numbers(&table, "history.eval.loss"), [3.0, 2.0]);
    assert_eq!(table.column("run").unwrap().text(1).as_deref(), Some("a"));
    assert_eq!(table.place(1), "runs.jsonl:1");
}

#[test]
fn a_nested_export_has_one_row_per_point() {
    let table = file("messy/wandb_history_nested.jsonl");
    assert_eq!(table.rows(), 354);
    let names = |letter, role| table.resolve(letter, role).map(|r| r.column.name.clone());
    assert_eq!(names("N", "params").unwrap(), "run.config.model.n_params");
    assert_eq!(names("D", "tokens").unwrap(), "history.progress.tokens");
    assert_eq!(names("L", "loss").unwrap(), "history.eval.c4.loss");
    let loss = table.resolve("L", "loss").unwrap();
    assert_snapshot!(said(&loss.notes, "summary-repeats"), @"Info: `summary.eval/c4/loss` repeats the last point of `history.eval.c4.loss` in all of 5 runs: the history is used");
}

#[test]
fn a_summary_that_says_something_else_is_ambiguous() {
    let table = jsonl(
        "{\"history\": [{\"loss\": 3}, {\"loss\": 2}], \"summary\": {\"loss\": 2.5}}\n{\"history\": [{\"loss\": 2}]}\n",
    );
    assert_eq!(
        table.resolve("L", "loss").unwrap_err().code,
        "ambiguous-column"
    );
}

#[test]
fn numbers_as_text_and_booleans_are_read() {
    let table = jsonl("{\"tokens\": \"1.4T\", \"ok\": true}\n{\"tokens\": 3, \"ok\": null}\n");
    assert_eq!(numbers(&table, "tokens"), [1.4e12, 3.0]);
    assert_eq!(table.column("ok").unwrap().text(0).as_deref(), Some("true"));
    assert_eq!(table.column("ok").unwrap().text(1), None);
}

#[test]
fn bad_lines_are_skipped_with_their_place_and_reason() {
    let table = jsonl("{\"a\": 1}\n{\"a\": 2, \"b\n\n[1]\n{\"a\": 3}\n");
    let told: Vec<String> = table
        .skipped()
        .iter()
        .map(|s| format!("{} {:?}", s.reason, s.places))
        .collect();
    assert_snapshot!(told.join("\n"), @r#"
    line is not valid JSON (EOF while parsing a string) ["runs.jsonl:2:11"]
    line is an array, not an object ["runs.jsonl:4"]
    "#);
    assert_eq!(
        (table.rows(), table.rows_read(), table.sources()[0].rows),
        (2, 4, 4)
    );
    assert_eq!(note_codes(table.notes()), ["blank-lines"]);
}

#[test]
fn a_file_without_a_good_line_is_refused() {
    let input = [named("runs.jsonl", "{\"a\": \n[2]\n")];
    assert_snapshot!(refused(&input, &ReadOptions::default()), @"
    no row of runs.jsonl could be read [no-rows]
      = 1 row (runs.jsonl:1:6): line is not valid JSON (EOF while parsing a value)
      = 1 row (runs.jsonl:2): line is an array, not an object
    ");
}

#[test]
fn a_step_log_is_read_and_sizes_are_filled_from_the_same_run() {
    let table = file("messy/steps.jsonl");
    assert_eq!(table.skipped()[0].rows, 1);
    assert!(table.skipped()[0].places[0].contains("steps.jsonl:42:"));
    let params = table.resolve("N", "params").unwrap();
    assert!(params.column.numbers().unwrap().iter().all(|n| *n > 0.0));
    assert!(note_codes(&params.notes).contains(&"filled-cells"));
    assert!(numbers(&table, "tokens_seen").iter().all(|d| *d > 1e6));
    assert_eq!(table.rows(), 205);
    let tokens = table.resolve("D", "tokens").unwrap();
    assert_snapshot!(said(&tokens.notes, "numbers-as-text"), @"Info: `tokens_seen` is given as text in 9 rows, read as numbers");
}

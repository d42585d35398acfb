//! Rows taken and rows left, each counted once.

use insta::assert_snapshot;
use isoflop_data::{Copies, Need, NeedKind, ReadOptions, RunTable, Selection};

use crate::{csv, note_codes, with};

#[track_caller]
fn need(table: &RunTable, column: &str, kind: NeedKind) -> Need {
    Need::new(
        &table.resolve(column, column).expect("the column is there"),
        kind,
    )
}

fn told(selection: &Selection) -> String {
    let line = |s: &isoflop_data::Skipped| format!("{} {} {:?}", s.rows, s.reason, s.places);
    selection
        .skipped
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_reason_has_its_words() {
    let table = csv("params,loss\n1,3\n,3\n0,3\n1,nan\n1,inf\n1,-2\n1,#DIV/0!\n1,\n1,abc\n");
    let selection = table.select(&[
        need(&table, "params", NeedKind::Positive),
        need(&table, "loss", NeedKind::PositiveResponse),
    ]);
    assert_eq!(selection.rows, [0]);
    assert_eq!(selection.numbers, [[1.0], [3.0]]);
    assert_snapshot!(told(&selection), @r##"
    1 params is missing ["runs.csv:3"]
    1 params is not above zero ["runs.csv:4"]
    1 loss is NaN ["runs.csv:5"]
    1 loss is infinite ["runs.csv:6"]
    1 loss is not above zero ["runs.csv:7"]
    1 loss is not a number ("#DIV/0!") ["runs.csv:8"]
    1 loss is missing ["runs.csv:9"]
    1 loss is not a number ("abc") ["runs.csv:10"]
    "##);
}

#[test]
fn reader_filter_and_selection_share_one_account() {
    let options = ReadOptions {
        filter: Some("params > 1".to_owned()),
        ..ReadOptions::default()
    };
    let table = with("params,loss\n1,3\n2,3\n3\n4,\n,4\n5,2\n", &options);
    let selection = table.select(&[need(&table, "loss", NeedKind::Response)]);
    assert_snapshot!(told(&selection), @r#"
    1 row has 1 cell where the header has 2 ["runs.csv:4"]
    1 left out by --where ["runs.csv:2"]
    1 --where could not be decided: `params` is missing ["runs.csv:6"]
    1 loss is missing ["runs.csv:5"]
    "#);
    let skipped: usize = selection.skipped.iter().map(|s| s.rows).sum();
    assert_eq!((selection.read, selection.rows.len() + skipped), (6, 6));
}

#[test]
fn levels_are_sorted_by_name_and_numbers_by_value() {
    let table = csv(
        "corpus,seed,ok,loss\nc4,10,true,1\npile,9,false,2\n,1,true,3\nc4,9,true,nan\narxiv,2,true,\n",
    );
    let selection = table.select(&[
        need(&table, "corpus", NeedKind::Level),
        need(&table, "seed", NeedKind::Level),
        need(&table, "ok", NeedKind::Level),
        need(&table, "loss", NeedKind::Number),
    ]);
    let [corpus, seed, ok] = selection.levels.as_slice() else {
        panic!("three level columns expected")
    };
    assert_eq!(
        (corpus.names.join(" "), corpus.codes.clone()),
        ("c4 pile".to_owned(), vec![0, 1])
    );
    assert_eq!(
        (seed.names.join(" "), seed.codes.clone()),
        ("9 10".to_owned(), vec![1, 0])
    );
    assert_eq!(
        (ok.names.join(" "), ok.codes.clone()),
        ("false true".to_owned(), vec![1, 0])
    );
}

#[test]
fn booleans_serve_as_numbers() {
    let table = csv("success\ntrue\nfalse\n");
    let selection = table.select(&[need(&table, "success", NeedKind::Number)]);
    assert_eq!(selection.numbers, [[1.0, 0.0]]);
}

#[test]
fn text_where_numbers_are_needed_is_counted_by_its_text() {
    let table = csv("corpus\nc4\npile\nc4\n");
    let selection = table.select(&[need(&table, "corpus", NeedKind::Number)]);
    assert_snapshot!(told(&selection), @r#"
    2 corpus is not a number ("c4") ["runs.csv:2", "runs.csv:4"]
    1 corpus is not a number ("pile") ["runs.csv:3"]
    "#);
}

#[test]
fn exact_copies_of_a_measurement_are_counted_once() {
    let table = csv("params,loss\n1,3.1415926\n2,3.1415926\n1,3.1415926\n1,3.1415926\n");
    let selection = table.select(&[need(&table, "loss", NeedKind::PositiveResponse)]);
    assert_eq!(selection.rows, [0, 1]);
    assert_eq!(selection.read, 4);
    assert_snapshot!(told(&selection), @r#"2 row is an exact copy of an earlier row ["runs.csv:4", "runs.csv:5"]"#);
    assert_eq!(
        selection.notes[0].message,
        "2 rows equal to an earlier one in every cell, counted once (runs.csv:4, runs.csv:5)"
    );
}

#[test]
fn repeated_trials_are_kept_with_a_note() {
    let table = csv("item,success\nq1,1\nq1,1\nq1,0\n");
    let selection = table.select(&[need(&table, "success", NeedKind::Response)]);
    assert_eq!(selection.rows.len(), 3);
    assert_eq!(note_codes(&selection.notes), ["repeated-rows"]);
}

#[test]
fn a_label_names_the_column_in_reasons() {
    let table = csv("N,loss\n,1\n2,3\n");
    let selection = table.select(&[need(&table, "N", NeedKind::Positive).label("params")]);
    assert_eq!(selection.skipped[0].reason, "params is missing");
}

#[test]
fn splitting_gives_one_table_per_level() {
    let table = csv("corpus,loss\nc4,1\npile,2\n,3\nc4,4\n");
    let groups = table.split("corpus").unwrap();
    let sizes: Vec<(&str, usize)> = groups
        .tables
        .iter()
        .map(|(n, t)| (n.as_str(), t.rows()))
        .collect();
    assert_eq!(sizes, [("c4", 2), ("pile", 1)]);
    assert_eq!(groups.tables[0].1.place(1), "runs.csv:5");
    assert_eq!(groups.skipped[0].reason, "corpus is missing");
}

#[test]
fn copies_are_kept_when_asked_for() {
    let options = ReadOptions {
        copies: Copies::Keep,
        ..ReadOptions::default()
    };
    let table = with("params,loss\n1,3.1415926\n1,3.1415926\n", &options);
    let selection = table.select(&[need(&table, "loss", NeedKind::PositiveResponse)]);
    assert_eq!((selection.rows.len(), selection.skipped.len()), (2, 0));
    assert_eq!(note_codes(&selection.notes), ["repeated-rows"]);
}

//! Inputs of absurd size or depth: read or refused, in time linear in their length, without a stack overflow.

use insta::assert_snapshot;
use isoflop_data::{ReadOptions, read};

use crate::{csv, named, numbers, refused};

fn bad(name: &str, text: &str) -> String {
    refused(&[named(name, text)], &ReadOptions::default())
}

#[test]
fn a_line_of_ten_megabytes_is_read() {
    let text = format!("params,note,loss\n1,{},3\n2,a,4\n", "x".repeat(10_000_000));
    assert_eq!(numbers(&csv(&text), "loss"), [3.0, 4.0]);
}

#[test]
fn a_header_of_ten_megabytes_is_cut_in_the_message() {
    let told = bad(
        "a.csv",
        &format!("params,loss,{}\n", "x".repeat(10_000_000)),
    );
    assert!(
        told.contains("[header-only]") && told.len() < 1000,
        "{} bytes",
        told.len()
    );
}

#[test]
fn a_hundred_thousand_columns_are_read_and_listed_in_part() {
    let names: Vec<String> = (0..100_000).map(|i| format!("c{i}")).collect();
    let cells = vec!["1"; 100_000].join(",");
    let table = csv(&format!("{}\n{cells}\n{cells}\n", names.join(",")));
    assert_eq!((table.columns().count(), table.rows()), (100_000, 2));
    let fault = table.resolve("L", "loss").unwrap_err();
    assert!(fault.help.iter().all(|h| h.len() < 2000));
    let options = ReadOptions {
        map: vec![("L".into(), "d".into())],
        ..ReadOptions::default()
    };
    let told = refused(
        &[named("a.csv", format!("{}\n{cells}\n", names.join(",")))],
        &options,
    );
    assert!(told.len() < 2000, "{} bytes", told.len());
}

#[test]
fn a_hundred_thousand_columns_of_one_name_are_told_apart() {
    let header = vec!["c"; 100_000].join(",");
    let cells = vec!["1"; 100_000].join(",");
    let table = csv(&format!("{header}\n{cells}\n"));
    assert_eq!(
        table.columns().last().map(|c| c.name.as_str()),
        Some("c.100000")
    );
}

#[test]
fn objects_nested_without_end_are_skipped() {
    let deep = format!(
        "{}1{}\n{{\"a\": 2}}\n",
        "{\"a\":".repeat(100_000),
        "}".repeat(100_000)
    );
    let table = read(&[named("a.jsonl", deep)], &ReadOptions::default()).unwrap();
    assert_eq!(
        table.skipped()[0].reason,
        "line is not valid JSON (recursion limit exceeded)"
    );
    assert_eq!((table.rows(), table.rows_read()), (1, 2));
}

#[test]
fn keys_that_never_repeat_are_refused_before_memory_is_full() {
    let text: String = (0..40_000).map(|i| format!("{{\"k{i}\": 1}}\n")).collect();
    assert_snapshot!(bad("a.jsonl", &text), @"
    a.jsonl would make a table of 40000 rows and 4473 columns or more, nearly all of whose cells are empty [too-many-cells]
      = keys that change from line to line, such as the names of runs, become columns: write them as values
      = or give the files one by one
    ");
}

#[test]
fn zero_bytes_are_refused() {
    assert_snapshot!(bad("a.jsonl", "{\"a\": 1}\n\0\0\0"), @"
    a.jsonl is not text: byte 9 is zero [binary-file]
      = isoflop reads CSV, TSV, JSON Lines and Parquet
    ");
}

#[test]
fn many_rows_are_read_with_their_places() {
    let mut text = String::from("params,tokens,loss\n");
    for i in 1..=200_000 {
        text += &format!("{i}e3,2e10,3.{i}\n");
    }
    let table = csv(&text);
    assert_eq!((table.rows(), table.line(199_999)), (200_000, 200_001));
    assert_eq!(numbers(&table, "params")[199_999], 2e8);
}

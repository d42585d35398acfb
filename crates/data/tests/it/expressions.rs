//! `--let` and `--where`.

use insta::assert_snapshot;
use isoflop_data::{ReadOptions, RunTable};

use crate::{named, note_codes, numbers, refused, with};

const RUNS: &str = "\
run,params,tokens,loss,optimizer,ok
a,1e9,2e9,3.0,adam,true
b,2e9,,2.9,sgd,false
c,3e9,8e9,#REF!,adam,true
d,4e9,9e9,2.7,,true
";

fn filter(text: &str) -> ReadOptions {
    ReadOptions {
        filter: Some(text.to_owned()),
        ..ReadOptions::default()
    }
}

fn lets(texts: &[&str]) -> ReadOptions {
    ReadOptions {
        lets: texts.iter().map(|t| (*t).to_owned()).collect(),
        ..ReadOptions::default()
    }
}

fn runs_kept(condition: &str) -> String {
    let table = with(RUNS, &filter(condition));
    (0..table.rows())
        .filter_map(|r| table.column("run")?.text(r))
        .collect()
}

fn reasons(table: &RunTable) -> String {
    let told = |s: &isoflop_data::Skipped| format!("{} {} {:?}", s.rows, s.reason, s.places);
    table
        .skipped()
        .iter()
        .map(told)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn conditions_keep_the_rows_for_which_they_are_true() {
    for (condition, kept) in [
        ("tokens > 1e9", "acd"),
        ("tokens > 8B", "d"),
        ("optimizer == \"adam\"", "ac"),
        ("optimizer != 'sgd'", "ac"),
        ("\"adam\" == optimizer", "ac"),
        ("ok", "acd"),
        ("not ok", "b"),
        ("ok == false", "b"),
        ("D > 1e9 and N < 4e9", "ac"),
        ("tokens > 1e9 or params == 2e9", "abcd"),
        ("C > 2e20", "d"),
        ("max(params, tokens) > 5e9", "cd"),
        ("if ok then loss < 2.8 else true", "bd"),
        ("run == \"a\" or run == \"d\"", "ad"),
        ("true", "abcd"),
        ("`params` / 1e9 >= 3", "cd"),
        ("loss == 3", "a"),
    ] {
        assert_eq!(runs_kept(condition), kept, "{condition}");
    }
}

#[test]
fn rows_left_out_are_counted_by_reason() {
    let table = with(RUNS, &filter("tokens > 3e9 and loss < 2.8"));
    assert_snapshot!(reasons(&table), @r##"
    2 left out by --where ["runs.csv:2", "runs.csv:3"]
    1 --where could not be decided: `loss` is not a number ("#REF!") ["runs.csv:4"]
    "##);
    assert_eq!((table.rows(), table.rows_read()), (1, 4));
}

#[test]
fn a_filter_that_has_no_value_says_so() {
    let table = with(RUNS, &filter("ln(0 - params) > 1"));
    assert_eq!(table.rows(), 0);
    assert_snapshot!(reasons(&table), @r#"4 --where could not be decided: it has no value there ["runs.csv:2", "runs.csv:3", "runs.csv:4", "runs.csv:5"]"#);
}

#[test]
fn faults_and_places_stay_with_their_rows() {
    let table = with(RUNS, &filter("params > 2e9"));
    assert_eq!(table.place(0), "runs.csv:4");
    assert_eq!(
        table.column("loss").unwrap().trouble(0).as_deref(),
        Some("is not a number (\"#REF!\")")
    );
}

#[test]
fn a_let_makes_a_column_that_later_ones_may_use() {
    let table = with(
        RUNS,
        &lets(&[
            "x = loss * 2",
            "y = x + 1",
            "big = params > 2e9",
            "who = run",
        ]),
    );
    assert_eq!(numbers(&table, "y")[0], 7.0);
    assert_eq!(
        table.column("y").unwrap().trouble(2).as_deref(),
        Some("is not a number (\"#REF!\")")
    );
    assert_eq!(
        table.column("big").unwrap().text(3).as_deref(),
        Some("true")
    );
    assert_eq!(table.column("who").unwrap().text(3).as_deref(), Some("d"));
}

#[test]
fn a_let_without_a_value_is_nan_and_with_a_missing_input_is_missing() {
    let table = with(RUNS, &lets(&["x = ln(tokens - 8e9)"]));
    let x = table.column("x").unwrap();
    let told: Vec<_> = (0..4).map(|r| x.trouble(r).unwrap_or_default()).collect();
    assert_eq!(told, ["is NaN", "is missing", "", ""]);
    assert_eq!(x.numbers().unwrap()[2], f64::NEG_INFINITY);
}

#[test]
fn a_let_may_replace_a_column_and_says_so() {
    let table = with(RUNS, &lets(&["params = params / 2"]));
    assert_eq!(numbers(&table, "params")[0], 0.5e9);
    assert_eq!(note_codes(table.notes()), ["column-replaced"]);
}

#[test]
fn a_text_that_no_cell_has_is_noted() {
    let table = with(RUNS, &filter("optimizer != \"adm\""));
    assert_eq!(table.notes()[0].advice, "did you mean \"adam\"?");
}

#[test]
fn faults_are_shown_at_their_place_all_of_them() {
    let inputs = [named("runs.csv", RUNS)];
    let filtered = |text: &str| refused(&inputs, &filter(text));
    assert_snapshot!(filtered("tokns > 1 and optimiser == \"adam\""), @r#"
    <where>:1:1: no column `tokns` in runs.csv [unknown-column]
      | tokns > 1 and optimiser == "adam"
      | ^^^^^ no such column
      = did you mean `tokens`?
      = the columns are `run`, `params`, `tokens`, `loss`, `optimizer`, `ok`
    <where>:1:15: no column `optimiser` in runs.csv [unknown-column]
      | tokns > 1 and optimiser == "adam"
      |               ^^^^^^^^^ no such column
      = did you mean `optimizer`?
      = the columns are `run`, `params`, `tokens`, `loss`, `optimizer`, `ok`
    "#);
    assert_snapshot!(filtered("tokens > \"adam\" or optimizer > 3"), @r#"
    <where>:1:10: only numbers have an order, this is text [type-mismatch]
      | tokens > "adam" or optimizer > 3
      |          ^^^^^^ this is text
    <where>:1:20: only numbers have an order, this is text [type-mismatch]
      | tokens > "adam" or optimizer > 3
      |                    ^^^^^^^^^ this is text
      = `optimizer` holds text such as "adam"
    "#);
    assert_snapshot!(filtered("optimizer == 3"), @"
    <where>:1:14: text is compared with a number [type-mismatch]
      | optimizer == 3
      |              ^ this is a number
      = write the text in quotes
    ");
    assert_snapshot!(filtered("tokens == \"3\""), @r#"
    <where>:1:11: a number is compared with text [type-mismatch]
      | tokens == "3"
      |           ^^^ this is text
      = this column holds numbers: write the number without quotes
    "#);
    assert_snapshot!(filtered("tokens"), @"
    <where>:1:1: --where needs a condition, this is a number [type-mismatch]
      | tokens
      | ^^^^^^ this is a number
    ");
    assert_snapshot!(filtered("6 * optimizer > 1"), @r#"
    <where>:1:5: arithmetic needs numbers, this is text [type-mismatch]
      | 6 * optimizer > 1
      |     ^^^^^^^^^ this is text
      = `optimizer` holds text such as "adam"
    "#);
    assert_snapshot!(filtered("E[run] > 1"), @"
    <where>:1:1: coefficients have indexes, columns have none [not-for-columns]
      | E[run] > 1
      | ^^^^^^ not here
    ");
    assert_snapshot!(filtered("tokens >"), @"
    <where>:1:9: found the end, expected a number, a name or `(` [formula-syntax]
      | tokens >
      |         ^ here
    ");
    assert_snapshot!(refused(&inputs, &lets(&["C = 6*params*tokns", "x = if ok then 1 else run"])), @"
    <let>:1:14: no column `tokns` in runs.csv [unknown-column]
      | C = 6*params*tokns
      |              ^^^^^ no such column
      = did you mean `tokens`?
      = the columns are `run`, `params`, `tokens`, `loss`, `optimizer`, `ok`
    <let>:1:23: `then` gives a number and `else` gives text [type-mismatch]
      | x = if ok then 1 else run
      |                       ^^^ this is text
      = both must be numbers, or both conditions
    ");
}

//! Delimiters, decimal marks, line ends, quotes, headers.

use isoflop_data::{Input, ReadOptions, Values, read};
use isoflop_testkit::testdata;

use crate::{csv, file, named, note_codes, numbers};

#[test]
fn delimiters_and_line_ends_are_found() {
    for text in [
        "params,loss\n7e9,2.5\n",
        "params;loss\r\n7e9;2.5\r\n",
        "params\tloss\n7e9\t2.5",
        "\u{feff}params|loss\n7e9|2.5\n",
        "params,loss,\n7e9,2.5,\n",
    ] {
        let table = csv(text);
        assert_eq!(numbers(&table, "params"), [7e9], "{text:?}");
        assert_eq!(numbers(&table, "loss"), [2.5], "{text:?}");
    }
}

#[test]
fn european_numbers_are_read_from_a_file_with_mark_and_crlf() {
    let table = file("messy/european_decimal.csv");
    assert_eq!(table.rows(), 60);
    assert_eq!(numbers(&table, "Verlust")[0], 2.481839);
    assert_eq!(numbers(&table, "FLOP")[0], 3.000674e20);
    assert_eq!((table.line(0), table.line(59)), (2, 61));
    assert_eq!(note_codes(table.notes()), ["decimal-comma"]);
}

#[test]
fn lines_count_quoted_line_breaks_and_blank_lines() {
    for end in ["\n", "\r\n"] {
        let text = ["run,loss", "\"a", "b\",1", "", "c,2", "d,3,4", "e,5", ""].join(end);
        let table = csv(&text);
        let lines: Vec<usize> = (0..table.rows()).map(|r| table.line(r)).collect();
        assert_eq!(lines, [2, 5, 7], "{end:?}");
        assert_eq!(table.skipped()[0].places, ["runs.csv:6"]);
    }
}

#[test]
fn quoted_cells_keep_their_delimiters_and_quotes() {
    let table = csv("tag,loss\n\"a=1, \"\"b\"\"\",2\n");
    assert_eq!(
        table.column("tag").unwrap().text(0).as_deref(),
        Some("a=1, \"b\"")
    );
}

#[test]
fn a_column_that_turns_to_text_late_is_text_from_its_first_row() {
    let mut text = "seed,loss\n".to_owned();
    for i in 0..300 {
        text += &format!("{:.1},{i}\n", f64::from(i % 3));
    }
    for i in 0..400 {
        text += &format!("final,{i}\n");
    }
    let table = csv(&text);
    let Values::Text { levels, .. } = &table.column("seed").unwrap().values else {
        panic!("text expected")
    };
    assert_eq!(levels, &["0.0", "1.0", "2.0", "final"]);
    assert_eq!(table.rows(), 700);
}

#[test]
fn names_that_are_missing_or_doubled_get_numbers() {
    let table = csv(",loss,loss\n1,2,3\n");
    let names: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["column_1", "loss", "loss.2"]);
}

#[test]
fn several_files_join_by_column_name() {
    let inputs = [
        named("a.csv", "params,loss\n1,2\n"),
        named("b.tsv", "loss\tcorpus\n3\tc4\n"),
        named("c.jsonl", "{\"params\": 5, \"corpus\": \"pile\"}\n"),
    ];
    let table = read(&inputs, &ReadOptions::default()).unwrap();
    assert_eq!(table.rows(), 3);
    assert_eq!(
        table.column("params").unwrap().trouble(1).as_deref(),
        Some("is missing")
    );
    assert_eq!(numbers(&table, "loss")[..2], [2.0, 3.0]);
    assert_eq!(
        table.column("corpus").unwrap().text(2).as_deref(),
        Some("pile")
    );
    assert_eq!(table.place(1), "b.tsv:2");
    assert_eq!(
        table.sources().iter().map(|s| s.rows).collect::<Vec<_>>(),
        [1, 1, 1]
    );
}

#[test]
fn a_pattern_reads_its_files_in_order_of_their_names() {
    let pattern = testdata("messy").join("*_run*.csv").display().to_string();
    let table = read(&[Input::from_arg(&pattern)], &ReadOptions::default()).unwrap();
    let names: Vec<String> = table
        .sources()
        .iter()
        .map(|s| s.name.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        names,
        ["one_run.csv", "three_runs.csv", "wandb_runs_table.csv"]
    );
    assert_eq!(table.rows(), 1 + 3 + 67);
}

#[test]
fn a_source_keeps_its_hash_and_length() {
    let table = csv("a,b\n1,2\n");
    let source = &table.sources()[0];
    assert_eq!(source.bytes, 8);
    // `printf 'a,b\n1,2\n' | sha256sum`
    assert_eq!(
        source.sha256,
        "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470"
    );
}

#[test]
fn the_format_of_a_nameless_stream_is_sniffed() {
    for text in ["a\tb\n1\t2\n", "{\"a\": 1, \"b\": 2}\n", "a,b\n1,2\n"] {
        let table = read(&[named("<stdin>", text)], &ReadOptions::default()).unwrap();
        assert_eq!(numbers(&table, "b"), [2.0], "{text}");
    }
}

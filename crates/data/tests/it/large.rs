//! Files of tens of megabytes are read by pieces, and say the same as small ones.

use std::fmt::Write as _;
use std::path::PathBuf;

use isoflop_data::{Input, ReadOptions, RunTable, read};

use crate::{named, refused};

/// Makes lines long.
const LONG: &str = "a sentence about the run that is the same in every row and makes the file as long as it has to be here";

/// A table larger than what is read at once: quoted line breaks, blank lines, characters of several bytes, `\r\n`, gaps.
fn text() -> String {
    let mut text = String::from("\u{feff}params,tokens,loss,note,about\r\n");
    for row in 0..180_000 {
        let note = match row % 7 {
            0 => "\"zwei\nZeilen\"",
            1 => "größer ≥ 1 🚀",
            2 => "",
            _ => "plain",
        };
        let end = if row % 11 == 0 { "\r\n\r\n" } else { "\n" };
        let _ = write!(
            text,
            "{}e6,{}e9,{:.6},{note},{LONG}{end}",
            row % 90 + 10,
            row % 37 + 1,
            2.0 + f64::from(row) * 1e-6
        );
    }
    text
}

/// A file with these bytes; the test removes it.
fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("isoflop-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).expect("the folder can be written");
    path
}

/// What a table holds, without the name of its file.
fn content(table: &RunTable) -> String {
    let mut said = format!("{} rows\n", table.rows());
    for column in table.columns() {
        let _ = writeln!(said, "{}", column.name);
        for row in (0..table.rows()).step_by(997) {
            let _ = writeln!(said, "{:?}", column.text(row));
        }
    }
    for row in (0..table.rows()).step_by(97) {
        let place = table.place(row);
        let (_, line) = place.rsplit_once(':').expect("a line");
        let _ = writeln!(said, "{line}");
    }
    let source = &table.sources()[0];
    said + &format!("{} {} {}", source.sha256, source.bytes, source.rows)
}

/// A text of this ending, from its file and from memory.
#[track_caller]
fn is_the_same_by_pieces(ending: &str, text: &str) {
    let bytes = text.len();
    assert!(bytes > 16 << 20, "{bytes} bytes are read as a whole");
    let path = written(&format!("same.{ending}"), text.as_bytes());
    let options = ReadOptions::default();
    let by_pieces = read(&[Input::Path(path.clone())], &options).expect("the file is fine");
    std::fs::remove_file(path).expect("the file is there");
    let source = named(&format!("runs.{ending}"), text);
    let at_once = read(&[source], &options).expect("the text is fine");
    assert_eq!(content(&by_pieces), content(&at_once));
}

#[test]
fn a_large_table_is_the_same_from_its_file_and_from_memory() {
    is_the_same_by_pieces("csv", &text());
}

#[test]
fn large_json_lines_are_the_same_from_their_file_and_from_memory() {
    let mut text = String::new();
    for row in 0..100_000 {
        let blank = if row % 1000 == 0 { "\n" } else { "" };
        let _ = write!(
            text,
            "{{\"params\": {}, \"run\": {{\"name\": \"Lauf ü {}\"}}, \"loss\": 2.5, \"about\": \"{LONG}\"}}\r\n{blank}",
            row + 1,
            row % 10
        );
    }
    is_the_same_by_pieces("jsonl", &text);
}

#[test]
fn faults_of_a_large_file_are_shown_with_their_lines() {
    let whole = text();
    let mut latin = whole.clone().into_bytes();
    let at = latin.len() - 40;
    latin[at] = 0xE9;
    let unclosed = format!(
        "{whole}1e6,1e9,2,\"open,x\n{}",
        "1e6,1e9,2,x,y\n".repeat(20)
    );
    let mut zero = whole.clone().into_bytes();
    zero[at] = 0;
    for (bytes, code) in [
        (latin, "not-utf8"),
        (unclosed.into_bytes(), "unclosed-quote"),
        (zero, "binary-file"),
    ] {
        let path = written(&format!("{code}.csv"), &bytes);
        let options = ReadOptions::default();
        let name = path.display().to_string();
        let from_file = refused(&[Input::Path(path.clone())], &options).replace(&name, "runs.csv");
        std::fs::remove_file(path).unwrap();
        assert!(from_file.contains(code), "{from_file}");
        assert_eq!(from_file, refused(&[named("runs.csv", bytes)], &options));
    }
}

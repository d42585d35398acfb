//! One bad file, one snapshot.

use insta::assert_snapshot;
use isoflop_data::{Input, ReadOptions};

use isoflop_testkit::testdata;

use crate::{named, refused};

fn bad(name: &str, bytes: impl AsRef<[u8]>) -> String {
    refused(&[named(name, bytes)], &ReadOptions::default())
}

fn bad_path(path: &str) -> String {
    let input = Input::from_arg(&testdata("").join(path).display().to_string());
    let folder = testdata("").display().to_string();
    refused(&[input], &ReadOptions::default()).replace(&folder, "")
}

#[test]
fn an_empty_file_is_refused() {
    assert_snapshot!(bad_path("messy/empty.csv"), @"
    messy/empty.csv is empty [empty-file]
      = a table of runs needs a header line and one line per run
    ");
    assert_snapshot!(bad("a.csv", " \n\n"), @"
    a.csv holds only white space [empty-file]
      = a table of runs needs a header line and one line per run
    ");
}

#[test]
fn a_header_without_rows_is_refused() {
    assert_snapshot!(bad_path("messy/header_only.csv"), @"
    messy/header_only.csv:1:1: messy/header_only.csv has a header but no rows [header-only]
      | params,tokens,loss
      | ^^^^^^^^^^^^^^^^^^ the only line
    ");
}

#[test]
fn a_file_that_is_not_there_is_refused_with_the_nearest_name() {
    assert_snapshot!(bad_path("messy/thre_runs.csv"), @"
    messy/thre_runs.csv cannot be read: there is no such file [cannot-read]
      = did you mean `messy/three_runs.csv`?
    ");
}

#[test]
fn a_pattern_without_a_match_is_refused() {
    assert_snapshot!(bad_path("messy/*.xyz"), @"
    no file matches `messy/*.xyz` [no-match]
      = quote the pattern so that the shell leaves it alone, and look at the folder it starts from
    ");
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_their_place() {
    assert_snapshot!(bad("a.csv", b"params,loss\n1,2\nModellgr\xf6\xdfe,3\n"), @"
    a.csv:3:9: a.csv is not UTF-8: byte 24 is 0xF6 [not-utf8]
      | Modellgr��e,3
      |         ^ not UTF-8
      = save it as UTF-8, for example with `iconv -f WINDOWS-1252 -t UTF-8`
    ");
}

#[test]
fn utf16_is_refused() {
    assert_snapshot!(bad("a.csv", b"\xff\xfep\0a\0"), @"
    a.csv is UTF-16 text, UTF-8 is expected [not-utf8]
      = save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`
    ");
}

#[test]
fn binary_junk_is_refused() {
    let junk: Vec<u8> = (0..=250u8).rev().cycle().take(2000).collect();
    assert_snapshot!(bad("a.csv", junk), @"
    a.csv is not text: byte 0 is 0xFA [binary-file]
      = isoflop reads CSV, TSV, JSON Lines and Parquet
    ");
    assert_snapshot!(bad("a.csv", b"params,loss\n1,\0\n"), @"
    a.csv is not text: byte 14 is zero [binary-file]
      = isoflop reads CSV, TSV, JSON Lines and Parquet
    ");
}

#[test]
fn known_formats_that_are_not_read_are_named() {
    assert_snapshot!(bad("runs.xlsx", b"PK\x03\x04rest"), @"
    runs.xlsx is a zip archive or a spreadsheet, which is not read yet [format-not-read]
      = save the sheet as CSV
    ");
    assert_snapshot!(bad("runs.csv.xz", b"\xfd7zXZ\0rest"), @"
    runs.csv.xz is compressed with xz, which is not read yet [format-not-read]
      = unpack it first: `unxz FILE`
    ");
}

#[test]
fn a_bad_byte_at_the_end_of_a_line_is_shown() {
    assert_snapshot!(bad("a.csv", b"params,loss\r\nna\xef\r\n"), @"
    a.csv:2:3: a.csv is not UTF-8: byte 15 is 0xEF [not-utf8]
      | na�
      |   ^ not UTF-8
      = save it as UTF-8, for example with `iconv -f WINDOWS-1252 -t UTF-8`
    ");
}

#[test]
fn numbers_in_the_first_line_are_refused_as_a_header() {
    assert_snapshot!(bad("a.csv", "1e9,2e10,3.1\n2e9,2e10,3.0\n"), @"
    a.csv:1:1: the first line of a.csv holds numbers, column names are expected [no-header]
      | 1e9,2e10,3.1
      | ^^^^^^^^^^^^ not a header
      = write a first line such as `params,tokens,loss`
    ");
}

#[test]
fn a_quote_that_is_never_closed_is_refused() {
    assert_snapshot!(bad("a.csv", "run,loss\na,1\n\"b,2\nc,3\nd,4\ne,5\nf,6\n"), @r#"
    a.csv:3:1: a quote in line 3 of a.csv is not closed [unclosed-quote]
      | "b,2
      | ^ opened here
      = close the quote, or write it twice if it belongs to the cell
    "#);
}

#[test]
fn a_file_of_ragged_rows_only_is_refused_with_the_reason() {
    assert_snapshot!(bad("a.csv", "a,b,c\n1,2\n3,4\n"), @"
    no row of a.csv could be read [no-rows]
      = 2 rows (a.csv:2): row has 2 cells where the header has 3
    ");
}

#[test]
fn all_bad_inputs_are_reported_together() {
    let inputs = [
        named("a.csv", ""),
        named("b.csv", "ARROW1"),
        named("c.csv", "x,y\n1,2\n"),
    ];
    assert_snapshot!(refused(&inputs, &ReadOptions::default()), @"
    a.csv is empty [empty-file]
      = a table of runs needs a header line and one line per run
    b.csv is an Arrow file, which is not read yet [format-not-read]
      = write it as CSV or JSON Lines first
    ");
    assert_snapshot!(refused(&[], &ReadOptions::default()), @"
    no table was given [no-input]
      = give a file, a folder, a pattern, or `-` for standard input
    ");
}

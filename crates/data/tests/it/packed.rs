//! Compressed files, folders, and several files at once.

use std::io::Write as _;

use insta::assert_snapshot;
use isoflop_data::{Input, ReadOptions, read};

use crate::{named, numbers, refused};

const TEXT: &[u8] = b"params,tokens,loss\n70B,1.4T,1.94\n7B,1T,2.2\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

#[test]
fn gzip_is_unpacked_whatever_the_file_is_called() {
    for name in ["runs.csv.gz", "runs.csv", "<stdin>"] {
        let table = read(&[named(name, gzip(TEXT))], &ReadOptions::default()).unwrap();
        assert_eq!(numbers(&table, "params"), [70e9, 7e9], "{name}");
        assert_eq!(table.place(0), format!("{name}:2"));
        assert_eq!(table.sources()[0].bytes, gzip(TEXT).len());
    }
    let lines = gzip(b"{\"params\": 1}\n");
    let table = read(&[named("runs.jsonl.GZ", lines)], &ReadOptions::default()).unwrap();
    assert_eq!(numbers(&table, "params"), [1.0]);
}

#[test]
fn streams_one_after_the_other_are_one_text() {
    let (head, tail) = TEXT.split_at(30);
    let table = read(
        &[named("a.csv.gz", [gzip(head), gzip(tail)].concat())],
        &ReadOptions::default(),
    );
    assert_eq!(table.unwrap().rows(), 2);
}

#[test]
fn a_gzip_file_that_is_cut_off_is_refused_with_the_byte() {
    let whole = gzip(TEXT);
    let cut = named("runs.csv.gz", &whole[..40]);
    assert_snapshot!(refused(&[cut], &ReadOptions::default()), @"
    runs.csv.gz is cut off: it ends at byte 40 in the middle of its gzip data, 31 bytes were unpacked [truncated-file]
      = copy or download it again; a file that is still being written has no end yet
    ");
}

#[test]
fn a_damaged_gzip_file_is_refused_with_the_byte() {
    let mut bytes = gzip(TEXT);
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    assert_snapshot!(refused(&[named("runs.csv.gz", bytes)], &ReadOptions::default()), @"
    runs.csv.gz is damaged: its gzip data cannot be unpacked beyond byte 60 (corrupt gzip stream does not have a matching checksum), 43 bytes were [damaged-file]
      = copy or download it again
    ");
}

#[test]
fn a_file_packed_twice_is_refused() {
    let twice = named("runs.csv.gz.gz", gzip(&gzip(TEXT)));
    assert_snapshot!(refused(&[twice], &ReadOptions::default()), @"
    runs.csv.gz.gz is compressed twice, which is not read yet [format-not-read]
      = unpack it once first: `gunzip FILE`
    ");
}

#[cfg(feature = "parquet")]
#[test]
fn zstd_is_unpacked_and_refused_when_it_is_cut_off() {
    let packed = zstd::encode_all(TEXT, 3).expect("memory takes everything");
    let table = read(&[named("runs.csv.zst", &packed)], &ReadOptions::default()).unwrap();
    assert_eq!(numbers(&table, "tokens"), [1.4e12, 1e12]);
    let cut = named("runs.csv.zst", &packed[..30]);
    assert_snapshot!(refused(&[cut], &ReadOptions::default()), @"
    runs.csv.zst is cut off: it ends at byte 30 in the middle of its zstd data, 21 bytes were unpacked [truncated-file]
      = copy or download it again; a file that is still being written has no end yet
    ");
}

#[test]
fn a_folder_gives_all_its_tables_in_order_of_their_names() {
    let folder = std::env::temp_dir().join(format!("isoflop-folder-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("below")).unwrap();
    std::fs::write(folder.join("b.csv.gz"), gzip(b"params,loss\n2,3\n")).unwrap();
    std::fs::write(folder.join("a.jsonl"), b"{\"params\": 1, \"seed\": 7}\n").unwrap();
    std::fs::write(folder.join("notes.md"), b"no table").unwrap();
    std::fs::write(folder.join("below/c.csv"), b"params\n3\n").unwrap();
    let table = read(&[Input::Path(folder.clone())], &ReadOptions::default()).unwrap();
    assert_eq!(numbers(&table, "params"), [1.0, 2.0]);
    assert_eq!(table.sources().len(), 2);
    for name in ["b.csv.gz", "a.jsonl"] {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    let told = refused(&[Input::Path(folder.clone())], &ReadOptions::default());
    assert!(told.contains("/**/*.csv'"), "{told}");
    std::fs::remove_dir_all(&folder).unwrap();
}

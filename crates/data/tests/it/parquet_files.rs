//! Parquet files: the messy one, and files written here with every type, codec and kind of damage.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use std::sync::Arc;

use insta::assert_snapshot;
use isoflop_data::{ReadOptions, RunTable, read};
use isoflop_testkit::testdata;
use parquet::basic::Compression;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, FloatType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use crate::{CHINCHILLA, file, named, note_codes, numbers, refused, said, select};

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// Adds a column; `levels` says which rows are there.
fn column<T: DataType>(group: &mut Group<'_>, values: &[T::T], levels: Option<&[i16]>) {
    let mut writer = group
        .next_column()
        .unwrap()
        .expect("the schema has the column");
    writer
        .typed::<T>()
        .write_batch(values, levels, None)
        .unwrap();
    writer.close().unwrap();
}

/// A file of one group per entry of `groups`.
fn written(schema: &str, codec: Compression, groups: &[&dyn Fn(&mut Group<'_>)]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(codec).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    for fill in groups {
        let mut group = writer.next_row_group().unwrap();
        fill(&mut group);
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

#[track_caller]
fn table(bytes: Vec<u8>) -> RunTable {
    match read(&[named("runs.parquet", bytes)], &ReadOptions::default()) {
        Ok(table) => table,
        Err(faults) => panic!("the file is fine, got: {faults}"),
    }
}

fn bad(bytes: &[u8]) -> String {
    refused(&[named("runs.parquet", bytes)], &ReadOptions::default())
}

fn messy() -> Vec<u8> {
    std::fs::read(testdata("messy/runs.parquet")).expect("the file is there")
}

const LOSSES: &str = "message runs { required double params; optional double loss; }";

fn losses(codec: Compression) -> Vec<u8> {
    written(
        LOSSES,
        codec,
        &[&|group| {
            let params: Vec<f64> = (1..=1000).map(f64::from).collect();
            let levels: Vec<i16> = (1..=1000).map(|i| i16::from(i % 10 != 0)).collect();
            let there: Vec<f64> = params.iter().copied().filter(|i| i % 10.0 != 0.0).collect();
            column::<DoubleType>(group, &params, None);
            column::<DoubleType>(group, &there, Some(&levels));
        }],
    )
}

#[test]
fn the_messy_file_has_588_usable_rows() {
    let table = file("messy/runs.parquet");
    let selection = select(&table, CHINCHILLA);
    assert_eq!((selection.rows.len(), selection.read), (588, 600));
    let skipped = &selection.skipped[0];
    assert_eq!(
        (skipped.rows, skipped.reason.as_str()),
        (12, "loss is missing")
    );
    let found = |letter, role| table.resolve(letter, role).unwrap().column.name.clone();
    assert_eq!(found("C", "flops") + &found("N", "params"), "CN");
    assert_snapshot!(said(table.notes(), "single-precision"), @"Info: `L` of messy/runs.parquet stored as float32: rounded to about 7 digits");
}

#[test]
fn every_type_is_read() {
    let schema = "message runs {
        optional boolean ok;
        required int32 small;
        required int32 unsigned (UINT_32);
        required int32 price (DECIMAL(9, 2));
        required int32 day (DATE);
        required int64 tokens;
        required int64 stamp (TIMESTAMP(MICROS, true));
        required int96 old_stamp;
        optional float loss;
        required double params;
        required binary name (UTF8);
        required binary size;
        required binary cost (DECIMAL(20, 3));
        required fixed_len_byte_array(2) half (FLOAT16);
        required group config { optional int32 layers; }
        required fixed_len_byte_array(4) blob;
        repeated int32 list;
    }";
    let text = |t: &str| ByteArray::from(t);
    let fixed = |b: &[u8]| FixedLenByteArray::from(b.to_vec());
    let mut old = Int96::new();
    old.set_data(0, 0, 2_440_588 + 19_751);
    let bytes = written(
        schema,
        Compression::UNCOMPRESSED,
        &[&|group| {
            column::<BoolType>(group, &[true], Some(&[1, 0]));
            column::<Int32Type>(group, &[-5, 7], None);
            column::<Int32Type>(group, &[-1, 1], None);
            column::<Int32Type>(group, &[-123, 250], None);
            column::<Int32Type>(group, &[19_751, 0], None);
            column::<Int64Type>(group, &[1_400_000_000_000, 2], None);
            column::<Int64Type>(group, &[19_751 * 86_400_000_000, 0], None);
            column::<Int96Type>(group, &[old, old], None);
            column::<FloatType>(group, &[2.5], Some(&[0, 1]));
            column::<DoubleType>(group, &[70e9, f64::NAN], None);
            column::<ByteArrayType>(group, &[text("a"), text("b")], None);
            column::<ByteArrayType>(group, &[text("1.4B"), text("7B")], None);
            column::<ByteArrayType>(
                group,
                &[
                    ByteArray::from(vec![0xff, 0x85]),
                    ByteArray::from(vec![1, 0]),
                ],
                None,
            );
            column::<FixedLenByteArrayType>(
                group,
                &[fixed(&[0x00, 0x3c]), fixed(&[0x00, 0xc0])],
                None,
            );
            column::<Int32Type>(group, &[24], Some(&[1, 0]));
            column::<FixedLenByteArrayType>(group, &[fixed(b"abcd"), fixed(b"efgh")], None);
            let mut writer = group.next_column().unwrap().unwrap();
            writer
                .typed::<Int32Type>()
                .write_batch(&[1, 2], Some(&[1, 1, 0]), Some(&[0, 1, 0]))
                .unwrap();
            writer.close().unwrap();
        }],
    );
    let table = table(bytes);
    let cell = |name: &str, row| table.column(name).unwrap().text(row);
    assert_eq!(
        (cell("ok", 0).as_deref(), cell("ok", 1)),
        (Some("true"), None)
    );
    for (name, values) in [
        ("small", [-5.0, 7.0]),
        ("unsigned", [4_294_967_295.0, 1.0]),
        ("price", [-1.23, 2.5]),
        ("tokens", [1.4e12, 2.0]),
        ("size", [1.4e9, 7e9]),
        ("cost", [-0.123, 0.256]),
        ("half", [1.0, -2.0]),
    ] {
        assert_eq!(numbers(&table, name), values, "{name}");
    }
    let day = numbers(&table, "day");
    assert_eq!(day[1], 1970.0);
    assert_eq!(
        (numbers(&table, "stamp"), numbers(&table, "old_stamp")[1]),
        (day, day[0])
    );
    assert_eq!(numbers(&table, "loss")[1], 2.5);
    let trouble = |name: &str, row| table.column(name).unwrap().trouble(row);
    assert_eq!(trouble("loss", 0).as_deref(), Some("is missing"));
    assert_eq!(trouble("params", 1).as_deref(), Some("is NaN"));
    assert_eq!(trouble("config.layers", 1).as_deref(), Some("is missing"));
    assert_eq!(cell("name", 1).as_deref(), Some("b"));
    assert_snapshot!(said(table.notes(), "columns-left-out"), @"Info: columns of lists or binary data are left out: `blob`, `list`");
}

#[test]
fn every_codec_gives_the_same_table() {
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
        Compression::LZ4_RAW,
    ] {
        let table = table(losses(codec));
        let loss = table.column("loss").unwrap();
        assert_eq!(table.rows(), 1000, "{codec:?}");
        assert_eq!(
            (0..1000).filter(|r| loss.trouble(*r).is_some()).count(),
            100
        );
        assert_eq!(numbers(&table, "loss")[998], 999.0);
    }
}

#[test]
fn groups_of_rows_and_several_files_join() {
    let fill = |group: &mut Group<'_>| {
        column::<DoubleType>(group, &[1.0, 2.0], None);
        column::<DoubleType>(group, &[3.0], Some(&[0, 1]));
    };
    let bytes = written(LOSSES, Compression::SNAPPY, &[&fill, &fill]);
    let inputs = [
        named("a.parquet", bytes),
        named("b.csv", "params,loss,run\n5,6,x\n"),
    ];
    let table = read(&inputs, &ReadOptions::default()).unwrap();
    assert_eq!(numbers(&table, "params"), [1.0, 2.0, 1.0, 2.0, 5.0]);
    assert_eq!(
        (table.place(3), table.place(4)),
        ("a.parquet:4".to_owned(), "b.csv:2".to_owned())
    );
}

#[test]
fn a_file_without_rows_is_refused() {
    assert_snapshot!(bad(&written(LOSSES, Compression::SNAPPY, &[])), @"runs.parquet has columns but no rows [header-only]");
}

#[test]
fn a_file_that_is_cut_off_is_refused_with_the_byte() {
    let whole = messy();
    assert_snapshot!(bad(&whole[..9000]), @"
    runs.parquet is cut off: it ends at byte 9000 without the footer of a Parquet file [truncated-file]
      = copy or download it again; a file that is still being written has no footer yet
    ");
    assert_snapshot!(bad(&whole[..5]), @"
    runs.parquet is cut off: it ends at byte 5 without the footer of a Parquet file [truncated-file]
      = copy or download it again; a file that is still being written has no footer yet
    ");
}

#[test]
fn a_footer_that_does_not_fit_is_refused_with_the_byte() {
    let mut bytes = messy();
    let at = bytes.len() - 8;
    bytes[at + 3] = 0x7f;
    assert_snapshot!(bad(&bytes), @"
    runs.parquet is damaged: byte 14012 says that the footer has 2130708089 bytes, the file has 14020 [damaged-file]
      = copy or write it again
    ");
    bytes[at..at + 4].copy_from_slice(&[9, 0, 0, 0]);
    assert!(
        bad(&bytes).contains("its footer at byte"),
        "{}",
        bad(&bytes)
    );
}

#[test]
fn a_damaged_column_is_refused_with_its_bytes() {
    let mut bytes = losses(Compression::SNAPPY);
    bytes[60..1200].fill(0xa5);
    let told = bad(&bytes);
    assert!(
        told.contains("column `params` in bytes 4 to ") && told.contains("[damaged-file]"),
        "{told}"
    );
}

#[test]
fn codes_without_their_dictionary_are_refused() {
    let mut bytes = losses(Compression::SNAPPY);
    // The header of the first page begins with its kind: 2, a dictionary, as twice that. 1 is an index, which is passed over.
    assert_eq!(bytes[4..6], [0x15, 0x04]);
    bytes[5] = 0x02;
    let told = bad(&bytes);
    assert!(
        told.contains("codes of a dictionary come before the dictionary"),
        "{told}"
    );
}

#[test]
fn damage_anywhere_never_panics() {
    let whole = messy();
    let mut state = 7u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let (mut fine, mut refused) = (0, 0);
    for round in 0..400 {
        let mut bytes = whole.clone();
        // Half of the rounds spoil the footer, which the decoder trusts most.
        let from = if round % 2 == 0 {
            bytes.len() - 3000
        } else {
            4
        };
        for _ in 0..1 + random(4) {
            let at = from + random(bytes.len() - 8 - from);
            bytes[at] = random(256) as u8;
        }
        match read(&[named("runs.parquet", bytes)], &ReadOptions::default()) {
            Ok(_) => fine += 1,
            Err(faults) => {
                refused += 1;
                assert!(faults.0.iter().all(|f| !f.code.is_empty()));
            }
        }
    }
    assert!(fine > 0 && refused > 50, "{fine} read, {refused} refused");
}

#[test]
fn float32_columns_alone_are_told() {
    assert_eq!(
        note_codes(table(losses(Compression::SNAPPY)).notes()),
        [""; 0]
    );
}

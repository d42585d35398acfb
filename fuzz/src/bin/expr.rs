//! Any text as `--where` and as `--let` of a small table: a table or faults.
#![no_main]

use isoflop_data::{Input, ReadOptions, read};
use libfuzzer_sys::fuzz_target;

const TABLE: &[u8] =
    b"params,tokens,loss,corpus,ok\n1e7,2e8,4.5,web,true\n1e8,,3.4,code,false\n-1,inf,nan,,\n";

fuzz_target!(|text: &str| {
    let input = || Input::Reader {
        name: "x.csv".into(),
        bytes: TABLE.to_vec(),
    };
    let filter = ReadOptions {
        filter: Some(text.to_owned()),
        ..ReadOptions::default()
    };
    let define = ReadOptions {
        lets: vec![format!("x = {text}")],
        ..ReadOptions::default()
    };
    for options in [filter, define] {
        if let Ok(table) = read(&[input()], &options) {
            assert_eq!(table.rows_read(), 3);
        }
    }
});

//! Any bytes called .csv are a table, of which every row is accounted for, or have faults.
#![no_main]

use isoflop_data::{Input, ReadOptions, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let input = Input::Reader {
        name: "x.csv".into(),
        bytes: bytes.to_vec(),
    };
    if let Ok(table) = read(&[input], &ReadOptions::default()) {
        let skipped: usize = table.skipped().iter().map(|s| s.rows).sum();
        assert_eq!(table.rows_read(), table.rows() + skipped);
        assert!(table.columns().all(|c| c.len() == table.rows()));
    }
});

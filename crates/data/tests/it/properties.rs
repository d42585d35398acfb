//! What must hold for any table.

use isoflop_data::{ReadOptions, read};
use proptest::prelude::*;

use crate::{csv, named, numbers};

/// Ways to write the same number.
fn spelled(value: f64, how: usize) -> String {
    match how {
        0 => format!("{value}"),
        1 => format!("{value:e}"),
        2 => format!(" {:e}M", value / 1e6),
        _ => format!("~{value} tokens"),
    }
}

proptest! {
    #[test]
    fn numbers_survive_the_way_through_a_file(values in prop::collection::vec(-1e300f64..1e300, 1..40)) {
        let text = values.iter().fold("x,y\n".to_owned(), |t, v| t + &format!("{v},1\n"));
        let table = csv(&text);
        prop_assert_eq!(numbers(&table, "x"), values.as_slice());
    }

    #[test]
    fn the_way_a_number_is_spelled_does_not_change_it(
        cells in prop::collection::vec((1e3f64..1e15, 0usize..4), 1..30)
    ) {
        let text = cells.iter().fold("tokens;y\n".to_owned(), |t, (v, how)| t + &spelled(*v, *how) + ";1\n");
        let table = csv(&text);
        for (read, (value, _)) in numbers(&table, "tokens").iter().zip(&cells) {
            prop_assert!((read / value - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for name in ["a.csv", "a.jsonl", "a"] {
            if let Ok(table) = read(&[named(name, &bytes)], &ReadOptions::default()) {
                prop_assert_eq!(table.sources()[0].rows, table.rows_read());
            }
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-c,;\"'\n\r0-9.#|\t ~%BM{}:\\[\\]-]{0,200}") {
        for name in ["a.csv", "a.jsonl", "a"] {
            if let Ok(table) = read(&[named(name, &text)], &ReadOptions::default()) {
                prop_assert_eq!(table.sources()[0].rows, table.rows_read());
            }
        }
    }
}

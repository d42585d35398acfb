//! Breaks of a curve that may not be shipped.

use isoflop::{FitOptions, Input, ReadOptions, breaks, read};
use isoflop_testkit::outside;

#[test]
fn addition_breaks_once() {
    let map = [("x", "train_examples"), ("y", "loss")];
    let options = ReadOptions {
        map: map.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec(),
        ..ReadOptions::default()
    };
    let input = Input::Path(outside("breaks/addition_4digit.csv"));
    let table = read(&[input], &options).expect("the file can be read");
    let found = breaks(&table, &FitOptions::default(), 39).expect("a curve");
    assert_eq!(found.found, 1, "{found:?}");
    let place = &found.places[0];
    assert!(
        (500.0..700.0).contains(&place.at) && place.inside,
        "{place:?}"
    );
}

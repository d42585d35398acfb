//! How the published numbers are read from their table.

use crate::published_program::book::numbers;

#[test]
fn numbers_are_read_with_their_signs_and_digits() {
    let read = |text: &str| -> Vec<f64> { numbers(text).iter().map(|p| p.value).collect() };
    assert_eq!(read("k=9.306e+13, q=-0.6706"), [9.306e13, -0.6706]);
    assert_eq!(read("exp(6.28204), N2 and 5.84x/year"), [6.28204, 5.84]);
    let printed = &numbers("0.5414")[0];
    assert!(printed.holds(0.54144) && !printed.holds(0.54147));
}

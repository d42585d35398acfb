//! Tables of spellings and what they mean.

use super::*;

#[track_caller]
fn value(text: &str) -> f64 {
    match parse_quantity(text) {
        Ok(q) => q.value,
        Err(e) => panic!("{text:?} is a number, got: {e}"),
    }
}

#[test]
fn spellings_of_numbers() {
    for (text, expected) in [
        ("1.4B", 1.4e9),
        ("411 M", 411e6),
        ("79m", 79e6),
        ("1.44e+09", 1.44e9),
        ("411,616,256", 411_616_256.0),
        ("411 616 256", 411_616_256.0),
        ("411_616_256", 411_616_256.0),
        ("1'000'000", 1e6),
        ("4,116", 4116.0),
        ("28.8B tokens", 28.8e9),
        ("0.0288T", 28.8e9),
        ("2.5e+20", 2.5e20),
        ("0.2488 ZFLOP", 0.2488e21),
        ("40 PF-days", 3.456e21),
        ("2.736 nats", 2.736),
        ("~3B", 3e9),
        ("70B (est.)", 70e9),
        ("  7b ", 7e9),
        ("1.3 billion params", 1.3e9),
        ("300 million", 300e6),
        ("10^9", 1e9),
        ("1.4×10^12", 1.4e12),
        ("1.4 x 10^12", 1.4e12),
        ("3.8·10²⁵", 3.8e25),
        ("2^20", 1_048_576.0),
        ("-2.5", -2.5),
        ("\u{2212}2.5", -2.5),
        ("+7", 7.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("25.1%", 0.251),
        ("$5M", 5e6),
        ("2 weeks", 1_209_600.0),
        ("1e6 H100-hours", 1e6),
        ("inf", f64::INFINITY),
        ("-Infinity", f64::NEG_INFINITY),
        ("100k steps", 1e5),
        ("3.25 (nats)", 3.25),
        ("1e-3", 1e-3),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn units_are_kept() {
    for (text, unit) in [
        ("28.8B tokens", Some("tokens")),
        ("0.2488 ZFLOP", Some("FLOP")),
        ("2.736 nats", Some("nats")),
        ("3.1 nats/token", Some("nats/token")),
        ("1e6 H100-hours", Some("H100-hours")),
        ("$5M", Some("USD")),
        ("70B", None),
    ] {
        assert_eq!(
            parse_quantity(text).unwrap().unit.as_deref(),
            unit,
            "{text}"
        );
    }
}

#[test]
fn approximate_numbers_say_so() {
    for text in [
        "~3B",
        "≈3B",
        "about 3B",
        "ca. 3B",
        "3B (est.)",
        "3B (estimated)",
        "3B?",
        "3B (~)",
    ] {
        let q = parse_quantity(text).unwrap();
        assert!(q.approximate && q.value == 3e9, "{text}");
    }
    assert!(!parse_quantity("3B").unwrap().approximate);
}

#[test]
fn a_stated_error_is_kept_in_the_same_scale() {
    let q = parse_quantity("1.5 ± 0.25 B").unwrap();
    assert_eq!((q.value, q.error), (1.5e9, Some(0.25e9)));
}

#[test]
fn a_scale_is_remembered() {
    assert!(parse_quantity("7B").unwrap().scaled);
    assert!(parse_quantity("1 ZFLOP").unwrap().scaled);
    assert!(!parse_quantity("7e9").unwrap().scaled);
    assert!(!parse_quantity("7e9 tokens").unwrap().scaled);
}

#[test]
fn texts_that_are_not_numbers() {
    use QuantityError as E;
    for (text, expected) in [
        ("", E::Missing),
        ("n/a", E::Missing),
        ("NA", E::Missing),
        ("NULL", E::Missing),
        ("None", E::Missing),
        ("-", E::Missing),
        ("—", E::Missing),
        ("~", E::Missing),
        ("#N/A", E::Missing),
        ("NaN", E::Nan),
        ("#DIV/0!", E::Spreadsheet),
        ("#REF!", E::Spreadsheet),
        ("#NAME?", E::Spreadsheet),
        ("3,14", E::DecimalComma),
        (">1T", E::Bound),
        ("3.5 furlongs", E::UnknownUnit("furlongs".into())),
        ("adam", E::NotANumber),
        ("1-3B", E::NotANumber),
        ("2024-01-29", E::NotANumber),
        ("29/01/2024", E::NotANumber),
        ("1.2.3", E::NotANumber),
        ("12m-4B-lr0.004", E::NotANumber),
        ("1,2345", E::DecimalComma),
        ("infinite", E::NotANumber),
        ("$5 tokens", E::UnknownUnit("tokens".into())),
        ("e5", E::NotANumber),
        ("-", E::Missing),
        ("±3", E::NotANumber),
    ] {
        assert_eq!(parse_quantity(text), Err(expected), "{text}");
    }
}

#[test]
fn decimal_commas_are_read_when_stated() {
    for (text, expected) in [
        ("3,395738", 3.395_738),
        ("9,085789E+18", 9.085_789e18),
        ("1.234.567,89", 1_234_567.89),
        ("1730543416", 1_730_543_416.0),
        ("3,25 nats", 3.25),
        ("3.25", 3.25),
        ("0,5B", 0.5e9),
    ] {
        let q = parse_quantity_with(text, DecimalMark::Comma).unwrap();
        assert_eq!(q.value, expected, "{text}");
    }
}

#[test]
fn scales_round_once() {
    assert_eq!(value("0.0288T"), 28_800_000_000.0);
    assert_eq!(value("0.1T"), 1e11);
    assert_eq!(value("0.3M"), 300_000.0);
}

#[test]
fn an_enormous_exponent_is_infinite_and_not_a_crash() {
    assert_eq!(value("1e99999"), f64::INFINITY);
    assert_eq!(value("1e-99999"), 0.0);
    assert!(parse_quantity("1e99999999999999").is_err());
}

//! Any text is a formula or has a fault; what was parsed prints as text that is the same formula.
#![no_main]

use isoflop_formula::parse_formula;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(formula) = parse_formula(text, "f") else {
        return;
    };
    let printed = formula.to_string();
    let again =
        parse_formula(&printed, "f").unwrap_or_else(|_| panic!("not read again: {printed}"));
    assert_eq!(again.to_string(), printed);
});

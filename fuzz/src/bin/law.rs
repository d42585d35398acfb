//! Any text is a law file or has faults.
#![no_main]

use isoflop_law::Law;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Law::from_toml("x", "x.toml", text);
});

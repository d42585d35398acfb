//! Tables that may not be shipped: the page of published numbers, plans, breaks. `cargo xtask data-tests DIR` runs these.

mod audits;
#[expect(
    dead_code,
    reason = "the program's main writes the page, the test compares it"
)]
#[path = "../../examples/audits.rs"]
mod audits_program;
mod backtest;
mod plan;
mod published;
#[expect(
    dead_code,
    reason = "the program's main writes the page, the tests look at its rows"
)]
#[path = "../../examples/published/main.rs"]
mod published_program;

use std::path::Path;

/// Compares a page of `docs/` with the text that its program writes now.
#[track_caller]
fn assert_current(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let stale = page.lines().zip(now.lines()).find(|(a, b)| a != b);
    assert_eq!(stale, None, "write docs/{name} again");
    assert_eq!(page.len(), now.len(), "write docs/{name} again");
}

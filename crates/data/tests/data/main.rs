//! Every table that may not be shipped is read and accounted for. `cargo xtask data-tests DIR` runs this.

#[path = "../it/accounting.rs"]
mod accounting;

use isoflop_testkit::outside;

#[test]
fn every_row_of_every_table_outside_is_accounted_for() {
    accounting::account(&outside(""), 60);
}

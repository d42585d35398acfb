//! Every table that is shipped.

use isoflop_testkit::testdata;

use crate::accounting::account;

#[test]
fn every_row_of_every_shipped_table_is_accounted_for() {
    account(&testdata(""), 20);
}

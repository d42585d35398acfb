//! The page of audits on disk is what its program writes.

use isoflop_testkit::outside;

use crate::assert_current;
use crate::audits_program::page;

#[test]
fn the_page_of_audits_is_current() {
    assert_current("audits.md", &page(&outside("")));
}

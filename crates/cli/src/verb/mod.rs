//! One file a verb: from what was said to a result on the screen.

pub(crate) mod check;
pub(crate) mod data;
pub(crate) mod demo;
pub(crate) mod fit;
pub(crate) mod flops;
pub(crate) mod ladder;
pub(crate) mod laws;
pub(crate) mod ledger;
pub(crate) mod plan;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod verify;

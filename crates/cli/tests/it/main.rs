//! The program as its users run it: bad inputs, exit codes, streams, files.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

mod bad_input;
mod check;
mod checked;
#[cfg(unix)]
mod killed;
mod ladder;
mod ladder_bounds;
mod laws;
mod ledger;
mod messy;
mod output;
mod parts;
mod plan;
mod program;
mod refused;
mod report;
mod robust;
mod spare;
mod trainers;
mod unusable;

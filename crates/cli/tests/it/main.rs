//! The program as its users run it: bad inputs, exit codes, streams, files.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

mod bad_input;
mod ladder;
mod laws;
mod messy;
mod output;
mod program;
mod robust;

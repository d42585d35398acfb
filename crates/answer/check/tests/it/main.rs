//! Tests of checks through their public interface.

mod alarms;
mod audit_fit;
mod audit_runs;
mod audit_words;
mod checks;
mod pitfalls;
mod support;

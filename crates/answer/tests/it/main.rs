//! Tests of the answers through their public interface.

mod alarms;
mod audit_fit;
mod audit_runs;
mod audit_words;
mod forecasts;
mod pitfalls;
mod support;

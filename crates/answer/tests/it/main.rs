//! Tests of the answers through their public interface.

mod audit_fit;
mod audit_runs;
mod forecasts;
mod pitfalls;
mod support;

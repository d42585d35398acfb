//! Tests of forecasts through their public interface.

mod forecasts;
mod ledger;

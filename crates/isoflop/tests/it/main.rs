//! The facade, as its users see it.

mod backtest;
mod breaks;
mod chain;
#[expect(
    dead_code,
    reason = "the example's main writes the table, the tests call its parts"
)]
#[path = "../../examples/simulated_ladder.rs"]
mod generator;
mod joined;
mod live_plan;
mod plan;
mod plan_laws;
mod plan_needs;
mod plan_planted;
mod published;
#[expect(
    dead_code,
    reason = "the program's main writes the page, the tests read a part of it"
)]
#[path = "../../examples/published/main.rs"]
mod published_program;
mod simulated;
mod story;

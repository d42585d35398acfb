//! The facade, as its users see it.

mod chain;
#[expect(
    dead_code,
    reason = "the example's main writes the table, the tests call its parts"
)]
#[path = "../../examples/simulated_ladder.rs"]
mod generator;
mod simulated;

//! Placeholder for the project commands.
fn main() {}

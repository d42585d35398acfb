//! Ladders of small experiments: a file that says which runs, a plan that says what they cost and what they will show,
//! a runner that loses nothing, and the sentence at the end: the law of the small runs predicted the larger one, or it
//! did not.
//!
//! ```text
//! ladder.toml ── Plan ── run ──▶ records.jsonl ── outcome ──▶ law, prediction, truth
//!                          └─ a process for each run: the built-in trainer, or the user's own
//! ```
//!
//! A ladder has a folder. Finished runs are lines of `records.jsonl`, written once and never changed; everything else in
//! the folder can be made again from them and the ladder file.
#![forbid(unsafe_code)]

mod attempt;
pub mod bounds;
pub mod command;
pub mod compare;
mod family;
pub mod file;
mod listen;
pub mod lock;
pub mod machine;
pub mod new;
pub mod number;
pub mod outcome;
pub mod plan;
pub mod pool;
pub mod precision;
pub mod records;
mod rules;
pub mod shapes;
pub mod show;
pub mod slurm;
pub mod table;
mod tokens;

pub use isoflop_trainer::process as trainer_process;

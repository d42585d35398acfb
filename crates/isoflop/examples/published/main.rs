//! Every published number of a data folder beside what isoflop gives for it. DIR is a folder of tables, of which some may
//! not be shipped with the project.
//!
//! ```sh
//! cargo run --release -p isoflop --example published -- DIR docs/published.md
//! cargo run --release -p isoflop --example published -- DIR --check docs/published.md
//! ```
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the command line: without a second argument the page is what it prints"
)]

pub mod book;
mod curves;
mod laws;
mod plans;
mod recipes;
mod repeated;
mod setup;
mod sweep;
mod trends;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let asked = words.len();
    words.retain(|w| w != "--check");
    let check = words.len() < asked;
    let data = PathBuf::from(words.first().expect("DIR, a folder of tables"));
    let page = answered(&data).page();
    match words.get(1) {
        Some(file) if check => return compare(file, &page),
        Some(file) => std::fs::write(file, page).unwrap_or_else(|e| panic!("{file}: {e}")),
        None => print!("{page}"),
    }
    ExitCode::SUCCESS
}

/// Says where a page on disk is stale.
fn compare(file: &str, page: &str) -> ExitCode {
    let old = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{file}: {e}"));
    if old == page {
        return ExitCode::SUCCESS;
    }
    let same = old.lines().zip(page.lines()).take_while(|(a, b)| a == b);
    let line = same.count();
    eprintln!(
        "{file}:{}: stale\n  there: {}\n  now:   {}",
        line + 1,
        old.lines().nth(line).unwrap_or_default(),
        page.lines().nth(line).unwrap_or_default()
    );
    ExitCode::FAILURE
}

/// Every published row of a data folder with its answer.
pub fn answered(data: &Path) -> book::Book {
    let mut book = book::Book::read(data);
    let setup = setup::Setup::new(data);
    plans::answer(&mut book);
    laws::answer(&mut book, &setup);
    repeated::answer(&mut book, &setup);
    sweep::answer(&mut book, &setup);
    curves::answer(&mut book, &setup);
    recipes::answer(&mut book, &setup);
    trends::answer(&mut book, &setup);
    book
}

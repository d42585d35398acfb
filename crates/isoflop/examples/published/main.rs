//! Every published number of a data folder beside what isoflop gives for it.
//!
//! ```sh
//! cargo run --release -p isoflop --example published -- ../shared/data docs/published.md
//! ```
#![expect(
    clippy::print_stdout,
    reason = "a program for the command line: without a second argument the page is what it prints"
)]

mod book;
mod laws;
mod recipes;
mod setup;
mod trends;

use std::path::PathBuf;

fn main() {
    let mut words = std::env::args().skip(1);
    let data = PathBuf::from(words.next().unwrap_or_else(|| "../shared/data".to_owned()));
    let page = page(&data);
    match words.next() {
        Some(file) => std::fs::write(&file, page).unwrap_or_else(|e| panic!("{file}: {e}")),
        None => println!("{page}"),
    }
}

/// The page for a data folder.
pub fn page(data: &std::path::Path) -> String {
    let mut book = book::Book::read(data);
    let setup = setup::Setup::new(data);
    laws::answer(&mut book, &setup);
    recipes::answer(&mut book, &setup);
    trends::answer(&mut book, &setup);
    book.page()
}

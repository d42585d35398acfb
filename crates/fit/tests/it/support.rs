//! Tables and comparisons that the tests share.

use std::path::Path;

use isoflop_data::{Input, ReadOptions, RunTable, read};
use isoflop_fit::{Fit, FitOptions, Objective, Uncertainty};
use isoflop_testkit::testdata;

/// The rows of a shipped table that a filter keeps.
pub fn table(path: &str, filter: Option<&str>) -> RunTable {
    rows(&testdata(path), filter)
}

/// The rows of a table file that a filter keeps.
pub fn rows(path: &Path, filter: Option<&str>) -> RunTable {
    mapped(path, filter, &[])
}

/// The same with columns named by their roles.
pub fn mapped(path: &Path, filter: Option<&str>, map: &[(&str, &str)]) -> RunTable {
    let pairs = map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
    let options = ReadOptions {
        filter: filter.map(str::to_owned),
        map: pairs.collect(),
        ..ReadOptions::default()
    };
    read(&[Input::Path(path.to_owned())], &options).expect("the file can be read")
}

/// A table from text.
pub fn csv(text: &str) -> RunTable {
    let input = Input::Reader {
        name: "test.csv".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    read(&[input], &ReadOptions::default()).expect("the test's table can be read")
}

/// The options of a fit with this objective and no uncertainty.
pub fn plain(objective: &str) -> FitOptions {
    FitOptions {
        objective: Some(Objective::parse(objective).expect("the test's objective parses")),
        uncertainty: Uncertainty::None,
        ..FitOptions::default()
    }
}

/// The value of a coefficient.
pub fn coef(fit: &Fit, name: &str) -> f64 {
    fit.coefs
        .iter()
        .find(|(n, _)| n == name)
        .expect("the fit has this coefficient")
        .1
        .value
}

/// Asserts that two numbers agree to a relative tolerance.
#[track_caller]
pub fn close(found: f64, wanted: f64, tolerance: f64, what: &str) {
    let gap = (found - wanted).abs() / wanted.abs();
    assert!(
        gap <= tolerance,
        "{what}: {found:e} for {wanted:e}, relative gap {gap:.2e} above {tolerance:.0e}"
    );
}

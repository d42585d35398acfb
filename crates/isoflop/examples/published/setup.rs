//! Tables, fits and their numbers in few words.

use std::path::{Path, PathBuf};

use isoflop::{
    Fit, FitOptions, Input, Law, Objective, ReadOptions, RunTable, Uncertainty, fit, read,
};

/// Where the data are.
pub struct Setup {
    data: PathBuf,
}

/// A fit that is asked for.
#[derive(Clone, Default)]
pub struct Ask<'a> {
    pub file: &'a str,
    /// A name of the catalogue, or a formula.
    pub law: &'a str,
    pub filter: &'a str,
    pub map: &'a [(&'a str, &'a str)],
    pub lets: &'a [&'a str],
    pub weights: Option<&'a str>,
    pub objective: &'a str,
    /// `none` when empty.
    pub uncertainty: &'a str,
    pub level: f64,
    pub coefs: &'a [&'a str],
    pub derive: &'a [&'a str],
}

impl Setup {
    pub fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
        }
    }

    /// The table of a request.
    pub fn table(&self, ask: &Ask<'_>) -> RunTable {
        let reader = ReadOptions {
            map: ask
                .map
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect(),
            filter: (!ask.filter.is_empty()).then(|| ask.filter.to_owned()),
            lets: ask.lets.iter().map(|l| (*l).to_owned()).collect(),
            copies: isoflop::Copies::Keep,
            ..ReadOptions::default()
        };
        let path = self.data.join(ask.file);
        let input = Input::from_arg(path.to_str().expect("a path in UTF-8"));
        read(&[input], &reader).unwrap_or_else(|e| panic!("{}: {e}", ask.file))
    }

    pub fn fit(&self, ask: &Ask<'_>) -> Fit {
        self.fit_table(&self.table(ask), ask)
    }

    pub fn fit_table(&self, table: &RunTable, ask: &Ask<'_>) -> Fit {
        let law = if ask.law.contains('=') {
            let columns: Vec<&str> = table.columns().map(|c| c.name.as_str()).collect();
            Law::from_formula(ask.law, &columns, &[])
        } else {
            Law::builtin(ask.law)
        };
        let options = FitOptions {
            objective: (!ask.objective.is_empty())
                .then(|| Objective::parse(ask.objective).expect("an objective")),
            weights: ask.weights.map(str::to_owned),
            uncertainty: if ask.uncertainty.is_empty() {
                Uncertainty::None
            } else {
                Uncertainty::parse(ask.uncertainty).expect("an uncertainty")
            },
            level: if ask.level > 0.0 { ask.level } else { 0.95 },
            coefs: ask.coefs.iter().map(|c| (*c).to_owned()).collect(),
            derive: ask.derive.iter().map(|d| (*d).to_owned()).collect(),
            ..FitOptions::default()
        };
        fit(
            &law.unwrap_or_else(|e| panic!("{}: {e}", ask.law)),
            table,
            &options,
        )
        .unwrap_or_else(|e| panic!("{} with {}: {e}", ask.file, ask.law))
    }
}

/// A coefficient or derived quantity.
pub fn value(fit: &Fit, name: &str) -> f64 {
    estimate(fit, name).value
}

pub fn se(fit: &Fit, name: &str) -> f64 {
    estimate(fit, name).se.expect("errors were asked for")
}

pub fn ends(fit: &Fit, name: &str) -> (f64, f64) {
    let interval = estimate(fit, name)
        .interval
        .expect("intervals were asked for");
    (interval.lower, interval.upper)
}

fn estimate<'f>(fit: &'f Fit, name: &str) -> &'f isoflop::Estimate {
    let mut all = fit.coefs.iter().chain(&fit.derived);
    &all.find(|(n, _)| n == name)
        .unwrap_or_else(|| panic!("the fit has no {name}"))
        .1
}

/// Rows of the table in which a column is larger than in all rows before them by another: records. Rows of one day stay
/// in the order of the table.
pub fn records(table: &RunTable, by: &str, column: &str) -> RunTable {
    let (when, what) = (numbers(table, by), numbers(table, column));
    let mut order: Vec<usize> = (0..when.len()).collect();
    order.sort_by(|a, b| when[*a].total_cmp(&when[*b]));
    let mut best = f64::NEG_INFINITY;
    let mut rows: Vec<usize> = order
        .into_iter()
        .filter(|row| {
            let record = what[*row] > best;
            best = best.max(what[*row]);
            record
        })
        .collect();
    rows.sort_unstable();
    table.subset(&rows)
}

/// A table of two columns: the date of every row in years of one length, counted from 2000, and a number. Published
/// trends count days and divide; a date of this program is a year and the part of it that has passed.
pub fn paced(table: &RunTable, column: &str, days_in_year: f64) -> RunTable {
    let years: Vec<f64> = numbers(table, "date")
        .iter()
        .map(|date| {
            let year = date.floor();
            let leaps = |y: f64| (y / 4.0).floor() - (y / 100.0).floor() + (y / 400.0).floor();
            let length = 365.0 + leaps(year) - leaps(year - 1.0);
            let before = 365.0 * (year - 2000.0) + leaps(year - 1.0) - leaps(1999.0);
            (before + ((date - year) * length).round()) / days_in_year
        })
        .collect();
    RunTable::from_columns(
        column,
        &[("years", &years), (column, numbers(table, column))],
    )
}

/// For every combination of two columns the row in which a third is least.
pub fn least(table: &RunTable, by: [&str; 2], column: &str) -> RunTable {
    let keys = by.map(|name| numbers(table, name));
    let what = numbers(table, column);
    let key = |row: usize| [keys[0][row].to_bits(), keys[1][row].to_bits()];
    let mut best: std::collections::BTreeMap<[u64; 2], usize> = std::collections::BTreeMap::new();
    for row in 0..what.len() {
        let held = best.entry(key(row)).or_insert(row);
        if what[row] < what[*held] {
            *held = row;
        }
    }
    let mut rows: Vec<usize> = best.into_values().collect();
    rows.sort_unstable();
    table.subset(&rows)
}

fn numbers<'t>(table: &'t RunTable, name: &str) -> &'t [f64] {
    table
        .column(name)
        .and_then(|c| c.numbers())
        .unwrap_or_else(|| panic!("the table has no numbers {name}"))
}

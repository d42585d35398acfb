//! Curves: broken and floored power laws, and how far they reach.

use std::collections::BTreeMap;

use isoflop::{Law, Point, predict};

use super::book::{Book, Rule, evidence};
use super::setup::{Ask, Setup, value};

pub fn answer(book: &mut Book, setup: &Setup) {
    breaks(book, setup);
    extrapolation(book, setup);
}

fn breaks(book: &mut Book, setup: &Setup) {
    let folder = "breaks";
    let law = Law::builtin("bnsl1").expect("in the catalogue");
    let (left, right) = law.formula_text.split_once('=').expect("two sides");
    let shifted = format!("ln(1 + {}) = ln(1 + {})", left.trim(), right.trim());
    let law = Law::from_toml(
        "bnsl1-shifted",
        "bnsl1-shifted.toml",
        &law.text.replace(&law.formula_text, &shifted),
    )
    .expect("a law");
    let ask = Ask {
        file: "breaks/addition_4digit.csv",
        filter: "split == \"train\"",
        map: &[("x", "train_examples"), ("y", "loss")],
        ..Ask::default()
    };
    let options = isoflop::FitOptions {
        objective: Some(isoflop::Objective::parse("squared-lhs").expect("parses")),
        uncertainty: isoflop::Uncertainty::None,
        ..isoflop::FitOptions::default()
    };
    let fit = isoflop::fit(&law, &setup.table(&ask), &options).expect("fits");
    book.answer(
        folder,
        "noiseless 4-digit-addition BNSL",
        &["a", "b", "c0", "c1", "d1", "f1"].map(|name| value(&fit, name)),
        &Rule::Near(
            2e-7,
            "theirs were taken from a fit of the same 14 points with SciPy",
        ),
        &evidence(&fit),
    );
    book.not_a_fit(folder, "extrapolation from the first 405", "`check`");
    book.not_a_fit(
        folder,
        "addition: fit on first 14 points",
        "a figure without numbers",
    );
    book.rest(folder, "the place of a maximum of a running median");
}

/// One series, scored on its test part.
struct Scored {
    domain: String,
    rmse: f64,
    reached: usize,
    solved: usize,
    /// As the collector has it, to 1 %.
    same: bool,
}

/// The collector's score of every series.
fn baselines(setup: &Setup, column: &str) -> BTreeMap<String, f64> {
    let table = setup.table(&Ask {
        file: "extrapolation_bench/baselines.csv",
        ..Ask::default()
    });
    let series = table.column("series").expect("the names");
    let score = table.column(column).and_then(|c| c.numbers());
    let score = score.expect("the scores");
    (0..table.rows())
        .map(|row| (series.text(row).expect("a name"), score[row]))
        .collect()
}

fn extrapolation(book: &mut Book, setup: &Setup) {
    let folder = "extrapolation_bench";
    let table = setup.table(&Ask {
        file: "extrapolation_bench/curves.csv",
        map: &[("x", "examples_seen"), ("y", "loss")],
        ..Ask::default()
    });
    let groups = series(&table);
    for (form, id, column) in [
        ("pure power law (M1)", "power", "rmse_log_power"),
        (
            "power law + floor (M2)",
            "power-floor",
            "rmse_log_power_floor",
        ),
        ("BNSL with one break", "bnsl1", "rmse_log_bnsl_1break"),
    ] {
        let theirs = baselines(setup, column);
        let mut found: Vec<Scored> = Vec::new();
        for (name, train, test) in &groups {
            let ask = Ask {
                law: id,
                objective: "squared-log",
                ..Ask::default()
            };
            let fit = setup.fit_table(train, &ask);
            let column = |name: &str| {
                test.column(name)
                    .and_then(|c| c.numbers())
                    .expect("numbers")
            };
            let points: Vec<Point> = column("examples_seen")
                .iter()
                .map(|x| Point {
                    at: vec![("x".to_owned(), *x)],
                    levels: Vec::new(),
                })
                .collect();
            let predicted = predict(&fit, &points, 0.95).expect("predicts");
            let squares: f64 = predicted
                .points
                .iter()
                .zip(column("loss"))
                .map(|(p, y)| (p.value.ln() - y.ln()).powi(2))
                .sum();
            let rmse = (squares / points.len() as f64).sqrt();
            let domain = train.column("domain").and_then(|c| c.text(0));
            found.push(Scored {
                domain: domain.expect("a domain"),
                rmse,
                reached: fit.starts.reached_best,
                solved: fit.starts.solved,
                same: (rmse / theirs[name] - 1.0).abs() < 0.01,
            });
        }
        for domain in [
            "big_bench",
            "image_classification",
            "language_modelling",
            "machine_translation",
        ] {
            let own: Vec<&Scored> = found.iter().filter(|f| f.domain == domain).collect();
            let mut errors: Vec<f64> = own.iter().map(|f| f.rmse).collect();
            errors.sort_by(f64::total_cmp);
            let n = errors.len();
            let mean = errors.iter().sum::<f64>() / n as f64;
            let median = 0.5 * (errors[(n - 1) / 2] + errors[n / 2]);
            let (reached, solved) = own
                .iter()
                .fold((0, 0), |(a, b), f| (a + f.reached, b + f.solved));
            let quantity = format!("{domain}: extrapolation RMSE of log loss, {form}");
            let line = book
                .lines
                .iter()
                .find(|l| l.folder == folder && l.quantity.starts_with(&quantity));
            let printed = super::book::numbers(&line.expect("a row").value);
            let same = own.iter().filter(|f| f.same).count();
            let why = format!(
                "in {} of {n} series the certified minimum of the training part extrapolates otherwise than the end of the \
                 collector's quick multi-start ({}, on the whole)",
                n - same,
                if mean <= printed[0].value {
                    "better"
                } else {
                    "worse"
                }
            );
            let close = (mean / printed[0].value - 1.0).abs() < 0.02;
            let rule = if close {
                Rule::Near(0.02, &why)
            } else {
                Rule::Known(&why)
            };
            let told = format!(
                "{n} series, {reached} of {solved} solved starts at the best, {same} series as in \
                                `baselines.csv` to 1 %"
            );
            book.answer(folder, &quantity, &[mean, median], &rule, &told);
        }
    }
    book.rest(
        folder,
        "shares over curves that are not all here, or a definition",
    );
}

/// (name, training part, test part) of every series.
fn series(table: &isoflop::RunTable) -> Vec<(String, isoflop::RunTable, isoflop::RunTable)> {
    let text = |name: &str, row: usize| {
        table
            .column(name)
            .and_then(|c| c.text(row))
            .expect("a text")
    };
    let mut rows: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for row in 0..table.rows() {
        let held = rows.entry(text("series", row)).or_default();
        if text("split", row) == "train" {
            held.0.push(row);
        } else {
            held.1.push(row);
        }
    }
    rows.into_iter()
        .map(|(name, (train, test))| (name, table.subset(&train), table.subset(&test)))
        .collect()
}

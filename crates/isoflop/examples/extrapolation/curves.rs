//! The 48 curves of `extrapolation_bench`: fit on `train`, score on `test`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use isoflop::{
    BacktestOptions, Candidate, Copies, FitOptions, Input, Law, Objective, Point, ReadOptions,
    RunTable, Uncertainty, fit, predict, predict_together, read,
};

/// The laws that are joined: simple ones beside the most general of the two families.
const JOINED: [&str; 5] = ["power", "power-floor", "m4", "bnsl1", "bnsl2"];
/// Laws beside them.
const SINGLE: [&str; 6] = ["power", "power-floor", "m3", "m4", "bnsl1", "bnsl2"];
const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];

struct Curve {
    name: String,
    domain: String,
    train: (Vec<f64>, Vec<f64>),
    test: (Vec<f64>, Vec<f64>),
}

#[derive(Clone)]
struct Scored {
    domain: String,
    rmse: BTreeMap<String, f64>,
    inside: [f64; 4],
    width: f64,
}

fn curves(data: &Path) -> Vec<Curve> {
    let path = data.join("extrapolation_bench/curves.csv");
    let reader = ReadOptions {
        copies: Copies::Keep,
        ..ReadOptions::default()
    };
    let input = Input::from_arg(path.to_str().expect("a path in UTF-8"));
    let table = read(&[input], &reader).unwrap_or_else(|e| panic!("{e}"));
    let text = |name: &str, row: usize| {
        let column = table.column(name).and_then(|c| c.text(row));
        column.expect("a text")
    };
    let numbers = |name: &str| {
        let column = table.column(name).and_then(|c| c.numbers());
        column.expect("numbers").to_vec()
    };
    let (x, y) = (numbers("examples_seen"), numbers("loss"));
    let mut out: BTreeMap<String, Curve> = BTreeMap::new();
    for row in 0..table.rows() {
        let name = text("series", row);
        let curve = out.entry(name.clone()).or_insert_with(|| Curve {
            name,
            domain: text("domain", row),
            train: (Vec::new(), Vec::new()),
            test: (Vec::new(), Vec::new()),
        });
        let part = if text("split", row) == "train" {
            &mut curve.train
        } else {
            &mut curve.test
        };
        part.0.push(x[row]);
        part.1.push(y[row]);
    }
    out.into_values().collect()
}

fn rms(predicted: &[f64], observed: &[f64]) -> f64 {
    let pairs = predicted.iter().zip(observed);
    let sum: f64 = pairs.map(|(p, y)| (p / y).ln().powi(2)).sum();
    (sum / observed.len() as f64).sqrt()
}

fn score(curve: &Curve, joined: &[(&str, Law)], single: &[(&str, Law)]) -> Scored {
    let table =
        RunTable::from_columns(&curve.name, &[("x", &curve.train.0), ("y", &curve.train.1)])
            .keeping_copies();
    let options = |uncertainty: Uncertainty| FitOptions {
        objective: Some(Objective::parse("squared-log").expect("parses")),
        uncertainty,
        level: 0.9,
        ..FitOptions::default()
    };
    let points: Vec<Point> = curve
        .test
        .0
        .iter()
        .map(|x| Point {
            at: vec![("x".to_owned(), *x)],
            levels: Vec::new(),
        })
        .collect();
    let mut rmse = BTreeMap::new();
    for (id, law) in single {
        let found = fit(law, &table, &options(Uncertainty::None))
            .and_then(|found| predict(&found, &points, 0.9));
        if let Ok(said) = found {
            let values: Vec<f64> = said.points.iter().map(|p| p.value).collect();
            rmse.insert((*id).to_owned(), rms(&values, &curve.test.1));
        }
    }
    let candidates: Vec<Candidate<'_>> = joined
        .iter()
        .map(|(name, law)| Candidate { name, law })
        .collect();
    let how = BacktestOptions::default();
    let said = predict_together(
        &candidates,
        &table,
        &options(Uncertainty::Covariance),
        &how,
        &points,
    )
    .unwrap_or_else(|e| panic!("{}: {e}", curve.name));
    let values: Vec<f64> = said.points.iter().map(|p| p.value).collect();
    rmse.insert("combined".to_owned(), rms(&values, &curve.test.1));
    // Student's t with four degrees of freedom: other levels follow from the one that was asked for.
    let quantile = [0.740_697, 1.533_206, 2.131_847, 2.776_445];
    let half: Vec<f64> = said
        .points
        .iter()
        .map(|p| (p.prediction.expect("an interval").upper / p.value).ln())
        .collect();
    let inside = [0, 1, 2, 3].map(|k| {
        let within = values.iter().zip(&curve.test.1).zip(&half);
        let count =
            within.filter(|((p, y), h)| (*p / *y).ln().abs() <= **h * quantile[k] / quantile[2]);
        count.count() as f64 / values.len() as f64
    });
    Scored {
        domain: curve.domain.clone(),
        rmse,
        inside,
        width: half[half.len() / 2],
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    0.5 * (sorted[(n - 1) / 2] + sorted[n / 2])
}

fn laws<'a>(ids: &[&'a str]) -> Vec<(&'a str, Law)> {
    ids.iter()
        .map(|id| (*id, Law::builtin(id).expect("in the catalogue")))
        .collect()
}

/// The collector's plain fits of three laws.
fn baselines(data: &Path) -> Vec<(String, [f64; 3])> {
    let path = data.join("extrapolation_bench/baselines.csv");
    let mut reader = csv::Reader::from_path(path).expect("baselines.csv");
    reader
        .records()
        .map(|r| {
            let r = r.expect("a record");
            let x = |k: usize| r[k].parse::<f64>().expect("a number");
            (r[0].to_owned(), [x(3), x(4), x(5)])
        })
        .collect()
}

pub fn write(text: &mut String, data: &Path) {
    let curves = curves(data);
    let (joined, single) = (laws(&JOINED), laws(&SINGLE));
    let scored: Vec<Scored> = curves.iter().map(|c| score(c, &joined, &single)).collect();
    let theirs = baselines(data);
    let mut domains: Vec<&str> = scored.iter().map(|s| s.domain.as_str()).collect();
    domains.dedup();
    domains.push("all");
    let _ = writeln!(
        text,
        "\n## Learning curves\n\n{} curves of `extrapolation_bench`, by the protocol of the folder: least squares on log \
         loss over the points marked train, scored on those marked test, which end 0.30 to 0.34 orders of magnitude \
         beyond. Mean / median over the curves. `combined` joins {} and is what `predict TABLE --laws {} --objective squared-log` prints; the \
         plain fits of the folder's collector stand in the last rows.",
        curves.len(),
        JOINED.join(", "),
        JOINED.join(","),
    );
    let of = |domain: &str| -> Vec<usize> {
        (0..scored.len())
            .filter(|k| domain == "all" || scored[*k].domain == domain)
            .collect()
    };
    let cell = |values: Vec<f64>, n: usize| match values.len() {
        0 => "–".to_owned(),
        m if m < n => format!("{:.4} / {:.4} ({m} of {n})", mean(&values), median(&values)),
        _ => format!("{:.4} / {:.4}", mean(&values), median(&values)),
    };
    let mut rows = Vec::new();
    for law in SINGLE.iter().copied().chain(["combined"]) {
        let mut row = vec![law.to_owned()];
        for domain in &domains {
            let these = of(domain);
            let values = these
                .iter()
                .filter_map(|k| scored[*k].rmse.get(law).copied());
            row.push(cell(values.collect(), these.len()));
        }
        rows.push(row);
    }
    for (k, name) in [
        "power (collector)",
        "power-floor (collector)",
        "bnsl1 (collector)",
    ]
    .iter()
    .enumerate()
    {
        let mut row = vec![(*name).to_owned()];
        for domain in &domains {
            let these = of(domain);
            let values = these.iter().filter_map(|i| {
                let found = theirs.iter().find(|(n, _)| *n == curves[*i].name);
                found.map(|(_, x)| x[k])
            });
            row.push(cell(values.collect(), these.len()));
        }
        rows.push(row);
    }
    let mut columns = vec!["law"];
    columns.extend(&domains);
    super::table(text, &columns, &rows);

    let _ = writeln!(
        text,
        "\nShare of test points inside the intervals of `combined`, every curve weighing the same; width: half the 90 % \
         interval at the middle test point, median over curves."
    );
    let mut rows = Vec::new();
    for domain in &domains {
        let these = of(domain);
        let mut row = vec![(*domain).to_owned(), these.len().to_string()];
        for k in 0..LEVELS.len() {
            let values: Vec<f64> = these.iter().map(|i| scored[*i].inside[k]).collect();
            row.push(format!("{:.3}", mean(&values)));
        }
        let widths: Vec<f64> = these.iter().map(|i| scored[*i].width).collect();
        row.push(format!("{:.4}", median(&widths)));
        rows.push(row);
    }
    super::table(
        text,
        &[
            "domain",
            "curves",
            "50 %",
            "80 %",
            "90 %",
            "95 %",
            "half width",
        ],
        &rows,
    );

    let mut worst: Vec<(f64, &str)> = scored
        .iter()
        .zip(&curves)
        .map(|(s, c)| (s.rmse["combined"], c.name.as_str()))
        .collect();
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    let listed: Vec<String> = worst
        .iter()
        .take(5)
        .map(|(e, n)| format!("{} {e:.3}", n.replace('|', " ")))
        .collect();
    let _ = writeln!(text, "\nWhere it fails most: {}.", listed.join(", "));
}

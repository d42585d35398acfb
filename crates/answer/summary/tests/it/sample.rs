//! A fit put together by hand: 24 runs of a known law, with one of everything a fit can say.

use isoflop_base::{Estimate, Interval, Note, Severity};
use isoflop_fit::{
    Basin, Certificate, Fit, Identifiability, Joint, LawRecord, Leverage, ObjectiveRecord, Points,
    Provenance, Range, ResidualSummary, SkippedRows, Starts, Status, TableRecord,
    UncertaintyRecord, WeakDirection,
};

pub const LAW: &str = r#"
title   = "Chinchilla parametric loss"
formula = "L = E + A / N^alpha + B / D^beta"
source  = "Hoffmann and others (2022), approach 3"
note    = "N counts all parameters."
tags    = ["pretraining"]

[vars]
L = { column = "loss",   unit = "nats/token", role = "response" }
N = { column = "params", unit = "params" }
D = { column = "tokens", unit = "tokens" }

[coefs]
E     = { doc = "irreducible loss",    range = [0, inf], unit = "nats/token" }
A     = { doc = "model-size scale",    range = [0, inf] }
B     = { doc = "data scale",          range = [0, inf] }
alpha = { doc = "model-size exponent", range = [0, 2] }
beta  = { doc = "data exponent",       range = [0, 2] }

[[variant]]
name   = "paper"
coefs  = { E = 1.69, A = 406.4, B = 410.7, alpha = 0.34, beta = 0.28 }
source = "section 3.3, rounded"
"#;

pub fn estimate(value: f64, se: f64, lower: f64, upper: f64, unit: &str) -> Estimate {
    let interval = Some(Interval {
        level: 0.95,
        lower,
        upper,
    });
    Estimate {
        value,
        se: Some(se),
        unit: unit.into(),
        interval,
    }
}

pub fn named<T>(pairs: Vec<(&str, T)>) -> Vec<(String, T)> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn points() -> Points {
    let mut points = Points::default();
    let (mut params, mut tokens) = (Vec::new(), Vec::new());
    for (i, n) in [1e7, 3e7, 1e8, 3e8].into_iter().enumerate() {
        for j in 0..6u8 {
            let d: f64 = n * 5.0 * 2f64.powi(i32::from(j));
            let fitted = 1.8172 + 477.8 / f64::powf(n, 0.3473) + 2143.4 / d.powf(0.3672);
            let row = i * 6 + usize::from(j);
            let residual = [0.004, -0.002, 0.0005, -0.006, 0.001, 0.003, -0.0015][row % 7];
            points.place.push(format!("runs.csv:{}", row + 2));
            points.fitted.push(fitted);
            points.response.push(fitted * f64::exp(residual));
            points.residual.push(residual);
            params.push(n);
            tokens.push(d);
        }
    }
    points.inputs = named(vec![("N", params), ("D", tokens)]);
    points
}

fn range(name: &str, column: &str, unit: &str, min: f64, max: f64, distinct: usize) -> Range {
    Range {
        name: name.into(),
        column: column.into(),
        unit: unit.into(),
        min,
        max,
        distinct,
    }
}

pub fn fit() -> Fit {
    let coefs = named(vec![
        (
            "E",
            estimate(1.817_218, 0.025_66, 1.7694, 1.8712, "nats/token"),
        ),
        ("A", estimate(477.826, 124.49, 286.09, 743.61, "")),
        ("B", estimate(2143.417, 1293.2, 1042.37, 5810.36, "")),
        ("alpha", estimate(0.347_310_5, 0.0154, 0.3168, 0.3733, "")),
        ("beta", estimate(0.367_172_4, 0.020_59, 0.3313, 0.4154, "")),
    ]);
    let basin = |objective, starts| Basin {
        objective,
        starts,
        coefs: Vec::new(),
    };
    Fit {
        pools: Vec::new(),
        stages: Vec::new(),
        schema: "isoflop.fit/1".into(),
        law: LawRecord {
            id: "chinchilla".into(),
            title: "Chinchilla parametric loss".into(),
            formula: "L = E + A / N^alpha + B / D^beta".into(),
            text: LAW.into(),
        },
        n: 24,
        skipped: vec![
            skipped("loss is missing", &["runs.csv:30", "runs.csv:31"], 2),
            skipped("left out by --where", &["runs.csv:33", "runs.csv:34", "runs.csv:35", "runs.csv:36"], 1204),
        ],
        objective: ObjectiveRecord {
            penalty: "huber".into(),
            delta: Some(1e-3),
            scale: isoflop_fit::ResidualScale::Ln,
            fitted_scale: None,
            value: 0.001_018_274_017_8,
            inside: Some(39.0 / 240.0),
            spelling: "huber-log:0.001".into(),
        },
        status: Status::Converged,
        starts: Starts { tried: 512, solved: 24, reached_best: 17, basins: vec![basin(1.0182e-3, 17), basin(1.2e-3, 7)] },
        certificate: Certificate {
            gradient: 2.1e-14,
            predicted_decrease: 3e-27,
            smallest_eigenvalue: 0.0042,
            interpolated: Vec::new(),
            at_bound: Vec::new(),
        },
        coefs,
        derived: named(vec![("beta/(alpha+beta)", estimate(0.5139, 0.01997, 0.4805, 0.5561, ""))]),
        uncertainty: UncertaintyRecord {
            method: "bootstrap".into(),
            level: 0.95,
            resamples: 1000,
            certified: 998,
            meaning: "95 % percentile intervals of 1,000 resamples of the runs".into(),
            caution: None,
        },
        identifiability: Identifiability {
            condition: 940.0,
            weak: vec![WeakDirection {
                eigenvalue: 0.0042,
                weights: named(vec![("B", 0.72), ("beta", 0.68)]),
                words: "B and beta move together: a change of 60 % in B is hidden by a change of 0.02 in beta".into(),
            }],
        },
        residuals: ResidualSummary {
            rms: 0.0031,
            robust_sd: 0.0024,
            max_abs: 0.006,
            max_at: "runs.csv:5".into(),
            r_squared: 0.999_72,
        },
        ranges: vec![
            range("N", "params", "params", 1e7, 3e8, 4),
            range("D", "tokens", "tokens", 5e7, 4.8e10, 24),
            range("C", "", "FLOP", 3e15, 8.64e19, 24),
            range("D/N", "", "tokens/param", 5.0, 160.0, 6),
        ],
        leverage: vec![Leverage { place: "runs.csv:2".into(), leverage: 0.62, moves: "B".into(), shift_se: -1.4 }],
        notes: vec![Note {
            code: "delta-below-resolution".into(),
            severity: Severity::Warning,
            message: "84 % of the residuals lie outside δ = 0.001: the fit is close to least absolute deviations".into(),
            evidence: Vec::new(),
            advice: "Try --objective huber-log:2mad.".into(),
        }],
        provenance: Provenance {
            version: "0.1.0".into(),
            tables: vec![TableRecord { name: "runs.csv".into(), sha256: "ab".repeat(32), rows: 1230 }],
            law_sha256: "cd".repeat(32),
            seed: 0,
            options: named(vec![("where", "tokens > 1e7".to_owned())]),
        },
        calibration: None,
        digest: None,
        joint: Joint::default(),
        points: points(),
    }
}

fn skipped(reason: &str, places: &[&str], rows: usize) -> SkippedRows {
    SkippedRows {
        reason: reason.into(),
        rows,
        places: places.iter().map(|p| (*p).to_owned()).collect(),
    }
}

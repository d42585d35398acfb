//! Do the intervals hold where the truth is known? Simulated runs, predicted far beyond.

use std::fmt::Write as _;

use isoflop::{
    BacktestOptions, Candidate, FitOptions, Law, Objective, Point, RunTable, Uncertainty, fit,
    predict, predict_together,
};
use isoflop_testkit::{Random, budgets};

/// Simulations of each case.
const TIMES: u64 = 200;

/// A truth, and what is fitted to it.
struct Case {
    name: &'static str,
    truth: fn(f64, f64) -> f64,
    law: &'static str,
}

fn chinchilla(n: f64, d: f64) -> f64 {
    1.7 + 400.0 / n.powf(0.34) + 410.0 / d.powf(0.28)
}

/// The exponent of N falls with scale: no sum of powers.
fn bent(n: f64, d: f64) -> f64 {
    1.7 + 400.0 / n.powf(0.34) * (1.0 + (n / 3e9).powf(0.15)) + 410.0 / d.powf(0.28)
}

/// The floor depends on the ratio of tokens to parameters.
fn crossed(n: f64, d: f64) -> f64 {
    chinchilla(n, d) + 0.04 * (d / n / 20.0).ln().powi(2) / (1.0 + n / 1e9)
}

const CASES: [Case; 3] = [
    Case {
        name: "the law itself",
        truth: chinchilla,
        law: "chinchilla",
    },
    Case {
        name: "an exponent that bends",
        truth: bent,
        law: "chinchilla",
    },
    Case {
        name: "a term that the law has not",
        truth: crossed,
        law: "chinchilla",
    },
];

fn runs(truth: fn(f64, f64) -> f64, rng: &mut Random) -> RunTable {
    let [n, d, l] = budgets(rng, truth);
    RunTable::from_columns("simulated", &[("params", &n), ("tokens", &d), ("loss", &l)])
}

/// Shares of new runs, 1.5 orders beyond, inside the 95 % intervals: the law held to be true, and widened.
fn share(case: &Case) -> (f64, f64, f64, f64) {
    let law = Law::builtin(case.law).expect("in the catalogue");
    let options = FitOptions {
        objective: Some(Objective::parse("squared-log").expect("parses")),
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    };
    let far = 3e20 * 10f64.powf(1.5);
    let params = (far / 120.0f64).sqrt();
    let tokens = far / 6.0 / params;
    let point = Point {
        at: vec![("N".to_owned(), params), ("D".to_owned(), tokens)],
        levels: Vec::new(),
    };
    let (mut plain, mut wide, mut widths) = (0.0, 0.0, [0.0, 0.0]);
    for seed in 0..TIMES {
        let mut rng = Random::new(1000 + seed);
        let table = runs(case.truth, &mut rng);
        let new = (case.truth)(params, tokens) * (0.005 * rng.normal()).exp();
        let found = fit(&law, &table, &options).expect("fits");
        let said = predict(&found, std::slice::from_ref(&point), 0.95).expect("predicts");
        let own = said.points[0].prediction.expect("an interval");
        let candidate = Candidate {
            name: case.law,
            law: &law,
        };
        let how = BacktestOptions::default();
        let said = predict_together(
            &[candidate],
            &table,
            &options,
            &how,
            std::slice::from_ref(&point),
        )
        .expect("predicts");
        let widened = said.points[0].prediction.expect("an interval");
        plain += f64::from(u8::from((own.lower..=own.upper).contains(&new)));
        wide += f64::from(u8::from((widened.lower..=widened.upper).contains(&new)));
        widths[0] += (own.upper / own.lower).ln() / 2.0;
        widths[1] += (widened.upper / widened.lower).ln() / 2.0;
    }
    let n = TIMES as f64;
    (plain / n, wide / n, widths[0] / n, widths[1] / n)
}

pub fn write(text: &mut String) {
    let _ = writeln!(
        text,
        "\n## Where the truth is known\n\n{TIMES} simulations each: 45 runs on five IsoFLOP budgets from 3e18 to 3e20 FLOP, \
         noise 0.5 %, least squares on log loss, and one new run 1.5 orders of magnitude beyond. Share of the new runs \
         inside the 95 % prediction interval (Monte Carlo error {:.1} points), and half its width.",
        100.0 * (0.95f64 * 0.05 / TIMES as f64).sqrt()
    );
    let rows: Vec<Vec<String>> = CASES
        .iter()
        .map(|case| {
            let (plain, wide, a, b) = share(case);
            vec![
                case.name.to_owned(),
                case.law.to_owned(),
                format!("{:.1} %", 100.0 * plain),
                format!("{a:.4}"),
                format!("{:.1} %", 100.0 * wide),
                format!("{b:.4}"),
            ]
        })
        .collect();
    super::table(
        text,
        &[
            "truth",
            "fitted",
            "law held to be true",
            "half width",
            "widened by the backtest",
            "half width",
        ],
        &rows,
    );
}

//! Predictions through two fits, on the runs of Gadre et al. 2024: loss from size and tokens, error from loss.

use isoflop::{
    Fit, FitOptions, Input, Law, Objective, Point, ReadOptions, Uncertainty, fit, predict,
    predict_through, read,
};
use isoflop_testkit::testdata;

/// The five small runs behind the loss law of RedPajama.
const SMALL: &str = "train_data == \"RedPajama\" and ((tokens_per_param == 20 and params < 1e9) or (tokens_per_param == 320 \
                     and params < 2e7))";
/// The same and the 1.4B run at 20 tokens per parameter, behind the error law.
const SIX: &str = "train_data == \"RedPajama\" and ((tokens_per_param == 20 and params < 2e9) or (tokens_per_param == 320 and \
                   params < 2e7))";

fn gadre(law: &str, filter: &str, map: &[(&str, &str)]) -> Fit {
    let path = testdata("gadre_overtraining/models.csv");
    let pairs = map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
    let reader = ReadOptions {
        map: pairs.collect(),
        filter: Some(filter.to_owned()),
        ..ReadOptions::default()
    };
    let table = read(&[Input::Path(path)], &reader).unwrap_or_else(|e| panic!("{e}"));
    let options = FitOptions {
        objective: Some(Objective::parse("squared").expect("parses")),
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    };
    let law = Law::builtin(law).expect("in the catalogue");
    fit(&law, &table, &options).unwrap_or_else(|e| panic!("{e}"))
}

fn at(params: f64, tokens: f64) -> Point {
    Point {
        at: vec![("N".to_owned(), params), ("D".to_owned(), tokens)],
        levels: Vec::new(),
    }
}

/// The two held-out models, their loss and the mean error of 17 tasks, as in the table.
const TARGETS: [(f64, f64, f64, f64); 2] = [
    (
        1_439_795_200.0,
        921_468_928_000.0,
        2.502053562117363,
        0.47521523167105284,
    ),
    (
        6_889_410_560.0,
        137_788_211_200.0,
        2.424993099368689,
        0.47163718062288623,
    ),
];

/// Relative errors of the paper, in per cent: loss, then error.
const PUBLISHED: [(f64, f64); 2] = [(0.7103, 3.6365), (0.7320, 0.0464)];

#[test]
fn the_extrapolations_of_gadre_and_others_come_out() {
    let loss = gadre("over-training", SMALL, &[("loss", "loss_c4_val")]);
    let error = gadre(
        "error-from-loss",
        SIX,
        &[("error", "err_avg_17"), ("L", "loss_c4_val")],
    );
    assert_eq!((loss.n, error.n), (5, 6));
    let points: Vec<Point> = TARGETS.iter().map(|(n, d, ..)| at(*n, *d)).collect();
    let alone = predict(&loss, &points, 0.95).expect("predicts");
    let both = predict_through(&error, &loss, &points, 0.95).expect("predicts");
    for (i, (_, _, true_loss, true_error)) in TARGETS.iter().enumerate() {
        let off = |found: f64, truth: f64| 100.0 * (found / truth - 1.0).abs();
        let (a, b) = (
            off(alone.points[i].value, *true_loss),
            off(both.points[i].value, *true_error),
        );
        println!("loss off by {a:.4} %, error by {b:.4} %");
        assert!(
            (a - PUBLISHED[i].0).abs() < 0.02,
            "{a} for {}",
            PUBLISHED[i].0
        );
        assert!(
            (b - PUBLISHED[i].1).abs() < 0.02,
            "{b} for {}",
            PUBLISHED[i].1
        );
        let link = both.points[i]
            .at
            .iter()
            .find(|(n, _)| n == "L")
            .expect("the link is told");
        assert!((link.1 - alone.points[i].value).abs() < 1e-12);
        // The error of the loss is in the interval of the error: with the link known it is shorter.
        let known = Point {
            at: vec![("L".to_owned(), link.1)],
            levels: Vec::new(),
        };
        let direct = predict(&error, &[known], 0.95).expect("predicts").points[0].clone();
        let wide = both.points[i].confidence.expect("both have covariances");
        let short = direct.confidence.expect("it has a covariance");
        assert!(wide.upper - wide.lower > short.upper - short.lower);
    }
}

#[test]
fn fits_that_do_not_meet_are_refused() {
    let loss = gadre("over-training", SMALL, &[("loss", "loss_c4_val")]);
    let faults = predict_through(&loss, &loss, &[at(1e9, 1e10)], 0.95).expect_err("no link");
    assert_eq!(faults.0[0].code, "no-link");
}

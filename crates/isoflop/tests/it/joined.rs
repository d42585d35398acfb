//! Forecasts of several laws joined: the same weights everywhere, no law twice, an answer where one law can be fitted.

use isoflop::{
    BacktestOptions, Candidate, FitOptions, Law, Objective, Point, Prediction, RunTable,
    Uncertainty, extrapolation, predict_together,
};
use isoflop_testkit::Random;

fn curve(points: i32) -> RunTable {
    let mut rng = Random::new(21);
    let x: Vec<f64> = (0..points)
        .map(|i| 10f64.powf(4.0 + 2.0 * f64::from(i) / f64::from(points)))
        .collect();
    let y: Vec<f64> = x
        .iter()
        .map(|x| (0.3 + 20.0 / x.powf(0.4)) * (0.01 * rng.normal()).exp())
        .collect();
    RunTable::from_columns("curve", &[("x", &x), ("y", &y)])
}

fn laws(ids: &[&'static str]) -> Vec<(&'static str, Law)> {
    ids.iter()
        .map(|id| (*id, Law::builtin(id).expect("in the catalogue")))
        .collect()
}

fn options() -> FitOptions {
    FitOptions {
        objective: Some(Objective::parse("squared-log").expect("parses")),
        uncertainty: Uncertainty::Covariance,
        ..FitOptions::default()
    }
}

fn said(ids: &[&'static str], table: &RunTable, at: &[f64]) -> Prediction {
    let laws = laws(ids);
    let candidates: Vec<Candidate<'_>> = laws
        .iter()
        .map(|(name, law)| Candidate { name, law })
        .collect();
    let points: Vec<Point> = at
        .iter()
        .map(|x| Point {
            at: vec![("x".to_owned(), *x)],
            levels: Vec::new(),
        })
        .collect();
    let how = BacktestOptions::default();
    predict_together(&candidates, table, &options(), &how, &points).expect("a prediction")
}

#[test]
fn a_joined_forecast_does_not_depend_on_what_else_is_asked_and_falls_where_all_laws_fall() {
    let table = curve(24);
    let ids = ["power", "power-floor", "bnsl1"];
    let grid: Vec<f64> = (0..60)
        .map(|i| 10f64.powf(6.0 + 0.05 * f64::from(i)))
        .collect();
    let all = said(&ids, &table, &grid);
    let one = said(&ids, &table, &grid[30..31]);
    assert_eq!(
        all.points[30].value.to_bits(),
        one.points[0].value.to_bits()
    );
    let values: Vec<f64> = all.points.iter().map(|p| p.value).collect();
    assert!(values.windows(2).all(|w| w[1] < w[0]), "{values:?}");
    let total: f64 = all.laws.iter().map(|l| l.weight).sum();
    assert!((total - 1.0).abs() < 1e-12);
}

#[test]
fn a_law_in_other_letters_has_no_second_vote() {
    let table = curve(24);
    let own = laws(&["power", "m1", "power-floor"]);
    let candidates: Vec<Candidate<'_>> = own
        .iter()
        .map(|(name, law)| Candidate { name, law })
        .collect();
    let found = extrapolation(&candidates, &table, &options(), &BacktestOptions::default());
    let found = found.expect("cuts");
    assert!(found.ranking.iter().all(|r| r.law != "m1"));
    let out = found.not_judged.iter().find(|n| n.law == "m1");
    let why = &out.expect("left out").why;
    assert!(why.contains("power in other letters"), "{why}");
    let joined = said(&["power", "m1", "power-floor"], &table, &[1e7]);
    let names: Vec<&str> = joined.laws.iter().map(|l| l.law.as_str()).collect();
    assert_eq!(names, ["power", "power-floor"]);
}

#[test]
fn there_is_an_answer_where_one_law_can_be_fitted() {
    // Seven points do not determine the nine coefficients of the first law.
    let table = curve(7);
    let joined = said(&["bnsl2", "power"], &table, &[3e6]);
    assert_eq!(joined.laws.len(), 1);
    assert_eq!(joined.laws[0].law, "power");
    assert!(joined.notes.iter().any(|n| n.code == "law-left-out"));
    let interval = joined.points[0].prediction.expect("an interval");
    assert!(interval.lower < joined.points[0].value && joined.points[0].value < interval.upper);
}

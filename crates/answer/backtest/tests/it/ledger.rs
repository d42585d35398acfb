//! The document of a ledger.

use insta::assert_snapshot;
use isoflop_backtest::ledger::{Calibration, Covered, LedgerCheck, Score, Standing, Unscored};
use isoflop_backtest::words::ledger_document;
use isoflop_base::Interval;
use isoflop_render::{Extent, Paint, Plots, Style, csv, text};

#[test]
fn ledger_as_text_and_csv() {
    let interval = Interval {
        level: 0.95,
        lower: 1.9,
        upper: 2.1,
    };
    let score = Score {
        schema: "isoflop.score/1".to_owned(),
        name: "big".to_owned(),
        forecast: "0".repeat(64),
        date: None,
        matched_by: "name".to_owned(),
        observed: 2.05,
        place: "truth.csv:2".to_owned(),
        table: String::new(),
        error: 0.05,
        error_ln: Some(0.0247),
        below: 0.84,
        z: 0.99,
        inside: vec![
            ("0.5".to_owned(), false),
            ("0.8".to_owned(), true),
            ("0.95".to_owned(), true),
        ],
        crps: 0.031,
    };
    let standing = |name: &str, score: Option<Score>| Standing {
        name: name.to_owned(),
        date: Some("2026-03-01".to_owned()),
        at: vec![("N".to_owned(), 7e10)],
        value: 2.0,
        interval: Some(interval),
        beyond: 1.3,
        new: score.is_some(),
        score,
    };
    let share = Interval {
        level: 0.95,
        lower: 0.2065,
        upper: 1.0,
    };
    let check = LedgerCheck {
        schema: "isoflop.ledger/1".to_owned(),
        forecasts: vec![standing("big", Some(score)), standing("bigger", None)],
        unscored: vec![Unscored {
            name: "bigger".to_owned(),
            reason: "no row has its name".to_owned(),
        }],
        calibration: Some(Calibration {
            scored: 1,
            inside: vec![
                Covered {
                    level: 0.8,
                    inside: 1,
                    share,
                },
                Covered {
                    level: 0.95,
                    inside: 1,
                    share,
                },
            ],
            mean_error_ln: Some(0.0247),
            rms_error_ln: Some(0.0247),
            rms_z: 0.99,
            crps: 0.031,
        }),
    };
    let style = Style {
        width: 100,
        paint: Paint::Plain,
        plots: Plots::Hidden,
        extent: Extent::Full,
    };
    let doc = ledger_document(&check);
    assert_snapshot!(text(&doc, style));
    assert_snapshot!(csv(&doc));
}

//! Documents of checks and ledgers.

use insta::assert_snapshot;
use isoflop_answer::ledger::{Calibration, Covered, LedgerCheck, Score, Standing, Unscored};
use isoflop_answer::{
    Answered, Check, Extrapolation, Finding, Item, Outcome, Profile, ProfileRow, ProfiledPoint,
};
use isoflop_base::{Evidence, Interval, Severity};
use isoflop_fit::LawRecord;
use isoflop_report::render::{self, Paint, Plots, Style};
use isoflop_report::{Document, check_document, check_summary, ledger_document};

fn text(doc: &Document) -> String {
    let style = Style {
        width: 100,
        paint: Paint::Plain,
        plots: Plots::Hidden,
    };
    render::text(doc, style)
}

fn finding() -> Finding {
    Finding {
        code: "few-sizes".to_owned(),
        severity: Severity::Warning,
        message: "3 distinct sizes among 36 runs: an exponent of N rests on as many points"
            .to_owned(),
        evidence: vec![
            ("sizes".to_owned(), Evidence::Number(3.0)),
            ("column".to_owned(), Evidence::Text("params".to_owned())),
        ],
        advice: "train more sizes".to_owned(),
        source: "arXiv:2410.11840".to_owned(),
    }
}

fn answered(rule: &str, outcome: Outcome, message: &str, findings: Vec<Finding>) -> Answered {
    Answered {
        rule: rule.to_owned(),
        question: format!("Is {rule} right?"),
        outcome,
        message: message.to_owned(),
        findings,
    }
}

fn check() -> Check {
    let item = |asks: &str, answer: Option<&str>| Item {
        part: "form".to_owned(),
        asks: asks.to_owned(),
        answer: answer.map(str::to_owned),
        source: "arXiv:2502.18969".to_owned(),
    };
    Check {
        schema: "isoflop.check/1".to_owned(),
        law: LawRecord {
            id: "formula".to_owned(),
            title: String::new(),
            formula: "L = E + A/N^alpha".to_owned(),
            text: String::new(),
        },
        n: 36,
        findings: vec![finding()],
        answers: vec![
            answered("sizes", Outcome::Found, "", vec![finding()]),
            answered(
                "starts",
                Outcome::Clear,
                "24 of 24 starts agree",
                Vec::new(),
            ),
            answered(
                "epochs",
                Outcome::CannotTell,
                "no column says so",
                Vec::new(),
            ),
            answered(
                "grid",
                Outcome::DoesNotApply,
                "there are no budgets",
                Vec::new(),
            ),
        ],
        checklist: vec![
            item("the functional form", Some("L = E + A/N^alpha")),
            item("why this form", None),
        ],
        profile: Some(Profile {
            coef: "E".to_owned(),
            best: 1.8,
            range: "its 95% interval".to_owned(),
            points: vec![ProfiledPoint {
                at: vec![("N".to_owned(), 7e10)],
            }],
            rows: vec![
                ProfileRow {
                    value: 1.7,
                    rise: Some(0.05),
                    predicted: vec![1.95],
                },
                ProfileRow {
                    value: 1.9,
                    rise: None,
                    predicted: Vec::new(),
                },
            ],
        }),
        extrapolation: Extrapolation {
            no_backtest: Some("not asked for".to_owned()),
            ..Extrapolation::default()
        },
        form: None,
        breaks: None,
        provenance: None,
    }
}

#[test]
fn check_on_the_screen_and_on_a_page() {
    assert_snapshot!(text(&check_summary(&check())));
    assert_snapshot!(render::markdown(&check_document(&check())));
    assert_snapshot!(render::csv(&check_document(&check())));
}

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
    let doc = ledger_document(&check);
    assert_snapshot!(text(&doc));
    assert_snapshot!(render::csv(&doc));
}

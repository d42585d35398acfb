//! Documents of checks.

use insta::assert_snapshot;
use isoflop_backtest::Extrapolation;
use isoflop_base::{Evidence, Severity};
use isoflop_check::words::{check_document, check_summary};
use isoflop_check::{Answered, Check, Finding, Item, Outcome};
use isoflop_document::Document;
use isoflop_fit::LawRecord;
use isoflop_predict::profile::{Profile, ProfileRow, ProfiledPoint};
use isoflop_render::{Extent, Paint, Plots, Style};

fn text(doc: &Document) -> String {
    let style = Style {
        width: 100,
        paint: Paint::Plain,
        plots: Plots::Hidden,
        extent: Extent::Full,
    };
    isoflop_render::text(doc, style)
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
    assert_snapshot!(isoflop_render::markdown(&check_document(&check())));
    assert_snapshot!(isoflop_render::csv(&check_document(&check())));
}

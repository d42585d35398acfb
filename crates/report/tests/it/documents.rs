//! The words of every document, in every format of words.

use isoflop_law::Law;
use isoflop_report::render::{Plots, Style, csv, markdown, text};
use isoflop_report::{
    demo_document, evaluation_document, fit_document, json, law_document, laws_document,
    prediction_document,
};

use crate::sample::{LAW, fit, prediction};

fn law() -> Law {
    Law::from_toml("chinchilla", "chinchilla.toml", LAW).expect("the sample law is a law")
}

#[test]
fn fit_as_text() {
    insta::assert_snapshot!(text(&fit_document(&fit()), Style::default()));
}

#[test]
fn fit_as_text_with_pictures_in_a_narrow_terminal() {
    let style = Style {
        width: 72,
        plots: Plots::Braille,
        ..Style::default()
    };
    let shown = text(&fit_document(&fit()), style);
    assert!(
        shown
            .lines()
            .filter(|l| !l.starts_with("  isoflop"))
            .all(|l| l.chars().count() <= 72),
        "{shown}"
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn fit_as_markdown() {
    insta::assert_snapshot!(markdown(&fit_document(&fit())));
}

#[test]
fn fit_as_csv() {
    insta::assert_snapshot!(csv(&fit_document(&fit())));
}

#[test]
fn fit_as_json_reads_back_as_the_same_fit() {
    let text = json::text(&fit());
    let back: isoflop_fit::Fit =
        serde_json::from_str(&text).expect("a fit is written as JSON of a fit");
    assert_eq!(back, fit());
    assert_eq!(json::text(&back), text);
}

#[test]
fn a_fit_that_did_not_converge_says_so_first() {
    let mut failed = fit();
    failed.status = isoflop_fit::Status::NotConverged;
    let shown = markdown(&fit_document(&failed));
    let warning = shown.find("Do not use them").expect("the warning is shown");
    assert!(warning < shown.find("1.817").expect("coefficients are shown"));
}

#[test]
fn prediction_as_text_and_csv() {
    let doc = prediction_document(&prediction());
    insta::assert_snapshot!(text(&doc, Style::default()) + "\n" + &csv(&doc));
}

#[test]
fn demonstration_says_that_its_data_are_simulated() {
    let truth: Vec<(String, f64)> = [
        ("E", 1.8),
        ("A", 410.0),
        ("B", 1900.0),
        ("alpha", 0.345),
        ("beta", 0.43),
    ]
    .map(|(n, x)| (n.to_owned(), x))
    .into();
    let mut one = prediction();
    one.points.truncate(1);
    let doc = demo_document(
        &fit(),
        &truth,
        &one,
        &[1.9712],
        vec!["isoflop laws list".into()],
    );
    let shown = text(&doc, Style::default());
    assert!(shown.contains("SIMULATED"));
    insta::assert_snapshot!(shown);
}

#[test]
fn law_as_text() {
    insta::assert_snapshot!(text(&law_document(&law()), Style::default()));
}

#[test]
fn laws_are_listed_and_a_search_without_result_says_so() {
    insta::assert_snapshot!(
        text(&laws_document(&[law()], ""), Style::default())
            + "\n"
            + &text(&laws_document(&[], "mamba"), Style::default())
    );
}

#[test]
fn law_as_json_holds_its_variants() {
    let json = json::law(&law());
    assert_eq!(json["schema"], "isoflop.law/1");
    assert_eq!(json["variants"][0]["coefs"]["A"], 406.4);
    assert!(json["coefs"][0]["upper"].is_null());
}

#[test]
fn evaluation_shows_the_value_in_full() {
    let law = law();
    let at = [("N".to_owned(), 7e10), ("D".to_owned(), 1.4e12)];
    let doc = evaluation_document(&law, &law.variants[0].coefs, &at, 1.936_653_321);
    insta::assert_snapshot!(text(&doc, Style::default()));
}

//! The words of every document, in every format of words.

use isoflop_base::Interval;
use isoflop_law::Law;
use isoflop_predict::verdict::{EntropyCheck, Verdict};
use isoflop_predict::words::prediction_document;
use isoflop_render::json::text as as_json;
use isoflop_render::{Plots, Style, csv, markdown, text};
use isoflop_summary::json;
use isoflop_summary::words::{
    DemoWords, demo_document, evaluation_document, fit_document, law_document, laws_document,
};

use crate::prediction::prediction;
use crate::sample::{LAW, fit};

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
    let text = as_json(&fit());
    let mut back: isoflop_fit::Fit =
        serde_json::from_str(&text).expect("a fit is written as JSON of a fit");
    assert_eq!(back.digest.take(), Some(fit().own_digest()));
    assert_eq!(back, fit());
    assert_eq!(as_json(&back), text);
}

#[test]
fn a_fit_that_did_not_converge_says_so_first() {
    let mut failed = fit();
    failed.status = isoflop_fit::Status::NotConverged;
    let shown = markdown(&fit_document(&failed));
    let warning = shown.find("Do not use it").expect("the warning is shown");
    assert!(warning < shown.find("1.817").expect("coefficients are shown"));
}

#[test]
fn prediction_as_text_and_csv() {
    let doc = prediction_document(&prediction());
    insta::assert_snapshot!(text(&doc, Style::default()) + "\n" + &csv(&doc));
}

#[test]
fn demonstration_fits_below_predicts_above_and_checks() {
    let run = |tokens: f64, predicted: f64, measured: f64| {
        let interval = Interval {
            level: 0.9,
            lower: predicted - 0.02,
            upper: predicted + 0.02,
        };
        Verdict {
            id: "a".into(),
            params: 2.26e5,
            tokens,
            times_compute: 3.7,
            predicted,
            interval: Some(interval),
            measured: Some(measured),
            measured_se: Some(0.0051),
            error: Some(predicted / measured - 1.0),
            inside: Some(interval.contains(measured)),
        }
    };
    let held_out = [run(4.5e6, 1.74, 1.73), run(9e6, 1.72, 1.69)];
    let entropy = EntropyCheck {
        converged: true,
        rate: 1.66,
        floor: 1.665,
        on_held_out: Some(1.6612),
        coef: "E".into(),
        value: 1.65,
        interval: Some(Interval {
            level: 0.9,
            lower: 1.62,
            upper: 1.68,
        }),
        inside: Some(true),
    };
    let said = DemoWords {
        runs: "The runs are measured.".into(),
        limits: "Nothing is shown about large models.".into(),
        next: vec!["isoflop laws list".into()],
    };
    let doc = demo_document(&fit(), &held_out, Some(&entropy), said);
    let held_out_series = |panel: usize| {
        let plot = doc.plots().next().expect("a demonstration has a picture");
        let series = plot.panels[panel].series.iter();
        series.filter(|s| s.label == "226k, held out").count()
    };
    assert_eq!((held_out_series(0), held_out_series(1)), (2, 1));
    insta::assert_snapshot!(text(&doc, Style::default()));
}

#[test]
fn law_as_text() {
    insta::assert_snapshot!(text(&law_document(&law(), "chinchilla"), Style::default()));
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

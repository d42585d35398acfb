//! The figure: well-formed, complete, the same bytes every time.

use isoflop_render::svg;
use isoflop_summary::words::fit_document;

use crate::sample::fit;

fn figure() -> String {
    svg(&fit_document(&fit())).expect("a fit with runs has a picture")
}

#[test]
fn the_figure_is_stable() {
    assert_eq!(figure(), figure());
    insta::assert_snapshot!(figure());
}

#[test]
fn every_run_is_drawn_above_and_below() {
    // Four entries of the legend are circles as well.
    assert_eq!(figure().matches("<circle").count(), 2 * 24 + 4);
}

#[test]
fn tags_close_and_text_is_escaped() {
    let mut odd = fit();
    odd.law.formula = "y = if a < b & c then 1 else 2".into();
    let figure = svg(&fit_document(&odd)).expect("a fit with runs has a picture");
    assert!(figure.contains("a &lt; b &amp; c"));
    for tag in ["svg", "g", "text", "title", "desc", "clipPath"] {
        let opened = figure.matches(&format!("<{tag} ")).count()
            + figure.matches(&format!("<{tag}>")).count();
        assert_eq!(
            opened,
            figure.matches(&format!("</{tag}>")).count(),
            "{tag}"
        );
    }
}

#[test]
fn a_fit_without_runs_has_no_picture() {
    let mut bare = fit();
    bare.points = isoflop_fit::Points::default();
    assert_eq!(svg(&fit_document(&bare)), None);
}

#[test]
fn three_inputs_are_drawn_as_observed_against_fitted() {
    let mut wide = fit();
    let batch = (0..24u8).map(|i| 64.0 + f64::from(i)).collect();
    wide.points.inputs.push(("batch".into(), batch));
    let figure = svg(&fit_document(&wide)).expect("a fit with runs has a picture");
    assert!(
        figure.contains("fitted loss L (nats/token)")
            && figure.contains("observed loss L (nats/token)")
    );
}

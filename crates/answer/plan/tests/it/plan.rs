//! The words of plans and gains.

use isoflop_law::Law;
use isoflop_law::tape::{Output, Program};
use isoflop_plan::words::{gain_document, plan_document};
use isoflop_plan::{
    Ask, Convention, Given, Hardware, PlanLaw, PlanRequest, ServeMeasure, Serving, accelerator,
    gain, plan,
};
use isoflop_render::{Style, csv, markdown, svg, text};

fn published(variant: &str) -> PlanLaw {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    PlanLaw::published(&law, Some(variant), &Given::default(), 0).expect("published values")
}

fn usual() -> Convention {
    let law = Law::builtin("flops-6nd").expect("in the catalogue");
    Convention::new(&law, &Given::default()).expect("a convention")
}

fn request(ask: &[Ask]) -> PlanRequest {
    PlanRequest {
        ask: ask.to_vec(),
        ..PlanRequest::new(usual())
    }
}

#[test]
fn one_budget_as_text() {
    let found = plan(&[published("huber")], &request(&[Ask::Compute(5.76e23)])).expect("a plan");
    insta::assert_snapshot!(text(&plan_document(&found), Style::default()));
}

#[test]
fn everything_at_once_as_text() {
    let mut asked = request(&[Ask::Compute(5.88e23), Ask::Loss(2.0), Ask::Loss(1.7)]);
    asked.sizes = vec![0.05, 0.5, 2.0];
    asked.models = true;
    asked.serving = Some(Serving {
        prefill: 8e12,
        decode: 2e12,
        measure: ServeMeasure::Money,
    });
    let mut hardware = Hardware::new(accelerator("h100").expect("in the table"));
    hardware.count = Some(512.0);
    hardware.per_hour = Some(2.1);
    asked.hardware = Some(hardware);
    let found = plan(&[published("huber"), published("paper")], &asked).expect("a plan");
    insta::assert_snapshot!(text(&plan_document(&found), Style::default()));
}

#[test]
fn intervals_and_distance_as_markdown_and_csv() {
    let mut fit = crate::sample::fit();
    let law = Law::from_toml("chinchilla", "sample", &fit.law.text).expect("the sample is a law");
    let program = Program::compile(&law, &Vec::new(), Output::Response).expect("compiles");
    let value = |name: &str| {
        fit.coefs
            .iter()
            .find(|(n, _)| n == name)
            .expect("fitted")
            .1
            .value
    };
    let at: Vec<f64> = program
        .coordinates()
        .iter()
        .map(|c| c.of(value(&c.name)))
        .collect();
    // Draws at both sides of the optimum.
    fit.joint.draws = (0..40)
        .map(|b| {
            let by = 1.0 + (f64::from(b) - 19.5) / 2000.0;
            at.iter().map(|x| x * by).collect()
        })
        .collect();
    fit.joint.at = at;
    let law = PlanLaw::of_fit("fit.json", &fit, &Given::default()).expect("plans");
    let found = plan(&[law], &request(&[Ask::Compute(1e20), Ask::Compute(1e22)])).expect("a plan");
    let doc = plan_document(&found);
    insta::assert_snapshot!(markdown(&doc));
    insta::assert_snapshot!(csv(&doc));
    let picture = svg(&doc).expect("two budgets make a picture");
    assert!(picture.contains("Optimal size and data"));
}

#[test]
fn a_gain_without_one_number_as_text() {
    let (a, b) = (published("paper-unrounded"), published("huber"));
    let found = gain(&a, &b, &usual(), &[1e20, 1e22, 1e24], 0.95).expect("a gain");
    insta::assert_snapshot!(text(&gain_document(&found), Style::default()));
}

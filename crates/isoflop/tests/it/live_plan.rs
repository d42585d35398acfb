//! Plans as data for a page: what is in them, and for which fits there are none.

use std::fmt::Write as _;

use isoflop::plan::{Convention, Given, LivePlan, PlanLaw, PlanRequest, USUAL};
use isoflop::report::{Document, add_planner, render};
use isoflop::{Fit, FitOptions, Input, Law, PlanSpec, ReadOptions, Word, fit, read};

fn usual() -> Law {
    Law::builtin(USUAL).expect("in the catalogue")
}

/// Runs of a law with a corpus and a number of experts, and its fit. Corpus `web` has most runs.
fn fitted(law: &str) -> Fit {
    let mut table = "params,tokens,experts,corpus,loss\n".to_owned();
    for (i, n) in [1e8, 3e8, 1e9, 3e9].into_iter().enumerate() {
        for (j, d) in [1e9, 1e10, 1e11].into_iter().enumerate() {
            for (corpus, e) in [("web", 1.7), ("web", 1.7002), ("code", 1.1)] {
                for experts in [1.0, 4.0, 64.0] {
                    let noise = 1.0 + 1e-3 * ((7 * i + 5 * j) % 3) as f64;
                    let (n, d): (f64, f64) = (n, d);
                    let own = 400.0 / n.powf(0.34) / f64::powf(experts, 0.1);
                    let loss = (e + own + 1500.0 / d.powf(0.36)) * noise;
                    writeln!(table, "{n},{d},{experts},{corpus},{loss}").expect("text");
                }
            }
        }
    }
    let input = Input::Reader {
        name: "runs.csv".to_owned(),
        bytes: table.into_bytes(),
    };
    let runs = read(&[input], &ReadOptions::default()).expect("a table");
    let law = Law::from_toml("own", "own.toml", law).expect("a law");
    fit(&law, &runs, &FitOptions::default()).expect("a fit")
}

const INDEXED: &str = r#"
title = "A law of a test"
formula = "L = E[corpus] + A / (N^alpha * x^delta) + B / D^beta"
[vars]
L = { column = "loss", unit = "nats/token", role = "response" }
N = { column = "params", unit = "params" }
D = { column = "tokens", unit = "tokens" }
x = { column = "experts" }
[coefs]
E = { range = [0, inf], index = "corpus" }
A = { range = [0, inf] }
B = { range = [0, inf] }
alpha = { range = [0, 2] }
beta = { range = [0, 2] }
delta = { range = [0, 2] }
"#;

#[test]
fn every_level_of_a_fit_is_a_law_and_other_inputs_stand_at_the_median() {
    let fit = fitted(INDEXED);
    let live = LivePlan::of_fit("fit.json", &fit, &usual(), &Given::default(), None)
        .unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = live.laws.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["fit.json, web", "fit.json, code"]);
    let wanted = "isoflop plan fit.json --at x=4 --at corpus=web";
    assert_eq!(live.laws[0].command.join(" "), wanted);
    // Ten times 6ND of the largest run, to a power of ten.
    assert_eq!(live.start.compute, 1e22);
    let given = Given {
        at: vec![("experts".to_owned(), 8.0)],
        levels: vec![("corpus".to_owned(), "code".to_owned())],
        ..Given::default()
    };
    let one = LivePlan::of_fit("fit.json", &fit, &usual(), &given, Some(3e21)).expect("a plan");
    assert_eq!(one.laws.len(), 1);
    assert_eq!(one.start.compute, 3e21);
    assert_eq!(
        one.laws[0].command.join(" "),
        "isoflop plan fit.json --at experts=8 --at corpus=code"
    );
}

#[test]
fn a_law_without_size_and_data_says_why_there_is_no_plan_to_move() {
    let law = r#"
title = "A law of a test"
formula = "L = E + B / D^beta"
[vars]
L = { column = "loss", unit = "nats/token", role = "response" }
D = { column = "tokens", unit = "tokens" }
[coefs]
E = { range = [0, inf] }
B = { range = [0, inf] }
beta = { range = [0, 2] }
"#;
    let live = LivePlan::of_fit(
        "fit.json",
        &fitted(law),
        &usual(),
        &Given::default(),
        Some(1e22),
    );
    let mut doc = Document::new("Report");
    add_planner(&mut doc, live);
    let text = render::markdown(&doc);
    assert!(
        text.contains("There is no plan to move: a plan needs a law of params and tokens"),
        "{text}"
    );
    assert!(!render::html(&doc).contains("class=\"planner\""));
}

#[test]
fn the_laws_of_a_page_share_its_draws_and_it_says_of_how_many() {
    let given = Given::default();
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    let law = PlanLaw::published(&law, Some("besiroglu"), &given, 0).expect("published");
    let convention = Convention::new(&usual(), &given).expect("a convention");
    let page = |laws: usize| {
        let mut live = LivePlan::new(&PlanRequest::new(convention.clone()), 1e23);
        for _ in 0..laws {
            live.add(&law, &convention, PlanSpec::default().command("chinchilla"));
        }
        let draws: Vec<usize> = live.laws.iter().map(|law| law.draws.len()).collect();
        assert!(live.laws.iter().all(|law| law.draws_in_all == 1000));
        let mut doc = Document::new("Plan");
        add_planner(&mut doc, Ok(live));
        (draws, render::html(&doc).contains("here the first"))
    };
    assert_eq!(page(1), (vec![1000], false));
    assert_eq!(page(4), (vec![250; 4], true));
    assert_eq!(page(12), (vec![200; 12], true));
}

#[test]
fn the_command_of_a_page_keeps_what_its_sliders_do_not_move() {
    let spec = PlanSpec {
        compute: vec![Word::from("1e24")],
        convention: Some("C = 6*N*D".to_owned()),
        at: vec!["n=8".to_owned()],
        unique: Some(Word::from("1T")),
        max_tokens: Some(Word::from("2T")),
        gpus: Some("8xH100".to_owned()),
        level: Some(Word::from("0.9")),
        seed: Some(3),
        ..PlanSpec::default()
    };
    assert_eq!(
        spec.command("fit.json").join("|"),
        "isoflop|plan|fit.json|--convention|C = 6*N*D|--at|n=8|--max-tokens|2T|--level|0.9|--seed|3"
    );
}

#[test]
fn levels_start_with_that_of_the_plan_and_then_the_most_frequent() {
    // Corpus k has 4 + k runs of 9 sizes; the last one of 14 has most.
    let mut table = "params,tokens,experts,corpus,loss\n".to_owned();
    for k in 0..14 {
        for run in 0..4 + k {
            let (n, d) = (1e8 * 2f64.powi(run % 5), 1e9 * 3f64.powi(run % 4));
            let noise = 1.0 + 1e-3 * f64::from((7 * run + k) % 3);
            let e = 1.5 + 0.02 * f64::from(k);
            let loss = (e + 400.0 / n.powf(0.34) + 1500.0 / d.powf(0.36)) * noise;
            writeln!(table, "{n},{d},1,c{k},{loss}").expect("text");
        }
    }
    let law = INDEXED
        .replace(" * x^delta", "")
        .replace("delta = { range = [0, 2] }\n", "");
    let law = law.replace("x = { column = \"experts\" }\n", "");
    let law = Law::from_toml("indexed", "law", &law).unwrap_or_else(|e| panic!("{e}"));
    let input = Input::Reader {
        name: "runs.csv".to_owned(),
        bytes: table.into_bytes(),
    };
    let table = read(&[input], &ReadOptions::default()).expect("reads");
    let options = FitOptions {
        level: 0.8,
        ..FitOptions::default()
    };
    let fit = fit(&law, &table, &options).unwrap_or_else(|e| panic!("{e}"));
    let live = LivePlan::of_fit("fit.json", &fit, &usual(), &Given::default(), None)
        .unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<&str> = live.laws.iter().map(|l| l.name.as_str()).collect();
    let wanted: Vec<String> = (2..14).rev().map(|k| format!("fit.json, c{k}")).collect();
    assert_eq!(names, wanted);
    assert_eq!(live.level, 0.8, "the level of the fit");
    let command = live.laws[0].command.join(" ");
    assert_eq!(command, "isoflop plan fit.json --at corpus=c13 --level 0.8");
}

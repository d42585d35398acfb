//! A plan that the reader moves: its page, its data, and what other formats say instead.

use isoflop_document::Document;
use isoflop_formula::ast::Function;
use isoflop_law::{Law, catalogue};
use isoflop_plan::words::add_planner;
use isoflop_plan::{
    Ask, Convention, Given, LivePlan, PlanLaw, PlanRequest, ServeMeasure, Serving, USUAL,
};
use isoflop_render::{Style, html, markdown, text};
use serde_json::{Value, json};

fn convention() -> Convention {
    let law = Law::builtin(USUAL).expect("in the catalogue");
    Convention::new(&law, &Given::default()).expect("a convention")
}

fn request() -> PlanRequest {
    PlanRequest {
        ask: vec![Ask::Compute(5.76e23)],
        serving: Some(Serving {
            prefill: 7.5e12,
            decode: 2.5e12,
            measure: ServeMeasure::Flops,
        }),
        ..PlanRequest::new(convention())
    }
}

fn document(law: &PlanLaw) -> Document {
    let mut live = LivePlan::new(&request(), f64::NAN);
    let words = ["isoflop", "plan", "chinchilla:paper"].map(str::to_owned);
    live.add(law, &convention(), words.to_vec());
    let mut doc = Document::new("Plan");
    add_planner(&mut doc, Ok(live));
    doc
}

fn chinchilla() -> PlanLaw {
    let law = Law::builtin("chinchilla").expect("in the catalogue");
    PlanLaw::published(&law, Some("paper"), &Given::default(), 0).expect("published")
}

/// The data of the first planner of a page.
fn data(page: &str) -> Value {
    let (_, rest) = page
        .split_once("<script type=\"application/json\">")
        .expect("a page with data");
    let (text, _) = rest.split_once("</script>").expect("an end");
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn the_data_of_a_page_are_the_steps_of_the_law() {
    let data = data(&html(&document(&chinchilla())));
    let law = &data["plan"]["laws"][0];
    assert_eq!(law["roles"], json!(["params", "tokens"]));
    assert_eq!(
        law["surface"]["coefs"],
        json!(["E", "A", "alpha", "B", "beta"])
    );
    assert_eq!(law["best"], json!([1.69, 406.4, 0.34, 410.7, 0.28]));
    let steps = json!([
        ["coef", 0],
        ["coef", 1],
        ["input", 0],
        ["coef", 2],
        ["^", 2, 3],
        ["/", 1, 4],
        ["+", 0, 5],
        ["coef", 3],
        ["input", 1],
        ["coef", 4],
        ["^", 8, 9],
        ["/", 7, 10],
        ["+", 6, 11]
    ]);
    assert_eq!(law["surface"]["steps"], steps);
    assert_eq!(data["plan"]["start"]["serve"], json!(1e13));
}

#[test]
fn names_in_the_data_cannot_end_the_script() {
    let mut law = chinchilla();
    law.name = "</script><img src=x onerror=alert(1)> \u{2028} \"quoted\" 'too'".to_owned();
    let page = html(&document(&law));
    assert!(!page.contains("<img") && !page.contains("</script><img"));
    assert_eq!(data(&page)["plan"]["laws"][0]["name"], json!(law.name));
}

#[test]
fn only_a_document_with_a_plan_to_move_carries_its_scripts() {
    let with = html(&document(&chinchilla()));
    let without = html(&Document::new("Plan"));
    for part in ["isoflopPlan", ".planner{", "application/json"] {
        assert!(with.contains(part) && !without.contains(part), "{part}");
    }
    // The policy of the page forbids code from text.
    for word in ["eval(", "new Function", "import("] {
        assert!(!with.contains(word), "{word}");
    }
}

#[test]
fn the_interpreter_of_a_page_knows_every_function_of_the_language() {
    let page = html(&document(&chinchilla()));
    let (_, list) = page.split_once("const OPS = [").expect("its list");
    let (list, _) = list.split_once("];").expect("an end");
    for function in Function::ALL {
        assert!(
            list.contains(&format!("\"{}\"", function.name())),
            "{function:?}"
        );
    }
}

#[test]
fn other_formats_show_the_command_that_gives_the_plan() {
    let doc = document(&chinchilla());
    let command = "isoflop plan chinchilla:paper --compute 5.76e23 --serve 1e13";
    assert!(text(&doc, Style::default()).contains(command));
    assert!(markdown(&doc).contains(&format!("```sh\n{command}\n```")));
    assert!(html(&doc).contains(&format!("<code data-command>{command}</code>")));
}

#[test]
fn every_published_law_that_can_be_planned_has_steps_without_gaps() {
    let given = Given {
        at: [("n", 8.0), ("S", 0.5), ("G", 4.0)]
            .map(|(n, x)| (n.to_owned(), x))
            .to_vec(),
        ..Given::default()
    };
    let mut seen = 0;
    for (id, _) in catalogue() {
        let law = Law::builtin(id).expect("in the catalogue");
        let Ok(law) = PlanLaw::published(&law, None, &given, 0) else {
            continue;
        };
        let data = data(&html(&document(&law)));
        let law = &data["plan"]["laws"][0];
        let count = law["surface"]["steps"].as_array().map_or(0, Vec::len);
        assert!(count > 0);
        for part in ["surface", "roles", "best", "draws"] {
            assert!(!law[part].to_string().contains("null"), "{}", law["name"]);
        }
        seen += 1;
    }
    assert!(seen >= 15, "{seen} laws");
}

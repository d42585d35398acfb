//! The page to share: what it holds, for laws with and without size and data, and when the table is gone.

use isoflop::report::doc::Block;
use isoflop::report::{Document, story_document};
use isoflop::{
    Fit, FitOptions, Input, Law, ReadOptions, Reloaded, Story, StoryCheck, StoryOptions, dataset,
    fit, read, story,
};

fn of(law: &Law, input: Input) -> (Fit, Reloaded) {
    let options = FitOptions::default();
    let table = read(&[input], &ReadOptions::default()).expect("reads");
    let fitted = fit(law, &table, &options).expect("fits");
    let of = Reloaded {
        law: law.clone(),
        table: Ok(table),
        changed: Vec::new(),
        options,
    };
    (fitted, of)
}

fn simulated() -> (Fit, Reloaded) {
    let set = dataset("simulated-ladder").expect("comes with the program");
    of(&Law::builtin("chinchilla").expect("known"), set.input())
}

fn told(how: &StoryOptions) -> Story {
    let (fit, of) = simulated();
    story(fit, &of, how).expect("has a story")
}

fn titles(doc: &Document) -> Vec<&str> {
    doc.plots().map(|p| p.title.as_str()).collect()
}

fn paragraphs(doc: &Document) -> String {
    let words = doc.blocks.iter().filter_map(|b| match b {
        Block::Paragraph(words) => Some(words.as_str()),
        _ => None,
    });
    words.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_law_of_size_and_data_has_every_figure() {
    let doc = story_document(&told(&StoryOptions::default()));
    assert_eq!(
        titles(&doc),
        [
            "The runs and the law",
            "IsoFLOP curves",
            "The surface of the law",
            "Residuals",
            "Runs held out: predicted by chinchilla against observed",
            "The price of other sizes",
        ]
    );
    let planners = doc.blocks.iter().filter(|b| matches!(b, Block::Planner(_)));
    assert_eq!(planners.count(), 1);
    assert_eq!(doc.runs.rows.len(), 72);
    assert_eq!(doc.runs.columns.len(), doc.runs.units.len());
    let banded = doc.plots().next().expect("has a figure");
    let lines = banded.panels[0]
        .series
        .iter()
        .filter(|s| !s.ends.is_empty());
    assert!(lines.count() > 5, "the law has a band for every size");
}

#[test]
fn the_budget_asked_for_is_the_budget_answered() {
    let how = StoryOptions {
        compute: Some(3e22),
        check: StoryCheck::Without("not wanted".to_owned()),
        ..StoryOptions::default()
    };
    let found = told(&how);
    let plan = found.plan.as_ref().expect("has a plan");
    assert_eq!(plan.rows[0].compute, 3e22);
    let doc = story_document(&found);
    let Some(Block::Lead { question, answer }) = doc.blocks.first() else {
        panic!("a page begins with its question");
    };
    assert!(question.contains("3e22 FLOP"), "{question}");
    assert!(answer.contains("3e22 FLOP are best spent"), "{answer}");
    let said = paragraphs(&doc);
    assert!(
        said.contains("Neither audit nor backtest: not wanted."),
        "{said}"
    );
}

#[test]
fn minima_of_isoflop_curves_are_the_optima_of_their_budgets() {
    let found = told(&StoryOptions::default());
    let outline = found.outline.as_ref().expect("has size and data");
    assert!(outline.budgets.len() > 3);
    for budget in &outline.budgets {
        let best = budget.minimum.expect("lies inside");
        let spent = 6.0 * best.params * best.tokens;
        assert!((spent / budget.flops - 1.0).abs() < 1e-9);
        let below = budget
            .curve
            .iter()
            .filter(|p| p.1 < best.loss * (1.0 - 1e-12));
        assert_eq!(
            below.count(),
            0,
            "no place of the curve lies below its minimum"
        );
    }
    let rising = outline.path.windows(2);
    assert!(
        rising
            .clone()
            .all(|w| w[0].params < w[1].params && w[0].loss > w[1].loss)
    );
}

#[test]
fn a_law_of_one_quantity_says_what_it_cannot_show() {
    let text: String = (0..24)
        .map(|k| {
            let c = 10f64.powf(18.0 + f64::from(k) / 8.0);
            format!(
                "{c},{}\n",
                1.9 + (c / 1e18).powf(-0.15) + 0.001 * f64::from(k % 3)
            )
        })
        .collect();
    let input = Input::Reader {
        name: "runs.csv".to_owned(),
        bytes: format!("flops,loss\n{text}").into_bytes(),
    };
    let law = Law::from_formula("loss = E + A*(flops/1e18)^(0-a)", &["flops"], &[]).expect("reads");
    let (fit, of) = of(&law, input);
    let found = story(fit, &of, &StoryOptions::default()).expect("has a story");
    let doc = story_document(&found);
    assert_eq!(titles(&doc)[..2], ["The runs and the law", "Residuals"]);
    let said = paragraphs(&doc);
    assert!(
        said.contains("There are no IsoFLOP curves and no surface"),
        "{said}"
    );
    assert!(said.contains("There is no plan"), "{said}");
}

#[test]
fn a_fit_whose_table_is_gone_still_has_its_page() {
    let (fit, mut of) = simulated();
    of.table = Err(isoflop::Diagnostic::error("cannot-read", "it is gone").into());
    let doc = story_document(&story(fit, &of, &StoryOptions::default()).expect("has a story"));
    let said = paragraphs(&doc);
    assert!(said.contains("the table cannot be read any more"), "{said}");
    assert_eq!(titles(&doc).len(), 5, "all but the backtest");
}

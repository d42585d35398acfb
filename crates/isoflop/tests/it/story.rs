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
    story(fit, StoryCheck::Whole(&of), how).expect("has a story")
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
    let planners = doc.blocks.iter().filter(|b| matches!(b, Block::Widget(_)));
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
        ..StoryOptions::default()
    };
    let (fit, _) = simulated();
    let found = story(fit, StoryCheck::Without("not wanted".to_owned()), &how);
    let found = found.expect("has a story");
    let plan = found.plan.as_ref().expect("has a plan");
    assert_eq!(plan.rows[0].compute, 3e22);
    let doc = story_document(&found);
    let Some(Block::Lead { question, answer }) = doc.blocks.first() else {
        panic!("a page begins with its question");
    };
    assert!(question.contains("3e22 FLOP"), "{question}");
    assert!(
        answer.contains("for 3e22 FLOP the compute-optimal model has"),
        "{answer}"
    );
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
    let found = story(fit, StoryCheck::Whole(&of), &StoryOptions::default()).expect("has a story");
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
    let doc = story_document(
        &story(fit, StoryCheck::Whole(&of), &StoryOptions::default()).expect("has a story"),
    );
    let said = paragraphs(&doc);
    assert!(said.contains("the table cannot be read any more"), "{said}");
    assert_eq!(titles(&doc).len(), 5, "all but the backtest");
}

fn answer_of(story: &Story) -> String {
    let doc = story_document(story);
    match doc.blocks.into_iter().next() {
        Some(Block::Lead { answer, .. }) => answer,
        _ => panic!("a page begins with its question"),
    }
}

#[test]
fn the_answer_carries_what_disqualifies_it() {
    let mut found = told(&StoryOptions::default());
    let plain = answer_of(&found);
    assert!(plain.contains("the compute-optimal model has"), "{plain}");

    let mut end = found.clone();
    let plan = end.plan.as_mut().expect("has a plan");
    plan.rows[0].held = vec![isoflop::plan::BindingLimit::LeastData];
    let said = answer_of(&end);
    assert!(said.contains("end of the search (least data)"), "{said}");
    assert!(!said.contains("compute-optimal model"), "{said}");

    let mut bound = found.clone();
    bound.fit.certificate.at_bound = vec!["beta".to_owned()];
    let said = answer_of(&bound);
    assert!(said.contains("beta ran to a bound"), "{said}");

    let mut grave = found.clone();
    let note = isoflop::Note {
        code: "grave".to_owned(),
        severity: isoflop::Severity::Error,
        message: "it is wrong".to_owned(),
        evidence: Vec::new(),
        advice: String::new(),
    };
    grave.fit.notes.push(note);
    let said = answer_of(&grave);
    assert!(
        said.contains("Do not use it (grave): it is wrong."),
        "{said}"
    );
    assert!(!said.contains("compute-optimal model"), "{said}");

    let check = found.check.as_mut().expect("is checked");
    let ranking = &mut check.extrapolation.ranking;
    let place = ranking.iter().position(|r| r.baseline).expect("baselines");
    ranking.swap(0, place);
    let said = answer_of(&found);
    assert!(said.contains("No law beats the baseline"), "{said}");
    assert!(!said.contains("compute-optimal model"), "{said}");
}

#[test]
fn dots_of_a_picture_are_runs_at_what_it_holds() {
    let mut text = "params,tokens,experts,loss\n".to_owned();
    for c in [1e18, 1e19, 1e20] {
        for k in 0..5 {
            for (x, experts) in [1.0f64, 1.0, 8.0, 8.0].into_iter().enumerate() {
                let n = 1e7 * 3f64.powi(k) * (c / 1e18f64).sqrt();
                let d = c / (6.0 * n);
                let noise = 1.0 + 1e-3 * ((5 * k as usize + x) % 3) as f64;
                let loss = (1.7 + 400.0 / n.powf(0.34) / experts.powf(0.1) + 1500.0 / d.powf(0.36))
                    * noise;
                text += &format!("{n},{d},{experts},{loss}\n");
            }
        }
    }
    let input = Input::Reader {
        name: "runs.csv".to_owned(),
        bytes: text.into_bytes(),
    };
    let law = Law::from_formula(
        "loss = E + A/(N^alpha * experts^delta) + B/D^beta",
        &["params", "tokens", "experts"],
        &[],
    );
    let law = law.unwrap_or_else(|e| panic!("{e}"));
    let (fit, _) = of(&law, input);
    let unchecked = StoryCheck::Without("not wanted".to_owned());
    let found = story(fit, unchecked, &StoryOptions::default()).expect("has a story");
    let outline = found.outline.as_ref().expect("has size and data");
    // The lower median of twenty 1s and 8s each is an element of the runs, as in the plan.
    assert_eq!(outline.held, found.held);
    let rows: Vec<usize> = outline
        .budgets
        .iter()
        .flat_map(|b| b.runs.clone())
        .collect();
    assert_eq!(rows.len(), 30, "half of the runs");
    let experts = found.fit.points.inputs.iter().find(|(n, _)| n == "experts");
    let experts = &experts.expect("an input").1;
    assert!(rows.iter().all(|&row| experts[row] == 1.0));
    let doc = story_document(&found);
    let picture = doc.plots().find(|p| p.title == "IsoFLOP curves");
    let words = &picture.expect("is drawn").description;
    assert!(words.contains("30 of 60 runs are shown"), "{words}");
    assert!(words.contains("at the median of the runs"), "{words}");
}

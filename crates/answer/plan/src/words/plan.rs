//! The words of a plan: the answer in a sentence, the table of budgets, then what was asked beyond it.

use crate::{Infeasible, LawUsed, Plan, PlanRow};
use isoflop_base::{Estimate, format_quantity};

use super::phrases::{asked, beyond, numbered, shared, sized};
use super::plan_parts as parts;
use super::plan_picture;
use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::number::{percent, plain};
use isoflop_predict::words::{by_severity, forbidden, overturned};

/// What a plan says.
#[must_use]
pub fn plan_document(plan: &Plan) -> Document {
    let mut doc = Document::new("Plan");
    forbidden(&mut doc, &plan.notes);
    if let [row] = plan.rows.as_slice() {
        doc.paragraph(format!("{} {}", sentence(row), overturned(&row.beyond)).trim_end());
    }
    let (grave, mild) = by_severity(&plan.notes);
    if !grave.is_empty() {
        doc.push(Block::Notes(grave));
    }
    if !plan.rows.is_empty() {
        doc.push(Block::Table(rows(plan)));
    }
    let outside = plan
        .rows
        .iter()
        .any(|r| r.beyond.iter().any(|(_, orders)| *orders != 0.0));
    if outside {
        doc.paragraph(
            "Beyond the runs: orders of magnitude above (+) or below (-) the runs of the fit.",
        );
    }
    for missing in &plan.infeasible {
        doc.paragraph(refusal(missing));
    }
    if plan.laws.len() > 1 {
        doc.heading("Laws");
        doc.push(Block::Table(several_laws(plan)));
        doc.push(Block::KeyValues(spreads(plan)));
    } else {
        doc.push(Block::KeyValues(one_law(plan)));
    }
    parts::serving(&mut doc, plan);
    parts::sizes(&mut doc, plan);
    parts::shapes(&mut doc, plan);
    parts::models(&mut doc, plan);
    parts::needs(&mut doc, plan);
    parts::disagreements(&mut doc, plan);
    parts::assumptions(&mut doc, plan);
    let pictures = [plan_picture::budgets(plan), plan_picture::sizes(plan)];
    for plot in pictures.into_iter().flatten() {
        doc.push(Block::Plot(plot));
    }
    if !mild.is_empty() {
        doc.heading("Notes");
        doc.push(Block::Notes(mild));
    }
    doc.frame = frame(plan);
    doc
}

/// The model of an answer.
const MODEL: &str =
    "{params} parameters, trained on {tokens} tokens ({ratio} tokens per parameter)";
/// Which limits hold it.
const HELD: &str = ", limited by {held}";
/// Which limits hold it, and what that costs.
const HELD_COSTS: &str = ", limited by {held}, which costs {price}";
/// The answer for a budget.
const BEST: &str = "For {compute} the compute-optimal model has {model}.";
/// The answer for a budget, with its loss.
const BEST_WITH_LOSS: &str = "For {compute} the compute-optimal model has {model}: loss {loss}.";

/// The sentences of a plan with the places of their numbers, by name: a page fills them again when a slider moves.
pub(crate) fn plan_words() -> [(&'static str, &'static str); 6] {
    [
        ("model", MODEL),
        ("held", HELD),
        ("held_costs", HELD_COSTS),
        ("best", BEST),
        ("best_with_loss", BEST_WITH_LOSS),
        ("asked", "{compute} of compute"),
    ]
}

fn filled(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, x)| {
        text.replace(&format!("{{{name}}}"), x)
    })
}

fn sentence(row: &PlanRow) -> String {
    let model = filled(
        MODEL,
        &[
            ("params", &sized(&row.params)),
            ("tokens", &sized(&row.tokens)),
            ("ratio", &sized(&row.tokens_per_param)),
        ],
    );
    let names = row.held_by();
    let held = match (&row.price_of_limits, row.held.is_empty()) {
        (_, true) => String::new(),
        (None, false) => filled(HELD, &[("held", &names)]),
        (Some(price), false) => {
            let bare = Estimate {
                interval: None,
                ..price.clone()
            };
            filled(
                HELD_COSTS,
                &[("held", &names), ("price", &cost(row, &bare))],
            )
        }
    };
    let compute = match &row.flops {
        Some(flops) if row.target_loss.is_some() => format!("{} FLOP", sized(flops)),
        _ => format_quantity(row.compute, "FLOP", 3),
    };
    match (row.target_loss, &row.loss) {
        (Some(loss), _) => format!(
            "A loss of {} takes at least {compute}: {model}{held}.",
            plain(loss, 5),
        ),
        (None, Some(loss)) => filled(
            BEST_WITH_LOSS,
            &[
                ("compute", &compute),
                ("model", &format!("{model}{held}")),
                ("loss", &numbered(loss)),
            ],
        ),
        (None, None) => filled(
            BEST,
            &[("compute", &compute), ("model", &format!("{model}{held}"))],
        ),
    }
}

/// What limits cost: loss for a budget, compute for a target.
fn cost(row: &PlanRow, price: &Estimate) -> String {
    match row.target_loss {
        Some(_) => format!("{} more compute", shared(price)),
        None => format!("{} {}", numbered(price), price.unit)
            .trim_end()
            .to_owned(),
    }
}

fn refusal(missing: &Infeasible) -> String {
    let advice = if missing.advice.is_empty() {
        String::new()
    } else {
        format!(" To have it: {}.", missing.advice)
    };
    format!(
        "{}: no plan for {}: {}.{advice}",
        missing.law, missing.asked, missing.why
    )
}

fn rows(plan: &Plan) -> Table {
    let several = plan.laws.len() > 1;
    let mut table = Table::with_columns(&[
        "law",
        ">asked",
        "FLOP",
        "params",
        "tokens",
        "tokens/param",
        "loss",
        "passes",
        "limited by",
        "which costs",
        "not reachable",
        "beyond the runs",
    ]);
    for row in &plan.rows {
        let optional = |e: &Option<Estimate>, show: fn(&Estimate) -> String| {
            e.as_ref().map_or_else(String::new, show)
        };
        table.rows.push(vec![
            if several {
                row.law.clone()
            } else {
                String::new()
            },
            asked(row),
            optional(&row.flops, sized),
            sized(&row.params),
            sized(&row.tokens),
            sized(&row.tokens_per_param),
            optional(&row.loss, numbered),
            optional(&row.epochs, sized),
            row.held_by(),
            row.price_of_limits
                .as_ref()
                .map_or_else(String::new, |price| cost(row, price)),
            row.unreachable
                .filter(|s| *s > 0.0)
                .map_or_else(String::new, |s| format!("in {} of the draws", percent(s))),
            beyond(&row.beyond),
        ]);
    }
    table.without_empty_columns()
}

/// Where the coefficients of a law come from.
fn origin(law: &LawUsed) -> String {
    law.runs.map_or_else(
        || law.source.split_whitespace().collect::<Vec<_>>().join(" "),
        |n| format!("a fit to {}", isoflop_document::number::counted(n, "run")),
    )
}

fn method(law: &LawUsed) -> &'static str {
    match law.method.as_str() {
        "solver" => "a solver along the budget",
        _ => "closed form",
    }
}

fn convention(plan: &Plan) -> (String, String) {
    let (name, formula) = &plan.convention;
    ("compute".to_owned(), format!("{} ({name})", formula.trim()))
}

/// Level and origin of intervals, or why there are none.
pub(super) fn intervals(level: f64, spread: &str) -> String {
    match spread.strip_prefix("no intervals: ") {
        Some(why) => format!("none: {why}"),
        None => format!("{}, {spread}", percent(level)),
    }
}

fn one_law(plan: &Plan) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for law in &plan.laws {
        let lines: Vec<&str> = law.formula.lines().map(str::trim).collect();
        let formula = format!("{}\n{} ({})", lines.join("\n"), law.name, origin(law));
        pairs.push(("law".to_owned(), formula));
        let powers: Vec<String> = law
            .exponents
            .iter()
            .map(|(name, e)| format!("{} as C^{}", name.replace('_', " "), numbered(e)))
            .collect();
        let place = if law.method == "solver" {
            " near the first answer"
        } else {
            ""
        };
        if !powers.is_empty() {
            let growth = format!("optimal {}{place}", powers.join("; "));
            pairs.push(("growth".to_owned(), growth));
        }
        if let Some(floor) = &law.floor {
            pairs.push((
                "irreducible loss".to_owned(),
                format!("{} {}", numbered(floor), floor.unit),
            ));
        }
        pairs.push(("solved by".to_owned(), method(law).to_owned()));
        pairs.push(("intervals".to_owned(), intervals(plan.level, &law.spread)));
    }
    pairs.push(convention(plan));
    pairs
}

fn several_laws(plan: &Plan) -> Table {
    let mut table = Table::with_columns(&[
        "law",
        "params as C^",
        "tokens as C^",
        "irreducible loss",
        "solved by",
        "coefficients from",
    ]);
    for law in &plan.laws {
        let power = |name: &str| {
            let own = law.exponents.iter().find(|(n, _)| n == name);
            own.map_or_else(String::new, |(_, e)| numbered(e))
        };
        table.rows.push(vec![
            law.name.clone(),
            power("params"),
            power("tokens"),
            law.floor.as_ref().map_or_else(String::new, numbered),
            method(law).to_owned(),
            origin(law),
        ]);
    }
    table.without_empty_columns()
}

/// How the intervals of several laws were made, laws of one kind together.
fn spreads(plan: &Plan) -> Vec<(String, String)> {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for law in &plan.laws {
        match kinds.iter_mut().find(|(spread, _)| *spread == law.spread) {
            Some((_, names)) => names.push(&law.name),
            None => kinds.push((&law.spread, vec![&law.name])),
        }
    }
    let mut pairs: Vec<(String, String)> = kinds
        .into_iter()
        .map(|(spread, names)| {
            (
                "intervals".to_owned(),
                format!("{}: {spread}", names.join(", ")),
            )
        })
        .collect();
    pairs.push(("level".to_owned(), percent(plan.level)));
    pairs.push(convention(plan));
    pairs
}

fn frame(plan: &Plan) -> Frame {
    let quantities = ["params", "tokens", "tokens_per_param", "loss", "flops"];
    let mut columns = vec![
        "law".to_owned(),
        "compute".to_owned(),
        "target_loss".to_owned(),
    ];
    for name in quantities {
        columns.extend([
            name.to_owned(),
            format!("{name}_lower"),
            format!("{name}_upper"),
        ]);
    }
    let beyond: Vec<String> = plan
        .rows
        .iter()
        .find(|r| !r.beyond.is_empty())
        .map_or_else(Vec::new, |r| {
            r.beyond.iter().map(|(n, _)| n.clone()).collect()
        });
    columns.extend(beyond.iter().map(|n| format!("beyond_{n}")));
    let mut frame = Frame::with_columns(&columns);
    for row in &plan.rows {
        let mut cells = vec![
            Value::Text(row.law.clone()),
            Value::Number(row.compute),
            row.target_loss.into(),
        ];
        let estimates = [
            Some(&row.params),
            Some(&row.tokens),
            Some(&row.tokens_per_param),
            row.loss.as_ref(),
            row.flops.as_ref(),
        ];
        for e in estimates {
            let interval = e.and_then(|e| e.interval);
            cells.push(e.map(|e| e.value).into());
            cells.push(interval.map(|i| i.lower).into());
            cells.push(interval.map(|i| i.upper).into());
        }
        for name in &beyond {
            let own = row.beyond.iter().find(|(n, _)| n == name);
            cells.push(own.map(|(_, orders)| *orders).into());
        }
        frame.rows.push(cells);
    }
    frame
}

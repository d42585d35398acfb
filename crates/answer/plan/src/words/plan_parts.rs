//! The sections of a plan that only some requests ask for.

use crate::{Needs, Plan, ServingRow};
use isoflop_base::{Estimate, Interval, format_quantity};

use super::phrases::{asked, beyond, is_wide, numbered, shared, sized};
use isoflop_document::doc::{Block, Document, Table};
use isoflop_document::number::{percent, plain};
use isoflop_document::phrase::{capitalised, human};

/// The name of a law in a heading, when there are several.
fn of(plan: &Plan, law: &str) -> String {
    if plan.laws.len() > 1 {
        format!(", {law}")
    } else {
        String::new()
    }
}

pub(super) fn serving(doc: &mut Document, plan: &Plan) {
    let rows = || {
        plan.rows
            .iter()
            .filter_map(|r| Some((r, r.serving.as_ref()?)))
    };
    let Some((_, first)) = rows().next() else {
        return;
    };
    doc.heading("Served");
    doc.paragraph(format!(
        "The model that takes least {} over training and {} served tokens, at the loss of the plan above.",
        if first.measure == "USD" { "money" } else { "compute" },
        human(first.served)
    ));
    let mut table = Table::with_columns(&[
        "law",
        ">asked",
        "params",
        "tokens",
        "tokens/param",
        "size against the plan",
        "training",
        "serving",
        "in all",
        "saved",
        "beyond",
    ]);
    for (row, s) in rows() {
        table.rows.push(vec![
            if plan.laws.len() > 1 {
                row.law.clone()
            } else {
                String::new()
            },
            asked(row),
            sized(&s.params),
            sized(&s.tokens),
            sized(&s.tokens_per_param),
            numbered(&s.size_ratio),
            training(s),
            format_quantity(s.serving_flops.value, "FLOP", 3),
            format_quantity(s.lifetime.value, &s.measure, 3),
            shared(&s.saved),
            beyond(&s.beyond),
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
}

/// Compute of training, and how much more that is than the plan's own model takes.
fn training(s: &ServingRow) -> String {
    let flops = format_quantity(s.training_flops.value, "FLOP", 3);
    if s.training_ratio > 1.005 {
        format!("{flops}, {} × the plan's", plain(s.training_ratio, 3))
    } else {
        flops
    }
}

pub(super) fn sizes(doc: &mut Document, plan: &Plan) {
    for found in &plan.sizes {
        doc.heading(format!(
            "Other sizes at a loss of {}, {}{}",
            plain(found.loss, 5),
            format_quantity(found.compute, "FLOP", 3),
            of(plan, &found.law)
        ));
        let mut table = Table::with_columns(&[
            ">size",
            "params",
            "tokens",
            "more training compute",
            "cheaper in total beyond",
        ]);
        for row in &found.rows {
            let optional = |e: &Option<Estimate>, show: fn(&Estimate) -> String| {
                e.as_ref().map_or_else(String::new, show)
            };
            let tokens = if row.reachable {
                optional(&row.tokens, sized)
            } else {
                "not reachable at this size".to_owned()
            };
            table.rows.push(vec![
                format!("{} ×", plain(row.size, 3)),
                sized(&row.params),
                tokens,
                optional(&row.overhead, shared),
                row.break_even
                    .as_ref()
                    .map_or_else(String::new, |e| format!("{} served tokens", sized(e))),
            ]);
        }
        doc.push(Block::Table(table.without_empty_columns()));
        if let Some(limit) = &found.asymptote {
            doc.paragraph(format!(
                "Below {} of the optimal size the loss cannot be reached with any number of tokens.",
                numbered(limit)
            ));
        }
    }
}

pub(super) fn shapes(doc: &mut Document, plan: &Plan) {
    if plan.shapes.is_empty() {
        return;
    }
    doc.heading("Shapes");
    if let Some(row) = plan
        .shapes
        .iter()
        .find(|r| r.convention != plan.convention.0)
    {
        doc.paragraph(format!(
            "Compute of shapes is counted by {}.",
            row.convention
        ));
    }
    let mut table = Table::with_columns(&["law", "shape", "params", "tokens", "FLOP", "loss", ""]);
    for row in &plan.shapes {
        table.rows.push(vec![
            if plan.laws.len() > 1 {
                row.law.clone()
            } else {
                String::new()
            },
            row.shape.clone(),
            human(row.params),
            sized(&row.tokens),
            format_quantity(row.flops.value, "FLOP", 3),
            numbered(&row.loss),
            if row.best { "best" } else { "" }.to_owned(),
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
}

pub(super) fn models(doc: &mut Document, plan: &Plan) {
    if plan.models.is_empty() {
        return;
    }
    doc.heading("Published models");
    doc.paragraph(
        "Wasted: the share of a model's compute that the best model with the same loss would have saved, if it had been \
         trained on the data and by the recipe of the law, on tokens of its own that it saw once.",
    );
    let mut table = Table::with_columns(&[
        "law",
        "model",
        ">params",
        ">tokens",
        ">FLOP",
        "loss by the law",
        "best params",
        "best tokens",
        "best loss",
        "wasted",
        "beyond",
    ]);
    for row in &plan.models {
        table.rows.push(vec![
            if plan.laws.len() > 1 {
                row.law.clone()
            } else {
                String::new()
            },
            row.model.clone(),
            human(row.params),
            human(row.tokens),
            format_quantity(row.flops, "FLOP", 3).replace(" FLOP", ""),
            numbered(&row.loss),
            sized(&row.optimal_params),
            sized(&row.optimal_tokens),
            numbered(&row.optimal_loss),
            shared(&row.waste),
            beyond(&row.beyond),
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
}

pub(super) fn needs(doc: &mut Document, plan: &Plan) {
    for row in &plan.rows {
        let Some(needs) = &row.needs else { continue };
        let whose = format!("{}{}", asked(row), of(plan, &row.law));
        doc.heading(format!("Requirements, {whose}"));
        doc.push(Block::KeyValues(need_pairs(needs)));
        let served = row.serving.as_ref().and_then(|s| s.needs.as_ref());
        if let Some(served) = served.filter(|s| *s != needs) {
            doc.heading(format!("Requirements of the served model, {whose}"));
            doc.push(Block::KeyValues(need_pairs(served)));
        }
    }
}

/// A quantity with its unit, and its interval where it has a width.
fn with_unit(e: &Estimate, unit: &str) -> String {
    let one = |x: f64| {
        if x.is_finite() {
            format_quantity(x, unit, 3)
        } else {
            plain(x, 3)
        }
    };
    match e.interval.filter(is_wide) {
        Some(i) => format!("{} [{}, {}]", one(e.value), one(i.lower), one(i.upper)),
        None => one(e.value),
    }
}

fn need_pairs(needs: &Needs) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut add = |name: &str, e: Option<&Estimate>, unit: &str, factor: f64| {
        if let Some(e) = e {
            let scaled = Estimate {
                value: e.value * factor,
                se: None,
                unit: unit.to_owned(),
                interval: e.interval.map(|i| Interval {
                    level: i.level,
                    lower: i.lower * factor,
                    upper: i.upper * factor,
                }),
            };
            pairs.push((name.to_owned(), with_unit(&scaled, unit)));
        }
    };
    add(
        "compute time",
        Some(&needs.accelerator_hours),
        "accelerator-hours",
        1.0,
    );
    add("wall time", needs.days.as_ref(), "days", 1.0);
    add("price of training", needs.dollars.as_ref(), "USD", 1.0);
    add("energy", needs.energy.as_ref(), "MWh", 1e-3);
    add("text read", Some(&needs.data), "TB", 1e-12);
    for (name, e) in [
        ("memory in training", &needs.training_memory),
        ("memory when served", &needs.serving_memory),
    ] {
        let (unit, factor) = if e.value >= 1e12 {
            ("TB", 1e-12)
        } else {
            ("GB", 1e-9)
        };
        add(name, Some(e), unit, factor);
    }
    pairs.push((
        "accelerators needed".to_owned(),
        format!(
            "{} at least, for weights, gradients and optimiser",
            plain(needs.accelerators_to_hold, 4)
        ),
    ));
    pairs
}

pub(super) fn disagreements(doc: &mut Document, plan: &Plan) {
    let mut pairs: Vec<&[String; 2]> = Vec::new();
    for d in &plan.disagreements {
        if !pairs.contains(&&d.laws) {
            pairs.push(&d.laws);
        }
    }
    if pairs.is_empty() {
        return;
    }
    doc.heading("Where the laws disagree");
    let mut table =
        Table::with_columns(&["", "against", ">asked", ">params", ">tokens", "intervals"]);
    for d in &plan.disagreements {
        let [a, b] = &d.laws;
        table.rows.push(vec![
            b.clone(),
            a.clone(),
            match d.target_loss {
                Some(loss) => format!("loss {}", plain(loss, 5)),
                None => format_quantity(d.compute, "FLOP", 3),
            },
            format!("× {}", plain(d.params_ratio, 3)),
            format!("× {}", plain(d.tokens_ratio, 3)),
            match d.apart {
                Some(true) => "apart",
                Some(false) => "overlap",
                None => "",
            }
            .to_owned(),
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
    for pair in pairs {
        let mut why: Vec<String> = Vec::new();
        for d in plan.disagreements.iter().filter(|d| d.laws == *pair) {
            for reason in &d.why {
                let reason = capitalised(reason);
                if !why.contains(&reason) {
                    why.push(reason);
                }
            }
        }
        if !why.is_empty() {
            doc.paragraph(format!("{} and {}: {}", pair[1], pair[0], why.join(" ")));
        }
    }
}

pub(super) fn assumptions(doc: &mut Document, plan: &Plan) {
    if plan.assumptions.is_empty() {
        return;
    }
    doc.heading("Assumptions");
    let mut table = Table::with_columns(&["name", ">value", "where it comes from"]);
    for a in &plan.assumptions {
        let value = match a.unit.as_str() {
            "" => plain(a.value, 4),
            "bytes" => bytes(a.value),
            unit => format_quantity(a.value, unit, 4),
        };
        table
            .rows
            .push(vec![a.name.clone(), value, a.source.clone()]);
    }
    doc.push(Block::Table(table));
    doc.paragraph("Each is an option of the same name; -o plan.toml writes all of them down.");
}

fn bytes(x: f64) -> String {
    match x {
        x if x >= 1e12 => format_quantity(x * 1e-12, "TB", 4),
        x => format_quantity(x * 1e-9, "GB", 4),
    }
}

/// Words for a share of draws.
pub(super) fn of_draws(share: f64) -> String {
    if share > 0.0 {
        format!("not reached in {} of the draws", percent(share))
    } else {
        String::new()
    }
}

//! The page that people share: the question, the answer, the pictures, the plan, and the evidence for all of it.

mod cite;
mod contour;
mod figures;
mod lead;
mod runs;

use isoflop_backtest::words::backtest;
use isoflop_check::Check;
use isoflop_check::words::{self as check, form};
use isoflop_document::doc::{Block, Document};
use isoflop_fit::LawRecord;
use isoflop_plan::words::{plan_document, planner};
use isoflop_predict::words::law_name;
use isoflop_summary::words::phrases::{self, last_step};
use isoflop_summary::words::{fit, picture};

use crate::Story;

/// The story of a fit.
#[must_use]
pub fn story_document(story: &Story) -> Document {
    let mut doc = Document::new(title(&story.fit.law));
    doc.push(lead::lead(story));
    law(&mut doc, story);
    residuals(&mut doc, story);
    held_out(&mut doc, story);
    plan(&mut doc, story);
    coefficients(&mut doc, story);
    audit(&mut doc, story);
    certificate(&mut doc, story);
    cited(&mut doc, story);
    doc.runs = runs::frame(&story.fit);
    doc
}

/// The answer of a story for a screen, and all of it in detail.
#[must_use]
pub fn story_summary(story: &Story) -> Document {
    let mut doc = story_document(story).shortened(|block| matches!(block, Block::Lead { .. }));
    if let Ok(found) = &story.check {
        let details = doc.blocks.len() - 1;
        doc.blocks
            .insert(details, Block::Paragraph(check::summary(found)));
    }
    doc
}

/// The name of the law; of one that was typed, the formula.
fn title(law: &LawRecord) -> String {
    if law.id == "formula" {
        last_step(&law.formula)
    } else {
        law_name(law)
    }
}

fn law(doc: &mut Document, story: &Story) {
    doc.heading("Law");
    doc.push(Block::Formula(story.fit.law.formula.clone()));
    let Some(plot) = picture::law_plot(&story.fit) else {
        doc.paragraph(
            "The fit keeps no runs (it had more than 20,000), so there are no pictures of them.",
        );
        return;
    };
    doc.push(Block::Plot(plot));
    match &story.outline {
        Ok(outline) => {
            let plots = [
                figures::isoflop(&story.fit, outline),
                figures::surface(&story.fit, outline),
            ];
            for plot in plots.into_iter().flatten() {
                doc.push(Block::Plot(plot));
            }
        }
        Err(why) => doc.paragraph(format!(
            "There are no IsoFLOP curves and no surface: {}.",
            why.trim_end_matches('.')
        )),
    }
}

fn residuals(doc: &mut Document, story: &Story) {
    doc.heading("Residuals");
    let Block::KeyValues(mut pairs) = fit::residual_summary(&story.fit) else {
        return;
    };
    // The strip of bars is for faces without pictures.
    pairs.retain(|(key, _)| key != "spread");
    doc.push(Block::KeyValues(pairs));
    if let Some(plot) = picture::residual_plot(&story.fit) {
        doc.push(Block::Plot(plot));
    }
}

fn held_out(doc: &mut Document, story: &Story) {
    let Ok(check) = &story.check else {
        return;
    };
    let found = &check.extrapolation;
    let places = &story.fit.points.place;
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].cmp(&places[*b]));
    let row_of = |place: &str| {
        let at = order.binary_search_by(|row| places[*row].as_str().cmp(place));
        at.ok().map(|k| order[k])
    };
    backtest(doc, found, &row_of);
    if let Some(found) = &check.form {
        form(doc, found);
    }
}

fn plan(doc: &mut Document, story: &Story) {
    doc.heading("Plan");
    match &story.plan {
        Ok(plan) => {
            if let Some((_, false)) = story.budget {
                doc.paragraph(
                    "No budget was given, so this is the plan for about ten times the compute of the largest run.",
                );
            }
            if !story.held.is_empty() {
                doc.paragraph(format!("It holds {}.", figures::listed(&story.held)));
            }
            let mut blocks = plan_document(plan).blocks;
            let answered = blocks.iter().position(|b| matches!(b, Block::KeyValues(_)));
            blocks.insert(
                answered.unwrap_or(blocks.len()),
                planner(story.live.clone(), first_command(story)),
            );
            part(doc, blocks);
        }
        Err(why) => doc.paragraph(format!("There is no plan: {}.", why.trim_end_matches('.'))),
    }
}

/// The command that saves a fit that was not saved, for the others to read.
fn first_command(story: &Story) -> Option<String> {
    (story.saved.is_none() && !phrases::is_piped(&story.fit))
        .then(|| phrases::save_command(&story.fit))
}

fn coefficients(doc: &mut Document, story: &Story) {
    fit::coefficients(doc, &story.fit);
}

fn audit(doc: &mut Document, story: &Story) {
    doc.heading("Audit");
    let found: &Check = match &story.check {
        Ok(check) => check,
        Err(why) => {
            doc.paragraph(format!(
                "Neither audit nor backtest: {}.",
                why.trim_end_matches('.')
            ));
            return;
        }
    };
    doc.paragraph(check::summary(found));
    if !found.findings.is_empty() {
        doc.push(check::findings(found));
    }
    for (title, table) in check::answered(found) {
        doc.push(Block::Fold(title.to_owned(), vec![Block::Table(table)]));
    }
    doc.paragraph(check::unasked_words(found));
    if let Some(table) = check::evidence(found) {
        let title = "Evidence and sources of the findings";
        doc.push(Block::Fold(title.to_owned(), vec![Block::Table(table)]));
    }
    let list = check::checklist(found);
    doc.push(Block::Fold(
        "Reporting checklist".to_owned(),
        vec![Block::Table(list)],
    ));
}

fn certificate(doc: &mut Document, story: &Story) {
    let mut own = Document::default();
    fit::evidence(&mut own, &story.fit);
    fit::ranges(&mut own, &story.fit);
    fit::skipped(&mut own, &story.fit);
    fit::leverage(&mut own, &story.fit);
    let said = |code: &str| {
        let found = story.check.iter().flat_map(|c| &c.findings);
        found.into_iter().any(|f| f.code == code)
    };
    let notes = story.fit.notes.iter().filter(|n| !said(&n.code));
    let notes: Vec<_> = notes.cloned().collect();
    if !notes.is_empty() {
        own.heading("Notes");
        own.push(Block::Notes(notes));
    }
    own.heading("Provenance");
    own.push(Block::KeyValues(phrases::provenance(&story.fit.provenance)));
    own.push(Block::Code(vec![phrases::command(&story.fit)]));
    doc.heading("Certificate and provenance");
    part(doc, own.blocks);
}

fn cited(doc: &mut Document, story: &Story) {
    doc.heading("How to cite");
    let (text, bib) = cite::lines(&story.fit, story.fit.law.parse().ok().as_ref());
    doc.paragraph(text);
    doc.push(Block::Code(bib));
}

/// Adds the blocks of another document as a part of a section.
fn part(doc: &mut Document, blocks: Vec<Block>) {
    doc.blocks.extend(blocks.into_iter().map(Block::in_part));
}

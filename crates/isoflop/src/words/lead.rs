//! The question and the answer of a page, a sentence each.

use crate::Story;
use isoflop_base::{Severity, format_quantity};
use isoflop_fit::{ResidualScale, Status};

use super::figures::listed;
use isoflop_backtest::words::no_law_beats;
use isoflop_document::doc::Block;
use isoflop_document::number::{counted, inline, percent, plain};
use isoflop_plan::words::sized;
use isoflop_summary::words::with_numbers;

pub(super) fn lead(story: &Story) -> Block {
    let runs = counted(story.fit.n, "run");
    let question = match (&story.plan, story.budget) {
        (Ok(_), Some((flops, _))) => format!(
            "What law do these {runs} follow, and what should be trained with {}?",
            budget(flops)
        ),
        _ => format!("What law do these {runs} follow?"),
    };
    Block::Lead {
        question,
        answer: answer(story),
    }
}

fn answer(story: &Story) -> String {
    let fit = &story.fit;
    if fit.status == Status::NotConverged {
        return "There is no answer yet: the fit did not converge, so none of its numbers may be used.".to_owned();
    }
    let law = with_numbers(fit);
    let spread = match fit.objective.scale {
        ResidualScale::Ln => format!("within {} (rms)", percent(fit.residuals.rms)),
        _ => format!("with residuals of {} (rms)", plain(fit.residuals.rms, 2)),
    };
    let open = if fit.status == Status::Degenerate {
        ", though they do not determine every coefficient"
    } else {
        ""
    };
    let doubts = doubts(story);
    let best = story.plan.as_ref().ok().and_then(|plan| {
        let [row] = plan.rows.as_slice() else {
            return None;
        };
        if doubts.iter().any(|doubt| doubt.forbids) {
            return None;
        }
        let loss = row.loss.as_ref().map_or_else(String::new, |loss| {
            format!(", where it predicts {}", inline(loss))
        });
        let held = if story.held.is_empty() {
            String::new()
        } else {
            format!("for {}, ", listed(&story.held))
        };
        Some(format!(
            "; {held}for {} the compute-optimal model has {} parameters, trained on {} tokens{loss}",
            budget(row.compute),
            sized(&row.params),
            sized(&row.tokens)
        ))
    });
    let mut out = format!(
        "They follow {law} {spread}{open}{}.",
        best.unwrap_or_default()
    );
    for doubt in &doubts {
        out.push(' ');
        out.push_str(&doubt.sentence);
    }
    out
}

/// What a reader of the answer must know before it is used, in one sentence.
struct Doubt {
    sentence: String,
    /// Whether no plan may be read from the fit.
    forbids: bool,
}

/// Findings and notes of severity error, coefficients on a bound, an optimum at an end of the search, a backtest that no
/// law passes, and runs that decide: gravest first.
fn doubts(story: &Story) -> Vec<Doubt> {
    let doubt = |forbids: bool, sentence: String| Doubt { sentence, forbids };
    let mut out = Vec::new();
    let found = story.check.iter().flat_map(|check| &check.findings);
    let noted = story.fit.notes.iter();
    let mut all: Vec<(&str, Severity, &str)> = found
        .map(|f| (f.code.as_str(), f.severity, f.message.as_str()))
        .collect();
    for note in noted {
        if all.iter().all(|(code, ..)| *code != note.code) {
            all.push((&note.code, note.severity, &note.message));
        }
    }
    for (code, _, message) in all.iter().filter(|(_, s, _)| *s == Severity::Error) {
        out.push(doubt(true, format!("Do not use it ({code}): {message}.")));
    }
    let ends = story.plan.iter().flat_map(|plan| &plan.rows);
    let ends: Vec<&str> = ends.flat_map(|row| row.runs_away()).collect();
    if !ends.is_empty() {
        out.push(doubt(
            true,
            format!(
                "It has no optimum in between: the best use of compute lies at the end of the search ({}), so no plan follows \
                 from it.",
                ends.join(", ")
            ),
        ));
    }
    let bound = &story.fit.certificate.at_bound;
    if !bound.is_empty() {
        out.push(doubt(
            false,
            format!("Care: {} ran to a bound.", bound.join(", ")),
        ));
    }
    let tested = story.check.iter();
    let beaten = tested.filter_map(|check| no_law_beats(&check.extrapolation.ranking));
    out.extend(beaten.map(|sentence| doubt(true, sentence)));
    if let Some((_, _, message)) = all.iter().find(|(code, ..)| *code == "runs-decide") {
        out.push(doubt(false, format!("Few runs decide: {message}.")));
    }
    out
}

pub(super) fn budget(flops: f64) -> String {
    format_quantity(flops, "FLOP", 3)
}

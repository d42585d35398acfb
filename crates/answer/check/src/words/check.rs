//! The words of a check: findings with evidence and advice, then what every rule answered.

use crate::{Answered, Check, Finding, Outcome};
use isoflop_base::{Evidence, Note, Severity};

use super::form::form;
use isoflop_backtest::words::backtest;
use isoflop_breaks::words::breaks;
use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::number::{counted, percent, plain};
use isoflop_predict::words::{add_profile, law_name};

/// What a check says, with the reporting checklist: a page for an appendix.
#[must_use]
pub fn check_document(check: &Check) -> Document {
    let mut doc = check_summary(check);
    if let Some(table) = evidence(check) {
        doc.heading("Evidence and sources");
        doc.push(Block::Table(table));
    }
    doc.heading("Reporting checklist");
    doc.push(Block::Table(checklist(check)));
    doc
}

/// What a check says, for the screen.
#[must_use]
pub fn check_summary(check: &Check) -> Document {
    let mut doc = Document::new(format!("Check of {}", law_name(&check.law)));
    doc.paragraph(summary(check));
    let (shown, rest): (Vec<Note>, Vec<Note>) = {
        let mut all: Vec<Note> = check.findings.iter().map(note).collect();
        let rest = all.split_off(all.len().min(SHOWN));
        (all, rest)
    };
    if !shown.is_empty() {
        doc.heading("Findings");
        doc.push(Block::Notes(shown));
    }
    if !rest.is_empty() {
        doc.paragraph(format!("{} more in full.", counted(rest.len(), "finding")));
        doc.detail(|doc| doc.push(Block::Notes(rest)));
    }
    if let Some(profile) = &check.profile {
        add_profile(&mut doc, profile);
    }
    questions(&mut doc, check);
    backtest(&mut doc, &check.extrapolation, &|_| None);
    if let Some(found) = &check.form {
        form(&mut doc, found);
    }
    if let Some(found) = &check.breaks {
        breaks(&mut doc, found);
    }
    doc.frame = frame(&check.findings);
    doc
}

/// Findings that a short text shows.
const SHOWN: usize = 8;

/// Questions without a finding: counted, those without an answer named; every answer in detail.
fn questions(doc: &mut Document, check: &Check) {
    let of = |outcome: Outcome| {
        let all = check.answers.iter();
        all.filter(move |a| a.outcome == outcome && !unasked(a))
    };
    doc.heading("Other questions");
    doc.paragraph(format!(
        "{} without a finding, {} not applicable.",
        counted(of(Outcome::Clear).count(), "question"),
        of(Outcome::DoesNotApply).count()
    ));
    let open: Vec<&str> = of(Outcome::CannotTell)
        .map(|a| a.question.as_str())
        .collect();
    if !open.is_empty() {
        doc.paragraph(format!("Not answered by this table: {}", open.join(" ")));
    }
    doc.paragraph(unasked_words(check));
    doc.detail(|doc| {
        for (heading, table) in answered(check) {
            doc.heading(heading);
            doc.push(Block::Table(table));
        }
    });
}

/// The findings, gravest first.
pub fn findings(check: &Check) -> Block {
    Block::Notes(check.findings.iter().map(note).collect())
}

/// The evidence of the findings with its sources; none without findings.
pub fn evidence(check: &Check) -> Option<Table> {
    let mut table = Table::with_columns(&["finding", "evidence", "why it matters: source"]);
    table.rows = check
        .findings
        .iter()
        .map(|f| vec![f.code.clone(), shown(f), f.source.clone()])
        .collect();
    (!table.rows.is_empty()).then_some(table)
}

/// What a reader of a scaling law is told, answered where runs and fit say it.
pub fn checklist(check: &Check) -> Table {
    let mut table = Table::with_columns(&["part", "item", "answer", "asked by"]);
    table.rows = check
        .checklist
        .iter()
        .map(|item| {
            let answer = item.answer.as_deref();
            vec![
                item.part.clone(),
                item.asks.clone(),
                answer.unwrap_or("— (for the author to say)").to_owned(),
                item.source.clone(),
            ]
        })
        .collect();
    table
}

/// Questions without a finding, by what came of them.
pub fn answered(check: &Check) -> Vec<(&'static str, Table)> {
    let of = |(heading, outcome): (&'static str, Outcome)| {
        let rows = check.answers.iter();
        let rows = rows.filter(|a| a.outcome == outcome && !unasked(a));
        let mut table = Table::with_columns(&["question", "answer"]);
        table.rows = rows
            .map(|a| vec![a.question.clone(), a.message.clone()])
            .collect();
        (!table.rows.is_empty()).then_some((heading, table))
    };
    [
        ("Without a finding", Outcome::Clear),
        ("Not answered by this table", Outcome::CannotTell),
        ("Not applicable", Outcome::DoesNotApply),
    ]
    .into_iter()
    .filter_map(of)
    .collect()
}

/// Questions that were not asked because the runs are at fault; empty without any.
pub fn unasked_words(check: &Check) -> String {
    let idle: Vec<&Answered> = check.answers.iter().filter(|a| unasked(a)).collect();
    idle.first().map_or_else(String::new, |first| {
        let questions = counted(idle.len(), "question");
        format!("{questions} about the fit: {}.", first.message)
    })
}

/// Whether a question was not asked because the runs are at fault.
fn unasked(answered: &Answered) -> bool {
    answered.outcome == Outcome::NotAsked
}

/// How many questions were asked, and what came of them.
pub fn summary(check: &Check) -> String {
    let count = |severity: Severity| {
        check
            .findings
            .iter()
            .filter(|f| f.severity == severity)
            .count()
    };
    let runs = match check.n {
        0 => "the law could not be fitted".to_owned(),
        n => format!("fitted to {n} runs"),
    };
    format!(
        "{} questions, {runs}: {}, {}, {}.{}",
        check.answers.len(),
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning"),
        counted(count(Severity::Info), "note"),
        extrapolated(check)
    )
}

/// How well the law predicted the runs that were held out; empty without a backtest of it.
fn extrapolated(check: &Check) -> String {
    let found = &check.extrapolation;
    let own = found.ranking.iter().find(|r| r.law == check.law.id);
    own.map_or_else(String::new, |own| {
        let error = match found.scale.as_str() {
            "ln" => percent(own.rmse_log),
            _ => plain(own.rmse_log, 3),
        };
        format!(
            " The largest runs, held out at {}, were predicted with an error of {error} (rms).",
            counted(own.cuts, "cut")
        )
    })
}

/// A finding as every face shows notes.
fn note(finding: &Finding) -> Note {
    Note {
        code: finding.code.clone(),
        severity: finding.severity,
        message: finding.message.clone(),
        evidence: finding.evidence.clone(),
        advice: finding.advice.clone(),
    }
}

/// The evidence of a finding, numbers to four digits.
fn shown(finding: &Finding) -> String {
    let words = finding.evidence.iter().map(|(name, value)| match value {
        Evidence::Number(x) => format!("{name} {}", plain(*x, 4)),
        Evidence::Text(text) => format!("{name} {text}"),
    });
    words.collect::<Vec<_>>().join("; ")
}

fn frame(findings: &[Finding]) -> Frame {
    let columns = [
        "severity", "code", "message", "evidence", "advice", "source",
    ];
    let mut frame = Frame::with_columns(&columns);
    for f in findings {
        let evidence: Vec<String> = f
            .evidence
            .iter()
            .map(|(name, value)| match value {
                Evidence::Number(x) => format!("{name}={x}"),
                Evidence::Text(text) => format!("{name}={text}"),
            })
            .collect();
        let severity = match f.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let cells = [
            severity.to_owned(),
            f.code.clone(),
            f.message.clone(),
            evidence.join("; "),
            f.advice.clone(),
            f.source.clone(),
        ];
        frame
            .rows
            .push(cells.into_iter().map(Value::Text).collect());
    }
    frame
}

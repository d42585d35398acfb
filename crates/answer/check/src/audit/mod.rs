//! The audit: what a careful reader asks of a scaling law, answered from the runs and the fit. One rule, one file under
//! `rules/`, one line in its list.

mod checklist;
mod finding;
mod optimum;
mod rule;
mod rules;
mod stats;
mod subject;
mod uneven;
mod yardstick;

pub use checklist::Item;
pub(crate) use checklist::checklist;
pub use finding::{Answered, Finding, Outcome};
pub(crate) use optimum::is_surface;
pub(crate) use rules::floor_of;
pub(crate) use subject::Subject;

use finding::Verdict;
use isoflop_base::Severity;
use rules::{OF_FIT, OF_RUNS, Rule};

/// Asks every rule.
pub(crate) fn audit(subject: &Subject<'_>) -> Vec<Answered> {
    let mut answers: Vec<Answered> = OF_RUNS.iter().map(|rule| ask(rule, subject)).collect();
    let grave = answers
        .iter()
        .flat_map(|a| &a.findings)
        .find(|f| f.severity == Severity::Error)
        .map(|f| f.code.clone());
    answers.extend(OF_FIT.iter().map(|rule| match &grave {
        None => ask(rule, subject),
        Some(code) => answered(
            rule,
            Verdict::NotAsked(format!("not asked: the runs are at fault ({code})")),
        ),
    }));
    answers
}

fn ask(rule: &Rule, subject: &Subject<'_>) -> Answered {
    answered(rule, (rule.look)(subject))
}

fn answered(rule: &Rule, verdict: Verdict) -> Answered {
    let (outcome, message, found) = match verdict {
        Verdict::Found(found) => (Outcome::Found, String::new(), found),
        Verdict::Clear(message) => (Outcome::Clear, message, Vec::new()),
        Verdict::CannotTell(message) => (Outcome::CannotTell, message, Vec::new()),
        Verdict::DoesNotApply(message) => (Outcome::DoesNotApply, message, Vec::new()),
        Verdict::NotAsked(message) => (Outcome::NotAsked, message, Vec::new()),
    };
    let findings = found
        .into_iter()
        .map(|f| Finding {
            code: f.code.to_owned(),
            severity: f.severity,
            message: f.message,
            evidence: f.evidence,
            advice: f.advice,
            source: rule.source.to_owned(),
        })
        .collect();
    Answered {
        rule: rule.name.to_owned(),
        question: rule.question.to_owned(),
        outcome,
        message,
        findings,
    }
}

/// All findings, gravest first; of equal gravity in the order of the rules.
pub(crate) fn findings(answers: &[Answered]) -> Vec<Finding> {
    let mut all: Vec<Finding> = answers.iter().flat_map(|a| a.findings.clone()).collect();
    all.sort_by_key(|f| std::cmp::Reverse(f.severity));
    all
}

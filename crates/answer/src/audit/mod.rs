//! The audit: what a careful reader asks of a scaling law, answered from the runs and the fit. One rule, one file under
//! `rules/`, one line in its list.

mod finding;
mod optimum;
mod rules;
mod stats;
mod subject;

pub use finding::{Answered, Finding, Outcome};
pub(crate) use subject::Subject;

use finding::Verdict;
use rules::{RULES, Rule};

/// Asks every rule.
pub(crate) fn audit(subject: &Subject<'_>) -> Vec<Answered> {
    RULES.iter().map(|rule| ask(rule, subject)).collect()
}

fn ask(rule: &Rule, subject: &Subject<'_>) -> Answered {
    let (outcome, message, found) = match (rule.look)(subject) {
        Verdict::Found(found) => (Outcome::Found, String::new(), found),
        Verdict::Clear(message) => (Outcome::Clear, message, Vec::new()),
        Verdict::CannotTell(message) => (Outcome::CannotTell, message, Vec::new()),
        Verdict::DoesNotApply(message) => (Outcome::DoesNotApply, message, Vec::new()),
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

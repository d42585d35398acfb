//! What a rule of the audit answers: found, clear with its evidence, or why it cannot tell.

use isoflop_base::{Evidence, Severity};
use serde::{Deserialize, Serialize};

/// Something that a reader of a fit must know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name in kebab case; `docs/findings.md` explains it.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// What was found, with its numbers: a sentence without full stop.
    pub message: String,
    /// The numbers again, by name, in a fixed order.
    #[serde(with = "isoflop_fit::as_map")]
    pub evidence: Vec<(String, Evidence)>,
    /// What to do.
    pub advice: String,
    /// Who says that it matters.
    pub source: String,
}

/// The answer of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Name of the rule.
    pub rule: String,
    /// What it asks, in words.
    pub question: String,
    /// The answer in one word.
    pub outcome: Outcome,
    /// The answer with its evidence, or what is missing to tell; empty when the findings say it.
    pub message: String,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The answer of a rule in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// There is something to know.
    Found,
    /// Looked at, and nothing is wrong.
    Clear,
    /// The table or the fit does not say.
    CannotTell,
    /// The question does not arise for this law.
    DoesNotApply,
    /// The runs are at fault, and the fit means nothing.
    NotAsked,
}

/// What a rule says before it is put on record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Found(Vec<Found>),
    Clear(String),
    CannotTell(String),
    DoesNotApply(String),
    NotAsked(String),
}

/// A finding before its source is added.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    pub evidence: Vec<(String, Evidence)>,
    pub advice: String,
}

impl Found {
    pub fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            evidence: Vec::new(),
            advice: String::new(),
        }
    }

    pub fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Info, message)
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    pub fn number(mut self, name: &str, value: f64) -> Self {
        // JSON has no infinity and no NaN.
        if value.is_finite() {
            self.evidence
                .push((name.to_owned(), Evidence::Number(value)));
        }
        self
    }

    pub fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.evidence
            .push((name.to_owned(), Evidence::Text(value.into())));
        self
    }

    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// A verdict of this finding alone.
    pub fn alone(self) -> Verdict {
        Verdict::Found(vec![self])
    }
}

impl Verdict {
    /// Found when there is something, else clear.
    pub fn of(found: Vec<Found>, clear: impl FnOnce() -> String) -> Self {
        if found.is_empty() {
            Self::Clear(clear())
        } else {
            Self::Found(found)
        }
    }
}

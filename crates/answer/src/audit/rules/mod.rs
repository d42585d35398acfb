//! The rules, in the order in which they are asked.

mod fitted;

use super::finding::Verdict;
use super::subject::Subject;

/// One question of the audit.
pub(crate) struct Rule {
    /// Name, the file's stem with dashes.
    pub name: &'static str,
    /// What is asked, in words.
    pub question: &'static str,
    /// Who says that it matters.
    pub source: &'static str,
    /// Looks and answers.
    pub look: fn(&Subject<'_>) -> Verdict,
}

/// All rules.
pub(crate) const RULES: &[Rule] = &[fitted::RULE];

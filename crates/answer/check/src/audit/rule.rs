//! What a rule of the audit is.

use super::finding::Verdict;
use super::subject::Subject;

/// Why residuals cannot be tested.
pub(crate) const NO_YARDSTICK: &str = "there is no fit, or one in stages, with pooled coefficients, of shares of trials, without spare runs, or of \
                            more than 20,000 runs: its residuals are not tested";
/// Why there is nothing to test.
pub(crate) const EXACT: &str =
    "the law passes through all runs to rounding: there is no noise to judge by";

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

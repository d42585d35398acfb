//! Are all losses on one scale, and of runs that did not diverge?
//!
//! # What it checks
//!
//! Blocks of losses that look like the exponential (perplexity) or 1.4427 times (bits) of the others, and losses far above
//! a smooth surface through the rest.
//!
//! # Why it matters
//!
//! A robust penalty swallows a third of the rows in another unit without a word, and fits the rest with their weight.
//!
//! # What to do
//!
//! Convert (`--let 'loss = ln(ppl)'`) or leave out what does not belong.
//!
//! # Source
//!
//! Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (metric and unit of the loss are an item of its checklist).

use super::Rule;
use crate::audit::finding::Verdict;
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "scales",
    question: "Are all losses on one scale, and of runs that did not diverge?",
    source: "arXiv:2502.18969, checklist",
    look,
};

fn look(subject: &Subject<'_>) -> Verdict {
    let found = subject.noted(&["mixed-loss-scales", "diverged-runs", "wandb-states"]);
    if found.is_empty() && subject.runs.loss.is_none() {
        return Verdict::DoesNotApply("the response is no loss".to_owned());
    }
    Verdict::of(found, || {
        "no block of losses lies on another scale, none lies far above the rest".to_owned()
    })
}

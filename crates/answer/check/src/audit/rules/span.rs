//! Do the inputs span enough, and apart from each other?
//!
//! # What it checks
//!
//! The orders of magnitude of every input, the range of tokens per parameter, and whether two inputs move together.
//!
//! # Why it matters
//!
//! Where all runs have nearly the same D/N, every split of the loss between size and data fits alike: alpha, beta and the
//! optimal ratio are then a matter of the start. A published law that all follow makes the next one unlearnable.
//!
//! # What to do
//!
//! Add runs far off the common ratio, both over- and under-trained.
//!
//! # Source
//!
//! Hoffmann et al. 2022, arXiv:2203.15556 (ratios over more than two orders of magnitude); Li, Kudugunta, Zettlemoyer
//! 2025, arXiv:2502.18969.

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "span",
    question: "Do the inputs span enough, and apart from each other?",
    source: "arXiv:2203.15556; arXiv:2502.18969",
    look,
};

/// Orders of magnitude of D/N that tell data from size.
const RATIO: f64 = 0.5;

fn look(subject: &Subject<'_>) -> Verdict {
    let mut found = subject.noted(&["narrow-range", "tied-inputs"]);
    let spans = |values: &[f64]| {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        (high / low).log10()
    };
    if subject.fit.is_none()
        && let Some(ratio) = subject.runs.ratio()
    {
        let orders = spans(&ratio);
        if orders < RATIO {
            found.push(
                Found::warning(
                    "narrow-range",
                    format!("D/N spans {orders:.2} orders of magnitude: size and data can hardly be told apart"),
                )
                .number("span_orders", orders)
                .advice("add runs that widen the range"),
            );
        }
    }
    let said: Vec<String> = subject.fit.map_or_else(Vec::new, |f| {
        let positive = f.ranges.iter().filter(|r| r.min > 0.0);
        positive
            .map(|r| format!("{} {:.1}", r.name, (r.max / r.min).log10()))
            .collect()
    });
    if found.is_empty() && said.is_empty() {
        return Verdict::CannotTell("there is no fit, or no input above zero".to_owned());
    }
    Verdict::of(found, || {
        format!("orders of magnitude: {}", said.join(", "))
    })
}

//! Can the fit be made again?
//!
//! # What it checks
//!
//! Whether the tables of a saved fit can be read, and still hold the bytes that were fitted.
//!
//! # Why it matters
//!
//! Shipped scripts and data that give other coefficients than the paper, and constants retyped by hand until they
//! drifted, are among the commonest complaints about published laws.
//!
//! # What to do
//!
//! Keep `fit.json` and its tables together; `isoflop verify fit.json` runs it again and compares bytes.
//!
//! # Source
//!
//! step-law issue 10, datablations issue 9, marin issue 8096; Li, Kudugunta, Zettlemoyer 2025, arXiv:2502.18969 (code and
//! points public).

use isoflop_fit::{UNSEALED, recipe::MINIMA};

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::subject::Subject;

pub(super) const RULE: Rule = Rule {
    name: "record",
    question: "Can the fit be made again?",
    source: "step-law issue 10; marin issue 8096; arXiv:2502.18969, checklist",
    look,
};

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(fit) = subject.fit else {
        return Verdict::CannotTell("there is no fit".to_owned());
    };
    let unsealed = subject.noted(&[UNSEALED]);
    if !unsealed.is_empty() {
        return Verdict::Found(unsealed);
    }
    let names: Vec<&str> = fit
        .provenance
        .tables
        .iter()
        .map(|t| t.name.as_str())
        .collect();
    if subject.table.is_none() && names == [MINIMA] {
        return Verdict::DoesNotApply(
            "the law goes through the minima of a recipe, which is made again with isoflop fit --recipe"
                .to_owned(),
        );
    }
    if subject.table.is_none() {
        return Found::warning(
            "tables-gone",
            format!(
                "the tables of this fit cannot be read any more: {}",
                names.join(", ")
            ),
        )
        .advice("put them back where they were; rules that need their columns could not be asked")
        .alone();
    }
    if !subject.changed.is_empty() {
        return Found::warning(
            "tables-changed",
            format!(
                "tables changed since the fit was made: {}",
                subject.changed.join(", ")
            ),
        )
        .text("tables", subject.changed.join(", "))
        .advice("fit again, or take the tables of then; columns are looked up in the tables of now")
        .alone();
    }
    let hashes: Vec<String> = fit
        .provenance
        .tables
        .iter()
        .map(|t| {
            format!(
                "{} (sha256 {})",
                t.name,
                t.sha256.get(..12).unwrap_or(&t.sha256)
            )
        })
        .collect();
    Verdict::Clear(format!(
        "from {}, law sha256 {}, seed {}, isoflop {}",
        hashes.join(", "),
        fit.provenance
            .law_sha256
            .get(..12)
            .unwrap_or(&fit.provenance.law_sha256),
        fit.provenance.seed,
        fit.provenance.version
    ))
}

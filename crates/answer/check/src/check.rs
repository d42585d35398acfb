//! Can a fit be trusted? The audit answers from the runs and the fit; the backtest and the ranking of laws stand
//! beside it.

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_fit::{Fit, LawRecord, Provenance};
use serde::{Deserialize, Serialize};

use crate::audit::{self, Answered, Finding, Item, Subject};
use crate::checked::Checked;
use crate::form::{self, FormTest};
use isoflop_backtest::{Candidate, Extrapolation, extrapolation};
use isoflop_breaks::Breaks;
use isoflop_predict::profile::{Profile, profile};

/// What was found when a law and its runs were checked. `schema` is `isoflop.check/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// `isoflop.check/1`.
    pub schema: String,
    /// The law.
    pub law: LawRecord,
    /// Runs that the fit used; 0 when the law could not be fitted.
    pub n: usize,
    /// What a reader of the fit must know, gravest first.
    pub findings: Vec<Finding>,
    /// What every rule of the audit answered, in a fixed order.
    pub answers: Vec<Answered>,
    /// The reporting checklists of the field, answered where runs and fit say it.
    pub checklist: Vec<Item>,
    /// How the predictions at the points asked for move with the irreducible part, where the law has one and the fit keeps
    /// its runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Held-out scores: `axis`, `scale`, `backtest`, `bands`, `ranking`, `widening`, `held_out`, `not_judged`.
    #[serde(flatten)]
    pub extrapolation: Extrapolation,
    /// Whether an exponent around both terms of an additive law of N and D is 1; none for other laws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<FormTest>,
    /// Breaks of the curve, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks: Option<Breaks>,
    /// Table, law, options, seed, version of the fit; none when the law could not be fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

/// Faults of a fit after which an audit can still say what is wrong with the runs.
const REFUSALS: [&str; 4] = ["too-few-runs", "not-identified", "no-start", "one-value"];

/// Checks a fit against its runs.
///
/// # Errors
///
/// The diagnostics of the fit, unless they say that the runs do not determine the law: that is a finding.
pub fn check(what: &Checked<'_>, fit: Result<Fit, Diagnostics>) -> Result<Check, Diagnostics> {
    let (fit, refused) = match fit {
        Ok(fit) => (Some(fit), Vec::new()),
        Err(faults) if is_refusal(&faults) => (None, faults.0),
        Err(faults) => return Err(faults),
    };
    let extrapolation = held_out(what)?;
    let tested = extrapolation.reach(&what.law.id);
    let subject = Subject::new(what, fit.as_ref(), &refused, tested);
    let answers = audit::audit(&subject);
    Ok(Check {
        schema: "isoflop.check/1".to_owned(),
        law: LawRecord {
            id: what.law.id.clone(),
            title: what.law.title.clone(),
            formula: what.law.formula_text.clone(),
            text: what.law.text.clone(),
        },
        n: fit.as_ref().map_or(0, |f| f.n),
        findings: audit::findings(&answers),
        checklist: audit::checklist(&subject, &answers, &extrapolation),
        answers,
        profile: profile_of(&subject),
        extrapolation,
        form: form_of(what, fit.as_ref()),
        breaks: None,
        provenance: fit.map(|f| f.provenance),
    })
}

/// The predictions asked for over the irreducible part.
fn profile_of(subject: &Subject<'_>) -> Option<Profile> {
    let fit = subject.fit.filter(|_| !subject.points.is_empty())?;
    let floor = audit::floor_of(&subject.law, fit)?;
    profile(fit, &floor, subject.points).ok()
}

/// The test of the additive form, beside a backtest of a fit that could be made.
fn form_of(what: &Checked<'_>, fit: Option<&Fit>) -> Option<FormTest> {
    let (Some(table), Some(_), Some(_)) = (what.table, what.backtest, fit) else {
        return None;
    };
    form::form_test(what.law, table, what.options)
}

/// The backtest, or an empty one that says why there is none.
fn held_out(what: &Checked<'_>) -> Result<Extrapolation, Diagnostics> {
    let (Some(how), Some(table)) = (what.backtest, what.table) else {
        let why = match what.table {
            Some(_) => "not asked for",
            None => "the table cannot be read any more",
        };
        return Ok(Extrapolation::none(why));
    };
    let own = Candidate {
        name: &what.law.id,
        law: what.law,
    };
    let mut laws: Vec<Candidate<'_>> = std::iter::once(own)
        .chain(what.rivals.iter().copied())
        .collect();
    // The additive form is compared with the one that has an exponent around it, asked or not.
    let outer = form::outer(what.law).filter(|_| what.rivals.is_empty());
    let mut how = how.clone();
    if let Some(law) = &outer {
        how.join = false;
        laws.push(Candidate {
            name: form::OUTER,
            law,
        });
    }
    match extrapolation(&laws, table, what.options, &how) {
        Ok(found) => Ok(found),
        // A name that was typed is a request; what the runs do not allow is an answer.
        Err(faults) if how.axis.is_some() && faults.0.iter().any(|d| d.code == "no-axis") => {
            Err(faults)
        }
        Err(faults) => {
            let said: Vec<&str> = faults.0.iter().map(|d| d.message.as_str()).collect();
            Ok(Extrapolation::none(&said.join("; ")))
        }
    }
}

/// Whether all faults say that these runs do not determine the law.
fn is_refusal(faults: &Diagnostics) -> bool {
    let refusal = |d: &Diagnostic| REFUSALS.contains(&d.code);
    !faults.0.is_empty() && faults.0.iter().all(refusal)
}

impl Check {
    /// Whether a finding is a warning or worse: `--strict` then says no.
    #[must_use]
    pub fn says_no(&self) -> bool {
        let grave = |f: &Finding| f.severity >= isoflop_base::Severity::Warning;
        self.findings.iter().any(grave)
    }
}

//! Can a fit be trusted? The audit answers from the runs and the fit; the backtest and the ranking of laws stand
//! beside it.

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_data::RunTable;
use isoflop_fit::{Fit, FitOptions, LawRecord, Provenance};
use isoflop_law::Law;
use serde::{Deserialize, Serialize};

use crate::audit::{self, Answered, Finding, Item, Subject};
use crate::predict::Point;
use crate::profile::{Profile, profile};

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
    /// Held-out scores by cut.
    pub backtest: Vec<Cut>,
    /// Laws by held-out error.
    pub ranking: Vec<Ranked>,
    /// Table, law, options, seed, version of the fit; none when the law could not be fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

/// Score of one law beyond one cut of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Largest compute that was fitted, in FLOP.
    pub cut: f64,
    /// The law.
    pub law: String,
    /// Root mean square of ln(predicted/observed) on the runs held out.
    pub rmse_log: f64,
    /// Share of the runs held out inside the prediction interval, by level.
    #[serde(with = "isoflop_fit::as_map")]
    pub coverage: Vec<(String, f64)>,
}

/// A law and its held-out error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The law.
    pub law: String,
    /// Root mean square of ln(predicted/observed) over all runs held out.
    pub rmse_log: f64,
}

/// What is to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    /// The law.
    pub law: &'a Law,
    /// The table of runs; none when only a saved fit is left.
    pub table: Option<&'a RunTable>,
    /// Options of the fit, for the fits that rules repeat.
    pub options: &'a FitOptions,
    /// Points that the fit is meant to predict.
    pub points: &'a [Point],
    /// Tables that changed since a saved fit was made.
    pub changed: &'a [String],
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
    let subject = Subject::new(what, fit.as_ref(), &refused);
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
        checklist: audit::checklist(&subject, &answers),
        answers,
        profile: profile_of(&subject),
        backtest: Vec::new(),
        ranking: Vec::new(),
        provenance: fit.map(|f| f.provenance),
    })
}

/// The predictions asked for over the irreducible part.
fn profile_of(subject: &Subject<'_>) -> Option<Profile> {
    let fit = subject.fit.filter(|_| !subject.points.is_empty())?;
    let floor = audit::floor_of(&subject.law, fit)?;
    profile(fit, &floor, subject.points).ok()
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

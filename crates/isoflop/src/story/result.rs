//! All that one page tells of a fit: the fit, what a check found, what it says to train, what the law looks like.

use isoflop_base::Diagnostics;
use isoflop_fit::Fit;
use serde::{Serialize, Serializer};

use isoflop_check::Check;
use isoflop_plan::outline::Outline;
use isoflop_plan::{LivePlan, Plan};

/// A fit with its answers. `schema` is `isoflop.report/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Story {
    /// `isoflop.report/1`.
    pub schema: String,
    /// The fit.
    pub fit: Fit,
    /// The file that holds the fit; none if it was not saved.
    pub saved: Option<String>,
    /// What the audit and the backtest found; or in words why there is none.
    #[serde(serialize_with = "value_or_why")]
    pub check: Result<Check, String>,
    /// The plan for the budget below; or in words why there is none.
    #[serde(serialize_with = "value_or_why")]
    pub plan: Result<Plan, String>,
    /// The plan as data that a page moves; or why there is none.
    #[serde(skip)]
    pub live: Result<LivePlan, Diagnostics>,
    /// The budget in FLOP, and whether it was asked for; otherwise it is ten times the compute of the largest run.
    pub budget: Option<(f64, bool)>,
    /// Inputs and levels that the plan holds because nothing else was asked, as the median of the runs or as most of them are.
    pub held: Vec<(String, String)>,
    /// The law around its runs; or in words why there is no such picture.
    #[serde(serialize_with = "value_or_why")]
    pub outline: Result<Outline, String>,
}

/// The value itself, or `{"why": …}`.
fn value_or_why<T: Serialize, S: Serializer>(
    found: &Result<T, String>,
    to: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Why<'a> {
        why: &'a str,
    }
    match found {
        Ok(value) => value.serialize(to),
        Err(why) => Why { why }.serialize(to),
    }
}

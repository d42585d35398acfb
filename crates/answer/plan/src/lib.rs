//! What should be trained? The optimum of a fitted or published law for a budget, for a target loss, under limits.
//!
//! # Formula
//!
//! ```text
//! budget C         min L(N, D)      subject to  C(N, D) = C,   limits on N and D
//! target ℓ         min C(N, D)      subject to  L(N, D) = ℓ
//! served tokens T  min C(N, D) + 2 N T    at the loss of the optimum without serving
//! ```
//!
//! The planner knows no law by name. A law whose form is a power of size plus a power of data is optimised in closed
//! form, any other by a solver on the curve of the budget or of the loss. Every answer is an estimate: each draw of the
//! fit is optimised by itself. Every answer says how far beyond the data it lies.

#![forbid(unsafe_code)]

mod closed;
mod compare;
mod convention;
mod defaults;
mod gain;
mod hardware;
mod limits;
mod live;
mod models;
pub mod outline;
mod problem;
mod rows;
mod serving;
mod shapes;
mod sizes;
mod solver;
mod source;
mod spread;
pub mod words;

use isoflop_base::{Diagnostic, Diagnostics, Estimate, Note};
use isoflop_fit::Provenance;
use serde::{Deserialize, Serialize};

pub use compare::Disagreement;
pub use convention::{Convention, Given, USUAL};
pub use defaults::usual;
pub use gain::{Gain, GainRow, Headline, HeadlinePlace, gain};
pub use hardware::{Accelerator, Assumption, Hardware, Needs, accelerator, accelerators};
pub use limits::{BindingLimit, Limits};
pub use live::{LiveConvention, LiveLaw, LivePlan, LiveServing, LiveStart, Widening};
pub use models::{ModelRow, PublishedModel, published_models};
pub use serving::{ServeMeasure, Serving, ServingRow};
pub use shapes::{Shape, ShapeRow};
pub use sizes::{SizeRow, Sizes};
pub use source::PlanLaw;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ask {
    /// The best model for this compute.
    Compute(f64),
    /// The least compute for this loss.
    Loss(f64),
}

/// A request for a plan.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Questions, a row each for every law.
    pub ask: Vec<Ask>,
    /// How compute is counted.
    pub convention: Convention,
    /// What size and data must keep to.
    pub limits: Limits,
    /// Values for the other inputs of laws.
    pub given: Given,
    /// Tokens served over the model's life.
    pub serving: Option<Serving>,
    /// Sizes relative to the optimum, for the price of leaving it; empty for none.
    pub sizes: Vec<f64>,
    /// Whether published models are placed on the plan.
    pub models: bool,
    /// Shapes to choose from, with the convention that counts their parameters.
    pub shapes: Vec<Shape>,
    /// What it is trained on.
    pub hardware: Option<Hardware>,
    /// Assumptions that were made when the request was, to be told with the answer.
    pub assumptions: Vec<Assumption>,
    /// Level of the intervals.
    pub level: f64,
}

impl PlanRequest {
    /// A request under a convention, asking nothing yet.
    #[must_use]
    pub fn new(convention: Convention) -> Self {
        Self {
            ask: Vec::new(),
            convention,
            limits: Limits::default(),
            given: Given::default(),
            serving: None,
            sizes: Vec::new(),
            models: false,
            shapes: Vec::new(),
            hardware: None,
            assumptions: Vec::new(),
            level: 0.95,
        }
    }

    /// The budgets that are asked.
    #[must_use]
    pub fn scales(&self) -> Vec<f64> {
        let budget = |ask: &Ask| match ask {
            Ask::Compute(c) => Some(*c),
            Ask::Loss(_) => None,
        };
        self.ask.iter().filter_map(budget).collect()
    }
}

/// Plans by one or several laws. `schema` is `isoflop.plan/1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// `isoflop.plan/1`.
    pub schema: String,
    /// Version of isoflop.
    pub version: String,
    /// The laws, with what follows from each at any budget.
    pub laws: Vec<LawUsed>,
    /// How compute is counted: name and formula.
    pub convention: (String, String),
    /// Level of the intervals.
    pub level: f64,
    /// One row for each question and law.
    pub rows: Vec<PlanRow>,
    /// What cannot be had, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub infeasible: Vec<Infeasible>,
    /// The price of leaving the optimum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<Sizes>,
    /// Shapes to choose from, best first within each question and law.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<ShapeRow>,
    /// Published models under each law.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelRow>,
    /// Where laws disagree, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disagreements: Vec<Disagreement>,
    /// Numbers that are neither law nor request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<Assumption>,
    /// What the reader must know.
    pub notes: Vec<Note>,
}

/// A law of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LawUsed {
    /// How it is called here.
    pub name: String,
    /// Its name in the catalogue.
    pub id: String,
    /// Formula.
    pub formula: String,
    /// Where its coefficients come from.
    pub source: String,
    /// Runs behind it; none for a published law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<usize>,
    /// Where its uncertainty comes from.
    pub spread: String,
    /// How the optimum is found: `closed form` or `solver`.
    pub method: String,
    /// Powers of compute by which optimal size, data and their ratio grow: `params`, `tokens`, `tokens_per_param`; with
    /// a solver at the first question.
    #[serde(with = "isoflop_fit::as_map")]
    pub exponents: Vec<(String, Estimate)>,
    /// What the law leaves at unlimited size and data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Estimate>,
    /// Coefficients, by name.
    #[serde(with = "isoflop_fit::as_map")]
    pub coefs: Vec<(String, f64)>,
    /// Tables, law, options and seed of the fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanRow {
    /// The law, as called in [`Plan::laws`].
    pub law: String,
    /// Training compute in FLOP: the budget, or the least for the target.
    pub compute: f64,
    /// The loss that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_loss: Option<f64>,
    /// Share of the draws in which the target cannot be reached at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<f64>,
    /// Params.
    pub params: Estimate,
    /// Tokens, repetitions included.
    pub tokens: Estimate,
    /// Tokens per parameter.
    pub tokens_per_param: Estimate,
    /// Loss; none for a law that only shares compute out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Estimate>,
    /// Training compute, where it is an answer and not the budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flops: Option<Estimate>,
    /// Passes over the unique tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<Estimate>,
    /// The limits that hold the answer where it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<BindingLimit>,
    /// What the limits cost: loss above that of the free optimum for a budget, additional compute as a share for a target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_of_limits: Option<Estimate>,
    /// Orders of magnitude beyond the runs of the fit, by `N`, `D`, `C`, `D/N`; 0 inside; empty for published laws.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond: Vec<(String, f64)>,
    /// The model that is cheapest over training and serving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<ServingRow>,
    /// What it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
}

/// A question without an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Infeasible {
    /// The law.
    pub law: String,
    /// What was asked, in words.
    pub asked: String,
    /// Why it cannot be had, with numbers.
    pub why: String,
    /// What to do.
    pub advice: String,
}

/// Plans by every law.
///
/// # Errors
///
/// - `nothing-asked` without a question, `bad-level`, `bad-number` for numbers that are not above zero.
/// - `unknown-input` for given values that no law takes.
/// - `infeasible` when no question has an answer under any law: each with its reason.
///
/// # Example
///
/// ```
/// use isoflop_plan::{Ask, Convention, Given, PlanLaw, PlanRequest, USUAL, plan};
/// use isoflop_law::Law;
///
/// let given = Given::default();
/// let law = PlanLaw::published(&Law::builtin("chinchilla")?, Some("huber"), &given, 0)?;
/// let request = PlanRequest {
///     ask: vec![Ask::Compute(5.76e23)],
///     ..PlanRequest::new(Convention::new(&Law::builtin(USUAL)?, &given)?)
/// };
/// let row = &plan(&[law], &request)?.rows[0];
/// assert!((row.params.value / 7.319e10 - 1.0).abs() < 1e-4);
/// # Ok::<(), isoflop_base::Diagnostics>(())
/// ```
pub fn plan(laws: &[PlanLaw], request: &PlanRequest) -> Result<Plan, Diagnostics> {
    check(laws, request)?;
    let mut out = Plan {
        schema: "isoflop.plan/1".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        laws: Vec::new(),
        convention: (
            request.convention.law.id.clone(),
            request.convention.law.formula_text.clone(),
        ),
        level: request.level,
        rows: Vec::new(),
        infeasible: Vec::new(),
        sizes: Vec::new(),
        shapes: Vec::new(),
        models: Vec::new(),
        disagreements: Vec::new(),
        assumptions: hardware::assumptions(request),
        notes: Vec::new(),
    };
    for law in laws {
        rows::add(&mut out, law, request);
    }
    let answered = !out.rows.is_empty() || !out.models.is_empty() || !out.shapes.is_empty();
    if !answered && !out.infeasible.is_empty() {
        let fault = |i: &Infeasible| {
            let d = Diagnostic::error("infeasible", format!("{}: {}", i.law, i.why));
            if i.advice.is_empty() {
                d
            } else {
                d.help(i.advice.clone())
            }
        };
        return Err(Diagnostics(out.infeasible.iter().map(fault).collect()));
    }
    out.notes.extend(rows::no_range(laws));
    out.notes.extend(rows::calibrated(laws));
    out.notes
        .extend(rows::other_convention(laws, &request.convention));
    if request.serving.is_some() {
        out.notes.extend(serving::missing(&out.rows, laws));
        out.notes.extend(serving::over_budget(&out.rows));
    }
    if laws.len() > 1 {
        out.disagreements = compare::disagreements(laws, &out.laws, &out.rows);
    }
    Ok(out)
}

fn check(laws: &[PlanLaw], request: &PlanRequest) -> Result<(), Diagnostics> {
    let mut faults = Diagnostics::default();
    if !(request.level > 0.0 && request.level < 1.0) {
        let message = format!(
            "the level of an interval must lie between 0 and 1, found {}",
            request.level
        );
        faults.0.push(Diagnostic::error("bad-level", message));
    }
    let both = request.limits.params.is_some() && request.limits.tokens.is_some();
    if request.ask.is_empty() && !both && !request.models {
        let d = Diagnostic::error(
            "nothing-asked",
            "a plan needs a budget, a target loss, or size and data",
        );
        faults
            .0
            .push(d.help("for example --compute 1e24, or --target-loss 2.0"));
    }
    let limits = &request.limits;
    let named = [
        ("params", limits.params),
        ("tokens", limits.tokens),
        ("max-params", limits.max_params),
        ("max-tokens", limits.max_tokens),
        ("unique", request.given.unique),
    ];
    let asked = request.ask.iter().map(|ask| match ask {
        Ask::Compute(x) => ("compute", Some(*x)),
        Ask::Loss(x) => ("target-loss", Some(*x)),
    });
    let sizes = request.sizes.iter().map(|k| ("sizes", Some(*k)));
    for (name, value) in named.into_iter().chain(asked).chain(sizes) {
        if let Some(x) = value.filter(|x| !(*x > 0.0 && x.is_finite())) {
            let message = format!("{name} = {x} is not a number above zero");
            faults.0.push(Diagnostic::error("bad-number", message));
        }
    }
    let known: Vec<_> = laws
        .iter()
        .map(|l| &l.law)
        .chain([&request.convention.law])
        .chain(request.shapes.iter().take(1).map(|s| &s.convention.law))
        .collect();
    if let Err(more) = convention::check_given(&request.given, &known) {
        faults.0.extend(more.0);
    }
    if faults.0.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

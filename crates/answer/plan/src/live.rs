//! A plan as data, so that a page can make it again for another budget, traffic, amount of data or size: the steps of the
//! law and of the convention, coefficients with their draws, limits and ranges of the runs.
//!
//! The page solves the same problem by the same steps as this module's neighbours; `closed.rs`, `solver.rs`, `problem.rs`
//! and `spread.rs` are its text.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_fit::{Fit, ValueScale};
use isoflop_law::surface::Surface;
use isoflop_law::{Law, VarRole};
use serde::{Serialize, Serializer};

use super::convention::{Convention, Given, Role};
use super::defaults::{Combination, combinations, typical, usual};
use super::limits::{NO_VALUE, TOO_LITTLE};
use super::rows::{NO_REPETITION, REPETITION};
use super::source::{Answers, PlanLaw};
use super::{Ask, PlanRequest};
use isoflop_predict::widening::half_per_decade;

/// Draws that go into a page of one law: as many as a plan has, so that its intervals are the plan's own. Several laws share
/// them.
const MOST_DRAWS: usize = 1000;

/// Draws of one law among many: enough for an interval that moves with a slider.
const LEAST_DRAWS: usize = 200;

/// Levels of a fit that a page offers.
const MOST_LEVELS: usize = 12;

/// The level of a plan's intervals when nothing is said.
const USUAL_LEVEL: f64 = 0.95;

/// What a plan is made from. `schema` is `isoflop.live-plan/1`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LivePlan {
    /// `isoflop.live-plan/1`.
    pub schema: &'static str,
    /// Level of the intervals.
    pub level: f64,
    /// The laws to choose from.
    pub laws: Vec<LiveLaw>,
    /// Where the sliders start.
    pub start: LiveStart,
    /// The tokens, when they are given.
    pub tokens: Option<f64>,
    /// Most tokens.
    pub max_tokens: Option<f64>,
    /// How traffic is paid for.
    pub serving: LiveServing,
    /// What is said when there is no answer: `too_little`, `no_value`.
    pub words: BTreeMap<&'static str, &'static str>,
}

/// Where the sliders start.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LiveStart {
    /// Budget in FLOP.
    pub compute: f64,
    /// Tokens served over the model's life.
    pub serve: Option<f64>,
    /// Unique tokens.
    pub unique: Option<f64>,
    /// The size in params, when it is given.
    pub params: Option<f64>,
    /// Largest size in params.
    pub max_params: Option<f64>,
}

/// How traffic is paid for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LiveServing {
    /// Tokens of a forward pass, at the price of training, that a served token costs.
    pub equivalent: f64,
    /// Price of a FLOP of training.
    pub price: f64,
    /// What is made least: `FLOP` or `USD`.
    pub unit: String,
}

/// A law with numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LiveLaw {
    /// How it is called.
    pub name: String,
    /// Words of a command line that plans by it, without what the sliders say.
    pub command: Vec<String>,
    /// What its response is: `loss`, or the optimal `params`, `tokens` or `tokens_per_param` by compute.
    pub answers: &'static str,
    /// Unit of the response.
    pub unit: String,
    /// Its steps.
    pub surface: Surface,
    /// What each input is.
    #[serde(serialize_with = "as_words")]
    roles: Vec<Role>,
    /// Whether it knows repeated tokens.
    pub repeats: bool,
    /// How compute is counted.
    pub convention: LiveConvention,
    /// Coefficients at the best fit, in the order of the surface.
    pub best: Vec<f64>,
    /// The same for the first draws.
    pub draws: Vec<Vec<f64>>,
    /// Draws that `isoflop plan` uses.
    pub draws_in_all: usize,
    /// Where they come from.
    pub spread: String,
    /// Runs behind it; none for a published law.
    pub runs: Option<usize>,
    /// Least and largest value of the runs, by `N`, `D`, `C`, `D/N`.
    pub ranges: Vec<(&'static str, f64, f64)>,
    /// How the interval of the loss grows beyond the runs.
    pub widening: Option<Widening>,
}

/// How compute is counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LiveConvention {
    /// Its name.
    pub name: String,
    /// Its formula.
    pub formula: String,
    /// Its steps.
    pub surface: Surface,
    #[serde(serialize_with = "as_words")]
    roles: Vec<Role>,
    /// What its response and the tokens are multiplied by, where it counts those of a token.
    pub per_token: Option<f64>,
}

/// How the interval of the loss grows beyond the runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Widening {
    /// What the distance is measured in: `params`, `tokens` or `6nd`.
    pub axis: &'static str,
    /// Largest value that was fitted.
    pub largest: f64,
    /// Whether the width is that of the logarithm of the response.
    pub of_logarithm: bool,
    /// Half the width at the level of the plan for each order of magnitude.
    pub half_per_decade: f64,
}

impl LivePlan {
    /// A plan that starts at a request, without a law yet. `compute` is the budget where the request asks another question.
    #[must_use]
    pub fn new(request: &PlanRequest, compute: f64) -> Self {
        let asked = request.ask.iter().find_map(|ask| match ask {
            Ask::Compute(c) => Some(*c),
            Ask::Loss(_) => None,
        });
        let serving = request.serving.as_ref();
        let prices = serving.and_then(|s| s.prices(request.hardware.as_ref()));
        Self {
            schema: "isoflop.live-plan/1",
            level: request.level,
            laws: Vec::new(),
            start: LiveStart {
                compute: asked.unwrap_or(compute),
                serve: serving.map(super::Serving::tokens),
                unique: request.given.unique,
                params: request.limits.params,
                max_params: request.limits.max_params,
            },
            tokens: request.limits.tokens,
            max_tokens: request.limits.max_tokens,
            serving: LiveServing {
                equivalent: serving.map_or(1.0, |s| {
                    s.equivalent(request.hardware.as_ref()) / s.tokens()
                }),
                price: prices.map_or(1.0, |p| p[0]),
                unit: serving.map_or("FLOP", super::Serving::unit).to_owned(),
            },
            words: BTreeMap::from([
                ("too_little", TOO_LITTLE),
                ("no_value", NO_VALUE),
                ("repetition", REPETITION),
                ("no-repetition", NO_REPETITION),
            ]),
        }
    }

    /// Adds a law under a convention. `command` plans by it, without what the sliders say.
    pub fn add(&mut self, law: &PlanLaw, convention: &Convention, command: Vec<String>) {
        self.laws
            .push(LiveLaw::new(law, convention, self.level, command));
        let each = (MOST_DRAWS / self.laws.len()).max(LEAST_DRAWS);
        for law in &mut self.laws {
            law.draws.truncate(each);
        }
    }

    /// The plan of a fit: for every level of its indexes a law, other inputs at the median of the runs unless `given`
    /// says them. It starts at `compute`, or at ten times the largest compute of the runs.
    ///
    /// # Errors
    ///
    /// Why there is none: `cannot-plan` and `implicit-law` for laws that no plan can use, and what
    /// [`PlanLaw::of_fit`] and [`Convention::new`] say.
    pub fn of_fit(
        name: &str,
        fit: &Fit,
        convention: &Law,
        given: &Given,
        compute: Option<f64>,
    ) -> Result<Self, Diagnostics> {
        let law = fit.law.parse()?;
        let mut out: Option<Self> = None;
        for levels in levels(fit, &law, given) {
            let mut own = typical(fit, &law, given);
            let words: Vec<&str> = levels.iter().map(|(_, level)| level.as_str()).collect();
            let label = match words.as_slice() {
                [] => name.to_owned(),
                words => format!("{name}, {}", words.join(", ")),
            };
            own.levels.extend(levels);
            let planned = PlanLaw::of_fit(&label, fit, &own)?;
            let counted = Convention::new(convention, &own)?;
            let mut command = command(name, given, &own, convention);
            if fit.uncertainty.level != USUAL_LEVEL {
                command.extend(["--level".to_owned(), fit.uncertainty.level.to_string()]);
            }
            let plan = out.get_or_insert_with(|| {
                let request = PlanRequest {
                    given: own.clone(),
                    level: fit.uncertainty.level,
                    ..PlanRequest::new(counted.clone())
                };
                let largest = planned.ranges.iter().find(|r| r.name == "C");
                let beyond = largest.map_or(1e24, |r| 10f64.powf((10.0 * r.max).log10().round()));
                Self::new(&request, compute.unwrap_or(beyond))
            });
            plan.add(&planned, &counted, command);
        }
        out.ok_or_else(|| {
            Diagnostic::error("cannot-plan", "the fit has no level to plan for").into()
        })
    }
}

impl LiveLaw {
    fn new(law: &PlanLaw, convention: &Convention, level: f64, command: Vec<String>) -> Self {
        Self {
            name: law.name.clone(),
            command,
            answers: match law.answers {
                Answers::Loss => "loss",
                Answers::Params => "params",
                Answers::Tokens => "tokens",
                Answers::Ratio => "tokens_per_param",
            },
            unit: law.law.response().unit.clone(),
            surface: law.surface.clone(),
            roles: law.roles.clone(),
            repeats: law.roles.iter().any(|r| matches!(r, Role::Unique(_))),
            convention: LiveConvention {
                name: convention.law.id.clone(),
                formula: convention.law.formula_text.trim().to_owned(),
                surface: convention.surface.clone(),
                roles: convention.roles.clone(),
                per_token: convention.per_token,
            },
            best: law.best.clone(),
            draws: law.draws.iter().take(MOST_DRAWS).cloned().collect(),
            draws_in_all: law.draws.len(),
            spread: law.spread.clone(),
            runs: law.runs,
            ranges: ranges(law),
            widening: widening(law, level),
        }
    }
}

/// The letter of the input that has a role.
fn letter(law: &PlanLaw, role: Role) -> Option<&str> {
    let inputs = law.law.vars.iter().filter(|v| v.role == VarRole::Input);
    let mut own = inputs.zip(&law.roles);
    own.find(|(_, r)| **r == role).map(|(v, _)| v.name.as_str())
}

fn ranges(law: &PlanLaw) -> Vec<(&'static str, f64, f64)> {
    let known = [
        (letter(law, Role::Params), "N"),
        (letter(law, Role::Tokens), "D"),
        (Some("C"), "C"),
        (Some("D/N"), "D/N"),
    ];
    let own = law.ranges.iter().filter_map(|r| {
        let (_, name) = known.iter().find(|(n, _)| *n == Some(r.name.as_str()))?;
        Some((*name, r.min, r.max))
    });
    own.collect()
}

fn widening(law: &PlanLaw, level: f64) -> Option<Widening> {
    let calibration = law.calibration.as_ref()?;
    let is = |name: &str, role: Role| {
        calibration.axis == name || letter(law, role) == Some(calibration.axis.as_str())
    };
    Some(Widening {
        axis: if is("N", Role::Params) {
            "params"
        } else if is("D", Role::Tokens) {
            "tokens"
        } else if calibration.axis == "C" {
            "6nd"
        } else {
            return None;
        },
        largest: calibration.largest,
        of_logarithm: calibration.scale == ValueScale::Ln,
        half_per_decade: half_per_decade(calibration, level),
    })
}

/// Levels of the indexes that nobody has given, as the runs combine them: those of [`usual`] first, then the most frequent
/// ones, equally frequent ones in the order in which the runs bring them.
fn levels(fit: &Fit, law: &Law, given: &Given) -> Vec<Vec<(String, String)>> {
    let indexes: Vec<&(String, Vec<String>)> = fit
        .points
        .levels
        .iter()
        .filter(|(name, _)| law.coefs.iter().any(|c| c.index.contains(name)))
        .filter(|(name, _)| given.levels.iter().all(|(own, _)| own != name))
        .collect();
    let mut all = combinations(&indexes, fit.points.response.len());
    let usual = usual(fit).levels;
    let is_usual = |c: &Combination| c.levels.iter().all(|own| usual.contains(own));
    all.sort_by_key(|c| (!is_usual(c), Reverse(c.runs), c.first));
    all.truncate(MOST_LEVELS);
    all.into_iter().map(|c| c.levels).collect()
}

fn command(name: &str, given: &Given, own: &Given, convention: &Law) -> Vec<String> {
    let mut words = vec!["isoflop".to_owned(), "plan".to_owned(), name.to_owned()];
    if convention.id != super::USUAL {
        words.extend(["--convention".to_owned(), convention.id.clone()]);
    }
    for (role, input) in &given.roles {
        words.extend(["--map".to_owned(), format!("{role}={input}")]);
    }
    let numbers = own.at.iter().map(|(n, x)| format!("{n}={x}"));
    let levels = own.levels.iter().map(|(n, level)| format!("{n}={level}"));
    for said in numbers.chain(levels) {
        words.extend(["--at".to_owned(), said]);
    }
    words
}

/// A role as a word, or as the number that an input is held at.
fn as_words<S: Serializer>(roles: &[Role], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Said {
        Word(&'static str),
        Number(f64),
    }
    serializer.collect_seq(roles.iter().map(|role| match role {
        Role::Params => Said::Word("params"),
        Role::Tokens => Said::Word("tokens"),
        Role::Flops => Said::Word("flops"),
        Role::Unique(_) => Said::Word("unique_tokens"),
        Role::Held(x) if x.is_finite() => Said::Number(*x),
        Role::Held(x) if *x > 0.0 => Said::Word("Infinity"),
        Role::Held(_) => Said::Word("-Infinity"),
    }))
}

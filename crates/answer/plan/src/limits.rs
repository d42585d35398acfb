//! What size and data must keep to, and what is said when nothing can.

use isoflop_base::{format_quantity, format_si};
use serde::{Deserialize, Serialize};

use super::convention::Role;
use super::problem::{Best, NO_LIMIT, NoPlan, Setting};
use super::solver::Region;
use super::{Ask, Given, Infeasible, PlanRow};

/// Limits on size and data, in params and tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// The size, when it is given.
    pub params: Option<f64>,
    /// The tokens, when they are given.
    pub tokens: Option<f64>,
    /// Largest size.
    pub max_params: Option<f64>,
    /// Most tokens.
    pub max_tokens: Option<f64>,
}

/// A limit that holds an answer where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindingLimit {
    /// The size is given.
    Params,
    /// The largest size.
    MaxParams,
    /// The tokens are given.
    Tokens,
    /// The most tokens.
    MaxTokens,
    /// The unique tokens, of a law that knows no repetition.
    Unique,
    /// The end of the search: no size is small enough.
    #[serde(rename = "smallest size")]
    SmallestSize,
    /// The end of the search: no size is large enough.
    #[serde(rename = "largest size")]
    LargestSize,
    /// The end of the search: no data are few enough.
    #[serde(rename = "least data")]
    LeastData,
    /// The end of the search: no data are enough.
    #[serde(rename = "most data")]
    MostData,
    /// Size and data are at their limits, and the budget has more.
    #[serde(rename = "budget not spent")]
    BudgetNotSpent,
}

impl BindingLimit {
    /// Its name, as results spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Params => "params",
            Self::MaxParams => "max-params",
            Self::Tokens => "tokens",
            Self::MaxTokens => "max-tokens",
            Self::Unique => "unique",
            Self::SmallestSize => "smallest size",
            Self::LargestSize => "largest size",
            Self::LeastData => "least data",
            Self::MostData => "most data",
            Self::BudgetNotSpent => "budget not spent",
        }
    }

    /// Whether it is an end of what is searched.
    fn is_end(self) -> bool {
        ENDS.contains(&self)
    }
}

/// What holds an optimum that runs away to the end of what is searched.
const ENDS: [BindingLimit; 4] = [
    BindingLimit::SmallestSize,
    BindingLimit::LargestSize,
    BindingLimit::LeastData,
    BindingLimit::MostData,
];

impl PlanRow {
    /// The ends of the search at which the answer lies: of those that hold it, the ones that nobody asked for. With any,
    /// the law has no optimum in between.
    pub fn runs_away(&self) -> impl Iterator<Item = &'static str> {
        let ends = self.held.iter().filter(|limit| limit.is_end());
        ends.map(|limit| limit.name())
    }

    /// The names of the limits that hold the answer, with commas.
    #[must_use]
    pub fn held_by(&self) -> String {
        let names: Vec<&str> = self.held.iter().map(|limit| limit.name()).collect();
        names.join(", ")
    }
}

/// How near to a limit an answer counts as held by it, in logarithms.
pub(super) const AT_LIMIT: f64 = 1e-9;

impl Limits {
    /// The region of logarithms. A law that knows no repetition keeps to the unique tokens.
    pub(super) fn region(&self, given: &Given, repeats: bool) -> Region {
        let ends = |fixed: Option<f64>, most: Option<f64>| match fixed {
            Some(x) => (x.ln(), x.ln()),
            None => (0.0, most.map_or(NO_LIMIT, f64::ln)),
        };
        let most = match (self.max_tokens, given.unique.filter(|_| !repeats)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Region {
            x: ends(self.params, self.max_params),
            y: ends(self.tokens, most),
        }
    }
}

/// The limits that hold an answer, by name.
pub(super) fn held(
    setting: &Setting<'_>,
    limits: &Limits,
    best: &Best,
    asked: Option<f64>,
) -> Vec<BindingLimit> {
    let Region { x, y } = setting.region;
    let mut out = Vec::new();
    if limits.params.is_some() {
        out.push(BindingLimit::Params);
    } else if x.1 < NO_LIMIT && best.x >= x.1 - AT_LIMIT {
        out.push(BindingLimit::MaxParams);
    }
    if limits.tokens.is_some() {
        out.push(BindingLimit::Tokens);
    } else if y.1 < NO_LIMIT && best.y >= y.1 - AT_LIMIT {
        let capped = limits.max_tokens.is_some_and(|m| m.ln() <= y.1);
        out.push(if capped {
            BindingLimit::MaxTokens
        } else {
            BindingLimit::Unique
        });
    }
    // An optimum that runs away to the end of what is searched: the law has none in between.
    let runs_away = [
        limits.params.is_none() && best.x <= x.0 + AT_LIMIT,
        x.1 == NO_LIMIT && best.x >= x.1 - AT_LIMIT,
        limits.tokens.is_none() && best.y <= y.0 + AT_LIMIT,
        y.1 == NO_LIMIT && best.y >= y.1 - AT_LIMIT,
    ];
    let ends = runs_away.iter().zip(ENDS).filter(|(yes, _)| **yes);
    out.extend(ends.map(|(_, end)| end));
    if asked.is_some_and(|ln_c| best.ln_c < ln_c - AT_LIMIT) {
        out.push(BindingLimit::BudgetNotSpent);
    }
    out
}

/// Why a budget is too small; `{asked}` and `{least}` are quantities.
pub(super) const TOO_LITTLE: &str =
    "{asked} does not pay the smallest allowed model and data, which take {least}";

/// Why a law gives no answer; `{asked}` is a quantity.
pub(super) const NO_VALUE: &str = "the law has no value where {asked} would be spent";

/// Why a question has no answer.
pub(super) fn explain(setting: &Setting<'_>, limits: &Limits, ask: Ask, why: NoPlan) -> Infeasible {
    let law = setting.source.name.clone();
    let theta = &setting.source.best;
    let (asked, loss) = match ask {
        Ask::Compute(c) => (
            format!("{} of compute", format_quantity(c, "FLOP", 3)),
            f64::NAN,
        ),
        Ask::Loss(l) => (format!("a loss of {l}"), l),
    };
    let size = limits.params.or(limits.max_params);
    let data = setting.region.y.1;
    let (why, advice) = match why {
        NoPlan::NoValue => (
            NO_VALUE.replace("{asked}", &asked),
            "look at the ranges of its inputs with `isoflop laws show`".to_owned(),
        ),
        NoPlan::NoLoss => (
            "the law shares compute out between size and data, and says nothing of the loss"
                .to_owned(),
            "ask for a budget, or take a law of the loss".to_owned(),
        ),
        NoPlan::Budget => {
            let least = setting.ln_flops(setting.region.x.0, setting.region.y.0);
            (
                TOO_LITTLE
                    .replace("{asked}", &asked)
                    .replace("{least}", &format_quantity(least.exp(), "FLOP", 3)),
                "ask for fewer params or tokens, or for more compute".to_owned(),
            )
        }
        NoPlan::Floor(floor) => floor_words(setting, theta, loss, floor, size, data),
    };
    Infeasible {
        law,
        asked,
        why,
        advice,
    }
}

/// A number with as many digits as tell it from another.
fn apart(x: f64, other: f64) -> String {
    let differs = |digits: &usize| format_si(x, *digits) != format_si(other, *digits);
    format_si(x, (4..12).find(differs).unwrap_or(12))
}

fn floor_words(
    setting: &Setting<'_>,
    theta: &[f64],
    loss: f64,
    floor: f64,
    size: Option<f64>,
    data: f64,
) -> (String, String) {
    let left = apart(floor, loss);
    let unlimited = setting.loss(theta, NO_LIMIT, NO_LIMIT);
    let unique = setting.source.roles.iter().find_map(|r| match r {
        Role::Unique(u) if u.is_finite() => Some(*u),
        _ => None,
    });
    if let Some(u) = unique.filter(|_| unlimited >= loss) {
        return (
            format!(
                "a loss of {loss} cannot be reached on {} unique tokens, however often they are repeated: {} is left at any size",
                format_si(u, 3),
                apart(unlimited, loss)
            ),
            "find more unique tokens".to_owned(),
        );
    }
    if unlimited >= loss {
        return (
            format!(
                "a loss of {loss} lies below what the law leaves at any size and on any data, {}",
                apart(unlimited, loss)
            ),
            "only another recipe or other data change what is left".to_owned(),
        );
    }
    let smallest = setting.smallest_size(theta, loss);
    match (size, data < NO_LIMIT) {
        (Some(n), false) => (
            format!(
                "a model of {} params cannot reach a loss of {loss} at any number of tokens: {left} is left; below {} params \
                 no model can",
                format_si(n, 3),
                format_si(smallest.exp(), 3)
            ),
            format!(
                "allow at least {} params, and more tokens than one can have near it",
                format_si(smallest.exp(), 3)
            ),
        ),
        (None, true) => (
            format!(
                "no model reaches a loss of {loss} on {} tokens: {left} is left at any size",
                format_si(data.exp(), 3)
            ),
            "allow more tokens, or a higher loss".to_owned(),
        ),
        (Some(n), true) => (
            format!(
                "a model of {} params on {} tokens has a loss of {left} at best, above {loss}",
                format_si(n, 3),
                format_si(data.exp(), 3)
            ),
            "allow a larger model, more tokens, or a higher loss".to_owned(),
        ),
        (None, false) => (
            format!("a loss of {loss} is not reached; {left} is left"),
            String::new(),
        ),
    }
}

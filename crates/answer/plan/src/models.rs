//! Published models under a law: their loss by it, the model that their compute would have bought, and what was wasted.

use isoflop_base::Estimate;
use serde::{Deserialize, Serialize};

use super::PlanRequest;
use super::convention::Role;
use super::problem::{Best, Setting};
use super::rows::{Solved, beyond, free_region};
use super::source::PlanLaw;
use super::spread::estimate;

const MODELS: &str = include_str!("../data/models.toml");

/// A published model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublishedModel {
    /// Its name.
    pub name: String,
    /// Year of publication.
    pub year: u32,
    /// Params in all.
    pub params: f64,
    /// Training tokens.
    pub tokens: f64,
    /// Where the numbers are stated.
    pub source: String,
}

#[derive(Deserialize)]
struct Table {
    model: Vec<PublishedModel>,
}

/// The models that are known, oldest first.
///
/// # Panics
///
/// Never: the table comes with the program.
#[must_use]
pub fn published_models() -> Vec<PublishedModel> {
    let table: Table =
        toml::from_str(MODELS).expect("the table comes with the program and is tested");
    table.model
}

/// A published model under a law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    /// The law.
    pub law: String,
    /// The model.
    pub model: String,
    /// Params.
    pub params: f64,
    /// Training tokens.
    pub tokens: f64,
    /// Training compute by the convention of the plan.
    pub flops: f64,
    /// Loss by the law.
    pub loss: Estimate,
    /// Params of the best model for its compute.
    pub optimal_params: Estimate,
    /// Tokens of the best model for its compute.
    pub optimal_tokens: Estimate,
    /// Loss of the best model for its compute.
    pub optimal_loss: Estimate,
    /// Share of its compute that the best model with its loss would have saved.
    pub waste: Estimate,
    /// Orders of magnitude beyond the runs of the fit.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond: Vec<(String, f64)>,
}

/// The rows of one law, without any limits. A published model was trained on tokens of its own: the unique tokens of the
/// request are not what it repeated.
pub(super) fn rows(law: &PlanLaw, request: &PlanRequest) -> Vec<ModelRow> {
    let mut fresh = law.clone();
    for role in &mut fresh.roles {
        if let Role::Unique(unique) = role {
            *unique = f64::INFINITY;
        }
    }
    let setting = Setting::new(&fresh, &request.convention, free_region());
    published_models()
        .iter()
        .filter_map(|model| row(&setting, request, model))
        .collect()
}

fn row(setting: &Setting<'_>, request: &PlanRequest, model: &PublishedModel) -> Option<ModelRow> {
    let law = setting.source;
    let (x, y) = (model.params.ln(), model.tokens.ln());
    let ln_c = setting.ln_flops(x, y);
    let unit = &law.law.response().unit;
    let at = |theta: &[f64], _: Option<Best>| {
        Ok(Best {
            x,
            y,
            loss: setting.loss(theta, x, y),
            ln_c,
            closed: true,
        })
    };
    let own = Solved::of(law, at).ok()?;
    let optimum = Solved::of(law, |theta, near| setting.budget(theta, ln_c, near)).ok()?;
    let cheapest = Solved::of(law, |theta, near| {
        setting.target(theta, setting.loss(theta, x, y), 0.0, near)
    })
    .ok()?;
    let of = |solved: &Solved, quantity: &dyn Fn(&Best) -> f64, unit: &str| {
        let sample = solved.sample(f64::NAN, quantity);
        estimate(quantity(&solved.best), &sample, request.level, unit)
    };
    Some(ModelRow {
        law: law.name.clone(),
        model: model.name.clone(),
        params: model.params,
        tokens: model.tokens,
        flops: ln_c.exp(),
        loss: of(&own, &|b| b.loss, unit),
        optimal_params: of(&optimum, &|b| b.x.exp(), "params"),
        optimal_tokens: of(&optimum, &|b| b.y.exp(), "tokens"),
        optimal_loss: of(&optimum, &|b| b.loss, unit),
        waste: of(&cheapest, &|b| 1.0 - (b.ln_c - ln_c).exp(), ""),
        beyond: beyond(law, &own.best),
    })
}

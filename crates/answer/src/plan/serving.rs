//! The model that is cheapest over training and serving, at the loss of the one that is cheapest to train.
//!
//! # Formula
//!
//! ```text
//! min 6 N D + 2 N T    subject to  L(N, D) = ℓ
//! in money             each part at its price: dollars an hour over the rate that training, prefill, decoding reach
//! ```
//!
//! # Source
//!
//! Sardana et al. 2023, arXiv:2401.00448, equations 3 and 6.

use isoflop_base::Estimate;
use serde::{Deserialize, Serialize};

use super::PlanRequest;
use super::hardware::Hardware;
use super::problem::{Best, Setting};
use super::rows::{Solved, beyond};
use super::spread::estimate;

/// Tokens served over the life of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Serving {
    /// Tokens read in prompts.
    pub prefill: f64,
    /// Tokens written.
    pub decode: f64,
    /// What is made least.
    pub measure: ServeMeasure,
}

/// What is made least over the life of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServeMeasure {
    /// FLOP.
    Flops,
    /// Dollars; needs hardware with a price.
    Money,
}

impl Serving {
    /// Whether money is made least.
    pub(super) fn in_money(&self) -> bool {
        self.measure == ServeMeasure::Money
    }

    pub(super) fn tokens(&self) -> f64 {
        self.prefill + self.decode
    }

    /// Dollars for a FLOP of training, prefill and decoding, where money is made least.
    pub(super) fn prices(&self, hardware: Option<&Hardware>) -> Option<[f64; 3]> {
        hardware
            .and_then(Hardware::prices)
            .filter(|_| self.in_money())
    }

    /// Unit of what is made least.
    pub(super) fn unit(&self) -> &'static str {
        if self.in_money() { "USD" } else { "FLOP" }
    }

    /// Tokens of forward passes that cost as much at the price of training.
    pub(super) fn equivalent(&self, hardware: Option<&Hardware>) -> f64 {
        match self.prices(hardware) {
            Some([train, prefill, decode]) => {
                (self.prefill * prefill + self.decode * decode) / train
            }
            None => self.tokens(),
        }
    }
}

/// The model for a life of serving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServingRow {
    /// Tokens served.
    pub served: f64,
    /// What is made least: `FLOP` or `USD`.
    pub measure: String,
    /// Params.
    pub params: Estimate,
    /// Training tokens.
    pub tokens: Estimate,
    /// Training tokens per parameter.
    pub tokens_per_param: Estimate,
    /// Training compute.
    pub training_flops: Estimate,
    /// Compute of serving.
    pub serving_flops: Estimate,
    /// What is made least, training and serving together.
    pub lifetime: Estimate,
    /// Share of it that is saved against serving the model that is cheapest to train.
    pub saved: Estimate,
    /// Size relative to that model.
    pub size_ratio: Estimate,
    /// Training tokens relative to that model.
    pub tokens_ratio: Estimate,
    /// Orders of magnitude beyond the runs of the fit.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond: Vec<(String, f64)>,
}

/// The row of one question; none where the law has no value.
pub(super) fn row(
    setting: &Setting<'_>,
    request: &PlanRequest,
    serving: &Serving,
    plain: &Solved,
) -> Option<ServingRow> {
    let law = setting.source;
    let hardware = request.hardware.as_ref();
    let equivalent = serving.equivalent(hardware);
    let price = serving.prices(hardware).map_or(1.0, |p| p[0]);
    let answer = |theta: &[f64], from: &Best, near: Option<Best>| {
        setting.target(theta, from.loss, equivalent, near).ok()
    };
    let best = answer(&law.best, &plain.best, None)?;
    let draws: Vec<Option<(Best, Best)>> = law
        .draws
        .iter()
        .zip(&plain.draws)
        .map(|(theta, from)| {
            let from = (*from)?;
            Some((from, answer(theta, &from, Some(best))?))
        })
        .collect();
    let both = |quantity: &dyn Fn(&Best, &Best) -> f64, unit: &str| {
        let sample: Vec<f64> = draws
            .iter()
            .map(|d| d.as_ref().map_or(f64::NAN, |(from, to)| quantity(from, to)))
            .collect();
        estimate(quantity(&plain.best, &best), &sample, request.level, unit)
    };
    let cost = |b: &Best| price * (b.ln_c.exp() + 2.0 * b.x.exp() * equivalent);
    let unit = serving.unit();
    Some(ServingRow {
        served: serving.tokens(),
        measure: unit.to_owned(),
        params: both(&|_, b| b.x.exp(), "params"),
        tokens: both(&|_, b| b.y.exp(), "tokens"),
        tokens_per_param: both(&|_, b| (b.y - b.x).exp(), "tokens/param"),
        training_flops: both(&|_, b| b.ln_c.exp(), "FLOP"),
        serving_flops: both(&|_, b| 2.0 * b.x.exp() * serving.tokens(), "FLOP"),
        lifetime: both(&|_, b| cost(b), unit),
        saved: both(&|a, b| 1.0 - cost(b) / cost(a), ""),
        size_ratio: both(&|a, b| (b.x - a.x).exp(), ""),
        tokens_ratio: both(&|a, b| (b.y - a.y).exp(), ""),
        beyond: beyond(law, &best),
    })
}

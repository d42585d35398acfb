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

use isoflop_base::{Estimate, Note, Severity};
use serde::{Deserialize, Serialize};

use super::hardware::Hardware;
use super::problem::{Best, Setting};
use super::rows::{Solved, beyond};
use super::source::{Answers, PlanLaw};
use super::spread::estimate;
use super::{PlanRequest, PlanRow};

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

/// A share below this is the rounding of two costs.
const NOTHING: f64 = 1e-9;

/// Says which rows have no model for serving, though one was asked.
pub(super) fn missing(rows: &[PlanRow], laws: &[PlanLaw]) -> Vec<Note> {
    let loss = |row: &&PlanRow| {
        let of = |law: &&PlanLaw| law.name == row.law;
        laws.iter()
            .find(of)
            .is_none_or(|law| law.answers == Answers::Loss)
    };
    let left = rows.iter().filter(|row| row.serving.is_none());
    let (losses, others): (Vec<&PlanRow>, Vec<&PlanRow>) = left.partition(loss);
    let note = |rows: Vec<&PlanRow>, why: &str| {
        let mut names: Vec<&str> = rows.iter().map(|row| row.law.as_str()).collect();
        names.dedup();
        (!names.is_empty()).then(|| Note {
            code: "no-serving".to_owned(),
            severity: Severity::Info,
            message: format!(
                "{}: there is no other model to serve, {why}",
                names.join(", ")
            ),
            evidence: Vec::new(),
            advice: String::new(),
        })
    };
    let least = "because within the limits none is found that reaches the loss of the plan's own";
    let no_loss = "because the law gives no loss at which models could be compared";
    [note(losses, least), note(others, no_loss)]
        .into_iter()
        .flatten()
        .collect()
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
        saved: both(
            &|a, b| {
                let saved = 1.0 - cost(b) / cost(a);
                // The difference of two costs that are one to rounding.
                if saved.abs() < NOTHING { 0.0 } else { saved }
            },
            "",
        ),
        size_ratio: both(&|a, b| (b.x - a.x).exp(), ""),
        tokens_ratio: both(&|a, b| (b.y - a.y).exp(), ""),
        beyond: beyond(law, &best),
    })
}

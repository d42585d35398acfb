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

use isoflop_base::{Estimate, Evidence, Note, Severity};
use serde::{Deserialize, Serialize};

use super::hardware::{self, Hardware, Needs};
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
    /// Training compute over that of the plan's own model: above one it does not fit into the plan's budget.
    #[serde(default)]
    pub training_ratio: f64,
    /// What it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
    /// Orders of magnitude beyond the runs of the fit.
    #[serde(with = "isoflop_fit::as_map")]
    pub beyond: Vec<(String, f64)>,
}

/// A share below this is the rounding of two costs.
const NOTHING: f64 = 1e-9;

/// Relative difference of losses that are one to rounding.
const SAME_LOSS: f64 = 1e-12;

/// More training compute than the plan's own model takes, as a share that is worth a word.
const DEARER: f64 = 0.01;

/// Says that models which are cheaper over their life take longer to train than the accelerators were asked for.
pub(super) fn over_budget(rows: &[PlanRow]) -> Vec<Note> {
    rows.iter()
        .filter_map(|row| {
            let served = row.serving.as_ref()?;
            let days = served.needs.as_ref()?.days.as_ref()?.value;
            let own = row.needs.as_ref()?.days.as_ref()?.value;
            (days > own * (1.0 + DEARER)).then(|| Note {
                code: "serving-over-budget".to_owned(),
                severity: Severity::Warning,
                message: format!(
                    "{}: the model that is cheapest over its life takes {days:.1} days to train on these accelerators, the \
                     plan's own {own:.1}",
                    row.law
                ),
                evidence: vec![
                    ("days".to_owned(), Evidence::Number(days)),
                    ("plan_days".to_owned(), Evidence::Number(own)),
                ],
                advice: "within the time that was asked no other model has this loss: allow more days or accelerators, or train \
                         the plan's own model"
                    .to_owned(),
            })
        })
        .collect()
}

/// Says which rows have no model for serving, though one was asked.
pub(super) fn missing(rows: &[PlanRow], laws: &[PlanLaw]) -> Vec<Note> {
    let loss = |row: &&PlanRow| {
        let of = |law: &&PlanLaw| law.name == row.law;
        laws.iter()
            .find(of)
            .is_none_or(|law| law.answers == Answers::Loss)
    };
    let left = rows.iter().filter(|row| {
        let own = |s: &ServingRow| s.size_ratio.value == 1.0 && s.tokens_ratio.value == 1.0;
        // Without a limit in the way the plan's own model is the answer: a single token moves it by nothing.
        let held = !row.held.is_empty();
        row.serving.as_ref().is_none_or(|s| held && own(s))
    });
    let (losses, others): (Vec<&PlanRow>, Vec<&PlanRow>) = left.partition(loss);
    let note = |rows: Vec<&PlanRow>, why: &str| {
        let mut names: Vec<&str> = rows.iter().map(|row| row.law.as_str()).collect();
        names.dedup();
        (!names.is_empty()).then(|| Note {
            code: "no-serving".to_owned(),
            severity: Severity::Info,
            message: format!(
                "{}: there is no other model to serve than the plan's own, {why}",
                names.join(", ")
            ),
            evidence: Vec::new(),
            advice: String::new(),
        })
    };
    let no_loss = "because the law gives no loss at which models could be compared";
    let least = "because within the limits none that reaches its loss costs less over its life";
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
    let cost = |b: &Best| price * (b.ln_c.exp() + 2.0 * b.x.exp() * equivalent);
    // The plan's own model keeps to the limits and has the loss: nothing dearer is an answer. Where the law has saturated
    // the curve of a loss is rounding, and a search along it ends anywhere (data-constrained, 60B params on 1.3B unique
    // tokens); where two limits meet it is that one point.
    let answer = |theta: &[f64], from: &Best, near: Option<Best>| {
        let starts = [near, Some(*from)];
        let found = starts
            .into_iter()
            .filter_map(|start| setting.target(theta, from.loss, equivalent, start).ok())
            .filter(|b| b.loss <= from.loss + SAME_LOSS * from.loss.abs());
        found.fold(
            *from,
            |least, b| if cost(&b) < cost(&least) { b } else { least },
        )
    };
    if !plain.best.loss.is_finite() {
        return None;
    }
    let best = answer(&law.best, &plain.best, None);
    let draws: Vec<Option<(Best, Best)>> = law
        .draws
        .iter()
        .zip(&plain.draws)
        .map(|(theta, from)| {
            let from = (*from)?;
            Some((from, answer(theta, &from, Some(best))))
        })
        .collect();
    let both = |quantity: &dyn Fn(&Best, &Best) -> f64, unit: &str| {
        let sample: Vec<f64> = draws
            .iter()
            .map(|d| d.as_ref().map_or(f64::NAN, |(from, to)| quantity(from, to)))
            .collect();
        estimate(quantity(&plain.best, &best), &sample, request.level, unit)
    };
    let unit = serving.unit();
    let params = both(&|_, b| b.x.exp(), "params");
    let tokens = both(&|_, b| b.y.exp(), "tokens");
    let training_flops = both(&|_, b| b.ln_c.exp(), "FLOP");
    Some(ServingRow {
        served: serving.tokens(),
        measure: unit.to_owned(),
        needs: hardware.map(|h| hardware::needs(h, &params, &tokens, &training_flops)),
        training_ratio: (best.ln_c - plain.best.ln_c).exp(),
        params,
        tokens,
        tokens_per_param: both(&|_, b| (b.y - b.x).exp(), "tokens/param"),
        training_flops,
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

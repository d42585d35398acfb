//! The price of leaving the optimum: other sizes at the same loss, what they cost more in training and save in serving.
//!
//! # Formula
//!
//! ```text
//! overhead = C(k N*, D_k)/C* − 1    with    L(k N*, D_k) = L(N*, D*)
//! break-even traffic of a smaller model = (C_k − C*) / (2 (1 − k) N*) tokens
//! ```
//!
//! No data make up for a model below a certain size: the overhead has an asymptote there.
//!
//! # Source
//!
//! Harm de Vries 2023, "Go smol or go home", for laws of the Chinchilla form; here for any law.

use isoflop_base::Estimate;
use serde::{Deserialize, Serialize};

use super::PlanRequest;
use super::problem::{Best, Setting};
use super::rows::Solved;
use super::spread::estimate;

/// Sizes around one optimum, all at its loss: a contour of the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
    /// The law.
    pub law: String,
    /// Compute of the optimum.
    pub compute: f64,
    /// Loss of all rows.
    pub loss: f64,
    /// Size, relative to the optimum, below which no number of tokens reaches the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asymptote: Option<Estimate>,
    /// The sizes.
    pub rows: Vec<SizeRow>,
}

/// A model of another size with the same loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizeRow {
    /// Size relative to the optimum.
    pub size: f64,
    /// Params.
    pub params: Estimate,
    /// Whether any number of tokens reaches the loss; what follows is left out when none does.
    pub reachable: bool,
    /// Tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Estimate>,
    /// Tokens relative to the optimum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_ratio: Option<Estimate>,
    /// Training compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flops: Option<Estimate>,
    /// Additional training compute as a share of that of the optimum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overhead: Option<Estimate>,
    /// Tokens served from which on a smaller model is cheaper in all; none for a larger one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_even: Option<Estimate>,
}

/// The table around one answer.
pub(super) fn table(setting: &Setting<'_>, request: &PlanRequest, solved: &Solved) -> Sizes {
    let law = setting.source;
    let over = |quantity: &dyn Fn(&[f64], &Best) -> f64, unit: &str| {
        let sample: Vec<f64> = law
            .draws
            .iter()
            .zip(&solved.draws)
            .map(|(theta, best)| best.as_ref().map_or(f64::NAN, |b| quantity(theta, b)))
            .collect();
        estimate(
            quantity(&law.best, &solved.best),
            &sample,
            request.level,
            unit,
        )
    };
    let asymptote = over(
        &|theta, b| (setting.smallest_size(theta, b.loss) - b.x).exp(),
        "",
    );
    let rows = request
        .sizes
        .iter()
        .map(|size| row(setting, request, solved, *size))
        .collect();
    Sizes {
        law: law.name.clone(),
        compute: solved.best.ln_c.exp(),
        loss: solved.best.loss,
        asymptote: Some(asymptote).filter(|a| a.value.is_finite()),
        rows,
    }
}

fn row(setting: &Setting<'_>, request: &PlanRequest, solved: &Solved, size: f64) -> SizeRow {
    let law = setting.source;
    let ln_k = size.ln();
    // The point of the contour: the optimum, ln D and FLOP of the other size.
    let other = |theta: &[f64], b: &Best| {
        let y = setting.tokens_for(theta, b.loss, b.x + ln_k, b.y);
        let flops = if y.is_finite() {
            setting.ln_flops(b.x + ln_k, y).exp()
        } else {
            y
        };
        (*b, y, flops)
    };
    let best = other(&law.best, &solved.best);
    let draws: Vec<Option<(Best, f64, f64)>> = law
        .draws
        .iter()
        .zip(&solved.draws)
        .map(|(theta, b)| b.as_ref().map(|b| other(theta, b)))
        .collect();
    let of = |quantity: &dyn Fn(&(Best, f64, f64)) -> f64, unit: &str| {
        let sample: Vec<f64> = draws
            .iter()
            .map(|d| d.as_ref().map_or(f64::NAN, quantity))
            .collect();
        estimate(quantity(&best), &sample, request.level, unit)
    };
    let reachable = best.1.is_finite();
    let if_any = |e: Estimate| reachable.then_some(e);
    let served = |(b, _, flops): &(Best, f64, f64)| {
        (flops - b.ln_c.exp()) / (2.0 * (1.0 - size) * b.x.exp())
    };
    SizeRow {
        size,
        params: of(&|(b, ..)| (b.x + ln_k).exp(), "params"),
        reachable,
        tokens: if_any(of(&|(_, y, _)| y.exp(), "tokens")),
        tokens_ratio: if_any(of(&|(b, y, _)| (y - b.y).exp(), "")),
        flops: if_any(of(&|(.., flops)| *flops, "FLOP")),
        overhead: if_any(of(&|(b, _, flops)| flops / b.ln_c.exp() - 1.0, "")),
        break_even: if_any(of(&served, "tokens")).filter(|_| size < 1.0),
    }
}

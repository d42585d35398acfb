//! Plans among shapes that can be built: layers, width, heads, vocabulary give exact counts.

use isoflop_base::Estimate;
use serde::{Deserialize, Serialize};

use super::convention::Convention;
use super::limits::Limits;
use super::problem::{Best, Setting};
use super::rows::Solved;
use super::source::Answers;
use super::spread::estimate;
use super::{Ask, PlanRequest};

/// A model that can be built.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its name, or its numbers.
    pub name: String,
    /// Params, by some convention.
    pub params: f64,
    /// How its training compute is counted; conventions may depend on the shape.
    pub convention: Convention,
}

/// A shape under a law.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShapeRow {
    /// The law.
    pub law: String,
    /// The shape.
    pub shape: String,
    /// The budget or target, as asked.
    pub asked: f64,
    /// Params.
    pub params: f64,
    /// Tokens.
    pub tokens: Estimate,
    /// Training compute.
    pub flops: Estimate,
    /// Loss.
    pub loss: Estimate,
    /// How its compute is counted.
    pub convention: String,
    /// Whether no other shape does better.
    pub best: bool,
}

/// The rows of one question, best first.
pub(super) fn rows(setting: &Setting<'_>, request: &PlanRequest, ask: Ask) -> Vec<ShapeRow> {
    let law = setting.source;
    if law.answers != Answers::Loss {
        return Vec::new();
    }
    let mut found: Vec<(f64, ShapeRow)> = Vec::new();
    for shape in &request.shapes {
        let limits = Limits {
            params: Some(shape.params),
            ..request.limits.clone()
        };
        let mut region = setting.region;
        region.x = limits.region(&request.given, true).x;
        let own = Setting::new(law, &shape.convention, region);
        let solved = Solved::of(law, |theta, near| match ask {
            Ask::Compute(c) => own.budget(theta, c.ln(), near),
            Ask::Loss(loss) => own.target(theta, loss, 0.0, near),
        });
        // A shape that cannot be had is left out; the row of the free optimum says why when none can.
        let Ok(solved) = solved else { continue };
        let of = |quantity: fn(&Best) -> f64, unit: &str| {
            let sample = solved.sample(f64::NAN, quantity);
            estimate(quantity(&solved.best), &sample, request.level, unit)
        };
        let (asked, merit) = match ask {
            Ask::Compute(c) => (c, solved.best.loss),
            Ask::Loss(loss) => (loss, solved.best.ln_c),
        };
        found.push((
            merit,
            ShapeRow {
                law: law.name.clone(),
                shape: shape.name.clone(),
                asked,
                params: shape.params,
                tokens: of(|b| b.y.exp(), "tokens"),
                flops: of(|b| b.ln_c.exp(), "FLOP"),
                loss: of(|b| b.loss, &law.law.response().unit),
                convention: shape.convention.law.id.clone(),
                best: false,
            },
        ));
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, first)) = found.first_mut() {
        first.best = true;
    }
    found.into_iter().map(|(_, row)| row).collect()
}

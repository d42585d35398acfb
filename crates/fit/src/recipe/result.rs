//! The result of a recipe.

use crate::result::{Fit, Provenance, SkippedRows};
use crate::sealed::sealed;
use isoflop_base::{Estimate, Note};
use serde::{Deserialize, Serialize};

/// Compute-optimal sizes by budget, and the power laws through them. `schema` is `isoflop.recipe/1`.
///
/// Written, it ends in a `digest` of everything before it ([`Recipe::own_digest`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Recipe {
    /// `isoflop.recipe/1`.
    pub schema: String,
    /// The recipe, as it is spelt.
    pub method: String,
    /// Runs used.
    pub n: usize,
    /// Runs not used, by reason.
    pub skipped: Vec<SkippedRows>,
    /// Median of C/(N·D) over the runs: 6 where C = 6ND.
    pub flops_per_param_token: f64,
    /// Resamples behind the errors.
    pub resamples: usize,
    /// Level of the intervals.
    pub level: f64,
    /// All budgets, with their minimum or the reason why there is none; by rising compute.
    pub budgets: Vec<Budget>,
    /// N*(C) and D*(C).
    pub allocations: Vec<Allocation>,
    /// What the recipe gets wrong on this grid; none when no law could be fitted to the runs.
    pub bias: Option<Bias>,
    /// Warnings and advice.
    pub notes: Vec<Note>,
    /// Table, options, seed, version.
    pub provenance: Provenance,
    /// The digest that the file carried; none for a result that was not read from one, or from one of an earlier version.
    #[serde(default, skip_serializing)]
    pub digest: Option<String>,
}

sealed!(Recipe);

/// The runs of one budget and their minimum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Compute: the geometric mean over its runs, in FLOP.
    pub flops: f64,
    /// Why it has no minimum that counts; empty when it has.
    pub reason: String,
    /// Optimal size in params.
    pub params_opt: Option<Estimate>,
    /// Tokens at the optimum.
    pub tokens_opt: Option<Estimate>,
    /// Loss at the optimum.
    pub loss_opt: Option<Estimate>,
    /// Where the minimum lies between the smallest (0) and the largest (1) size, in logarithms.
    pub place: Option<f64>,
    /// Coefficients of the curve in powers of ln(N / `centre`), lowest first; empty for an interpolation.
    pub curve: Vec<f64>,
    /// Geometric mean of the sizes, in params.
    pub centre: f64,
    /// Resamples in which the budget had no minimum.
    pub lost: usize,
    /// Its runs, by rising size.
    pub runs: Vec<RecipeRun>,
}

/// A run as a recipe sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecipeRun {
    /// Where it is, as `file:line`.
    pub place: String,
    /// Size.
    pub params: f64,
    /// Training tokens.
    pub tokens: f64,
    /// Loss.
    pub loss: f64,
    /// The curve there; none where there is no curve.
    pub fitted: Option<f64>,
}

/// A power law through the minima.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// `compute-optimal params`, `compute-optimal tokens`.
    pub title: String,
    /// a in k·C^a, with the error that the losses of the runs carry into it.
    pub exponent: Estimate,
    /// k in k·C^a.
    pub constant: Estimate,
    /// The same power law corrected for what the recipe gets wrong on this grid; none when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Corrected>,
    /// The fit through the minima: the standard errors of its coefficients come from the scatter of the minima about the
    /// line, its draws from the recipe run again.
    pub fit: Fit,
}

/// A power law corrected for the bias of the recipe: medians over the simulations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// a in k·C^a.
    pub exponent: f64,
    /// k in k·C^a.
    pub constant: f64,
}

/// What the recipe gets wrong on this grid of runs, measured on losses of a law whose optimum is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bias {
    /// The law that was fitted to the runs.
    pub law: String,
    /// a of the law's own optimum over the same budgets.
    pub exponent_of_law: f64,
    /// a that the recipe finds on losses of the law without noise.
    pub exponent_without_noise: f64,
    /// N* of the recipe over that of the law at the largest budget, without noise.
    pub params_ratio: f64,
    /// Simulations with noise like that of the runs.
    pub simulations: usize,
    /// Mean of a over the simulations.
    pub exponent_with_noise: f64,
    /// Standard deviation of a over the simulations.
    pub exponent_sd: f64,
    /// Standard deviation of the noise, on the logarithm of the loss.
    pub noise_sd: f64,
}

impl Budget {
    /// Whether its minimum counts.
    #[must_use]
    pub fn used(&self) -> bool {
        self.reason.is_empty()
    }

    /// N* (0), D* (1) or L* (2); NaN without a minimum.
    pub(crate) fn optimum(&self, which: usize) -> f64 {
        let estimate = [&self.params_opt, &self.tokens_opt, &self.loss_opt][which];
        estimate.as_ref().map_or(f64::NAN, |e| e.value)
    }
}

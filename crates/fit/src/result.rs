//! The result of a fit: immutable, with certificate and provenance, and the same in memory and in `fit.json`.

use crate::sealed::sealed;
use isoflop_base::{Estimate, Note};
use serde::{Deserialize, Serialize};

use crate::{ResidualScale, ValueScale};

/// A fitted law. `schema` is `isoflop.fit/1`; the file alone is enough for every later verb.
///
/// Written, it ends in a `digest` of everything before it ([`Fit::own_digest`]), by which a reader sees that nothing was
/// changed since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Fit {
    /// `isoflop.fit/1`.
    pub schema: String,
    /// The law.
    pub law: LawRecord,
    /// Runs used.
    pub n: usize,
    /// Runs not used, by reason.
    pub skipped: Vec<SkippedRows>,
    /// What was minimised.
    pub objective: ObjectiveRecord,
    /// The verdict of the certificate.
    pub status: Status,
    /// How many starts there were and where they ended.
    pub starts: Starts,
    /// What each stage did, for a law that is fitted in stages; the objective and the certificate are those of the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageRecord>,
    /// The evidence behind `status`.
    pub certificate: Certificate,
    /// Coefficients in the law's order, by name (`E[c4]` for an indexed one).
    #[serde(with = "crate::as_map")]
    pub coefs: Vec<(String, Estimate)>,
    /// Pooled coefficients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolRecord>,
    /// Derived quantities by name.
    #[serde(with = "crate::as_map")]
    pub derived: Vec<(String, Estimate)>,
    /// How the standard errors and intervals were made.
    pub uncertainty: UncertaintyRecord,
    /// What the data determine and what they do not.
    pub identifiability: Identifiability,
    /// Residuals on the scale of the objective.
    pub residuals: ResidualSummary,
    /// Range of each variable in the runs used, and of C and D/N where N and D are known.
    pub ranges: Vec<Range>,
    /// The runs that carry the fit, most influential first (at most ten).
    pub leverage: Vec<Leverage>,
    /// Warnings and advice.
    pub notes: Vec<Note>,
    /// Table, law, options, seed, version.
    pub provenance: Provenance,
    /// Joint draws and covariance, for predictions.
    pub joint: Joint,
    /// The runs used, with fitted values, when there are at most 20,000.
    pub points: Points,
    /// What a backtest says of its intervals, once a check has written it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// The digest that the file carried; none for a fit that was not read from one, or from one of an earlier version.
    #[serde(default, skip_serializing)]
    pub digest: Option<String>,
}

sealed!(Fit);

/// Code of the note on a saved fit without a digest.
pub const UNSEALED: &str = "no-digest";

impl Fit {
    /// The notes that are true of every answer by the fit: what a recipe says of its bias, and that a saved fit may have been
    /// edited.
    pub fn carried_notes(&self) -> impl Iterator<Item = &Note> {
        self.notes
            .iter()
            .filter(|n| n.code.starts_with("recipe-bias") || n.code == UNSEALED)
    }
}

/// How much wider intervals must be beyond the data, learnt by holding out the largest runs.
///
/// # Formula
///
/// ```text
/// sd² = sd²(inside) + (per_decade · d)²      d = log₁₀(axis / largest)
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Letter of the axis; `C` for 6ND.
    pub axis: String,
    /// Largest value of the axis that was fitted.
    pub largest: f64,
    /// `ln` of the response, or `raw`.
    pub scale: ValueScale,
    /// Standard deviation to add for each order of magnitude, in quadrature.
    pub per_decade: f64,
    /// Cuts that it was learnt from.
    pub cuts: usize,
}

/// The law inside a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LawRecord {
    /// Short name.
    pub id: String,
    /// One line in words.
    pub title: String,
    /// The formula.
    pub formula: String,
    /// The whole law file.
    pub text: String,
}

/// Rows that were not used, for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkippedRows {
    /// Why, in words.
    pub reason: String,
    /// How many.
    pub rows: usize,
    /// Where, as `file:line`; at most the first twenty.
    pub places: Vec<String>,
}

/// What was minimised: Σ wᵢ ρ(rᵢ).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveRecord {
    /// `squared`, `huber`, `abs`, `soft-l1`, `student`.
    pub penalty: String,
    /// Corner of the Huber or soft-L1 penalty, in residual units; degrees of freedom for `student`.
    pub delta: Option<f64>,
    /// Scale of the residuals: `raw`, `ln`, or the left side of the law as written.
    pub scale: ResidualScale,
    /// Fitted scale of the Student-t residuals.
    pub fitted_scale: Option<f64>,
    /// Value at the optimum, prior included.
    pub value: f64,
    /// Share of residuals with |r| ≤ δ.
    pub inside: Option<f64>,
    /// Spelling for `--objective`.
    pub spelling: String,
}

/// Whether the fit can be believed to be the optimum of its objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Gradient zero to rounding, Hessian positive definite: a strict local minimum, the best that any start reached.
    Converged,
    /// The gradient is zero, but the data leave a direction open (the Hessian is singular to rounding), or a
    /// coefficient sits on its bound.
    Degenerate,
    /// The solver stopped before the gradient was zero. Do not use the coefficients.
    NotConverged,
}

/// Starts and basins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Starts {
    /// Points screened.
    pub tried: usize,
    /// Points solved to convergence.
    pub solved: usize,
    /// Of those solved, how many ended at the best objective (relative gap ≤ 1e-9).
    pub reached_best: usize,
    /// Distinct end points, best first (at most ten).
    pub basins: Vec<Basin>,
}

/// One end point of the starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basin {
    /// Objective there.
    pub objective: f64,
    /// Starts that ended there.
    pub starts: usize,
    /// Coefficients there.
    #[serde(with = "crate::as_map")]
    pub coefs: Vec<(String, f64)>,
}

/// One stage of a fit in stages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Coefficients that were fitted.
    pub coefs: Vec<String>,
    /// Which rows, as an expression; all without one.
    pub filter: Option<String>,
    /// Runs used.
    pub n: usize,
    /// Objective at the optimum.
    pub objective: f64,
    /// Verdict of the certificate.
    pub status: Status,
    /// Scaled gradient at the optimum.
    pub gradient: f64,
    /// Solved starts that ended at the best objective.
    pub starts_reached_best: usize,
    /// Starts solved.
    pub starts_solved: usize,
}

/// A pooled coefficient: its levels scatter normally about a mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolRecord {
    /// The coefficient.
    pub coef: String,
    /// Its levels.
    pub levels: usize,
    /// Where mean and standard deviation are measured: `raw`, or `ln` for a positive coefficient.
    pub scale: ValueScale,
    /// Mean of the levels.
    pub mean: f64,
    /// Standard deviation between levels.
    pub sd: f64,
    /// Whether it was estimated from the runs.
    pub estimated: bool,
}

/// Scale-free evidence of an optimum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// max over j of |gⱼ| / √(Hⱼⱼ F): zero at an optimum, free of all units. For least absolute deviations the
    /// residual of the stationarity conditions with the duals below.
    pub gradient: f64,
    /// Relative decrease of the objective that a further Newton step predicts: ½ gᵀH⁻¹g / F.
    pub predicted_decrease: f64,
    /// Smallest eigenvalue of the Hessian scaled to a unit diagonal; above zero at a strict minimum.
    pub smallest_eigenvalue: f64,
    /// For least absolute deviations: runs that the fit passes through exactly, with their duals in [-1, 1].
    pub interpolated: Vec<(String, f64)>,
    /// Coefficients on a bound.
    pub at_bound: Vec<String>,
}

/// How uncertainty was computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UncertaintyRecord {
    /// `none`, `covariance`, `sandwich`, `bootstrap`.
    pub method: String,
    /// Level of the intervals.
    pub level: f64,
    /// Resamples asked for.
    pub resamples: usize,
    /// Resamples whose optimum was certified.
    pub certified: usize,
    /// In words, for the reader: what the interval means.
    pub meaning: String,
    /// Why the intervals may not hold, in a clause; said first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
}

/// What the data determine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identifiability {
    /// Ratio of the largest to the smallest eigenvalue of the scaled Hessian.
    pub condition: f64,
    /// Weakly determined directions, weakest first, each in words with its numbers.
    pub weak: Vec<WeakDirection>,
}

/// A combination of coefficients that the data hardly determine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeakDirection {
    /// Eigenvalue of the scaled Hessian.
    pub eigenvalue: f64,
    /// Weights by coefficient (of its logarithm where it is fitted as one), largest first.
    #[serde(with = "crate::as_map")]
    pub weights: Vec<(String, f64)>,
    /// In words.
    pub words: String,
}

/// Residuals on the objective's scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResidualSummary {
    /// Root mean square.
    pub rms: f64,
    /// Median absolute residual × 1.4826, a robust standard deviation.
    pub robust_sd: f64,
    /// Largest absolute residual.
    pub max_abs: f64,
    /// Where it is, as `file:line`.
    pub max_at: String,
    /// 1 − Σr² / Σ(y − ȳ)² on the same scale.
    pub r_squared: f64,
}

/// Range of one quantity in the runs used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Letter or combination, `N`, `D`, `C`, `D/N`.
    pub name: String,
    /// Column it came from; empty for a combination.
    pub column: String,
    /// Unit in words.
    pub unit: String,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Number of distinct values.
    pub distinct: usize,
}

/// How much one run pulls the fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leverage {
    /// Where the run is, as `file:line`.
    pub place: String,
    /// Diagonal of the hat matrix, 0 to 1.
    pub leverage: f64,
    /// Coefficient that would move most without this run, and by how many standard errors.
    pub moves: String,
    /// That move, in standard errors.
    pub shift_se: f64,
}

/// Where the numbers come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of isoflop.
    pub version: String,
    /// Tables read.
    pub tables: Vec<TableRecord>,
    /// SHA-256 of the law file text.
    pub law_sha256: String,
    /// Seed of all randomness.
    pub seed: u64,
    /// Options as given, by name, in a fixed order.
    #[serde(with = "crate::as_map")]
    pub options: Vec<(String, String)>,
}

/// A table that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableRecord {
    /// Name as given.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Rows read.
    pub rows: usize,
}

/// Joint uncertainty in the solver's coordinates (logarithms for positive coefficients).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Joint {
    /// Name of each coordinate, `ln A`, `alpha`.
    pub coordinates: Vec<String>,
    /// Optimum.
    pub at: Vec<f64>,
    /// Covariance, row by row; empty when none was computed.
    pub covariance: Vec<Vec<f64>>,
    /// Degrees of freedom of the covariance; none in files that have n − p of them, more than 1e8 for noise of a known
    /// size, whose quantiles are normal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub df: Option<f64>,
    /// Bootstrap optima, one row a resample; empty without a bootstrap.
    pub draws: Vec<Vec<f64>>,
}

impl Joint {
    /// Degrees of freedom of the covariance, for a fit of `n` runs.
    #[must_use]
    pub fn freedom(&self, n: usize) -> f64 {
        let left = (n as f64 - self.at.len() as f64).max(1.0);
        self.df.filter(|df| *df > 0.0).unwrap_or(left)
    }
}

/// The runs used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// Where each run is, as `file:line`.
    pub place: Vec<String>,
    /// Input columns by letter.
    #[serde(with = "crate::as_map")]
    pub inputs: Vec<(String, Vec<f64>)>,
    /// Index columns by name.
    #[serde(with = "crate::as_map")]
    pub levels: Vec<(String, Vec<String>)>,
    /// Response, raw.
    pub response: Vec<f64>,
    /// Fitted response, raw.
    pub fitted: Vec<f64>,
    /// Residual on the objective's scale: observed − fitted.
    pub residual: Vec<f64>,
}

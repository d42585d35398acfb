//! What a fit may be told. `Default` is the recommended fit.

use isoflop_base::Diagnostic;

/// Options of [`crate::fit`].
#[derive(Clone, Debug, PartialEq)]
pub struct FitOptions {
    /// What to minimise; none takes the law's own objective, else Huber's penalty on the logarithm
    /// with its corner at twice the noise (`huber-log:2mad`), or least squares where the response may be negative.
    pub objective: Option<Objective>,
    /// Name of a column of weights; none weighs all runs alike.
    pub weights: Option<String>,
    /// Name of a column of absolute standard deviations of the measured response, in its unit: a run counts by their inverse
    /// squares, and standard errors follow from them instead of the residuals.
    pub sigma: Option<String>,
    /// Points to screen; none takes 512 for most laws. Where the law declares one start for every coefficient, that
    /// point is the first: with 1 it is the only one.
    pub starts: Option<usize>,
    /// How to find standard errors and intervals.
    pub uncertainty: Uncertainty,
    /// Whether runs that hang together are looked for.
    pub dependence: Dependence,
    /// Level of the intervals, between 0 and 1.
    pub level: f64,
    /// Seed of all randomness.
    pub seed: u64,
    /// Changes to coefficients of the law: `E = 1.7` fixes, `alpha in [0, 1]` bounds, `beta = alpha` ties.
    pub coefs: Vec<String>,
    /// Quantities to report beside the coefficients: `a = beta / (alpha + beta)`, each may use the ones before it.
    pub derive: Vec<String>,
    /// Options of the reader, by name, kept in the provenance (`where`, `let`, `map`).
    pub reader: Vec<(String, String)>,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            objective: None,
            weights: None,
            sigma: None,
            starts: None,
            uncertainty: Uncertainty::Default,
            dependence: Dependence::Found,
            level: 0.95,
            seed: 0,
            coefs: Vec::new(),
            derive: Vec::new(),
            reader: Vec::new(),
        }
    }
}

/// Whether rows are independent runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dependence {
    /// Checkpoints of one run, and cells whose residuals are alike, count as groups.
    #[default]
    Found,
    /// Every row is a run of its own, whatever names and residuals say.
    None,
}

/// Σ wᵢ ρ(rᵢ): a penalty on residuals of a scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// ρ.
    pub penalty: PenaltyKind,
    /// Where residuals are measured.
    pub scale: Scale,
}

/// The penalty ρ.
#[derive(Clone, Debug, PartialEq)]
pub enum PenaltyKind {
    /// r²: the objective is the sum of squares.
    Squared,
    /// r²/2 inside δ, δ|r| − δ²/2 outside.
    Huber(Corner),
    /// |r|.
    Absolute,
    /// τ·r above zero, (τ − 1)·r below: the law is fitted to a quantile of the response.
    Quantile {
        /// Share of the runs below the law.
        tau: f64,
    },
    /// δ²(√(1 + (r/δ)²) − 1).
    SoftL1(Corner),
    /// Negative log likelihood of successes among trials; the law gives the probability of a success.
    Binomial {
        /// Column of trials; the response counts successes. Without one the response is a share, weighed by `weights`.
        trials: Option<String>,
    },
    /// Student-t with ν degrees of freedom and a fitted scale: negative log likelihood.
    Student {
        /// Degrees of freedom.
        nu: f64,
    },
}

/// The corner δ of a penalty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Corner {
    /// In residual units.
    Fixed(f64),
    /// A multiple of the robust scale of the noise, 1.4826 × the median |r| of a fit close to least absolute deviations,
    /// without the runs that such a fit passes through; `2mad`.
    Mad(f64),
}

/// Where residuals are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Response itself.
    Raw,
    /// Natural logarithm of the response.
    Ln,
    /// The left side of the law as written.
    AsWritten,
}

/// How standard errors and intervals are found.
#[derive(Clone, Debug, PartialEq)]
pub enum Uncertainty {
    /// Covariance for squared and Student-t penalties, a bootstrap of 1,000 for the others, whose residuals need not
    /// follow any distribution, of 200 for a fit in stages; none where the fit has not converged.
    Default,
    /// None.
    None,
    /// Inverse Hessian times the residual variance.
    Covariance,
    /// Hessian⁻¹ · score variance · Hessian⁻¹.
    Sandwich,
    /// Resampling of rows with replacement; every resample is solved and certified. Percentile intervals.
    Bootstrap {
        /// Number of resamples.
        resamples: usize,
    },
    /// The same resamples with bias-corrected and accelerated intervals.
    Bca {
        /// Number of resamples.
        resamples: usize,
    },
    /// Resampling of whole groups of rows: runs of one seed, checkpoints of one run.
    Cluster {
        /// Column that names the group of each row.
        column: String,
        /// Number of resamples.
        resamples: usize,
    },
    /// Residuals kept in place and given random signs: for noise whose size differs from run to run.
    Wild {
        /// Number of resamples.
        resamples: usize,
    },
    /// New responses drawn from the fitted law and the fitted noise.
    Parametric {
        /// Number of resamples.
        resamples: usize,
    },
    /// Where the objective, minimised over all other coefficients, rises by what noise explains.
    Profile,
}

impl Objective {
    /// Reads `squared`, `squared-log`, `huber:δ`, `huber-log:δ`, `abs`, `abs-log`, `soft-l1:δ`, `soft-l1-log:δ`,
    /// `quantile:τ`, `quantile-log:τ`, `student:ν`, `student-log:ν`, `binomial`, `binomial:TRIALS`; δ is a number or `2mad`. A suffix `-lhs` (`huber-lhs:δ`) measures residuals
    /// on the left side as the law writes it.
    ///
    /// # Errors
    ///
    /// A diagnostic `bad-objective` that lists the spellings, with a suggestion when one is near.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        crate::spelling::parse_objective(text)
    }
}

impl Uncertainty {
    /// Reads `none`, `covariance`, `sandwich`, `bootstrap:N`, `bca:N`, `cluster:COLUMN:N`, `wild:N`, `parametric:N`,
    /// `profile`.
    ///
    /// # Errors
    ///
    /// A diagnostic `bad-uncertainty` that lists the spellings.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        crate::spelling::parse_uncertainty(text)
    }
}

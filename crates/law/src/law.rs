//! A law is data: formula, variables, coefficients, source, self-checks. Nothing here is compiled yet.

use isoflop_base::Span;
use isoflop_formula::ast::{Expr, Formula};

use crate::conventions::Conventions;

/// A scaling law, read from a law file, the catalogue or a formula on the command line.
#[derive(Clone, Debug)]
pub struct Law {
    /// Short name, for example `chinchilla`; the file's stem, or `formula` for one typed on the command line.
    pub id: String,
    /// One line in words.
    pub title: String,
    /// The formula as written.
    pub formula_text: String,
    /// The formula, parsed. Its left side is present.
    pub formula: Formula,
    /// Variables; exactly one has the role [`VarRole::Response`].
    pub vars: Vec<Var>,
    /// Coefficients in order of declaration.
    pub coefs: Vec<Coef>,
    /// What a fit of this law minimises unless told otherwise, in the spelling of `--objective`.
    pub objective: Option<String>,
    /// Groups of inputs that sum to one in every run.
    pub simplex: Vec<Vec<String>>,
    /// Stages of a fit in several steps; empty for a fit of all coefficients at once.
    pub stages: Vec<Stage>,
    /// Published coefficient sets: name and values, for `laws eval` and `laws show`.
    pub variants: Vec<Variant>,
    /// Self-checks: coefficients and inputs with the value that must come out.
    pub checks: Vec<Check>,
    /// Where it comes from, in words: authors, year, place in the paper.
    pub source: String,
    /// Bibliographic name, for example `kaplan-2020-ln`: first author, year, which law of the paper. Empty when
    /// its variants come from several papers or it is nobody's.
    pub key: String,
    /// What its letters count in its paper; what a variant says is laid over it.
    pub conventions: Conventions,
    /// How far the numbers can be trusted: `primary`, `secondary`, `memory` …; empty when not a published law.
    pub trust: String,
    /// Anything a user must know: deviations from the paper, what N and D mean there, the range it was fitted on.
    pub note: String,
    /// Search words, for example `pretraining`, `learning-curve`.
    pub tags: Vec<String>,
    /// The whole law as a law file; parsing it gives this law again.
    pub text: String,
}

impl Law {
    /// The variable that the law predicts.
    ///
    /// # Panics
    ///
    /// For a law put together by hand without one; every reader refuses such a law.
    #[must_use]
    pub fn response(&self) -> &Var {
        let response = self.vars.iter().find(|v| v.role == VarRole::Response);
        response.expect("readers refuse a law without a response")
    }

    /// The variable with this letter.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&Var> {
        self.vars.iter().find(|v| v.name == name)
    }

    /// The coefficient of this name.
    #[must_use]
    pub fn coef(&self, name: &str) -> Option<&Coef> {
        self.coefs.iter().find(|c| c.name == name)
    }

    /// This law as one variant states it: that coefficient set alone; its source, key, trust and conventions in place
    /// of the law's where it has its own. None for a name that no variant has.
    #[must_use]
    pub fn as_published(&self, variant: &str) -> Option<Self> {
        let variant = self.variant(variant)?.clone();
        let own = |of: &str, law: &str| if of.is_empty() { law } else { of }.to_owned();
        Some(Self {
            source: own(&variant.source, &self.source),
            key: own(&variant.key, &self.key),
            trust: own(&variant.trust, &self.trust),
            conventions: self.conventions.overlaid(&variant.conventions),
            variants: vec![variant],
            ..self.clone()
        })
    }

    /// This law fitted all at once.
    #[must_use]
    pub fn without_stages(&self) -> Self {
        Self {
            stages: Vec::new(),
            ..self.clone()
        }
    }

    /// The published coefficient set of this name.
    #[must_use]
    pub fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|v| v.name == name)
    }
}

/// A variable of a law.
#[derive(Clone, Debug)]
pub struct Var {
    /// Letter in the formula.
    pub name: String,
    /// Column or role it is bound to, for example `params`.
    pub column: String,
    /// Unit in words.
    pub unit: String,
    /// Meaning in this law.
    pub doc: String,
    /// Response, input or index.
    pub role: VarRole,
    /// Whether only values above zero make sense (sizes, tokens, losses). True unless the file says otherwise.
    pub positive: bool,
    /// Values for which the formula means anything, where that is less than the sign says: shares from 0 to 1.
    pub domain: Option<(f64, f64)>,
}

/// What a variable is to the law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarRole {
    /// What the law predicts.
    Response,
    /// A number the law takes.
    Input,
    /// A column of names that indexes coefficients.
    Index,
}

impl VarRole {
    /// Its word in a law file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Input => "input",
            Self::Index => "index",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Response, Self::Input, Self::Index]
            .into_iter()
            .find(|r| r.word() == word)
    }
}

/// A declared coefficient.
#[derive(Clone, Debug)]
pub struct Coef {
    /// Name in the formula.
    pub name: String,
    /// Meaning.
    pub doc: String,
    /// Unit in words; empty when it has none or depends on an exponent.
    pub unit: String,
    /// Lower bound. A lower bound of 0 or more keeps the coefficient positive (it is fitted as its logarithm).
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Starting values in raw units; empty lets the fit choose.
    pub start: Vec<f64>,
    /// Names of the index variables; empty for a plain coefficient.
    pub index: Vec<String>,
    /// Value when it is not fitted.
    pub fixed: Option<f64>,
    /// Expression of other coefficients that gives its value, as written and parsed.
    pub tie: Option<(String, Expr)>,
    /// Prior knowledge, added to the objective as a penalty.
    pub prior: Option<Prior>,
    /// Whether the levels of its index are pooled.
    pub pool: Option<Pool>,
    /// Where it is declared in the law file, for messages.
    pub span: Span,
}

/// Levels of an indexed coefficient that scatter normally about their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// Standard deviation between levels, of the logarithm for a positive coefficient; estimated without one.
    pub sd: Option<f64>,
}

/// A normal prior on a coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prior {
    /// Normal on the coefficient itself.
    Normal {
        /// Centre.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Normal on its natural logarithm.
    LogNormal {
        /// Centre of the logarithm.
        mean_ln: f64,
        /// Standard deviation of the logarithm.
        sd_ln: f64,
    },
}

/// One step of a fit in several: these coefficients are fitted, those of the stages before are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Coefficients fitted in this stage.
    pub coefs: Vec<String>,
    /// Rows used, as an expression of columns; all without one.
    pub filter: Option<String>,
}

/// A named set of published coefficient values.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Short name, `paper` for the main one.
    pub name: String,
    /// Coefficient values in raw units.
    pub coefs: Vec<(String, f64)>,
    /// Published standard errors.
    pub errors: Vec<(String, f64)>,
    /// Published intervals.
    pub intervals: Vec<(String, (f64, f64))>,
    /// Level and kind of the intervals, in words: `90%, bootstrap`.
    pub level: String,
    /// Where these numbers come from.
    pub source: String,
    /// Bibliographic name, when it is not that of the law.
    pub key: String,
    /// How far these numbers can be trusted, when that is not the law's word.
    pub trust: String,
    /// What differs from the law's own conventions.
    pub conventions: Conventions,
    /// Anything that differs from the law's own note.
    pub note: String,
}

/// A value the law must give.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Name of the variant whose coefficients are used; empty when `coefs` gives them all.
    pub variant: String,
    /// Coefficient values.
    pub coefs: Vec<(String, f64)>,
    /// Input values by letter.
    pub at: Vec<(String, f64)>,
    /// Level of each index, for laws with indexed coefficients.
    pub levels: Vec<(String, String)>,
    /// Expected response.
    pub value: f64,
    /// Relative tolerance; 1e-12 unless the file says otherwise.
    pub tolerance: f64,
}

impl Check {
    /// Relative tolerance of a check that states none.
    pub const TOLERANCE: f64 = 1e-12;
}

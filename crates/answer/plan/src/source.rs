//! A law with numbers: a fit with its draws, or a published coefficient set.

use isoflop_base::{Diagnostic, Diagnostics, Note, Severity, closest};
use isoflop_fit::{Calibration, Fit, Fitted, Provenance, Range, fingerprint};
use isoflop_law::surface::{Jet, Surface};
use isoflop_law::{Law, VarRole};
use isoflop_numerics::dist;
use isoflop_numerics::random::Stream;

use super::convention::{Given, Role, roles};
use isoflop_predict::carried;
use isoflop_predict::variant::{no_variant, rounding_notes};

/// Inputs of a law that a plan can hold.
pub(super) const MOST_INPUTS: usize = 16;

/// Draws made from a covariance or from published errors.
const DRAWS: usize = 1000;

/// A law with coefficient values and their uncertainty: what a plan is made from.
#[derive(Clone, Debug)]
pub struct PlanLaw {
    /// How it is called in the answer.
    pub name: String,
    /// The law.
    pub law: Law,
    pub(super) surface: Surface,
    /// Coefficients of the surface at the best fit.
    pub(super) best: Vec<f64>,
    /// The same for every draw.
    pub(super) draws: Vec<Vec<f64>>,
    /// Where the uncertainty comes from, in words.
    pub(super) spread: String,
    pub(super) runs: Option<usize>,
    pub(super) ranges: Vec<Range>,
    pub(super) roles: Vec<Role>,
    pub(super) answers: Answers,
    pub(super) notes: Vec<Note>,
    pub(super) provenance: Option<Provenance>,
    /// What a backtest has taught about its extrapolations.
    pub(super) calibration: Option<Calibration>,
    /// How the rows were resampled; none where the draws are no resamples of rows.
    pub(super) resampled: Option<Resampled>,
}

/// How rows were resampled. Two fits that agree in it were resampled alike: an error that both share, row by row, is in
/// both draws of one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resampled {
    method: String,
    seed: u64,
    resamples: usize,
    /// Of the inputs of all rows: the same rows of two tables are one place of the grid.
    rows: u64,
}

/// What the response of a law is to a planner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// Loss (or another response to be made small) from size and data.
    Loss,
    /// Optimal params from compute.
    Params,
    /// Optimal tokens from compute.
    Tokens,
    /// Optimal tokens per parameter from compute.
    Ratio,
}

impl PlanLaw {
    /// The law of a fit, with its draws; a covariance gives normal draws.
    ///
    /// # Errors
    ///
    /// `bad-fit` when the law inside cannot be read; `cannot-plan` when the law is none that a plan can use;
    /// `missing-input` and `missing-level` for inputs and levels that nobody has given.
    pub fn of_fit(name: &str, fit: &Fit, given: &Given) -> Result<Self, Diagnostics> {
        let fitted = Fitted::new(fit)?;
        let coordinates = fitted.program().coordinates();
        let surface = Surface::compile(fitted.law(), &given.levels)?;
        let mut slots = Vec::new();
        for wanted in surface.coefs() {
            let Some(j) = coordinates.iter().position(|c| c.name == *wanted) else {
                return Err(unknown_level(
                    &fit.law.id,
                    wanted,
                    coordinates.iter().map(|c| c.name.as_str()),
                )
                .into());
            };
            slots.push(j);
        }
        let raw = |theta: &[f64]| -> Vec<f64> {
            slots
                .iter()
                .map(|j| coordinates[*j].coefficient(theta[*j]))
                .collect()
        };
        let joint = &fit.joint;
        let draws = fitted.draws(DRAWS, "plan-student");
        let spread = if !joint.draws.is_empty() {
            format!(
                "{} draws of the fit ({}), each optimised by itself",
                draws.len(),
                fit.uncertainty.method
            )
        } else if draws.is_empty() {
            "no intervals: the fit carries no uncertainty".to_owned()
        } else {
            format!(
                "{DRAWS} draws of Student's t from the covariance of the coefficients, each optimised by itself"
            )
        };
        let mut out = Self {
            name: name.to_owned(),
            best: raw(&joint.at),
            draws: draws.iter().map(|d| raw(d)).collect(),
            spread,
            runs: Some(fit.n),
            ranges: fit.ranges.clone(),
            roles: Vec::new(),
            answers: Answers::Loss,
            notes: carried::notes(fit, "plan"),
            provenance: Some(fit.provenance.clone()),
            calibration: fit.calibration.clone(),
            resampled: Resampled::of(fit),
            surface,
            law: fitted.into_law(),
        };
        out.find_roles(given)?;
        out.is_loss_of(fit)?;
        out.complete_ranges(fit);
        Ok(out)
    }

    /// A plan makes the response small. One that falls with neither size nor data at any run, such as an accuracy or a
    /// duration, is none to be made small by spending compute.
    fn is_loss_of(&self, fit: &Fit) -> Result<(), Diagnostic> {
        // Where compute is an input of its own, size and data at equal compute say nothing of its use.
        if self.answers != Answers::Loss || self.roles.contains(&Role::Flops) {
            return Ok(());
        }
        let inputs = self.law.vars.iter().filter(|v| v.role == VarRole::Input);
        let columns: Vec<Option<&Vec<f64>>> = inputs
            .map(|v| fit.points.inputs.iter().find(|(n, _)| *n == v.name))
            .map(|found| found.map(|(_, x)| x))
            .collect();
        let (mut rises, mut falls) = (false, false);
        let mut work = Vec::new();
        for row in 0..fit.points.response.len() {
            let at: Vec<Jet> = columns
                .iter()
                .zip(&self.roles)
                .map(|(x, role)| match (role, x) {
                    (Role::Params, Some(x)) => Jet::exp_x(x[row].ln()),
                    (Role::Tokens, Some(x)) => Jet::exp_y(x[row].ln()),
                    (Role::Unique(x) | Role::Held(x), _) => Jet::constant(*x),
                    (_, Some(x)) => Jet::constant(x[row]),
                    (_, None) => Jet::constant(f64::NAN),
                })
                .collect();
            let value = self.surface.at(&self.best, &at, &mut work);
            rises |= value.x > 0.0 || value.y > 0.0;
            falls |= value.x < 0.0 || value.y < 0.0;
        }
        if falls || !rises {
            return Ok(());
        }
        Err(not_a_loss(&self.law))
    }

    /// Adds the ranges of C = 6ND and D/N when size and data have names that the fit did not know them by.
    fn complete_ranges(&mut self, fit: &Fit) {
        let column = |role: Role| {
            let inputs = self.law.vars.iter().filter(|v| v.role == VarRole::Input);
            let (var, _) = inputs.zip(&self.roles).find(|(_, r)| **r == role)?;
            let points = &fit.points.inputs;
            points.iter().find(|(n, _)| *n == var.name).map(|(_, x)| x)
        };
        let (Some(params), Some(tokens)) = (column(Role::Params), column(Role::Tokens)) else {
            return;
        };
        let of = |name: &str, unit: &str, value: fn(f64, f64) -> f64| {
            let values = || params.iter().zip(tokens).map(|(n, d)| value(*n, *d));
            Range {
                name: name.to_owned(),
                column: String::new(),
                unit: unit.to_owned(),
                min: values().fold(f64::INFINITY, f64::min),
                max: values().fold(f64::NEG_INFINITY, f64::max),
                distinct: 0,
            }
        };
        let new = [
            of("C", "FLOP", |n, d| 6.0 * n * d),
            of("D/N", "tokens/param", |n, d| d / n),
        ];
        for range in new {
            if self.ranges.iter().all(|r| r.name != range.name) {
                self.ranges.push(range);
            }
        }
    }

    /// A published coefficient set: the first variant of the law without a name. Published standard errors give draws.
    ///
    /// # Errors
    ///
    /// `no-published-values` for a law without variants, `unknown-variant`; and as for [`Self::of_fit`].
    pub fn published(
        law: &Law,
        variant: Option<&str>,
        given: &Given,
        seed: u64,
    ) -> Result<Self, Diagnostics> {
        let chosen = match variant {
            Some(name) => law.variant(name),
            None => law.variants.first(),
        };
        let Some(chosen) = chosen else {
            return Err(no_variant(law, variant).into());
        };
        let surface = Surface::compile(law, &given.levels)?;
        let value = |from: &[(String, f64)], name: &str| {
            from.iter().find(|(n, _)| n == name).map(|(_, x)| *x)
        };
        let mut best = Vec::new();
        for name in surface.coefs() {
            let Some(x) = value(&chosen.coefs, name) else {
                return Err(unknown_level(
                    &law.id,
                    name,
                    chosen.coefs.iter().map(|(n, _)| n.as_str()),
                )
                .into());
            };
            best.push(x);
        }
        let errors: Vec<f64> = surface
            .coefs()
            .iter()
            .map(|name| value(&chosen.errors, name).unwrap_or(0.0))
            .collect();
        let (draws, spread) = published_draws(law, &surface, &best, &errors, seed);
        let mut notes = rounding_notes(law, chosen, variant.is_some());
        if !draws.is_empty() {
            notes.push(uncorrelated(&law.id));
        }
        let mut out = Self {
            name: if law.variants.len() > 1 || variant.is_some() {
                format!("{}:{}", law.id, chosen.name)
            } else {
                law.id.clone()
            },
            law: law
                .as_published(&chosen.name)
                .unwrap_or_else(|| law.clone()),
            best,
            draws,
            spread,
            runs: None,
            ranges: Vec::new(),
            roles: Vec::new(),
            answers: Answers::Loss,
            notes,
            provenance: None,
            calibration: None,
            resampled: None,
            surface,
        };
        out.find_roles(given)?;
        Ok(out)
    }

    /// Coefficient names with their best values.
    pub(super) fn coefs(&self) -> impl Iterator<Item = (&str, f64)> {
        let names = self.surface.coefs().iter().map(String::as_str);
        names.zip(self.best.iter().copied())
    }

    fn find_roles(&mut self, given: &Given) -> Result<(), Diagnostics> {
        self.roles = roles(&self.law, given)?;
        if self.roles.len() > MOST_INPUTS {
            let message = format!(
                "the law {} has {} inputs, a plan takes {MOST_INPUTS} at most",
                self.law.id,
                self.roles.len()
            );
            return Err(Diagnostic::error("cannot-plan", message).into());
        }
        let has = |role: fn(&Role) -> bool| self.roles.iter().any(role);
        let surface = has(|r| *r == Role::Params) && has(|r| *r == Role::Tokens);
        let compute = has(|r| *r == Role::Flops);
        let response = self.law.response();
        self.answers = match response.column.as_str() {
            "params" if compute => Answers::Params,
            "tokens" if compute => Answers::Tokens,
            "tokens_per_param" if compute => Answers::Ratio,
            _ if surface => Answers::Loss,
            _ => return Err(cannot_plan(&self.law).into()),
        };
        Ok(())
    }
}

impl Resampled {
    /// Of a fit whose draws resample rows. Draws of simulated noise are none: one seed would give the same noise to two
    /// tables that have errors of their own.
    fn of(fit: &Fit) -> Option<Self> {
        // A fit of very many runs does not keep them: whether it resampled those of another cannot be told.
        let runs = !fit.points.response.is_empty();
        let draws = runs && !fit.joint.draws.is_empty() && fit.uncertainty.method != "parametric";
        draws.then(|| {
            let columns = fit.points.inputs.iter();
            let values: Vec<f64> = columns.flat_map(|(_, x)| x.iter().copied()).collect();
            Self {
                method: fit.uncertainty.method.clone(),
                seed: fit.provenance.seed,
                resamples: fit.uncertainty.resamples,
                rows: fingerprint(&values, &[]),
            }
        })
    }
}

fn cannot_plan(law: &Law) -> Diagnostic {
    let inputs: Vec<String> = law
        .vars
        .iter()
        .filter(|v| v.role == VarRole::Input)
        .map(|v| format!("{} ({})", v.name, v.column))
        .collect();
    let message = format!(
        "a plan needs a law of params and tokens, or of optimal size by compute: {} gives {} from {}",
        law.id,
        law.response().column,
        inputs.join(", ")
    );
    Diagnostic::error("cannot-plan", message).help(
        "an input is known as params, tokens or flops by the column its variable names; `chinchilla` is such a law",
    )
}

fn not_a_loss(law: &Law) -> Diagnostic {
    let response = &law.response().column;
    let message = format!(
        "a plan makes the response of its law small, and {response} falls neither with params nor with tokens at any run: more \
         compute never lowers it"
    );
    Diagnostic::error("not-a-loss", message)
        .help("fit a loss, or the error of a score: --let 'error = 1 - accuracy'")
}

fn unknown_level<'a>(law: &str, wanted: &str, known: impl Iterator<Item = &'a str>) -> Diagnostic {
    let stem = wanted.split('[').next().unwrap_or(wanted);
    let own: Vec<&str> = known
        .filter(|n| n.split('[').next() == Some(stem))
        .collect();
    let d = Diagnostic::error(
        "unknown-level",
        format!("the law {law} has no value for `{wanted}`"),
    );
    let d = match closest(wanted, own.iter().copied()) {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => d,
    };
    d.help(format!("it knows {}", own.join(", ")))
}

/// Independent draws by published standard errors: of the logarithm for a coefficient that must be positive, so that
/// none is drawn below zero.
fn published_draws(
    law: &Law,
    surface: &Surface,
    best: &[f64],
    errors: &[f64],
    seed: u64,
) -> (Vec<Vec<f64>>, String) {
    if errors.iter().all(|e| *e == 0.0) {
        let words = "no intervals: nothing is published on the errors of these coefficients";
        return (Vec::new(), words.to_owned());
    }
    let positive: Vec<bool> = surface
        .coefs()
        .iter()
        .map(|name| {
            let plain = name.split('[').next().unwrap_or(name);
            law.coef(plain).is_some_and(|c| c.lower >= 0.0)
        })
        .collect();
    let purpose = format!(
        "plan-published {} {:016x}",
        law.id,
        fingerprint(best, errors)
    );
    let draws = (0..DRAWS as u64)
        .map(|b| {
            let mut stream = Stream::new(seed, &purpose, b);
            best.iter()
                .zip(errors)
                .zip(&positive)
                .map(|((x, error), positive)| {
                    let z = dist::normal_quantile(stream.open_unit());
                    if *positive && *x > 0.0 {
                        let sd = (error / x).powi(2).ln_1p().sqrt();
                        x * (sd * z).exp()
                    } else {
                        x + error * z
                    }
                })
                .collect()
        })
        .collect();
    let words =
        format!("{DRAWS} draws by the published standard errors, as if they were independent");
    (draws, words)
}

fn uncorrelated(id: &str) -> Note {
    Note {
        code: "uncorrelated-errors".to_owned(),
        severity: Severity::Warning,
        message: format!(
            "the published errors of {id} come without their correlations: scale and exponent move together in a fit, so \
             these intervals are far too wide"
        ),
        evidence: Vec::new(),
        advice: "fit the law to runs to have intervals that hold".to_owned(),
    }
}

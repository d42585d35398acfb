//! A fit that can be asked: its law is read and compiled once, and answers with values, draws of its coefficients and the
//! noise of a run.
//!
//! # Formula
//!
//! ```text
//! draws   those of the fit, or θ + √(ν/χ²ᵥ) Σⱼ √λⱼ zⱼ vⱼ    ν degrees of freedom, λⱼ eigenvalues and vⱼ eigenvectors of the
//!         covariance
//! noise   residual · √(n / (n − p))
//! ```
//!
//! χ²ᵥ is approximated from one normal number (Wilson, Hilferty 1931).

use std::borrow::Cow;

use isoflop_base::{Diagnostic, Diagnostics};
use isoflop_law::Law;
use isoflop_law::tape::{Bound, Coordinate, Levels, Output, Program};
use isoflop_numerics::dist;
use isoflop_numerics::linear::symmetric_eigen;
use isoflop_numerics::random::Stream;

use crate::{Fit, LawRecord, ResidualScale};

/// The cube root of a chi-squared number over its degrees of freedom is kept from zero, where the approximation ends.
const LEAST_ROOT: f64 = 0.05;

/// Quantiles that stand for the residuals of a fit that does not keep its runs.
const QUANTILES: u32 = 999;

impl LawRecord {
    /// The law, read from its text.
    ///
    /// # Errors
    ///
    /// The diagnostics of a law file that cannot be read.
    pub fn parse(&self) -> Result<Law, Diagnostics> {
        Law::from_toml(&self.id, "<fit>", &self.text)
    }
}

/// Inputs and index values of one row, all that the law asks for, by the law's letters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputRow {
    /// Inputs by letter.
    pub at: Vec<(String, f64)>,
    /// Index values by name.
    pub levels: Vec<(String, String)>,
}

impl InputRow {
    /// The value of an input.
    #[must_use]
    pub fn value(&self, letter: &str) -> Option<f64> {
        self.at.iter().find(|(n, _)| n == letter).map(|(_, v)| *v)
    }

    /// The label of an index, of several index variables joined with `,`.
    #[must_use]
    pub fn label(&self, index: &str) -> Option<String> {
        let own = |name| {
            let found = self.levels.iter().find(|(n, _)| n == name);
            found.map(|(_, label)| label.as_str())
        };
        let labels: Option<Vec<&str>> = index.split(',').map(own).collect();
        labels.map(|l| l.join(","))
    }
}

/// A fit with its law, read and compiled.
#[derive(Debug)]
pub struct Fitted<'a> {
    fit: &'a Fit,
    law: Law,
    levels: Levels,
    program: Program,
    logarithm: bool,
}

impl<'a> Fitted<'a> {
    /// Reads and compiles the law of a fit.
    ///
    /// # Errors
    ///
    /// `bad-fit` when the law does not match the coefficients, and the diagnostics of a law that cannot be read.
    pub fn new(fit: &'a Fit) -> Result<Self, Diagnostics> {
        let law = fit.law.parse()?;
        let levels = levels_of(fit, &law);
        let logarithm = fit.objective.scale == ResidualScale::Ln;
        let output = if logarithm {
            Output::LnResponse
        } else {
            Output::Response
        };
        let program = Program::compile(&law, &levels, output)?;
        if program.coordinates().len() != fit.joint.at.len() {
            let message = "the law inside the fit does not match its coefficients";
            return Err(Diagnostic::error("bad-fit", message).into());
        }
        Ok(Self {
            fit,
            law,
            levels,
            program,
            logarithm,
        })
    }

    /// The fit.
    #[must_use]
    pub fn fit(&self) -> &'a Fit {
        self.fit
    }

    /// Its law.
    #[must_use]
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// Its law, when the rest is done with.
    #[must_use]
    pub fn into_law(self) -> Law {
        self.law
    }

    /// Levels of every index.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// The compiled law: ln of the response where the residuals are those of logarithms, else the response.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether the program gives the logarithm of the response.
    #[must_use]
    pub fn is_logarithm(&self) -> bool {
        self.logarithm
    }

    /// The response of a value of the program.
    #[must_use]
    pub fn response(&self, value: f64) -> f64 {
        if self.logarithm { value.exp() } else { value }
    }

    /// The program over rows, to be evaluated for any coefficients.
    ///
    /// An input that a row lacks is not a number there, a level that the fit does not know is its first.
    #[must_use]
    pub fn bind(&self, rows: &[InputRow]) -> Bound<'_> {
        let column = |letter: &String| -> Vec<f64> {
            let value = |r: &InputRow| r.value(letter).unwrap_or(f64::NAN);
            rows.iter().map(value).collect()
        };
        let columns: Vec<Vec<f64>> = self.program.vars().iter().map(column).collect();
        let views: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        self.program.bind(rows.len(), &views, &self.codes(rows))
    }

    /// The fitted response at rows.
    #[must_use]
    pub fn values(&self, rows: &[InputRow]) -> Vec<f64> {
        let values = self.evaluate(rows, &self.fit.joint.at);
        values.into_iter().map(|x| self.response(x)).collect()
    }

    /// Values of the program at rows, for coordinates of a draw.
    #[must_use]
    pub fn evaluate(&self, rows: &[InputRow], coordinates: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; rows.len()];
        let mut workspace = self.program.workspace();
        self.bind(rows)
            .evaluate(&mut workspace, coordinates, &mut out);
        out
    }

    /// Draws of the coordinates: the resamples of the fit where it has them, all of them and in their order, else `n` draws of
    /// Student's t from its covariance; none without uncertainty.
    ///
    /// Draws from a covariance are keyed by purpose and fit: two fits drawn from one stream would move together, and what they
    /// differ in would seem certain.
    #[must_use]
    pub fn draws(&self, n: usize, purpose: &str) -> Cow<'a, [Vec<f64>]> {
        let joint = &self.fit.joint;
        if !joint.draws.is_empty() {
            return Cow::Borrowed(joint.draws.as_slice());
        }
        let covariance = joint.covariance.concat();
        if covariance.is_empty() || covariance.len() != joint.at.len().pow(2) {
            return Cow::Owned(Vec::new());
        }
        let purpose = format!("{purpose} {:016x}", fingerprint(&joint.at, &covariance));
        let source = Student {
            at: &joint.at,
            covariance: &covariance,
            df: self.freedom(),
        };
        Cow::Owned(source.draws(n, self.fit.provenance.seed, &purpose))
    }

    /// Degrees of freedom of the covariance, by whose quantiles of Student's t intervals are made.
    #[must_use]
    pub fn freedom(&self) -> f64 {
        self.fit.joint.freedom(self.fit.n)
    }

    /// Residual degrees of freedom, n − p, at least one.
    fn residual_freedom(&self) -> f64 {
        (self.fit.n as f64 - self.fit.joint.at.len() as f64).max(1.0)
    }

    /// Residuals on the scale of the program, widened for the coefficients that were fitted to them: a sample of the noise of a
    /// run, the same at every row.
    #[must_use]
    pub fn noise(&self) -> Vec<f64> {
        let widen = (self.fit.n as f64 / self.residual_freedom()).sqrt();
        let points = &self.fit.points;
        if points.residual.is_empty() {
            // The runs were too many to keep: a normal grid of the same spread.
            let share = |k: u32| (f64::from(k) + 1.0) / f64::from(QUANTILES + 1);
            let sd = widen * self.fit.residuals.rms;
            return (0..QUANTILES)
                .map(|k| sd * dist::normal_quantile(share(k)))
                .collect();
        }
        if self.residuals_are_of_program() {
            return points.residual.iter().map(|r| r * widen).collect();
        }
        let pairs = points.response.iter().zip(&points.fitted);
        pairs.map(|(y, f)| (y - f) * widen).collect()
    }

    /// Variance of the noise on the scale of the program.
    #[must_use]
    pub fn noise_variance(&self) -> f64 {
        let points = &self.fit.points;
        if self.residuals_are_of_program() || points.fitted.is_empty() {
            return self.fit.residuals.rms.powi(2) * self.fit.n as f64 / self.residual_freedom();
        }
        let pairs = points.response.iter().zip(&points.fitted);
        let squares: f64 = pairs.map(|(y, f)| (y - f) * (y - f)).sum();
        squares / self.residual_freedom()
    }

    /// Whether residuals of the objective are on the scale of the program: a fit on its left side as written has others.
    fn residuals_are_of_program(&self) -> bool {
        self.logarithm || self.fit.objective.scale == ResidualScale::Raw
    }

    fn codes(&self, rows: &[InputRow]) -> Vec<Vec<u32>> {
        let groups = self.program.groups().iter();
        groups
            .map(|group| {
                let own = self.levels.iter().find(|(k, _)| *k == group.index);
                let names = own.map_or(&[][..], |(_, n)| n.as_slice());
                let code = |row: &InputRow| {
                    let label = row.label(&group.index)?;
                    names.iter().position(|n| *n == label)
                };
                rows.iter().map(|r| code(r).unwrap_or(0) as u32).collect()
            })
            .collect()
    }
}

/// The coordinates that the law of a fit is solved in, whether or not the fit has a value for each.
///
/// # Errors
///
/// The diagnostics of a law that does not compile.
pub fn coordinates_of(fit: &Fit, law: &Law) -> Result<Vec<Coordinate>, Diagnostics> {
    let program = Program::compile(law, &levels_of(fit, law), Output::Response)?;
    Ok(program.coordinates().to_vec())
}

/// Levels of every index, from the names of the fitted coefficients (`E[c4]`).
fn levels_of(fit: &Fit, law: &Law) -> Levels {
    let mut levels: Levels = Vec::new();
    for coef in law.coefs.iter().filter(|c| !c.index.is_empty()) {
        let key = coef.index.join(",");
        let own = coef.fixed.is_none() && coef.tie.is_none();
        if !own || levels.iter().any(|(k, _)| *k == key) {
            continue;
        }
        let prefix = format!("{}[", coef.name);
        let label = |(name, _): &(String, _)| {
            let inner = name.strip_prefix(&prefix)?.strip_suffix(']')?;
            Some(inner.to_owned())
        };
        levels.push((key, fit.coefs.iter().filter_map(label).collect()));
    }
    levels
}

/// FNV-1a of numbers: tells the streams of two fits apart, and gives the same fit the same draws wherever it is used.
#[must_use]
pub fn fingerprint(first: &[f64], second: &[f64]) -> u64 {
    let bytes = first
        .iter()
        .chain(second)
        .flat_map(|x| x.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Student's t around an optimum.
struct Student<'a> {
    at: &'a [f64],
    covariance: &'a [f64],
    df: f64,
}

impl Student<'_> {
    fn draws(&self, n: usize, seed: u64, purpose: &str) -> Vec<Vec<f64>> {
        let axes = symmetric_eigen(self.covariance, self.at.len());
        (0..n as u64)
            .map(|b| {
                let mut stream = Stream::new(seed, purpose, b);
                let mut normal = || dist::normal_quantile(stream.open_unit());
                let share = 2.0 / (9.0 * self.df);
                let root = 1.0 - share + share.sqrt() * normal();
                let chi = root.max(LEAST_ROOT).powi(3);
                let mut draw = self.at.to_vec();
                for (variance, axis) in &axes {
                    // Rounding may leave a direction without variance slightly below zero.
                    let length = (variance.max(0.0) / chi).sqrt() * normal();
                    for (x, part) in draw.iter_mut().zip(axis) {
                        *x += length * part;
                    }
                }
                draw
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn student(at: &[f64], covariance: &[f64], df: f64) -> Vec<Vec<f64>> {
        let source = Student { at, covariance, df };
        source.draws(1000, 5, "plan-student 0000000000000000")
    }

    #[test]
    fn draws_have_the_covariance_they_are_made_from() {
        let draws = student(&[1.0, -1.0], &[4.0, 2.0, 2.0, 3.0], 1e6);
        let mean =
            |pick: &dyn Fn(&[f64]) -> f64| draws.iter().map(|d| pick(d)).sum::<f64>() / 1000.0;
        let (x, y) = (mean(&|d| d[0]), mean(&|d| d[1]));
        // A thousand draws: standard errors of 0.06 for a mean, 0.2 for a variance.
        assert!((x - 1.0).abs() < 0.2 && (y + 1.0).abs() < 0.2, "{x} {y}");
        let both = mean(&|d| (d[0] - x) * (d[1] - y));
        let square = mean(&|d| (d[0] - x).powi(2));
        assert!(
            (both - 2.0).abs() < 0.6 && (square - 4.0).abs() < 0.6,
            "{both} {square}"
        );
        // With few degrees of freedom the tails are heavy.
        let heavy = student(&[0.0], &[1.0], 3.0);
        let far = heavy.iter().filter(|d| d[0].abs() > 3.0).count();
        // P(|t₃| > 3) = 5.8 %, of a normal number 0.3 %.
        assert!((35..=80).contains(&far), "{far}");
    }
}

//! Do the residuals have a structure that the law misses?
//!
//! # What it checks
//!
//! Along ln N, ln D, ln C and ln D/N: the share of the residuals' variance that a quadratic explains, the correlation of
//! neighbours, and whether their size changes. Residuals beyond three robust standard deviations are pulled in first.
//!
//! # Why it matters
//!
//! A bend that the law does not have is small inside the runs and grows beyond them. Noise that shrinks with scale makes
//! one size of interval wrong at both ends.
//!
//! # What to do
//!
//! Plot residuals against that axis. Fit a law with the missing term, leave the smallest runs out, or fit the sizes of
//! interest; for uneven noise use `--uncertainty wild:1000` or weights.
//!
//! # Source
//!
//! Cook, Weisberg 1982, Residuals and Influence in Regression; Choshen, Zhang, Andreas 2024, arXiv:2410.11840 (early
//! checkpoints bend the fit).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::stats::{neighbour_correlation, pulled_in, quadratic_share, rank_correlation};
use crate::audit::subject::Subject;
use isoflop_base::Severity;

pub(super) const RULE: Rule = Rule {
    name: "residuals",
    question: "Do the residuals have a structure that the law misses?",
    source: "Cook, Weisberg 1982; arXiv:2410.11840",
    look,
};

/// Fewer runs show no structure.
const ENOUGH: usize = 20;
/// Share of the variance along one axis that is a trend.
const TREND: f64 = 0.15;
/// The same, grave.
const STRONG_TREND: f64 = 0.3;
/// Correlation of neighbours that is told.
const NEIGHBOURS: f64 = 0.35;
/// Rank correlation of the size of residuals with an axis that is told.
const UNEVEN: f64 = 0.4;
/// Standard errors that chance hardly gives on the dozen looks taken here.
const CHANCE: f64 = 4.0;

fn look(subject: &Subject<'_>) -> Verdict {
    if subject.fit.is_none() {
        return Verdict::CannotTell("there is no fit".to_owned());
    }
    let n = subject.runs.residuals.len();
    if n < ENOUGH {
        return Verdict::CannotTell(format!("{n} residuals show no structure: {ENOUGH} do"));
    }
    let axes = subject.runs.axes();
    if axes.is_empty() {
        return Verdict::DoesNotApply("the runs have neither size, tokens nor compute".to_owned());
    }
    let residuals = pulled_in(&subject.runs.residuals);
    let sizes: Vec<f64> = subject.runs.residuals.iter().map(|r| r.abs()).collect();
    let root = (n as f64).sqrt();
    let strongest = |measure: &dyn Fn(&[f64]) -> f64| {
        axes.iter()
            .map(|(name, x)| (*name, measure(x)))
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .unwrap_or(("", 0.0))
    };
    let mut found = Vec::new();
    let (axis, share) = strongest(&|x| quadratic_share(x, &residuals).unwrap_or(0.0));
    // A quadratic explains 2/n of pure noise, with a spread as large.
    if share > TREND && share * n as f64 > CHANCE * CHANCE {
        let severity = if share > STRONG_TREND {
            Severity::Warning
        } else {
            Severity::Info
        };
        found.push(
            Found::new(
                "residual-trend",
                severity,
                format!(
                    "the residuals bend along {axis}: a quadratic in ln {axis} explains {:.0}% of their variance",
                    100.0 * share
                ),
            )
            .text("axis", axis)
            .number("share", share)
            .advice("plot the residuals against it (isoflop fit … --plot); a law with a term for it extrapolates differently"),
        );
    }
    let (axis, rho) = strongest(&|x| neighbour_correlation(x, &residuals));
    if rho > NEIGHBOURS && rho * root > CHANCE {
        found.push(
            Found::info(
                "dependent-residuals",
                format!("residuals of neighbours along {axis} resemble each other (correlation {rho:.2}): the runs carry less information than their number says"),
            )
            .text("axis", axis)
            .number("correlation", rho)
            .advice("resample by what neighbours share (--uncertainty cluster:COLUMN:1000): plain intervals are too short"),
        );
    }
    let (axis, rho) = strongest(&|x| rank_correlation(x, &sizes));
    if rho.abs() > UNEVEN && rho.abs() * root > CHANCE {
        let grows = if rho > 0.0 { "grow" } else { "shrink" };
        found.push(
            Found::info(
                "uneven-noise",
                format!("the residuals {grows} with {axis} (rank correlation of their size {rho:.2}): one noise for all runs is wrong at both ends"),
            )
            .text("axis", axis)
            .number("rank_correlation", rho)
            .advice("use --uncertainty wild:1000 or weights"),
        );
    }
    Verdict::of(found, || {
        let names: Vec<&str> = axes.iter().map(|(name, _)| *name).collect();
        format!(
            "along {} a quadratic explains at most {:.0}% of the residuals' variance",
            names.join(", "),
            100.0 * strongest(&|x| quadratic_share(x, &residuals).unwrap_or(0.0)).1
        )
    })
}

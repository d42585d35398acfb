//! Do the residuals have a structure that the law misses?
//!
//! # What it checks
//!
//! Along the inputs of the law, and ln N and ln D where they are known: an F test of a quadratic surface that is added to
//! the law (all directions at once, so that looking along many axes makes no false alarms), a permutation test of a
//! variance that follows the same axes, and the correlation of neighbours. Residuals beyond two robust standard deviations
//! are pulled in for the first. The tests err in one and in two of a hundred tables that the law describes.
//!
//! # Why it matters
//!
//! A bend that the law does not have is small inside the runs and grows beyond them. Noise that shrinks with scale makes
//! one size of interval wrong at both ends.
//!
//! # What to do
//!
//! Plot residuals against that axis. Fit a law with the missing term, leave the smallest runs out, or fit the sizes of
//! interest. For uneven noise take intervals from resampled rows (`--uncertainty bootstrap:1000`), or weights.
//!
//! # Source
//!
//! Hampel, Ronchetti, Rousseeuw, Stahel 1986, chapter 7 (score tests); Harvey 1976 (variance that follows columns);
//! Choshen, Zhang, Andreas 2024, arXiv:2410.11840 (early checkpoints bend the fit).

use super::Rule;
use crate::audit::finding::{Found, Verdict};
use crate::audit::stats::{neighbour_correlation, rank_correlation};
use crate::audit::subject::{Axis, Subject};
use crate::audit::yardstick::{Yardstick, dot};
use isoflop_base::Severity;

pub(super) const RULE: Rule = Rule {
    name: "residuals",
    question: "Do the residuals have a structure that the law misses?",
    source: "Hampel et al. 1986; Harvey 1976; arXiv:2410.11840",
    look,
};

/// Degrees of freedom below which no structure shows.
const ENOUGH: usize = 8;
/// Probability with which chance alone is taken for a structure.
const CHANCE: f64 = 0.01;
/// The same for noise that follows an axis, by permutation.
pub(super) const UNEVEN: f64 = 0.02;
/// Share of the residuals' variance, chance taken off, from which a trend is grave.
const GRAVE: f64 = 0.15;
/// Inputs whose products are part of a quadratic surface.
const CROSSED: usize = 3;
/// Correlation of neighbours that is told.
const NEIGHBOURS: f64 = 0.35;
/// Its standard errors that chance hardly gives.
const NEIGHBOURS_CHANCE: f64 = 4.0;
/// Methods whose intervals allow for noise that differs from run to run.
const ALLOWS_UNEVEN: [&str; 5] = ["bootstrap", "bca", "cluster", "sandwich", "wild"];

fn look(subject: &Subject<'_>) -> Verdict {
    let Some(yardstick) = subject.yardstick() else {
        return Verdict::CannotTell(super::NO_YARDSTICK.to_owned());
    };
    if yardstick.exact {
        return Verdict::Clear(super::EXACT.to_owned());
    }
    if yardstick.freedom() < ENOUGH {
        return Verdict::CannotTell(format!(
            "{} degrees of freedom show no structure: {ENOUGH} do",
            yardstick.freedom()
        ));
    }
    let axes = subject.axes();
    if axes.is_empty() {
        return Verdict::DoesNotApply("the law has no input that takes several values".to_owned());
    }
    let found = [
        trend(yardstick, &axes),
        neighbours(subject, yardstick, &axes),
        uneven(subject, yardstick, &axes),
    ];
    Verdict::of(found.into_iter().flatten().collect(), || {
        let names: Vec<&str> = axes.iter().map(|a| a.name.as_str()).collect();
        let said = yardstick.added(&surface(&axes)).map_or_else(
            || "a quadratic surface is no freer than the law".to_owned(),
            |a| {
                format!(
                    "a quadratic surface explains {:.0}% of the residuals' variance, which chance does with probability {:.2}",
                    100.0 * a.share,
                    a.p_value
                )
            },
        );
        format!("along {}: {said}", names.join(", "))
    })
}

/// Columns of a quadratic surface.
fn surface(axes: &[Axis]) -> Vec<Vec<f64>> {
    let own: Vec<&Axis> = axes.iter().filter(|a| a.own).collect();
    let times = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<f64>>();
    let mut columns = vec![vec![1.0; own.first().map_or(0, |a| a.at.len())]];
    columns.extend(own.iter().map(|a| a.at.clone()));
    for (i, a) in own.iter().enumerate() {
        // Products of many inputs would be more columns than runs.
        let with = if own.len() <= CROSSED {
            own.len()
        } else {
            i + 1
        };
        columns.extend(own[i..with].iter().map(|b| times(&a.at, &b.at)));
    }
    // Along one axis the law itself often is a curve of three coefficients.
    if let [a] = own.as_slice() {
        columns.push(times(&times(&a.at, &a.at), &a.at));
    }
    columns
}

fn trend(yardstick: &Yardstick, axes: &[Axis]) -> Option<Found> {
    let all = yardstick.added(&surface(axes))?;
    if all.p_value > CHANCE {
        return None;
    }
    let along = |a: &Axis| {
        let square: Vec<f64> = a.at.iter().map(|x| x * x).collect();
        let found = yardstick.added(&[a.at.clone(), square]);
        found.map_or(0.0, |f| f.share)
    };
    let (axis, share) = axes
        .iter()
        .map(|a| (a.name.as_str(), along(a)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let severity = if all.adjusted > GRAVE {
        Severity::Warning
    } else {
        Severity::Info
    };
    let found = Found::new(
        "residual-trend",
        severity,
        format!(
            "the residuals have a trend: a quadratic surface explains {:.0}% of their variance (p = {:.0e}), along {axis} alone {:.0}%",
            100.0 * all.share,
            all.p_value,
            100.0 * share
        ),
    );
    Some(
        found
            .text("axis", axis)
            .number("share", all.share)
            .number("share_along_axis", share)
            .number("p_value", all.p_value)
            .advice("plot the residuals against it (isoflop fit … --plot); a law with a term for it extrapolates differently"),
    )
}

fn neighbours(subject: &Subject<'_>, yardstick: &Yardstick, axes: &[Axis]) -> Option<Found> {
    let scores = yardstick.scores();
    let (axis, rho) = axes
        .iter()
        .map(|a| (a.name.as_str(), neighbour_correlation(&a.at, scores)))
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let grave = rho > NEIGHBOURS && rho * (scores.len() as f64).sqrt() > NEIGHBOURS_CHANCE;
    // Repeats of a setting resemble each other; where they are one group of the intervals, those are long enough.
    let counted = subject.says("dependent-runs");
    let advice = if counted {
        "the intervals count groups of rows already: see what they were grouped by"
    } else {
        "resample by what neighbours share (--uncertainty cluster:COLUMN:1000): plain intervals are too short"
    };
    grave.then(|| {
        Found::info(
            "dependent-residuals",
            format!("residuals of neighbours along {axis} resemble each other (correlation {rho:.2}): the runs carry less information than their number says"),
        )
        .text("axis", axis)
        .number("correlation", rho)
        .advice(advice)
    })
}

fn uneven(subject: &Subject<'_>, yardstick: &Yardstick, axes: &[Axis]) -> Option<Found> {
    let sizes: Vec<f64> = yardstick.standardised().iter().map(|r| r.abs()).collect();
    let p_value = subject.uneven()?.p_value;
    if p_value > UNEVEN {
        return None;
    }
    let (axis, rho) = axes
        .iter()
        .map(|a| (a, rank_correlation(&a.at, &sizes)))
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    let ratio = ratio_of_ends(&axis.at, &sizes);
    let (grows, end) = if rho > 0.0 {
        ("grows", "upper")
    } else {
        ("shrinks", "lower")
    };
    let method = subject.fit.map_or("", |f| f.uncertainty.method.as_str());
    let allowed = ALLOWS_UNEVEN.contains(&method);
    let (severity, advice) = if allowed {
        (
            Severity::Info,
            "the intervals allow for it; weights (--weights, one over the variance) would make better use of the runs with little noise",
        )
    } else {
        (
            Severity::Warning,
            "these intervals take the noise for even: resample rows, --uncertainty bootstrap:1000",
        )
    };
    let found = Found::new(
        "uneven-noise",
        severity,
        format!(
            "the noise {grows} with {} (rank correlation of the residuals' size {rho:.2}, p = {p_value:.0e}): about {ratio:.1} times as large at the {end} end",
            axis.name
        ),
    );
    Some(
        found
            .text("axis", &axis.name)
            .number("rank_correlation", rho)
            .number("p_value", p_value)
            .number("ratio_of_ends", ratio)
            .advice(advice),
    )
}

/// The ratio of the noise at the ends of an axis, at least one: exp of the slope of ln |r|, which the mean of ln |r|
/// of normal noise does not move, over the range.
fn ratio_of_ends(x: &[f64], sizes: &[f64]) -> f64 {
    let logs: Vec<f64> = sizes.iter().map(|s| s.max(0.05).ln()).collect();
    let centre = logs.iter().sum::<f64>() / logs.len() as f64;
    let centred: Vec<f64> = logs.iter().map(|l| l - centre).collect();
    let slope = dot(x, &centred) / dot(x, x);
    let low = x.iter().copied().fold(f64::INFINITY, f64::min);
    let high = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (slope.abs() * (high - low)).exp()
}

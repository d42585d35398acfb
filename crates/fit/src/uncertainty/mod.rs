//! Standard errors and intervals: from the curvature at the optimum, or by solving resamples.

mod bca;
mod bootstrap;
mod caution;
mod curvature;
mod plane;
mod profile;
mod robust;

use crate::certificate::Peak;
use crate::dependence::{ENOUGH_GROUPS, Groups};
use crate::engine::Solved;
use crate::options::{PenaltyKind, Uncertainty};
use crate::result::{Joint, Status, UncertaintyRecord};
use crate::solve::Aim;
use crate::target::Target;
use isoflop_base::{Estimate, Interval, Note};
use isoflop_numerics::dist;
use isoflop_numerics::penalty::Penalty;

/// What is known about the coefficients together.
pub(crate) struct Spread {
    pub estimates: Vec<(String, Estimate)>,
    pub record: UncertaintyRecord,
    pub joint: Joint,
    pub notes: Vec<Note>,
}

/// By the method that was asked for. Where none was, a fit that has not converged gets none: its resamples would take
/// long and end anywhere.
pub(crate) fn spread<'a>(solved: &'a Solved<'a>, peak: &Peak, status: Status) -> Spread {
    let at = optimum(solved);
    if status == Status::NotConverged && solved.options.uncertainty == Uncertainty::Default {
        return none(solved, &at, "none was computed: the fit has not converged");
    }
    if is_exact(solved) && solved.options.uncertainty != Uncertainty::None {
        return none(
            solved,
            &at,
            "the law passes through all runs to rounding: no noise to make intervals from",
        );
    }
    let default = default(solved, peak);
    let method = match &solved.options.uncertainty {
        Uncertainty::Default => &default,
        asked => asked,
    };
    let mut spread = match method {
        Uncertainty::None | Uncertainty::Default => {
            return none(solved, &at, "no uncertainty was asked for");
        }
        Uncertainty::Covariance => curvature::spread(solved, peak, &at, false),
        Uncertainty::Sandwich => curvature::spread(solved, peak, &at, true),
        Uncertainty::Profile => profile::spread(solved, peak, &at),
        _ => bootstrap::spread(solved, peak, &at, method),
    };
    if method == &default && needs_draws(solved, &spread) {
        follow_the_law(solved, peak, &mut spread);
    }
    vanished_ends(solved, &mut spread);
    let p = solved.frame.bound.program().coordinates().len();
    let groups = solved.groups.as_ref();
    let named = matches!(method, Uncertainty::Cluster { .. });
    spread.notes.extend(
        groups
            .filter(|_| !named)
            .map(|g| g.note(solved.binding.n, p)),
    );
    spread.record.caution = caution::caution(solved, peak, method);
    spread
}

/// A positive coefficient that vanishes in some resamples ends wherever the search saw no more of it: that end is zero.
fn vanished_ends(solved: &Solved<'_>, spread: &mut Spread) {
    let mut sizes: Vec<f64> = solved.binding.response.iter().map(|y| y.abs()).collect();
    let nothing = VANISHED_SHARE * dist::median_in_place(&mut sizes);
    let coordinates = solved.frame.bound.program().coordinates();
    for (c, (_, estimate)) in coordinates.iter().zip(&mut spread.estimates) {
        let open = c.log && c.lower == f64::NEG_INFINITY;
        let Some(interval) = estimate.interval.as_mut().filter(|_| open) else {
            continue;
        };
        if interval.lower < nothing && interval.lower < VANISHED_SHARE * interval.upper {
            interval.lower = 0.0;
        }
    }
}

/// A share of the typical response, and of the upper end, below which a lower end is zero.
const VANISHED_SHARE: f64 = 1e-9;

/// What is recommended: the covariance where the penalty has a likelihood, resamples for the others, whose residuals
/// need not follow any distribution; whole groups where runs hang together, or the corrected covariance of their scores
/// where there are too few groups to resample. Of a coefficient on its bound nearly all resamples stay there, and their
/// percentiles are a point (Andrews 2000, Econometrica 68:399): its profile leaves the bound.
fn default(solved: &Solved<'_>, peak: &Peak) -> Uncertainty {
    let likelihood = matches!(
        solved.objective.penalty,
        PenaltyKind::Squared | PenaltyKind::Student { .. } | PenaltyKind::Binomial { .. }
    );
    let few = |groups: &Groups| groups.count < ENOUGH_GROUPS;
    let absolute = matches!(solved.aim, Aim::Absolute(_));
    if likelihood || (!absolute && solved.groups.as_ref().is_some_and(few)) {
        return Uncertainty::Covariance;
    }
    let p = solved.frame.bound.program().coordinates().len();
    let curved = caution::straight(solved, &Uncertainty::Profile).is_none();
    let few = solved.frame.pools.is_empty() && p <= PROFILED;
    if curved && few && solved.groups.is_none() && !on_bound(solved, peak).is_empty() {
        return Uncertainty::Profile;
    }
    Uncertainty::Bootstrap { resamples: 1000 }
}

/// Coefficients of which the default computes profiles.
const PROFILED: usize = 12;

/// Groups too few to resample have a covariance, and the default gives draws that follow the law from it.
fn needs_draws(solved: &Solved<'_>, spread: &Spread) -> bool {
    solved.groups.is_some() && spread.joint.draws.is_empty() && !spread.joint.covariance.is_empty()
}

/// Coordinates on a bound, positive coefficients that ran to zero among them.
pub(crate) fn on_bound(solved: &Solved<'_>, peak: &Peak) -> Vec<usize> {
    let p = solved.frame.bound.program().coordinates().len();
    let hit = crate::certificate::bounds_hit(solved, &solved.ends[0], peak);
    hit.into_iter().filter(|j| *j < p).collect()
}

/// Draws of a covariance, and intervals from them.
fn follow_the_law(solved: &Solved<'_>, peak: &Peak, spread: &mut Spread) {
    let coordinates = solved.frame.bound.program().coordinates();
    let p = coordinates.len();
    let df = solved.binding.n.saturating_sub(peak.dim).max(1) as f64;
    let inner = solved
        .frame
        .centre
        .inverse_covariance(&spread.joint.covariance.concat(), p);
    spread.joint.draws = plane::draws(solved, peak, &inner, df);
    for (j, (_, estimate)) in spread.estimates.iter_mut().enumerate() {
        let sample: Vec<f64> = spread
            .joint
            .draws
            .iter()
            .map(|d| coordinates[j].coefficient(d[j]))
            .collect();
        if estimate.interval.is_some() {
            estimate.interval = Some(percentile(&sample, solved.options.level).1);
        }
    }
    spread.record.meaning = format!(
        "{}; intervals and predictions from {} draws of it that follow the law",
        spread
            .record
            .meaning
            .split("; intervals of positive")
            .next()
            .unwrap_or_default(),
        plane::DRAWS
    );
}

/// Whether every residual is the rounding of an exact fit: such runs say nothing of noise.
pub(crate) fn is_exact(solved: &Solved<'_>) -> bool {
    // Trials have the noise of their law, also where their shares are met.
    if solved.aim == Aim::Penalty(Penalty::Binomial) {
        return false;
    }
    let p = solved.frame.bound.program().coordinates().len();
    let weights = solved.binding.weights();
    let mut target = Target::new(solved.frame, weights, Penalty::Squared, 0.0);
    let residuals = target.residuals(&solved.ends[0].outcome.x[..p]);
    let rounding = EXACT_RESIDUAL * solved.frame.floor;
    residuals.iter().all(|r| r.abs() <= rounding)
}

/// Residuals of so many rounding errors of the largest response are none. NIST's Lanczos1 has certified errors from
/// residuals a hundred times as large.
const EXACT_RESIDUAL: f64 = 10.0;

/// The optimum in the law's coordinates.
pub(crate) fn optimum(solved: &Solved<'_>) -> Vec<f64> {
    let p = solved.frame.bound.program().coordinates().len();
    let mut theta = vec![0.0; p];
    solved
        .frame
        .centre
        .to_law(&solved.ends[0].outcome.x[..p], &mut theta);
    theta
}

fn joint(solved: &Solved<'_>, at: &[f64]) -> Joint {
    Joint {
        coordinates: solved
            .frame
            .bound
            .program()
            .coordinates()
            .iter()
            .map(|c| c.label.clone())
            .collect(),
        at: at.to_vec(),
        covariance: Vec::new(),
        draws: Vec::new(),
    }
}

fn record(
    solved: &Solved<'_>,
    method: &str,
    resamples: usize,
    certified: usize,
    meaning: String,
) -> UncertaintyRecord {
    UncertaintyRecord {
        method: method.to_owned(),
        level: solved.options.level,
        resamples,
        certified,
        meaning,
        caution: None,
    }
}

fn none(solved: &Solved<'_>, at: &[f64], meaning: &str) -> Spread {
    let coordinates = solved.frame.bound.program().coordinates();
    let estimates = coordinates
        .iter()
        .zip(at)
        .map(|(c, t)| {
            let unit = solved.law.coefs[c.coef].unit.clone();
            (
                c.name.clone(),
                Estimate {
                    value: c.coefficient(*t),
                    se: None,
                    unit,
                    interval: None,
                },
            )
        })
        .collect();
    let record = record(solved, "none", 0, 0, meaning.to_owned());
    Spread {
        estimates,
        record,
        joint: joint(solved, at),
        notes: Vec::new(),
    }
}

/// Percentile interval of a sample, and its standard deviation.
pub(crate) fn percentile(sample: &[f64], level: f64) -> (f64, Interval) {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let variance = sorted.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    let tail = 0.5 * (1.0 - level);
    let interval = Interval {
        level,
        lower: dist::sorted_quantile(&sorted, tail),
        upper: dist::sorted_quantile(&sorted, 1.0 - tail),
    };
    (variance.sqrt(), interval)
}

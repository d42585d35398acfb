//! Standard errors and intervals: from the curvature at the optimum, or by solving resamples.

mod bca;
mod bootstrap;
mod caution;
mod curvature;
mod modes;
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
    let unasked = solved.options.uncertainty == Uncertainty::Default;
    let default = default(solved, peak);
    let method = match &solved.options.uncertainty {
        Uncertainty::Default => &default,
        asked => asked,
    };
    let mut spread = match method {
        Uncertainty::None | Uncertainty::Default => {
            return none(solved, &at, "no uncertainty was asked for");
        }
        Uncertainty::Covariance | Uncertainty::Sandwich | Uncertainty::Profile => {
            let by = |solved: &Solved<'_>, peak: &Peak, at: &[f64]| {
                let mut spread = by_curvature(solved, peak, at, method);
                if unasked && needs_draws(solved, &spread) {
                    follow_the_law(solved, peak, &mut spread);
                }
                off_the_bound(solved, peak, at, method, &mut spread);
                spread
            };
            let mut spread = by(solved, peak, &at);
            modes::reach_over(solved, peak, &mut spread, by);
            spread
        }
        _ => {
            let mut spread = bootstrap::spread(solved, peak, &at, method);
            off_the_bound(solved, peak, &at, method, &mut spread);
            spread
        }
    };
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

/// A coefficient on its bound has no curvature, and nearly all resamples stay there: its interval is that of its profile,
/// which leaves the bound.
fn off_the_bound(
    solved: &Solved<'_>,
    peak: &Peak,
    at: &[f64],
    method: &Uncertainty,
    spread: &mut Spread,
) {
    let curved = matches!(method, Uncertainty::Covariance | Uncertainty::Sandwich);
    let known = *method == Uncertainty::Profile || matches!(solved.aim, Aim::Absolute(_));
    let held = on_bound(solved, peak);
    if known || held.is_empty() || at.len() > PROFILED || !solved.frame.pools.is_empty() {
        return;
    }
    let mut names = Vec::new();
    for j in held {
        let (name, estimate) = &mut spread.estimates[j];
        let own = estimate.interval.filter(|_| !curved);
        if own.is_none() && !curved {
            continue;
        }
        let mut interval = profile::ends(solved, peak, at, j);
        if let Some(own) = own {
            interval.lower = interval.lower.min(own.lower);
            interval.upper = interval.upper.max(own.upper);
        }
        estimate.interval = Some(interval);
        if curved {
            estimate.se = None;
        }
        names.push(name.clone());
    }
    if !names.is_empty() {
        spread.record.meaning += &format!(
            "; of {}, on its bound, the ends of its profile",
            names.join(", ")
        );
    }
}

/// By the shape of the objective at one optimum.
fn by_curvature(solved: &Solved<'_>, peak: &Peak, at: &[f64], method: &Uncertainty) -> Spread {
    match method {
        Uncertainty::Profile => profile::spread(solved, peak, at),
        _ => curvature::spread(solved, peak, at, *method == Uncertainty::Sandwich),
    }
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
/// need not follow any distribution, unless runs are too few to leave some out; whole groups where runs hang together, or the corrected covariance of their scores
/// where there are too few groups to resample. Of a coefficient on its bound nearly all resamples stay there, and their
/// percentiles are a point (Andrews 2000, Econometrica 68:399): its profile leaves the bound.
fn default(solved: &Solved<'_>, peak: &Peak) -> Uncertainty {
    let likelihood = has_likelihood(solved);
    let few = |groups: &Groups| groups.count < ENOUGH_GROUPS;
    let absolute = matches!(solved.aim, Aim::Absolute(_));
    if likelihood || (!absolute && solved.groups.as_ref().is_some_and(few)) {
        return Uncertainty::Covariance;
    }
    if !absolute && caution::too_few_to_resample(solved).is_some() {
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

fn has_likelihood(solved: &Solved<'_>) -> bool {
    matches!(
        solved.objective.penalty,
        PenaltyKind::Squared | PenaltyKind::Student { .. } | PenaltyKind::Binomial { .. }
    )
}

/// Coefficients of which the default computes profiles.
const PROFILED: usize = 12;

/// Groups or runs too few to resample have a covariance, and the default gives draws that follow the law from it.
fn needs_draws(solved: &Solved<'_>, spread: &Spread) -> bool {
    let robust = !has_likelihood(solved);
    (robust || solved.groups.is_some())
        && spread.joint.draws.is_empty()
        && !spread.joint.covariance.is_empty()
}

/// Coordinates on a bound, positive coefficients that ran to zero among them.
pub(crate) fn on_bound(solved: &Solved<'_>, peak: &Peak) -> Vec<usize> {
    let p = solved.frame.bound.program().coordinates().len();
    let hit = crate::certificate::bounds_hit(solved, &solved.ends[0], peak);
    hit.into_iter().filter(|j| *j < p).collect()
}

/// Draws of a covariance, and intervals from them.
fn follow_the_law(solved: &Solved<'_>, peak: &Peak, spread: &mut Spread) {
    let Some(errors) = curvature::errors(solved, peak, false) else {
        return;
    };
    let coordinates = solved.frame.bound.program().coordinates();
    let p = coordinates.len();
    let level = solved.options.level;
    let inner = solved
        .frame
        .centre
        .inverse_covariance(&errors.covariance, p);
    let df = spread.joint.freedom(solved.binding.n);
    spread.joint.draws = plane::draws(solved, peak, &inner, df);
    // Each coefficient has degrees of freedom of its own: its ends lie within draws that have the fewest of all.
    let least = errors.df.iter().copied().fold(f64::INFINITY, f64::min);
    let widest = plane::draws(solved, peak, &inner, least);
    for (j, (_, estimate)) in spread.estimates.iter_mut().enumerate() {
        let mut sample: Vec<f64> = widest
            .iter()
            .map(|d| coordinates[j].coefficient(d[j]))
            .collect();
        sample.sort_by(f64::total_cmp);
        let far = dist::t_quantile(0.5 + 0.5 * level, errors.df[j]);
        let tail = 1.0 - dist::t_cdf(far, least);
        if let Some(interval) = &mut estimate.interval {
            interval.lower = dist::sorted_quantile(&sample, tail);
            interval.upper = dist::sorted_quantile(&sample, 1.0 - tail);
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
        df: None,
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

/// Percentile interval of a sample, and its standard deviation without outliers.
pub(crate) fn percentile(sample: &[f64], level: f64) -> (f64, Interval) {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    let interval = Interval {
        level,
        lower: dist::sorted_quantile(&sorted, tail),
        upper: dist::sorted_quantile(&sorted, 1.0 - tail),
    };
    (deviation(&sorted), interval)
}

/// The standard deviation of a sorted sample. A resample that leaves a direction open ends anywhere: one of a thousand at
/// 1e12 would be the whole error, so that draws count as no farther from the central 95 % than these are wide. That is
/// 5.9 standard deviations of a normal law, where hardly a draw comes.
fn deviation(sorted: &[f64]) -> f64 {
    let (low, high) = (
        dist::sorted_quantile(sorted, 0.025),
        dist::sorted_quantile(sorted, 0.975),
    );
    let reach = high - low;
    let near = |x: &f64| x.clamp(low - reach, high + reach);
    let n = sorted.len() as f64;
    let mean = sorted.iter().map(near).sum::<f64>() / n;
    let squares = sorted.iter().map(|x| (near(x) - mean).powi(2));
    (squares.sum::<f64>() / (n - 1.0).max(1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_draw_that_ended_anywhere_is_not_the_whole_error() {
        let mut sample: Vec<f64> = (0..1000)
            .map(|i| dist::normal_quantile((f64::from(i) + 0.5) / 1000.0))
            .collect();
        let (plain, interval) = percentile(&sample, 0.95);
        assert!((plain - 1.0).abs() < 0.01, "{plain}");
        sample[999] = 1e12;
        let (with, moved) = percentile(&sample, 0.95);
        assert!((with - plain).abs() < 0.03, "{with} beside {plain}");
        assert!((moved.upper - interval.upper).abs() < 0.05);
    }
}

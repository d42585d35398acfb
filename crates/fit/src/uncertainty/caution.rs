//! Why intervals may not hold, in a clause that is said first.

use crate::certificate::{Peak, final_penalty};
use crate::dependence::FEW_GROUPS;
use crate::engine::Solved;
use crate::notes::log_correlation;
use crate::options::Uncertainty;
use crate::solve::Aim;
use crate::target::Target;
use isoflop_numerics::penalty::Penalty;

/// Share of runs inside the corner below which a penalty has too little curvature to take errors from.
const STRAIGHT: f64 = 0.5;
/// Correlation of the logarithms of two inputs from which their effects cannot be told apart.
const ALIKE: f64 = 0.98;

pub(super) fn caution(solved: &Solved<'_>, peak: &Peak, method: &Uncertainty) -> Option<String> {
    let found = [
        straight(solved, method),
        independent(solved, method),
        few_groups(solved),
        by_resamples(method)
            .then(|| too_few_to_resample(solved))
            .flatten(),
        few_degrees(solved, method),
        super::modes::caution(solved, peak),
        alike(solved),
        on_a_bound(solved, peak, method),
    ];
    let found: Vec<String> = found.into_iter().flatten().collect();
    (!found.is_empty()).then(|| found.join("; "))
}

/// A corner far below the noise: only the runs themselves, resampled, say how far the estimates vary.
pub(super) fn straight(solved: &Solved<'_>, method: &Uncertainty) -> Option<String> {
    if by_resamples(method) {
        return None;
    }
    let end = &solved.ends[0];
    let inside = match (solved.aim, final_penalty(solved, end)) {
        (Aim::Absolute(_), _) => 0.0,
        (_, Penalty::Huber { delta } | Penalty::SoftL1 { delta }) => {
            let p = solved.frame.bound.program().coordinates().len();
            let weights = solved.binding.weights();
            let mut target = Target::new(solved.frame, weights, Penalty::Squared, 0.0);
            let residuals = target.residuals(&end.outcome.x[..p]);
            let inside = residuals.iter().filter(|r| r.abs() <= delta).count();
            inside as f64 / residuals.len() as f64
        }
        _ => return None,
    };
    (inside < STRAIGHT).then(|| {
        format!(
            "these intervals are rough: {:.0} % of the runs lie within δ, so the penalty has hardly a curvature (take \
             huber-log:2mad, or bootstrap:1000)",
            100.0 * inside
        )
    })
}

fn by_resamples(method: &Uncertainty) -> bool {
    matches!(
        method,
        Uncertainty::Bootstrap { .. } | Uncertainty::Bca { .. } | Uncertainty::Cluster { .. }
    )
}

/// A resample of n runs has n (1 − (1 − 1/n)ⁿ) different ones on average. Where these are no more than the coefficients, most
/// resamples determine nothing or pass through all they have.
pub(super) fn too_few_to_resample(solved: &Solved<'_>) -> Option<String> {
    let n = solved.binding.n as f64;
    let p = solved.frame.bound.program().coordinates().len();
    let different = n * (1.0 - (1.0 - 1.0 / n).powf(n));
    let priors = !(solved.frame.priors.is_empty() && solved.frame.pools.is_empty());
    (!priors && different < p as f64 + 1.0).then(|| {
        format!(
            "these intervals are too short: a resample of {n} runs has {different:.1} different ones on average, for {p} \
             coefficients"
        )
    })
}

/// Few degrees of freedom hold for normal noise only, and with one or two a robust scale is hardly known.
fn few_degrees(solved: &Solved<'_>, method: &Uncertainty) -> Option<String> {
    let p = solved.frame.bound.program().coordinates().len();
    let left = solved.binding.n.saturating_sub(p);
    let known = solved.options.sigma.is_some() || solved.aim == Aim::Penalty(Penalty::Binomial);
    let priors = !(solved.frame.priors.is_empty() && solved.frame.pools.is_empty());
    let none = known || priors || *method == Uncertainty::None;
    (!none && left <= FEW_DEGREES).then(|| {
        let runs = solved.binding.n;
        format!(
            "{runs} runs for {p} coefficients leave {left} {} of freedom: intervals hold only if the noise is normal and alike \
             at all runs",
            if left == 1 { "degree" } else { "degrees" }
        )
    })
}

/// So many degrees of freedom are few.
const FEW_DEGREES: usize = 2;

/// A parametric bootstrap draws every run by itself.
fn independent(solved: &Solved<'_>, method: &Uncertainty) -> Option<String> {
    let single = matches!(method, Uncertainty::Parametric { .. });
    let groups = solved.groups.as_ref().filter(|_| single)?;
    Some(format!(
        "these intervals are too short: runs hang together ({}), and a parametric bootstrap draws each by itself",
        groups.of
    ))
}

fn few_groups(solved: &Solved<'_>) -> Option<String> {
    let groups = solved.groups.as_ref()?;
    let p = solved.frame.bound.program().coordinates().len();
    (groups.count < FEW_GROUPS.max(p + 2)).then(|| {
        format!(
            "these intervals are too short: {} groups of runs ({}) say little of how groups vary",
            groups.count, groups.of
        )
    })
}

/// Data in proportion to size: every pair of exponents that agrees along the line fits alike.
fn alike(solved: &Solved<'_>) -> Option<String> {
    let inputs = &solved.binding.inputs;
    for (i, (a, x)) in inputs.iter().enumerate() {
        for (b, y) in &inputs[i + 1..] {
            let together = log_correlation(x, y).filter(|r| r.abs() > ALIKE);
            if let Some(r) = together {
                return Some(format!(
                    "{a} and {b} move together (correlation {r:.3}): the runs hardly tell their exponents apart"
                ));
            }
        }
    }
    None
}

/// Errors from the curvature take a coefficient on its bound as known.
fn on_a_bound(solved: &Solved<'_>, peak: &Peak, method: &Uncertainty) -> Option<String> {
    let curved = matches!(method, Uncertainty::Covariance | Uncertainty::Sandwich);
    let held = super::on_bound(solved, peak);
    if !curved || held.is_empty() {
        return None;
    }
    let coordinates = solved.frame.bound.program().coordinates();
    let names: Vec<&str> = held.iter().map(|j| coordinates[*j].name.as_str()).collect();
    Some(format!(
        "these intervals take {} as known, on its bound: a bootstrap lets it leave",
        names.join(", ")
    ))
}

//! Standard errors and intervals: from the curvature at the optimum, or by solving resamples.

mod bca;
mod bootstrap;
mod curvature;
mod profile;

use crate::certificate::Peak;
use crate::engine::Solved;
use crate::options::{PenaltyKind, Uncertainty};
use crate::result::{Joint, Status, UncertaintyRecord};
use isoflop_base::{Estimate, Interval, Note};
use isoflop_numerics::dist;

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
    let default = match &solved.objective.penalty {
        PenaltyKind::Squared | PenaltyKind::Student { .. } | PenaltyKind::Binomial { .. } => {
            Uncertainty::Covariance
        }
        _ => Uncertainty::Bootstrap { resamples: 1000 },
    };
    let at = optimum(solved);
    if status == Status::NotConverged && solved.options.uncertainty == Uncertainty::Default {
        return none(solved, &at, "none was computed: the fit has not converged");
    }
    let method = match &solved.options.uncertainty {
        Uncertainty::Default => &default,
        asked => asked,
    };
    match method {
        Uncertainty::None | Uncertainty::Default => {
            none(solved, &at, "no uncertainty was asked for")
        }
        Uncertainty::Covariance => curvature::spread(solved, peak, &at, false),
        Uncertainty::Sandwich => curvature::spread(solved, peak, &at, true),
        Uncertainty::Profile => profile::spread(solved, peak, &at),
        _ => bootstrap::spread(solved, peak, &at, method),
    }
}

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

//! Whether what a fit said came true: of a run that was held out, and of a coefficient whose truth is known.

use isoflop_base::Interval;
use isoflop_fit::{Fit, Status};
use serde::Serialize;

use crate::predict::PredictedPoint;

/// A run that the law was not fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOutRun {
    /// Name of the run.
    pub id: String,
    /// Parameters.
    pub params: f64,
    /// Training tokens.
    pub tokens: f64,
    /// Compute over that of the largest run of the fit.
    pub times_compute: f64,
    /// Measured loss; none before the run is made.
    pub measured: Option<f64>,
    /// Standard error of the measured loss, from the held-out tokens.
    pub measured_se: Option<f64>,
}

/// A held-out run: what was said of it, and what it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Name of the run.
    pub id: String,
    /// Parameters.
    pub params: f64,
    /// Training tokens.
    pub tokens: f64,
    /// Compute over that of the largest run of the fit.
    pub times_compute: f64,
    /// Predicted loss.
    pub predicted: f64,
    /// Interval for a new run.
    pub interval: Option<Interval>,
    /// Measured loss; none before the run is made.
    pub measured: Option<f64>,
    /// Standard error of the measured loss, from the held-out tokens.
    pub measured_se: Option<f64>,
    /// Predicted over measured, less one.
    pub error: Option<f64>,
    /// Whether the measured loss lies inside the interval; none without an optimum to predict from.
    pub inside: Option<bool>,
}

/// A fitted coefficient beside its truth, both in the unit of the response.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntropyCheck {
    /// Entropy of the language, in nats a token.
    pub rate: f64,
    /// Least mean loss over the positions of a context.
    pub floor: f64,
    /// What the language itself scores on the held-out tokens: the truth of the fitted E, free of their sampling.
    pub on_held_out: Option<f64>,
    /// Whether the fit has a certified optimum.
    pub converged: bool,
    /// Name of the coefficient.
    pub coef: String,
    /// Its value.
    pub value: f64,
    /// Its interval.
    pub interval: Option<Interval>,
    /// Whether the truth lies inside; none where the runs do not determine the coefficient.
    pub inside: Option<bool>,
}

/// Holds a prediction against the run that it is of.
#[must_use]
pub fn verdict(fit: &Fit, run: &HeldOutRun, point: &PredictedPoint) -> Verdict {
    Verdict {
        id: run.id.clone(),
        params: run.params,
        tokens: run.tokens,
        times_compute: run.times_compute,
        predicted: point.value,
        interval: point.prediction,
        measured: run.measured,
        measured_se: run.measured_se,
        error: run.measured.map(|m| point.value / m - 1.0),
        inside: run
            .measured
            .zip(point.prediction)
            .filter(|_| fit.status != Status::NotConverged)
            .map(|(m, i)| i.contains(m)),
    }
}

/// Holds the coefficient that a law of the shape `E + …` calls E against the entropy of the language: its rate, its
/// least mean loss over the positions of a context, and its own loss on the held-out tokens. None when the law has no E.
#[must_use]
pub fn entropy_check(
    fit: &Fit,
    rate: f64,
    floor: f64,
    on_held_out: Option<f64>,
) -> Option<EntropyCheck> {
    let (name, estimate) = fit.coefs.iter().find(|(name, _)| name == "E")?;
    let truth = on_held_out.unwrap_or(floor);
    Some(EntropyCheck {
        rate,
        floor,
        on_held_out,
        converged: fit.status != Status::NotConverged,
        coef: name.clone(),
        value: estimate.value,
        interval: estimate.interval,
        inside: estimate
            .interval
            .filter(|_| {
                fit.status != Status::NotConverged && !fit.certificate.at_bound.contains(name)
            })
            .map(|i| i.contains(truth)),
    })
}

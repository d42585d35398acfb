//! Intervals that widen with the distance from the runs, as a calibration of the fit says.

use isoflop_base::Interval;
use isoflop_fit::Calibration;
use isoflop_numerics::score::Predicted;

use crate::predict::PredictedPoint;

/// Half the width, on the calibration's scale, that an interval of this level gains for each order of magnitude.
#[must_use]
pub fn half_per_decade(calibration: &Calibration, level: f64) -> f64 {
    let own = Predicted {
        centre: 0.0,
        sd: calibration.per_decade,
    };
    own.half(level)
}

/// Widens the intervals of a point that a fit with a calibration predicts. An end without a logarithm stays as it is.
pub fn widen(point: &mut PredictedPoint, calibration: &Calibration) {
    let beyond = (place(&point.at, &calibration.axis) / calibration.largest).log10();
    if beyond.is_nan() || beyond <= 0.0 {
        return;
    }
    let ln = calibration.scale == "ln";
    let forth = |y: f64| if ln { y.ln() } else { y };
    let back = |x: f64| if ln { x.exp() } else { x };
    let centre = forth(point.value);
    let own = Predicted {
        centre,
        sd: calibration.per_decade * beyond,
    };
    let wider = |interval: Interval| {
        let more = own.half(interval.level);
        let end = |was: f64, side: f64| {
            let half = side * (forth(was) - centre);
            let moved = back(centre + side * half.max(0.0).hypot(more));
            if half.is_finite() && moved.is_finite() {
                moved
            } else {
                was
            }
        };
        Interval {
            lower: end(interval.lower, -1.0),
            upper: end(interval.upper, 1.0),
            ..interval
        }
    };
    point.confidence = point.confidence.map(wider);
    point.prediction = point.prediction.map(wider);
}

/// The axis of this name at inputs given by letter; not a number when they do not have it.
#[must_use]
pub fn place(at: &[(String, f64)], axis: &str) -> f64 {
    let value = |letter: &str| at.iter().find(|(n, _)| n == letter).map(|(_, v)| *v);
    let compute = || {
        let both = (axis == "C").then(|| Some((value("N")?, value("D")?)));
        both.flatten().map(|(n, d)| 6.0 * n * d)
    };
    value(axis).or_else(compute).unwrap_or(f64::NAN)
}

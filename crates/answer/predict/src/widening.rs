//! Intervals that widen with the distance from the runs, as a calibration of the fit says.

use isoflop_base::Interval;
use isoflop_fit::{Calibration, ValueScale};
use isoflop_numerics::scoring::ScaledT;

/// A standard deviation that intervals gain at a distance beyond the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Widening {
    /// Standard deviation on the scale of the calibration.
    sd: f64,
    scale: ValueScale,
}

impl Widening {
    /// At inputs beyond the data of a calibration; none inside them.
    #[must_use]
    pub fn at(inputs: &[(String, f64)], calibration: &Calibration) -> Option<Self> {
        let beyond = (axis_value(inputs, &calibration.axis) / calibration.largest).log10();
        (beyond > 0.0).then_some(Self {
            sd: calibration.per_decade * beyond,
            scale: calibration.scale,
        })
    }

    /// An interval, widened about its value. An end without a logarithm stays as it is.
    #[must_use]
    pub fn widen(&self, value: f64, interval: Interval) -> Interval {
        let centre = self.scale.forth(value);
        let own = ScaledT {
            centre,
            sd: self.sd,
        };
        let more = own.half(interval.level);
        let end = |was: f64, side: f64| {
            let half = side * (self.scale.forth(was) - centre);
            let moved = self.scale.back(centre + side * half.max(0.0).hypot(more));
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
    }
}

/// Half the width, on the calibration's scale, that an interval of this level gains for each order of magnitude.
#[must_use]
pub fn half_per_decade(calibration: &Calibration, level: f64) -> f64 {
    let own = ScaledT {
        centre: 0.0,
        sd: calibration.per_decade,
    };
    own.half(level)
}

/// The axis of this name at inputs given by letter; not a number when they do not have it.
#[must_use]
pub fn axis_value(at: &[(String, f64)], axis: &str) -> f64 {
    let value = |letter: &str| at.iter().find(|(n, _)| n == letter).map(|(_, v)| *v);
    let compute = || {
        let both = (axis == "C").then(|| Some((value("N")?, value("D")?)));
        both.flatten().map(|(n, d)| 6.0 * n * d)
    };
    value(axis).or_else(compute).unwrap_or(f64::NAN)
}

//! An uncertain number: value, standard error, interval, unit.

use serde::{Deserialize, Serialize};

/// An interval at a stated level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Nominal coverage, for example 0.95.
    pub level: f64,
    /// Lower end, in the unit of the estimate; −∞ where nothing bounds it, `null` in JSON.
    #[serde(with = "open_below")]
    pub lower: f64,
    /// Upper end, in the unit of the estimate; ∞ where nothing bounds it, `null` in JSON.
    #[serde(with = "open_above")]
    pub upper: f64,
}

/// JSON has no infinity: an open end is `null`.
macro_rules! open_end {
    ($name:ident, $open:expr) => {
        mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            pub fn serialize<S: Serializer>(x: &f64, s: S) -> Result<S::Ok, S::Error> {
                if *x == $open {
                    s.serialize_none()
                } else {
                    x.serialize(s)
                }
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
                Ok(Option::<f64>::deserialize(d)?.unwrap_or($open))
            }
        }
    };
}
open_end!(open_below, f64::NEG_INFINITY);
open_end!(open_above, f64::INFINITY);

impl Interval {
    /// Whether `x` lies inside, ends included.
    #[must_use]
    pub fn contains(&self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }
}

/// A number with its uncertainty. In JSON always `{"value", "se", "unit", "interval"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Best value.
    pub value: f64,
    /// Standard error, in the same unit; none when it was not asked for or does not exist.
    pub se: Option<f64>,
    /// Unit in words, for example `nats/token`; empty for a plain number.
    pub unit: String,
    /// Interval; none when it was not asked for or does not exist.
    pub interval: Option<Interval>,
}

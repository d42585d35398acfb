//! Axes: from values to places between 0 and 1, and where the ticks go.

use isoflop_document::doc::{Axis, AxisScale, Guide, Panel};
use isoflop_document::number::plain;

/// An axis with its range.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    kind: AxisScale,
    low: f64,
    high: f64,
}

/// A labelled tick.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Place between 0 and 1.
    pub at: f64,
    /// Text; empty for a minor tick.
    pub label: String,
}

impl Scale {
    /// The scale of an axis over these values, with a margin of a twentieth on both sides. Values that the scale
    /// cannot show (not finite, or not above zero on a logarithmic one) do not count.
    pub(super) fn over(axis: &Axis, values: impl Iterator<Item = f64>) -> Self {
        let kind = axis.scale;
        let usable = |v: &f64| v.is_finite() && (kind == AxisScale::Linear || *v > 0.0);
        let (low, high) = values
            .filter(usable)
            .map(|v| mapped(kind, v))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        if low > high {
            return Self {
                kind,
                low: 0.0,
                high: 1.0,
            };
        }
        let margin = if high > low {
            (high - low) * 0.05
        } else {
            low.abs().max(1.0) * 0.05
        };
        Self {
            kind,
            low: low - margin,
            high: high + margin,
        }
    }

    /// Both scales of a panel. A panel around zero is symmetric, a panel with a diagonal is square.
    pub(super) fn of_panel(panel: &Panel) -> (Self, Self) {
        let xs = || values(panel, |p| p.0);
        let ys = || values(panel, |p| p.1);
        match panel.guide {
            Guide::None => (
                Self::over(&panel.x, xs()),
                Self::over(&panel.y, ys()).with_ends(panel),
            ),
            Guide::Zero => {
                let y = Self::over(&panel.y, ys()).with_ends(panel);
                let reach = y.low.abs().max(y.high.abs());
                (
                    Self::over(&panel.x, xs()),
                    Self {
                        low: -reach,
                        high: reach,
                        ..y
                    },
                )
            }
            Guide::Diagonal => {
                let both: Vec<f64> = xs().chain(ys()).collect();
                let square = |axis: &Axis| Self::over(axis, both.iter().copied()).with_ends(panel);
                (square(&panel.x), square(&panel.y))
            }
        }
    }

    /// The scale with room for bands and error bars, at most a quarter of its own width on either side: a wide
    /// interval must not flatten the rest.
    fn with_ends(self, panel: &Panel) -> Self {
        let most = 0.25 * (self.high - self.low);
        let usable = |v: &f64| v.is_finite() && (self.kind == AxisScale::Linear || *v > 0.0);
        let ends = panel.series.iter().flat_map(|s| &s.ends);
        let (low, high) = ends
            .flat_map(|&(low, high)| [low, high])
            .filter(usable)
            .map(|v| mapped(self.kind, v))
            .fold((self.low, self.high), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        Self {
            kind: self.kind,
            low: low.max(self.low - most),
            high: high.min(self.high + most),
        }
    }

    /// Smallest and largest value shown.
    pub(super) fn domain(&self) -> (f64, f64) {
        (self.value(0.0), self.value(1.0))
    }

    /// The value at a place between 0 and 1.
    pub(super) fn value(&self, at: f64) -> f64 {
        let mapped = self.low + at * (self.high - self.low);
        match self.kind {
            AxisScale::Linear => mapped,
            AxisScale::Log => 10f64.powf(mapped),
        }
    }

    /// Place of a value, also beyond the ends; none when it cannot be shown.
    pub(super) fn anywhere(&self, value: f64) -> Option<f64> {
        let at = (mapped(self.kind, value) - self.low) / (self.high - self.low);
        at.is_finite().then(|| at.clamp(-8.0, 9.0))
    }

    /// Place of a value held to the ends; the lower one for a value without a place.
    pub(super) fn held(&self, value: f64) -> f64 {
        let at = (mapped(self.kind, value) - self.low) / (self.high - self.low);
        if at.is_nan() { 0.0 } else { at.clamp(0.0, 1.0) }
    }

    /// Place of a value between 0 and 1; none when it lies outside or cannot be shown.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let at = (mapped(self.kind, value) - self.low) / (self.high - self.low);
        (at.is_finite() && (-1e-9..=1.0 + 1e-9).contains(&at)).then_some(at)
    }

    /// Ticks from low to high, at most about `most` of them labelled.
    pub(super) fn ticks(&self, most: usize) -> Vec<Tick> {
        match self.kind {
            AxisScale::Linear => self.even_ticks(self.low, self.high, most, |v| v),
            // Below one and a half decades powers of ten are too few: even steps in the value read better.
            AxisScale::Log if self.high - self.low < 1.5 => self.even_ticks(
                10f64.powf(self.low),
                10f64.powf(self.high),
                most,
                f64::log10,
            ),
            AxisScale::Log => self.decade_ticks(most),
        }
    }

    fn even_ticks(&self, low: f64, high: f64, most: usize, map: impl Fn(f64) -> f64) -> Vec<Tick> {
        let step = nice_step((high - low) / count_as_f64(most.max(2)));
        let first = (low / step).ceil();
        let mut ticks = Vec::new();
        let mut i = first;
        while i * step <= high && ticks.len() < 100 {
            let value = i * step;
            let at = (map(value) - self.low) / (self.high - self.low);
            let label = if i == 0.0 {
                "0".to_owned()
            } else {
                plain(value, 6)
            };
            ticks.push(Tick { at, label });
            i += 1.0;
        }
        ticks
    }

    fn decade_ticks(&self, most: usize) -> Vec<Tick> {
        let decades = self.high - self.low;
        let every = [1, 2, 3, 5, 10, 20, 50]
            .into_iter()
            .find(|&e| decades / f64::from(e) <= count_as_f64(most));
        let every = every.unwrap_or(100);
        let mut ticks = Vec::new();
        for decade in whole(self.low.floor())..=whole(self.high.ceil()) {
            for digit in 1..10 {
                let exact = f64::from(decade) + f64::from(digit).log10();
                let at = (exact - self.low) / decades;
                let major = digit == 1 && decade.rem_euclid(every) == 0;
                let minor = if every == 1 {
                    decades <= 8.0
                } else {
                    digit == 1
                };
                if (0.0..=1.0).contains(&at) && (major || minor) {
                    ticks.push(Tick {
                        at,
                        label: if major {
                            decade_label(decade)
                        } else {
                            String::new()
                        },
                    });
                }
            }
        }
        ticks
    }
}

/// Coordinates of all places of a panel.
fn values<'a>(
    panel: &'a Panel,
    pick: impl Fn(&(f64, f64)) -> f64 + Copy + 'a,
) -> impl Iterator<Item = f64> + 'a {
    panel
        .series
        .iter()
        .flat_map(move |s| s.points.iter().map(pick))
}

fn mapped(kind: AxisScale, value: f64) -> f64 {
    match kind {
        AxisScale::Linear => value,
        AxisScale::Log => value.log10(),
    }
}

/// Powers of ten by the suffixes people use, `10M`, `1B`; scientific where there is none.
fn decade_label(decade: i32) -> String {
    match decade {
        -2..=2 => plain(10f64.powi(decade), 3),
        3..=14 => isoflop_document::phrase::human(10f64.powi(decade)),
        _ => format!("1e{decade}"),
    }
}

/// 1, 2 or 5 times a power of ten, not below `rough`.
fn nice_step(rough: f64) -> f64 {
    if !(rough > 0.0 && rough.is_finite()) {
        return 1.0;
    }
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|m| m * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power)
}

#[expect(clippy::cast_precision_loss, reason = "a handful of ticks")]
fn count_as_f64(n: usize) -> f64 {
    n as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "an exponent of ten of a finite number"
)]
fn whole(x: f64) -> i32 {
    x as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(kind: AxisScale, low: f64, high: f64) -> Vec<String> {
        let axis = Axis {
            label: String::new(),
            scale: kind,
        };
        let ticks = Scale::over(&axis, [low, high].into_iter()).ticks(6);
        ticks
            .into_iter()
            .map(|t| t.label)
            .filter(|l| !l.is_empty())
            .collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(
            labels(AxisScale::Log, 1e6, 2e9),
            ["1M", "10M", "100M", "1B"]
        );
        assert_eq!(
            labels(AxisScale::Log, 2.0, 4.0),
            ["2", "2.5", "3", "3.5", "4"]
        );
        assert_eq!(
            labels(AxisScale::Log, 1e3, 1e27),
            ["100k", "10B", "1e15", "1e20", "1e25"]
        );
        assert_eq!(
            labels(AxisScale::Linear, -0.02, 0.02),
            ["-0.02", "-0.01", "0", "0.01", "0.02"]
        );
    }

    #[test]
    fn one_value_and_no_value_still_have_a_range() {
        let axis = Axis {
            label: String::new(),
            scale: AxisScale::Log,
        };
        assert_eq!(Scale::over(&axis, [1e9].into_iter()).place(1e9), Some(0.5));
        let none = Scale::over(&axis, [f64::NAN, -1.0].into_iter());
        assert!(none.place(5.0).is_some_and(|p| (0.0..=1.0).contains(&p)));
        assert_eq!(none.place(-5.0), None);
    }
}

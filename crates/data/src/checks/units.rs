//! Factors of a thousand between numbers that should agree: millions beside units.

use super::{Scene, between, in_ones, literal, median, quoted, written};
use crate::column::Column;

/// A column that looks as if some of its rows were counted in thousands, millions, …
pub(super) struct Misread<'a> {
    /// Canonical name of the role: what a correction defines.
    pub(super) role: &'static str,
    pub(super) column: &'a Column,
    /// Power of ten that the rows are to be multiplied by.
    pub(super) power: i32,
    pub(super) rows: &'a [usize],
}

impl Misread<'_> {
    /// `these rows look like millions`.
    pub(super) fn verdict(&self) -> String {
        match unit_word(self.power) {
            Some(word) => format!("these rows look like {word}"),
            None => format!("these rows look 1e{} too large", -self.power),
        }
    }

    /// The clusters of the column, if the rows are apart from the others by value.
    pub(super) fn clusters(&self, scene: &Scene<'_>) -> Option<String> {
        let threshold = self.threshold(scene)?;
        let (low, high) = extent(self.column, scene.rows)?;
        let side = if self.power > 0 { "below" } else { "above" };
        Some(format!(
            "{} spans {:.0} orders of magnitude in two clusters a factor about 1e{} apart ({} {side} {})",
            quoted(&self.column.name),
            (high / low).log10(),
            self.power.abs(),
            crate::accounting::count(self.rows.len(), "row"),
            literal(threshold),
        ))
    }

    /// The option that corrects the column. `otherwise` is the condition to use where the rows are not
    /// apart from the others by value.
    pub(super) fn correction(&self, scene: &Scene<'_>, otherwise: Option<&str>) -> Option<String> {
        let (role, name) = (self.role, written(&self.column.name));
        let scale = self.column.header_factor;
        let whole = in_ones(self.column);
        let right = format!("{name}*{}", literal(scale * 10f64.powi(self.power)));
        if self.rows.len() == scene.rows.len() {
            return Some(format!("--let '{role} = {right}'"));
        }
        let condition = match self.threshold(scene) {
            Some(t) if self.power > 0 => format!("{name} < {}", literal(t / scale)),
            Some(t) => format!("{name} > {}", literal(t / scale)),
            None => otherwise?.to_owned(),
        };
        Some(format!(
            "--let '{role} = if {condition} then {right} else {whole}'"
        ))
    }

    /// A value between these rows and all others.
    fn threshold(&self, scene: &Scene<'_>) -> Option<f64> {
        let others: Vec<usize> = scene
            .rows
            .iter()
            .copied()
            .filter(|r| self.rows.binary_search(r).is_err())
            .collect();
        let (these_low, these_high) = extent(self.column, self.rows)?;
        let (low, high) = extent(self.column, &others)?;
        if self.power > 0 && these_high < low {
            Some(between(these_high, low))
        } else if self.power < 0 && high < these_low {
            Some(between(high, these_low))
        } else {
            None
        }
    }
}

/// Smallest and largest positive value in some rows.
pub(super) fn extent(column: &Column, rows: &[usize]) -> Option<(f64, f64)> {
    let values = column.numbers()?;
    let positive = rows.iter().map(|r| values[*r]).filter(|x| *x > 0.0);
    positive.fold(None, |known: Option<(f64, f64)>, x| match known {
        Some((low, high)) => Some((low.min(x), high.max(x))),
        None => Some((x, x)),
    })
}

/// The middle of the logarithms of a column in some rows.
pub(super) fn median_log(column: &Column, rows: &[usize]) -> f64 {
    let values = column.numbers().unwrap_or_default();
    let mut logs: Vec<f64> = rows
        .iter()
        .map(|r| values[*r].log10())
        .filter(|x| x.is_finite())
        .collect();
    median(&mut logs)
}

/// The multiple of three that a logarithm is within a factor two of, zero excepted.
pub(super) fn unit_power(log: f64) -> Option<i32> {
    let power = 3 * (log / 3.0).round() as i32;
    (power != 0 && (log - f64::from(power)).abs() < 0.301).then_some(power)
}

fn unit_word(power: i32) -> Option<&'static str> {
    match power {
        3 => Some("thousands"),
        6 => Some("millions"),
        9 => Some("billions"),
        12 => Some("trillions"),
        15 => Some("peta-units"),
        18 => Some("exa-units"),
        21 => Some("zetta-units"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_factors_of_a_thousand_are_units() {
        for (factor, power) in [
            (1e6, Some(6)),
            (1.7e-9, Some(-9)),
            (1.0, None),
            (1.9, None),
            (1e5, None),
            (0.33, None),
        ] {
            assert_eq!(unit_power(f64::log10(factor)), power, "{factor}");
        }
    }
}

//! Where a table is cut: the runs below are fitted, the runs above are predicted.

use isoflop_base::Diagnostic;
use isoflop_fit::UsedRuns;
use isoflop_law::{Law, VarRole};
use isoflop_predict::widening::axis_value;

/// The quantity that scale is measured by, for every run.
pub(crate) struct Axis {
    /// `C` for 6ND, else the letter of an input.
    pub name: String,
    /// In words, for tables: `C = 6ND (FLOP)`.
    pub label: String,
    pub values: Vec<f64>,
}

impl Axis {
    /// Compute where the law knows N and D, else the law's first input; or what was asked for, by letter or by column.
    pub fn of(law: &Law, runs: &UsedRuns, asked: Option<&str>) -> Result<Self, Diagnostic> {
        let compute = || {
            Some(Self {
                name: "C".to_owned(),
                label: "C = 6ND (FLOP)".to_owned(),
                values: computed(&runs.inputs)?,
            })
        };
        let input = |letter: &str| {
            let var = law.vars.iter().find(|v| v.name == letter)?;
            let said = runs.columns.iter().find(|(l, _)| l == letter);
            let said = said.map_or(var.column.as_str(), |(_, c)| c.as_str());
            Some(Self {
                name: letter.to_owned(),
                label: if said == letter {
                    letter.to_owned()
                } else {
                    format!("{letter} ({said})")
                },
                values: column(&runs.inputs, letter)?.clone(),
            })
        };
        let axis = match asked {
            Some(name) => {
                let by_column = runs.columns.iter().find(|(_, c)| c == name);
                let declared = law.vars.iter().find(|v| v.column == name);
                let letter = by_column
                    .map(|(l, _)| l.as_str())
                    .or(declared.map(|v| v.name.as_str()))
                    .unwrap_or(name);
                let computed = || {
                    matches!(name, "C" | "compute" | "flops")
                        .then(compute)
                        .flatten()
                };
                input(letter).or_else(computed)
            }
            None => compute().or_else(|| {
                let inputs = law.vars.iter().filter(|v| v.role == VarRole::Input);
                inputs.map(|v| v.name.as_str()).find_map(input)
            }),
        };
        let axis = axis.ok_or_else(|| {
            let known: Vec<&str> = runs.inputs.iter().map(|(l, _)| l.as_str()).collect();
            Diagnostic::error(
                "no-axis",
                format!(
                    "the law has no input {} to order runs by",
                    asked.map_or("with numbers".to_owned(), |a| format!("`{a}`"))
                ),
            )
            .help(format!(
                "its inputs are {}; --axis C needs N and D",
                known.join(", ")
            ))
        })?;
        if axis.values.iter().any(|x| *x <= 0.0) {
            return Err(Diagnostic::error(
                "no-axis",
                format!(
                    "{} is not above zero in every run, so it has no orders of magnitude",
                    axis.label
                ),
            )
            .help("name another input with --axis"));
        }
        Ok(axis)
    }
}

impl Axis {
    /// The axis at a predicted point.
    pub fn at(&self, point: &isoflop_predict::PredictedPoint) -> f64 {
        axis_value(&point.at, &self.name)
    }
}

fn column<'a>(inputs: &'a [(String, Vec<f64>)], letter: &str) -> Option<&'a Vec<f64>> {
    inputs
        .iter()
        .find(|(name, _)| name == letter)
        .map(|(_, values)| values)
}

/// C = 6ND of every run.
fn computed(inputs: &[(String, Vec<f64>)]) -> Option<Vec<f64>> {
    let (n, d) = (column(inputs, "N")?, column(inputs, "D")?);
    Some(n.iter().zip(d).map(|(n, d)| 6.0 * n * d).collect())
}

/// The axis of this name at every run; none when the inputs do not have it.
pub(crate) fn axis_values(inputs: &[(String, Vec<f64>)], axis: &str) -> Option<Vec<f64>> {
    let own = column(inputs, axis).cloned();
    own.or_else(|| (axis == "C").then(|| computed(inputs)).flatten())
}

/// A cut: runs at most as large as `at` are fitted, the others are held out.
pub(crate) struct Split {
    /// Largest value of the axis that is fitted.
    pub at: f64,
    /// Positions among the runs.
    pub fitted: Vec<usize>,
    pub held: Vec<usize>,
}

/// Values nearer to each other than this many orders of magnitude are one size: budgets are met by rounding.
const SAME: f64 = 0.01;

/// At most `cuts` cuts in equal steps of the logarithm from the upper end of the axis down to its middle, smallest
/// first. Each keeps at least `least` runs for fitting; cuts between the same two runs are one.
pub(crate) fn splits(values: &[f64], cuts: usize, least: usize) -> Vec<Split> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min).ln();
    let high = values
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max)
        .ln();
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut out: Vec<Split> = Vec::new();
    for step in (1..=cuts).rev() {
        let place = high - 0.5 * (high - low) * step as f64 / cuts as f64;
        // A value that lies on the cut belongs below it whatever its rounding, and so does every one of its size.
        let place = place.exp() * (1.0 + 1e-9);
        let below = sorted[sorted.partition_point(|x| *x <= place).max(1) - 1];
        let same = |x: &&f64| (**x / below).log10() < SAME;
        let at = sorted
            .iter()
            .take_while(same)
            .copied()
            .fold(below, f64::max);
        let fitted: Vec<usize> = (0..values.len()).filter(|i| values[*i] <= at).collect();
        let held: Vec<usize> = (0..values.len()).filter(|i| values[*i] > at).collect();
        let at = fitted.iter().map(|i| values[*i]).fold(0.0, f64::max);
        let seen = out.last().is_some_and(|last| last.at == at);
        if !seen && !held.is_empty() && fitted.len() >= least {
            out.push(Split { at, fitted, held });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_lie_in_the_upper_half_and_keep_enough_runs() {
        let values: Vec<f64> = (0..40).map(|i| 10f64.powf(f64::from(i) / 10.0)).collect();
        let found = splits(&values, 4, 10);
        let at: Vec<f64> = found.iter().map(|s| s.at.log10()).collect();
        let wanted = [1.9, 2.4, 2.9, 3.4];
        assert_eq!(at.len(), 4);
        assert!(
            at.iter().zip(wanted).all(|(a, w)| (a - w).abs() < 1e-9),
            "{at:?}"
        );
        assert!(found.iter().all(|s| s.fitted.len() + s.held.len() == 40));
        assert_eq!(splits(&values, 4, 22).len(), 3);
        assert!(splits(&[5.0; 9], 4, 1).is_empty());
    }

    #[test]
    fn a_budget_met_by_rounding_is_not_cut_in_two() {
        let values: Vec<f64> = (0..5)
            .flat_map(|b| (0..9).map(move |k| 10f64.powi(b) * (1.0 + 1e-7 * f64::from(k))))
            .collect();
        let found = splits(&values, 6, 5);
        assert!(
            found.iter().all(|s| s.fitted.len() % 9 == 0),
            "one budget, one side"
        );
        assert_eq!(found.len(), 2);
    }
}

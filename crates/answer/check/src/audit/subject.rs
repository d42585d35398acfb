//! What rules look at: law, table, fit, and the runs with the columns they share.

use isoflop_base::{Diagnostic, Note, Severity};
use isoflop_data::{Column, Need, NeedKind, RunTable, Values};
use isoflop_fit::{Fit, FitOptions, Objective, Range, ResidualScale, Uncertainty, refits};
use isoflop_law::{Law, VarRole};

use super::finding::Found;
use super::uneven::{Uneven, uneven};
use super::yardstick::Yardstick;
use crate::checked::Checked;
use isoflop_predict::Point;
use std::cell::OnceCell;

/// Law, runs and fit under audit.
pub(crate) struct Subject<'a> {
    /// The law as it was fitted.
    pub law: Law,
    pub table: Option<&'a RunTable>,
    pub fit: Option<&'a Fit>,
    /// Why there is no fit.
    pub refused: &'a [Diagnostic],
    /// Tables that are not what they were when the fit was made.
    pub changed: &'a [String],
    pub points: &'a [Point],
    /// How far the backtest reaches: letter of its axis, orders of magnitude.
    pub tested: Option<(String, f64)>,
    pub runs: Runs,
    yardstick: OnceCell<Option<Yardstick>>,
    uneven: OnceCell<Option<Uneven>>,
    /// Notes of the fit, or of the rows when there is none.
    notes: Vec<Note>,
}

/// The runs used, in columns.
#[derive(Default)]
pub(crate) struct Runs {
    pub n: usize,
    /// Row of the table for each run; empty when there is no table.
    rows: Vec<usize>,
    pub places: Vec<String>,
    pub params: Option<Vec<f64>>,
    pub tokens: Option<Vec<f64>>,
    /// Compute as the table states it.
    pub flops: Option<Vec<f64>>,
    pub loss: Option<Vec<f64>>,
    /// Residuals on the scale of the objective; empty without a fit.
    pub residuals: Vec<f64>,
}

/// The four roles: letter and column.
const ROLES: [(&str, &str); 4] = [
    ("N", "params"),
    ("D", "tokens"),
    ("C", "flops"),
    ("L", "loss"),
];

/// An axis along which runs differ.
pub(crate) struct Axis {
    pub name: String,
    /// Logarithm of the input, or the input itself where it is not positive, with mean zero and variance one.
    pub at: Vec<f64>,
    /// Whether it is one of those that span the others.
    pub own: bool,
}

impl<'a> Subject<'a> {
    pub fn new(
        what: &Checked<'a>,
        fit: Option<&'a Fit>,
        refused: &'a [Diagnostic],
        tested: Option<(String, f64)>,
    ) -> Self {
        let changed = what.law.with_changes(&what.options.coefs);
        let fitted = fit.and_then(|f| f.law.parse().ok());
        let law = fitted.or(changed.ok()).unwrap_or_else(|| what.law.clone());
        let (runs, own) = match (fit, what.table) {
            (Some(fit), table) if !fit.points.response.is_empty() => {
                (Runs::of_fit(&law, fit, table), Vec::new())
            }
            (_, Some(table)) => Runs::of_table(table),
            _ => (Runs::default(), Vec::new()),
        };
        Self {
            law,
            table: what.table,
            fit,
            refused,
            changed: what.changed,
            points: what.points,
            tested,
            runs,
            yardstick: OnceCell::new(),
            uneven: OnceCell::new(),
            notes: fit.map_or(own, |f| f.notes.clone()),
        }
    }

    /// Range of a quantity in the runs used.
    pub fn range(&self, name: &str) -> Option<&'a Range> {
        self.fit?.ranges.iter().find(|r| r.name == name)
    }

    /// Whether a note of this code is among those of the fit and of its rows.
    pub fn says(&self, code: &str) -> bool {
        self.notes.iter().any(|n| n.code == code)
    }

    /// The notes of these codes, as findings.
    pub fn noted(&self, codes: &[&'static str]) -> Vec<Found> {
        let known = |note: &Note| codes.iter().find(|c| **c == note.code).copied();
        self.notes
            .iter()
            .filter_map(|note| {
                let mut found = Found::new(known(note)?, note.severity, note.message.clone());
                found.evidence.clone_from(&note.evidence);
                found.advice.clone_from(&note.advice);
                Some(found)
            })
            .collect()
    }

    /// Whether the fit says that the law passes through all runs to rounding.
    pub fn is_exact(&self) -> bool {
        self.notes.iter().any(|n| n.code == "exact-fit")
    }

    /// Whether a role has no column and was computed from two others.
    pub fn is_computed(&self, role: &str) -> bool {
        let says = format!("{role} computed as ");
        let computed = |n: &&Note| n.code == "derived-column" && n.message.starts_with(&says);
        self.notes.iter().any(|n| computed(&n))
    }

    /// The column of the table that has one of these names; spelling, case and a path in front do not count.
    pub fn column(&self, names: &[&str]) -> Option<&'a Column> {
        let table = self.table?;
        let fits = |wanted: &str, column: &&Column| {
            let last = column.name.rsplit(['.', '/']).next().unwrap_or_default();
            squashed(&column.name) == wanted || squashed(last) == wanted
        };
        names
            .iter()
            .find_map(|name| table.columns().find(|c| fits(name, c)))
    }

    /// The numbers of a column, one a run; NaN where there is none.
    pub fn numbers(&self, column: &Column) -> Option<Vec<f64>> {
        let values = column.numbers()?;
        Some(self.runs.rows.iter().map(|r| values[*r]).collect())
    }

    /// The cells of a column as text, one a run; empty where there is none.
    pub fn labels(&self, column: &Column) -> Vec<String> {
        let rows = self.runs.rows.iter();
        rows.map(|r| column.text(*r).unwrap_or_default()).collect()
    }

    /// Whether runs can be looked up in the table.
    pub fn has_rows(&self) -> bool {
        !self.runs.rows.is_empty()
    }

    /// Whether the law reads this column.
    pub fn law_reads(&self, column: &Column) -> bool {
        let by_fit = self
            .fit
            .is_some_and(|f| f.ranges.iter().any(|r| r.column == column.name));
        let own = |name: &str| squashed(name) == squashed(&column.name);
        by_fit || self.law.vars.iter().any(|v| own(&v.column) || own(&v.name))
    }

    /// A residual in words: in per cent of the response on its logarithm, else as it is.
    pub fn off(&self, residual: f64) -> String {
        match self.fit {
            Some(fit) if fit.objective.scale == ResidualScale::Ln => {
                format!("{:+.2}%", 100.0 * residual.exp_m1())
            }
            _ => format!("{residual:+.3}"),
        }
    }

    /// The columns of text or flags that could name kinds of run.
    pub fn kinds(&self) -> Vec<&'a Column> {
        let table = self.table.filter(|_| self.has_rows());
        table.map_or_else(Vec::new, |t| {
            t.columns()
                .filter(|c| !matches!(c.values, Values::Number(_)))
                .collect()
        })
    }

    /// The axes along which runs differ: the inputs of the law, N and D where they are known and the response is a loss,
    /// and C and D/N, which N and D span.
    pub fn axes(&self) -> Vec<Axis> {
        let Some(fit) = self.fit else {
            return Vec::new();
        };
        let mut axes: Vec<Axis> = Vec::new();
        let mut add = |name: &str, values: &[f64], own: bool| {
            let fresh = !axes.iter().any(|a| a.name == name);
            axes.extend(standardised(values).filter(|_| fresh).map(|at| Axis {
                name: name.to_owned(),
                at,
                own,
            }));
        };
        for (letter, values) in &fit.points.inputs {
            add(letter, values, true);
        }
        // Of a law of N* or C the response is one of these quantities itself.
        if let (Some(_), Some(n), Some(d)) = (&self.runs.loss, &self.runs.params, &self.runs.tokens)
        {
            add("N", n, true);
            add("D", d, true);
            add("C", &self.runs.compute().unwrap_or_default(), false);
            add("D/N", &self.runs.ratio().unwrap_or_default(), false);
        }
        axes.retain(|a| a.at.len() == self.runs.residuals.len());
        axes
    }

    /// What chance does to the residuals of this fit; made once, when a rule asks. None without a fit, and for fits that
    /// cannot be repeated.
    pub fn yardstick(&self) -> Option<&Yardstick> {
        let make = || {
            let (fit, table) = self.fit.zip(self.runs_table(&[]))?;
            refits(&self.law, &table, fit, |r| Yardstick::new(r, fit))?
        };
        self.yardstick.get_or_init(make).as_ref()
    }

    /// Whether the noise follows an axis; made once, when a rule asks.
    pub fn uneven(&self) -> Option<&Uneven> {
        let make = || {
            let yardstick = self.yardstick().filter(|y| !y.exact)?;
            let axes = self.axes();
            let own: Vec<&[f64]> = axes.iter().filter(|a| a.own).map(|a| &a.at[..]).collect();
            let seed = self.fit.map_or(0, |f| f.provenance.seed);
            uneven(&yardstick.standardised(), &own, seed)
        };
        self.uneven.get_or_init(make).as_ref()
    }

    /// The runs used as a table of their own, with some inputs replaced; the law's letters are its columns.
    pub fn runs_table(&self, replaced: &[(&str, &[f64])]) -> Option<RunTable> {
        let fit = self.fit.filter(|f| !f.points.response.is_empty())?;
        let own = |letter: &str| replaced.iter().find(|(l, _)| *l == letter).map(|(_, v)| *v);
        let response = self.law.response().name.clone();
        let mut columns: Vec<(&str, &[f64])> = vec![(&response, &fit.points.response)];
        for (letter, values) in &fit.points.inputs {
            columns.push((letter, own(letter).unwrap_or(values)));
        }
        let weights = self.weighing(fit)?;
        for (name, values) in &weights {
            columns.push((name, values));
        }
        let mut table = RunTable::from_columns("runs", &columns).keeping_copies();
        for (name, labels) in &fit.points.levels {
            table = table.with_text(name, labels);
        }
        Some(table)
    }

    /// The columns that say how much each run counts, weights or standard deviations; none when one cannot be found again.
    fn weighing(&self, fit: &Fit) -> Option<Vec<(String, Vec<f64>)>> {
        let names = ["weights", "sigma"].iter().filter_map(|o| option(fit, o));
        names
            .map(|name| {
                let column = self.table?.column(&name)?;
                let values = self.numbers(column)?;
                Some((name, values))
            })
            .collect()
    }

    /// Options for a fit of [`Self::runs_table`] that repeats the objective and seeks no intervals.
    pub fn refit_options(&self) -> Option<FitOptions> {
        let fit = self.fit?;
        Some(FitOptions {
            objective: Some(Objective::parse(&fit.objective.spelling).ok()?),
            weights: option(fit, "weights"),
            sigma: option(fit, "sigma"),
            uncertainty: Uncertainty::None,
            seed: fit.provenance.seed,
            ..FitOptions::default()
        })
    }
}

/// An option that a fit was made with.
fn option(fit: &Fit, name: &str) -> Option<String> {
    let mut options = fit.provenance.options.iter();
    let found = options.find(|(n, _)| n == name);
    found.map(|(_, v)| v.clone())
}

impl Runs {
    /// The runs of a fit, with the other columns of the table beside them.
    fn of_fit(law: &Law, fit: &Fit, table: Option<&RunTable>) -> Self {
        let rows = table.map_or_else(Vec::new, |t| rows_at(t, &fit.points.place));
        let input = |letter: &str, column: &str| {
            let is = |v: &&isoflop_law::Var| {
                v.role == VarRole::Input && (v.column == column || v.name == letter)
            };
            let var = law.vars.iter().find(is)?;
            let own = fit.points.inputs.iter().find(|(l, _)| *l == var.name);
            own.map(|(_, values)| values.clone())
        };
        let beside = |letter: &str, column: &str| {
            let resolved = table?.resolve_named(letter, column).ok()?;
            let values = resolved.column.numbers()?;
            let own: Vec<f64> = rows.iter().map(|r| values[*r]).collect();
            (!own.is_empty() && own.iter().all(|x| *x > 0.0)).then_some(own)
        };
        let of = |(letter, column): (&str, &str)| {
            input(letter, column).or_else(|| beside(letter, column))
        };
        let stated = table.is_some_and(|t| t.states("C", "flops"));
        let flops = of(ROLES[2]).filter(|_| stated || input("C", "flops").is_some());
        let is_loss = law.response().column == "loss" || law.response().name == "L";
        Self {
            n: fit.n,
            params: of(ROLES[0]),
            tokens: of(ROLES[1]),
            flops,
            loss: is_loss.then(|| fit.points.response.clone()),
            places: fit.points.place.clone(),
            residuals: fit.points.residual.clone(),
            rows,
        }
    }

    /// The rows of a table that have all the roles that its columns can play, with what the reader says about them.
    fn of_table(table: &RunTable) -> (Self, Vec<Note>) {
        let mut needs = Vec::new();
        let mut found = Vec::new();
        for (letter, column) in ROLES {
            let (resolved, kind) = match column {
                "loss" => (
                    table.resolve_response(letter, column),
                    NeedKind::PositiveResponse,
                ),
                "flops" if table.states(letter, column) => {
                    (table.resolve_response(letter, column), NeedKind::Positive)
                }
                "flops" => continue,
                _ => (table.resolve_named(letter, column), NeedKind::Positive),
            };
            if let Ok(resolved) = resolved {
                needs.push(Need::new(&resolved, kind));
                found.push(letter);
            }
        }
        let selection = table.select(&needs);
        let mut runs = Self {
            n: selection.rows.len(),
            places: selection.rows.iter().map(|r| table.place(*r)).collect(),
            rows: selection.rows,
            ..Self::default()
        };
        for (letter, values) in found.into_iter().zip(selection.numbers) {
            let role = match letter {
                "N" => &mut runs.params,
                "D" => &mut runs.tokens,
                "C" => &mut runs.flops,
                _ => &mut runs.loss,
            };
            *role = Some(values);
        }
        let mut notes = table.notes().to_vec();
        notes.extend(selection.notes);
        (runs, notes)
    }

    /// Compute as stated, else 6ND.
    pub fn compute(&self) -> Option<Vec<f64>> {
        let product =
            |(n, d): (&Vec<f64>, &Vec<f64>)| n.iter().zip(d).map(|(n, d)| 6.0 * n * d).collect();
        let both = self.params.as_ref().zip(self.tokens.as_ref());
        self.flops.clone().or_else(|| both.map(product))
    }

    /// Tokens per parameter.
    pub fn ratio(&self) -> Option<Vec<f64>> {
        let (n, d) = (self.params.as_ref()?, self.tokens.as_ref()?);
        Some(n.iter().zip(d).map(|(n, d)| d / n).collect())
    }

    /// Some runs by their places: the first few, and how many more. The name of a file is said once.
    pub fn list(&self, runs: &[usize]) -> String {
        let mut shown: Vec<&str> = Vec::new();
        let mut file = None;
        for i in runs.iter().take(5) {
            let place = self.places[*i].as_str();
            let (name, line) = place.rsplit_once(':').unwrap_or(("", place));
            shown.push(if file == Some(name) { line } else { place });
            file = Some(name);
        }
        match runs.len().saturating_sub(5) {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    }
}

/// The rows of a table at these places, in their order; empty when one cannot be found.
fn rows_at(table: &RunTable, places: &[String]) -> Vec<usize> {
    let mut rows = Vec::with_capacity(places.len());
    let mut row = 0;
    for place in places {
        while row < table.rows() && table.place(row) != *place {
            row += 1;
        }
        if row == table.rows() {
            return Vec::new();
        }
        rows.push(row);
        row += 1;
    }
    rows
}

/// Logarithms of positive values, others as they are, with mean zero and variance one; none of fewer than four values.
fn standardised(values: &[f64]) -> Option<Vec<f64>> {
    let positive = values.iter().all(|v| *v > 0.0);
    let scaled: Vec<f64> = values
        .iter()
        .map(|v| if positive { v.ln() } else { *v })
        .collect();
    let n = scaled.len() as f64;
    let mean = scaled.iter().sum::<f64>() / n;
    let sd = (scaled.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let mut distinct = scaled.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let varies = distinct.len() >= 4 && sd > 1e-9 * mean.abs().max(1e-300);
    (varies && sd.is_finite()).then(|| scaled.iter().map(|v| (v - mean) / sd).collect())
}

/// A name in lower case with letters and digits only.
pub(crate) fn squashed(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Severity of a share that is graver the larger it is.
pub(crate) fn graded(value: f64, warning: f64) -> Severity {
    if value >= warning {
        Severity::Warning
    } else {
        Severity::Info
    }
}

//! The columns that a recipe needs, taken out of a table.

use super::sources;
use crate::result::{SkippedRows, TableRecord};
use isoflop_base::{Diagnostic, Diagnostics, Note};
use isoflop_data::{Need, NeedKind, RunTable};

/// Runs in columns.
pub(crate) struct Runs {
    pub params: Vec<f64>,
    pub tokens: Vec<f64>,
    pub flops: Vec<f64>,
    pub loss: Vec<f64>,
    pub places: Vec<String>,
    pub skipped: Vec<SkippedRows>,
    pub tables: Vec<TableRecord>,
    pub notes: Vec<Note>,
    /// Unit of the losses: that of their column, nats a token where it says nothing.
    pub loss_unit: String,
    /// Median of C/(N·D).
    pub kappa: f64,
}

impl Runs {
    /// Finds params, tokens, flops and loss, and takes the rows that have all four.
    pub fn of(table: &RunTable) -> Result<Self, Diagnostics> {
        let mut needs = Vec::new();
        let mut notes = table.notes().to_vec();
        let mut faults = Diagnostics::default();
        let mut loss_unit = "nats/token".to_owned();
        let wanted = [
            ("N", "params", NeedKind::Positive),
            ("D", "tokens", NeedKind::Positive),
            ("C", "flops", NeedKind::Positive),
            ("L", "loss", NeedKind::PositiveResponse),
        ];
        for (letter, column, kind) in wanted {
            match table.resolve(letter, column) {
                Ok(resolved) => {
                    notes.extend(resolved.notes.iter().cloned());
                    needs.push(Need::new(&resolved, kind).role(Some(column)));
                    if column == "loss" && !resolved.column.unit.is_empty() {
                        loss_unit.clone_from(&resolved.column.unit);
                    }
                }
                Err(fault) => faults.0.push(fault),
            }
        }
        if !faults.0.is_empty() {
            return Err(faults);
        }
        let selection = table.select(&needs);
        if selection.rows.is_empty() {
            let message = format!("none of the {} rows read can be used", selection.read);
            let mut fault = Diagnostic::error("no-usable-rows", message);
            for s in &selection.skipped {
                fault = fault.help(format!("{}: {} rows", s.reason, s.rows));
            }
            return Err(fault.into());
        }
        if !selection.faults.is_empty() {
            return Err(Diagnostics(selection.faults));
        }
        notes.extend(selection.notes.iter().cloned());
        notes.dedup();
        let mut numbers = selection.numbers.into_iter();
        let mut next = || numbers.next().expect("one column for each need");
        let (params, tokens, flops, loss) = (next(), next(), next(), next());
        let ratios: Vec<f64> = (0..params.len())
            .map(|i| flops[i] / (params[i] * tokens[i]))
            .collect();
        Ok(Self {
            kappa: isoflop_numerics::dist::median(&ratios),
            places: selection.rows.iter().map(|r| table.place(*r)).collect(),
            skipped: selection
                .skipped
                .into_iter()
                .map(|s| SkippedRows {
                    reason: s.reason,
                    rows: s.rows,
                    places: s.places,
                })
                .collect(),
            tables: sources(table),
            params,
            tokens,
            flops,
            loss,
            loss_unit,
            notes,
        })
    }

    /// The same runs with other losses.
    pub fn with_loss(&self, loss: Vec<f64>) -> Self {
        Self {
            params: self.params.clone(),
            tokens: self.tokens.clone(),
            flops: self.flops.clone(),
            loss,
            loss_unit: self.loss_unit.clone(),
            places: self.places.clone(),
            skipped: Vec::new(),
            tables: Vec::new(),
            notes: Vec::new(),
            kappa: self.kappa,
        }
    }
}

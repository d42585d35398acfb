//! A table cut into one table per value of a column, for `--group`.

use isoflop_base::Diagnostic;

use crate::accounting::{Account, Skipped};
use crate::resolve::Resolved;
use crate::select::{Need, NeedKind};
use crate::table::RunTable;

/// One table per group.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Column that tells the groups apart.
    pub column: String,
    /// Groups in order of their names; numbers by value. Each counts its own rows as read.
    pub tables: Vec<(String, RunTable)>,
    /// Rows that belong to no group: left out before, or without a value in the column.
    pub skipped: Vec<Skipped>,
}

impl RunTable {
    /// Cuts the table by the values of a column.
    ///
    /// # Errors
    ///
    /// `unknown-column` or `ambiguous-column`.
    pub fn split(&self, column: &str) -> Result<Groups, Diagnostic> {
        let resolved: Resolved = self.resolve(column, column)?;
        let selection = self.select(&[Need::new(&resolved, NeedKind::Level)]);
        let mut tables = Vec::new();
        for levels in &selection.levels {
            for (code, name) in levels.names.iter().enumerate() {
                let rows: Vec<usize> = selection
                    .rows
                    .iter()
                    .zip(&levels.codes)
                    .filter(|(_, c)| **c == code)
                    .map(|(row, _)| *row)
                    .collect();
                let mut table = self.subset(&rows);
                table.account = Account::default();
                tables.push((name.clone(), table));
            }
        }
        Ok(Groups {
            column: resolved.column.name.clone(),
            tables,
            skipped: selection.skipped,
        })
    }
}

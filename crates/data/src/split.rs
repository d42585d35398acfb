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

    /// The rows of one group: of those that [`split`](Self::split) tells apart, the one with this name.
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split); `no-groups` when no row has this value.
    pub fn group(&self, column: &str, name: &str) -> Result<Self, Diagnostic> {
        let groups = self.split(column)?;
        let found = groups.tables.into_iter().find(|(own, _)| own == name);
        found.map(|(_, table)| table).ok_or_else(|| {
            let message = format!("no row has the value `{name}` in {}", groups.column);
            Diagnostic::error("no-groups", message)
        })
    }
}

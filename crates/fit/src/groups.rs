//! One law fitted to every group of a table by itself: `--group`.

use crate::engine::fit;
use crate::options::FitOptions;
use crate::result::{Fit, SkippedRows};
use crate::sealed::sealed;
use isoflop_base::Diagnostics;
use isoflop_data::RunTable;
use isoflop_law::Law;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Fits by group. `schema` is `isoflop.fits/1`.
///
/// Written, they end in a `digest` of everything before it ([`Fits::own_digest`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Fits {
    /// `isoflop.fits/1`.
    pub schema: String,
    /// Column that names the groups.
    pub column: String,
    /// Groups in order of their names, numbers by value.
    pub groups: Vec<GroupFit>,
    /// Rows that belong to no group.
    pub skipped: Vec<SkippedRows>,
    /// The digest that the file carried; none for a result that was not read from one, or from one of an earlier version.
    #[serde(default, skip_serializing)]
    pub digest: Option<String>,
}

sealed!(Fits);

/// The fit of one group, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupFit {
    /// Value of the group column.
    pub group: String,
    /// Rows of the group, before any is left out.
    pub rows: usize,
    /// The fit.
    pub fit: Option<Fit>,
    /// Why there is none, a sentence each.
    pub faults: Vec<String>,
}

/// Names of the options that say of which group a saved fit is: a column, and the group's value in it.
pub const GROUP: [&str; 2] = ["group", "group-value"];

/// The options of one group's fit: whoever fits again needs the group to have the same runs.
fn of_group(options: &FitOptions, column: &str, name: &str) -> FitOptions {
    let mut own = options.clone();
    let said = GROUP.into_iter().zip([column, name]);
    own.reader
        .extend(said.map(|(option, value)| (option.to_owned(), value.to_owned())));
    own
}

/// Fits the law to every group by itself. A group that cannot be fitted is in the result with its faults.
///
/// # Errors
///
/// Diagnostics when the column is unknown, or when no group can be fitted: then the faults of the first.
pub fn fit_groups(
    law: &Law,
    table: &RunTable,
    column: &str,
    options: &FitOptions,
) -> Result<Fits, Diagnostics> {
    let groups = table.split(column)?;
    let column = groups.column.as_str();
    let fitted: Vec<(GroupFit, Option<Diagnostics>)> = groups
        .tables
        .par_iter()
        .map(|(name, own)| {
            let found = fit(law, own, &of_group(options, column, name));
            let faults = found
                .as_ref()
                .err()
                .map_or_else(Vec::new, |f| f.0.iter().map(ToString::to_string).collect());
            let failure = found.as_ref().err().cloned();
            let group = GroupFit {
                group: name.clone(),
                rows: own.rows(),
                fit: found.ok(),
                faults,
            };
            (group, failure)
        })
        .collect();
    if fitted.iter().all(|(g, _)| g.fit.is_none()) {
        if let Some(faults) = fitted.into_iter().find_map(|(_, failure)| failure) {
            return Err(faults);
        }
        return Err(isoflop_base::Diagnostic::error(
            "no-groups",
            format!("no row has a value of {column}"),
        )
        .into());
    }
    Ok(Fits {
        digest: None,
        schema: "isoflop.fits/1".to_owned(),
        column: groups.column,
        groups: fitted.into_iter().map(|(g, _)| g).collect(),
        skipped: groups
            .skipped
            .into_iter()
            .map(|s| SkippedRows {
                reason: s.reason,
                rows: s.rows,
                places: s.places,
            })
            .collect(),
    })
}

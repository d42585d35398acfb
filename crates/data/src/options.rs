//! What `--map`, `--unit`, `--let` and `--where` ask for.

use isoflop_base::Diagnostic;

use crate::header::LOSS_UNITS;

/// What happens to rows that equal an earlier row in every cell, a precise measurement included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Copies {
    /// The first counts, the others are skipped and listed: a run that was recorded twice is one run.
    #[default]
    Once,
    /// All count, with a note: for fits that are published on a table with copies.
    Keep,
}

/// How a table is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// `--map role=column`: a role or a law's letter, and the column that it means.
    pub map: Vec<(String, String)>,
    /// `--unit loss=bits/byte`: a role, a law's letter or a column, and the unit that its numbers are in.
    pub units: Vec<(String, String)>,
    /// `--where EXPR`: rows for which it is not true are left out.
    pub filter: Option<String>,
    /// `--without FILE:LINE`: rows that are left out by their place.
    pub without: Vec<String>,
    /// `--best-of params,tokens`: of the rows that are equal in these columns, the one of lowest loss.
    pub best_of: Vec<String>,
    /// `--let 'name = EXPR'`: new columns, in order; each may use the ones before it.
    pub lets: Vec<String>,
    /// What happens to exact copies of rows when rows are selected.
    pub copies: Copies,
}

impl ReadOptions {
    /// Reads one `--unit`: `loss=bits/byte`. Only losses carry a unit that is not counted in.
    ///
    /// # Errors
    ///
    /// A diagnostic if there is no `column=unit`, or if the unit is none of a loss.
    ///
    /// # Example
    ///
    /// ```
    /// let unit = isoflop_data::ReadOptions::parse_unit("loss=bpb")?;
    /// assert_eq!(unit, ("loss".to_owned(), "bits/byte".to_owned()));
    /// # Ok::<(), isoflop_base::Diagnostic>(())
    /// ```
    pub fn parse_unit(text: &str) -> Result<(String, String), Diagnostic> {
        let bad = |message: String| {
            Diagnostic::error("bad-unit", message).help(format!(
                "for example `--unit loss=bits/byte`; the units of a loss are {}",
                LOSS_UNITS.join(", ")
            ))
        };
        let split = text.rsplit_once('=').map(|(c, u)| (c.trim(), u.trim()));
        let Some((column, unit)) = split.filter(|(c, u)| !c.is_empty() && !u.is_empty()) else {
            return Err(bad(format!(
                "`--unit {text}` is not of the form COLUMN=UNIT"
            )));
        };
        let known =
            isoflop_base::parse_unit(unit).filter(|u| LOSS_UNITS.contains(&u.name.as_str()));
        match known {
            Some(known) => Ok((column.to_owned(), known.name)),
            None => Err(bad(format!("`{unit}` is no unit of a loss"))),
        }
    }

    /// The names of a list with commas: `params, tokens`.
    #[must_use]
    pub fn names(text: &str) -> Vec<String> {
        let names = text.split(',').map(|name| name.trim().trim_matches('`'));
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Reads one `--map`: `params=n_params`, or several with commas between them.
    ///
    /// # Errors
    ///
    /// A diagnostic if there is no `role=column`.
    ///
    /// # Example
    ///
    /// ```
    /// let pairs = isoflop_data::ReadOptions::parse_map("params=n_params, L=val/loss")?;
    /// assert_eq!(pairs[1], ("L".to_owned(), "val/loss".to_owned()));
    /// # Ok::<(), isoflop_base::Diagnostic>(())
    /// ```
    pub fn parse_map(text: &str) -> Result<Vec<(String, String)>, Diagnostic> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in text.split(',') {
            match part.split_once('=') {
                Some((role, column)) if !role.trim().is_empty() && !column.trim().is_empty() => {
                    pairs.push((role.trim().to_owned(), column.trim().to_owned()));
                }
                // A column name may hold a comma: what has no `=` belongs to the pair before it.
                None if !pairs.is_empty() => {
                    if let Some((_, column)) = pairs.last_mut() {
                        column.push(',');
                        column.push_str(part);
                    }
                }
                _ => {
                    return Err(Diagnostic::error(
                        "bad-map",
                        format!("`--map {text}` is not of the form role=column"),
                    )
                    .help("for example `--map params=n_params`, or `--map L=val_loss` by the law's letter"));
                }
            }
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_pairs() {
        let one = |role: &str, column: &str| vec![(role.to_owned(), column.to_owned())];
        assert_eq!(
            ReadOptions::parse_map(" params = n_params ").unwrap(),
            one("params", "n_params")
        );
        assert_eq!(
            ReadOptions::parse_map("L=loss, nats").unwrap(),
            one("L", "loss, nats")
        );
        assert_eq!(ReadOptions::parse_map("a=b,c=d").unwrap().len(), 2);
    }

    #[test]
    fn a_map_without_both_sides_is_refused() {
        for text in ["", "params", "=x", "params=", "a=b,=c"] {
            assert_eq!(
                ReadOptions::parse_map(text).unwrap_err().code,
                "bad-map",
                "{text}"
            );
        }
    }
}

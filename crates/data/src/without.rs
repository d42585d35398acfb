//! `--without chin.csv:33`: rows named by their place, as notes and findings name them.

use isoflop_base::{Diagnostic, Diagnostics};

use crate::table::RunTable;

/// Reason of the rows that were named.
const NAMED: &str = "left out by --without";

impl RunTable {
    /// The table without the rows at these places: `FILE:LINE`, several with commas, the name of the file with or without its
    /// folder, or `LINE` alone where there is one file.
    ///
    /// # Errors
    ///
    /// `unknown-row` for a place that is no row of the table; all of them together.
    pub fn without(mut self, places: &[String]) -> Result<Self, Diagnostics> {
        let mut faults = Diagnostics::default();
        let mut left_out = vec![false; self.rows()];
        let one_file = self.sources().len() == 1;
        let named = places.iter().flat_map(|text| text.split(','));
        for place in named.map(str::trim).filter(|p| !p.is_empty()) {
            let Some((file, line)) = parsed(place) else {
                let message = format!("`--without {place}` is not of the form FILE:LINE");
                let fault = Diagnostic::error("bad-row", message);
                faults
                    .0
                    .push(fault.help("for example --without runs.csv:33"));
                continue;
            };
            let mut found = false;
            for row in (0..self.rows()).filter(|row| self.line(*row) == line) {
                let source = self.source_of(row);
                let same = match file {
                    None => one_file,
                    Some(file) => source == file || base_name(source) == file,
                };
                left_out[row] |= same;
                found |= same;
            }
            if !found {
                let message = format!("`--without {place}`: no row of the table was read there");
                let fault = Diagnostic::error("unknown-row", message);
                faults.0.push(fault.help(match file {
                    None if !one_file => "name the file as well: there are several".to_owned(),
                    _ => format!("the tables are {}", self.source_names()),
                }));
            }
        }
        if !faults.0.is_empty() {
            return Err(faults);
        }
        let mut account = self.account.clone();
        for row in (0..self.rows()).filter(|row| left_out[*row]) {
            account.skip(NAMED, None, || self.place(row));
        }
        let kept: Vec<usize> = (0..self.rows()).filter(|row| !left_out[*row]).collect();
        self.keep(&kept);
        self.account = account;
        Ok(self)
    }
}

/// File and line of a place.
fn parsed(place: &str) -> Option<(Option<&str>, usize)> {
    match place.rsplit_once(':') {
        Some((file, line)) => Some((Some(file), line.parse().ok()?)),
        None => Some((None, place.parse().ok()?)),
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use crate::{Input, ReadOptions, read};

    fn table(without: &[&str]) -> Result<crate::RunTable, isoflop_base::Diagnostics> {
        let text = "params,loss\n1,2\n2,3\n3,4\n";
        let input = Input::Reader {
            name: "a/runs.csv".to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let options = ReadOptions {
            without: without.iter().map(|w| (*w).to_owned()).collect(),
            ..ReadOptions::default()
        };
        read(&[input], &options)
    }

    #[test]
    fn rows_are_left_out_by_their_place() {
        for place in ["a/runs.csv:3", "runs.csv:3", "3"] {
            let found = table(&[place]).expect("the row is there");
            assert_eq!(found.rows(), 2, "{place}");
            assert!((0..2).all(|row| found.line(row) != 3), "{place}");
        }
        assert_eq!(table(&["2,4"]).expect("both are there").rows(), 1);
    }

    #[test]
    fn a_place_without_a_row_is_an_error() {
        for (place, code) in [
            ("runs.csv:9", "unknown-row"),
            ("other.csv:3", "unknown-row"),
            ("x", "bad-row"),
        ] {
            let faults = table(&[place]).expect_err("no such row");
            assert_eq!(faults.0[0].code, code, "{place}");
        }
    }
}

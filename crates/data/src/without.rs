//! `--without chin.csv:33`: rows named by their place, as notes and findings name them.

use isoflop_base::{Diagnostic, Diagnostics};

use crate::table::RunTable;

/// Reason of the rows that were named.
const NAMED: &str = "left out by --without";

impl RunTable {
    /// The table without the rows at these places: `FILE:LINE`, several with commas, the name of the file with or without its
    /// folder where one file has it, or `LINE` alone where there is one file.
    ///
    /// # Errors
    ///
    /// `bad-row` for a text that is no place, `unknown-row` for a place that is no row of the table, `ambiguous-row` for one
    /// that names more than was meant; all of them together.
    pub fn without(mut self, places: &[String]) -> Result<Self, Diagnostics> {
        let mut faults = Diagnostics::default();
        let mut left_out = vec![false; self.rows()];
        for place in places.iter().flat_map(|text| apart(text)) {
            match self.rows_at(&place) {
                Ok(rows) => rows.into_iter().for_each(|row| left_out[row] = true),
                Err(fault) => faults.0.push(fault),
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

impl RunTable {
    /// The rows at a place.
    fn rows_at(&self, place: &str) -> Result<Vec<usize>, Diagnostic> {
        let Some((file, line)) = parsed(place) else {
            let message = format!("`--without {place}` is not of the form FILE:LINE");
            return Err(
                Diagnostic::error("bad-row", message).help("for example --without runs.csv:33")
            );
        };
        let sources = self.sources();
        let named: Vec<&str> = sources
            .iter()
            .map(|s| s.name.as_str())
            .filter(|name| file.is_none_or(|file| base_name(name) == file || *name == file))
            .collect();
        let source = match (named.as_slice(), file) {
            (_, Some(file)) if named.contains(&file) => file,
            ([one], _) => one,
            ([], _) | (_, None) => return Err(self.no_row(place, file.is_none())),
            (several, _) => {
                let message = format!(
                    "`--without {place}`: several files have this name: {}",
                    several.join(", ")
                );
                return Err(Diagnostic::error("ambiguous-row", message).help(format!(
                    "name one with its folder, as {}:{line}",
                    several[0]
                )));
            }
        };
        let own = |row: &usize| self.source_of(*row) == source;
        let rows: Vec<usize> = (0..self.rows())
            .filter(|row| self.line(*row) == line && own(row))
            .collect();
        match rows.len() {
            0 => Err(self.no_row(place, false)),
            // A list on one line has no lines to tell its rows apart by.
            several if several > 1 && several == (0..self.rows()).filter(own).count() => {
                let message =
                    format!("`--without {place}`: all {several} rows of {source} are on this line");
                Err(Diagnostic::error("ambiguous-row", message)
                    .help("leave rows out with --where, or write one row a line"))
            }
            _ => Ok(rows),
        }
    }

    fn no_row(&self, place: &str, lacks_file: bool) -> Diagnostic {
        let message = format!("`--without {place}`: no row of the table was read there");
        Diagnostic::error("unknown-row", message).help(if lacks_file {
            "name the file as well: there are several".to_owned()
        } else {
            format!("the tables are {}", self.source_names())
        })
    }
}

/// The places of a text with commas between them; the name of a file may hold one as well.
fn apart(text: &str) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    let mut open = String::new();
    for piece in text.split(',') {
        if !open.is_empty() {
            open.push(',');
        }
        open.push_str(piece);
        if parsed(open.trim()).is_some() {
            places.push(open.trim().to_owned());
            open.clear();
        }
    }
    places.extend(Some(open.trim().to_owned()).filter(|rest| !rest.is_empty()));
    places
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

    fn named(name: &str, text: &str) -> Input {
        Input::Reader {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    fn of(inputs: &[Input], without: &str) -> Result<usize, &'static str> {
        let options = ReadOptions {
            without: vec![without.to_owned()],
            ..ReadOptions::default()
        };
        let table = read(inputs, &options);
        table.map(|t| t.rows()).map_err(|faults| faults.0[0].code)
    }

    #[test]
    fn no_more_is_left_out_than_was_named() {
        let text = "params,loss\n1,2\n2,3\n3,4\n";
        let two = [named("p/runs.csv", text), named("q/runs.csv", text)];
        assert_eq!(of(&two, "runs.csv:3"), Err("ambiguous-row"));
        assert_eq!(of(&two, "3"), Err("unknown-row"));
        assert_eq!(of(&two, "q/runs.csv:3"), Ok(5));
        let line = [named("rows.json", r#"[{"x": 1}, {"x": 2}, {"x": 3}]"#)];
        assert_eq!(of(&line, "rows.json:1"), Err("ambiguous-row"));
        let lines =
            "{\"r\": 1, \"h\": [{\"x\": 1}, {\"x\": 2}]}\n{\"r\": 2, \"h\": [{\"x\": 1}]}\n";
        assert_eq!(of(&[named("runs.jsonl", lines)], "runs.jsonl:1"), Ok(1));
    }

    #[test]
    fn the_name_of_a_file_may_hold_a_comma() {
        let own = [named("a,b.csv", "params,loss\n1,2\n2,3\n3,4\n")];
        assert_eq!(of(&own, "a,b.csv:3,4"), Ok(1));
        assert_eq!(of(&own, "a,b.csv:3, a,b.csv:2"), Ok(1));
        assert_eq!(of(&own, "a,b.csv"), Err("bad-row"));
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

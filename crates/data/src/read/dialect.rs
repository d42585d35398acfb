//! The dialect of a separated file: its delimiter, and whether its numbers have decimal commas.

/// Delimiters in order of preference.
const DELIMITERS: &[u8] = b",\t;|";

/// How many lines and cells are looked at.
const LINES: usize = 50;
const CELLS: usize = 4000;

/// The delimiter: the one that occurs in the header and equally often in most other lines.
pub(super) fn delimiter(text: &str) -> u8 {
    let lines: Vec<&str> = text
        .lines()
        .filter(|l| !l.trim().is_empty())
        .take(LINES)
        .collect();
    let Some((header, rest)) = lines.split_first() else {
        return b',';
    };
    let mut best = (0.0, b',');
    for delimiter in DELIMITERS {
        let cells = count(header, *delimiter);
        if cells == 0 {
            continue;
        }
        let agree = rest
            .iter()
            .filter(|l| count(l, *delimiter) == cells)
            .count();
        let share = (agree + 1) as f64 / lines.len() as f64;
        if share > best.0 {
            best = (share, *delimiter);
        }
    }
    best.1
}

/// How often a delimiter stands outside quotes.
fn count(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    let mut found = 0;
    for byte in line.bytes() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == delimiter && !quoted {
            found += 1;
        }
    }
    found
}

/// Evidence about the decimal mark, cell by cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MarkEvidence {
    /// Cells such as `3,14`, `0,5`, `9,08E+18`, `1.234,5`.
    commas: usize,
    /// Cells such as `3,395`, which may be a decimal or a group of thousands.
    either: usize,
    /// Cells such as `3.14`, `1,234.5`, `1,234,567`.
    points: usize,
    seen: usize,
}

impl MarkEvidence {
    /// Whether enough cells were seen.
    pub(super) fn is_full(&self) -> bool {
        self.seen >= CELLS
    }

    /// Looks at one cell.
    pub(super) fn see(&mut self, cell: &str) {
        self.seen += 1;
        let cell = cell.trim();
        let cell = cell.strip_prefix(['-', '+']).unwrap_or(cell);
        let number = cell
            .find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.')
            .map_or(cell, |end| &cell[..end]);
        let rest = &cell[number.len()..];
        // A date such as 29.01.2024, a version or a sentence says nothing about decimal marks.
        if !number.starts_with(|c: char| c.is_ascii_digit())
            || rest.starts_with(['/', '-', ':', '_'])
        {
            return;
        }
        let (commas, points) = (number.matches(',').count(), number.matches('.').count());
        match (number.rfind(','), number.rfind('.')) {
            (Some(comma), Some(point)) if comma > point && commas == 1 => self.commas += 1,
            (Some(_), Some(_)) if points == 1 => self.points += 1,
            (Some(comma), None) if commas == 1 => {
                let group =
                    number.len() - comma - 1 == 3 && comma <= 3 && !number.starts_with("0,");
                if group && rest.is_empty() {
                    self.either += 1;
                } else if number.len() > comma + 1 {
                    self.commas += 1;
                }
            }
            (Some(_), None) => self.points += 1,
            (None, Some(_)) if points == 1 => self.points += 1,
            _ => {}
        }
    }

    /// Whether the numbers have decimal commas. Cells that may be either count as decimals only where
    /// the delimiter is a semicolon, which people use because the comma is taken.
    pub(super) fn decimal_commas(&self, delimiter: u8) -> bool {
        let commas = self.commas + if delimiter == b';' { self.either } else { 0 };
        commas > 0 && self.points == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_found() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n3,14;2\n", b';'),
            ("a\tb, c\n1\t2\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("a\n1\n", b','),
            ("\"x;y\",b\n1,2\n", b','),
            ("name;loss\na,b;3,1\nc;2\n", b';'),
        ] {
            assert_eq!(delimiter(text), expected, "{text}");
        }
    }

    fn commas(cells: &[&str], delimiter: u8) -> bool {
        let mut evidence = MarkEvidence::default();
        cells.iter().for_each(|c| evidence.see(c));
        evidence.decimal_commas(delimiter)
    }

    #[test]
    fn decimal_commas_need_evidence() {
        assert!(commas(&["1730543416", "3,395738", "9,08E+18"], b';'));
        assert!(commas(&["3,395"], b';'));
        assert!(commas(&["1.234.567,8"], b'\t'));
        assert!(commas(&["0,395"], b'\t'));
        assert!(!commas(&["3,395"], b'\t'));
        assert!(!commas(&["411,616,256"], b','));
        assert!(!commas(&["3,14", "2.5"], b';'));
        assert!(!commas(&["29.01.2024", "adam, sgd"], b';'));
    }
}

//! Where rows came from. Lines mostly follow one another, so runs of them are kept and not every one: a row of a large
//! table costs a fraction of a byte here, and a few bytes after a filter.

/// Where a row came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowPlace {
    pub(crate) source: u32,
    pub(crate) line: u32,
}

/// Places of rows, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowPlaces {
    runs: Vec<Run>,
    rows: usize,
}

/// Rows whose lines follow one another.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The first of its rows.
    row: usize,
    place: RowPlace,
}

impl RowPlaces {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, place: RowPlace) {
        let follows = self.runs.last().is_some_and(|run| {
            run.place.source == place.source
                && u64::from(run.place.line) + (self.rows - run.row) as u64 == u64::from(place.line)
        });
        if !follows {
            self.runs.push(Run {
                row: self.rows,
                place,
            });
        }
        self.rows += 1;
    }

    /// The place of a row.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    pub(crate) fn get(&self, row: usize) -> RowPlace {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        let after = self.runs.partition_point(|run| run.row <= row);
        let run = &self.runs[after - 1];
        let further = u32::try_from(row - run.row).expect("lines are counted in 32 bits");
        RowPlace {
            line: run.place.line + further,
            ..run.place
        }
    }

    /// The places of the given rows.
    pub(crate) fn gather(&self, rows: &[usize]) -> Self {
        rows.iter().map(|row| self.get(*row)).collect()
    }

    /// All places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = RowPlace> {
        (0..self.rows).map(|row| self.get(row))
    }
}

impl FromIterator<RowPlace> for RowPlaces {
    fn from_iter<I: IntoIterator<Item = RowPlace>>(places: I) -> Self {
        let mut out = Self::default();
        places.into_iter().for_each(|place| out.push(place));
        out.runs.shrink_to_fit();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_as_they_were_given() {
        let given: Vec<RowPlace> = [
            (0, 2),
            (0, 3),
            (0, 5),
            (0, 5),
            (1, 6),
            (1, 7),
            (1, 2),
            (0, 3),
            (0, u32::MAX),
            (0, u32::MAX),
        ]
        .map(|(source, line)| RowPlace { source, line })
        .to_vec();
        let places: RowPlaces = given.iter().copied().collect();
        assert_eq!(places.len(), given.len());
        assert_eq!(places.iter().collect::<Vec<_>>(), given);
        let some = places.gather(&[1, 2, 5]);
        assert_eq!(
            some.iter().collect::<Vec<_>>(),
            [given[1], given[2], given[5]]
        );
    }

    #[test]
    fn lines_that_follow_one_another_take_no_room() {
        let line = |line| RowPlace { source: 0, line };
        let places: RowPlaces = (2..1_000_000).map(line).collect();
        assert_eq!(places.runs.len(), 1);
        assert_eq!(places.get(999_997), line(999_999));
    }
}

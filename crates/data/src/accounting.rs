//! Rows that are not used: counted under a reason, with their places.

/// How many places are kept per reason; the count is always of all rows.
pub(crate) const PLACES: usize = 20;

/// How many reasons are told apart for one column.
const REASONS: usize = 8;

/// Rows left behind for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Why, as a clause: `loss is missing`, `left out by --where`.
    pub reason: String,
    /// The column at fault, when it is one column.
    pub column: Option<String>,
    /// How many rows.
    pub rows: usize,
    /// Where, as `file:line` or `file:line:column`: the first twenty.
    pub places: Vec<String>,
}

/// Groups of skipped rows in order of first appearance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    groups: Vec<Skipped>,
}

impl Account {
    /// Counts one row.
    pub(crate) fn skip(
        &mut self,
        reason: &str,
        column: Option<&str>,
        place: impl FnOnce() -> String,
    ) {
        let is = |g: &Skipped, reason: &str| g.reason == reason && g.column.as_deref() == column;
        let mut known = self.groups.iter().position(|g| is(g, reason));
        let mut reason = reason;
        let other;
        // A column of words has a reason of its own for every word.
        if let (None, Some(name)) = (known, column)
            && self
                .groups
                .iter()
                .filter(|g| g.column.as_deref() == column)
                .count()
                >= REASONS
        {
            other = format!("{name} has other cells that cannot be used");
            known = self.groups.iter().position(|g| is(g, &other));
            reason = &other;
        }
        let at = known.unwrap_or_else(|| {
            self.groups.push(Skipped {
                reason: reason.to_owned(),
                column: column.map(str::to_owned),
                rows: 0,
                places: Vec::new(),
            });
            self.groups.len() - 1
        });
        let group = &mut self.groups[at];
        group.rows += 1;
        if group.places.len() < PLACES {
            group.places.push(place());
        }
    }

    /// The groups.
    pub(crate) fn groups(&self) -> &[Skipped] {
        &self.groups
    }

    /// How many rows in all.
    pub(crate) fn rows(&self) -> usize {
        self.groups.iter().map(|g| g.rows).sum()
    }
}

/// `runs.csv:3, runs.csv:9 and 4 more`.
pub(crate) fn list_places(places: impl Iterator<Item = String>, total: usize) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = places.take(SHOWN).collect();
    let listed = shown.join(", ");
    match total.saturating_sub(shown.len()) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_go_on_after_the_places_are_full() {
        let mut account = Account::default();
        for i in 0..25 {
            account.skip("loss is missing", Some("loss"), || format!("f:{i}"));
        }
        account.skip("left out by --where", None, || "f:1".to_owned());
        assert_eq!(account.rows(), 26);
        assert_eq!(account.groups()[0].rows, 25);
        assert_eq!(account.groups()[0].places.len(), PLACES);
    }

    #[test]
    fn a_long_list_of_places_is_cut_and_says_so() {
        let places = (1..=7).map(|i| format!("f:{i}"));
        assert_eq!(list_places(places, 7), "f:1, f:2, f:3, f:4, f:5 and 2 more");
        assert_eq!(list_places(["f:1".to_owned()].into_iter(), 1), "f:1");
    }
}

//! Which column a law means: by `--map`, by name, by letter, by the names people give to a role.

use std::sync::Arc;

use isoflop_base::{Diagnostic, Note, Severity, closest};

use crate::column::Column;
use crate::header::Header;
use crate::roles::{Match, Role, role_of, squash};
use crate::table::{RunTable, note};
use crate::{derive, roles, summary};

/// How many column names a message lists.
const LISTED: usize = 40;

/// The column that a name means, with what must be said about it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The column; a new one where it was computed or filled.
    pub column: Arc<Column>,
    /// How it was found or computed, and what its header and cells say.
    pub notes: Vec<Note>,
}

/// What a search for a column found.
pub(crate) enum Found {
    /// One column, with a note when it was guessed from its name.
    One(Arc<Column>, Option<Note>),
    /// Several that fit equally well.
    Many(Vec<String>),
    /// None.
    No,
}

impl RunTable {
    /// The column for a law's variable: `letter` in the formula, `column` as the law declares it.
    ///
    /// In this order: `--map` by either name, a column that `--let` defined, the exact column name, the
    /// letter as a column name, and for params, tokens, flops and loss the names people give them. Missing
    /// flops are computed as 6·params·tokens and missing tokens as flops/(6·params), whole columns or
    /// single cells; a note says so.
    ///
    /// # Errors
    ///
    /// `unknown-column` with the columns there are, or `ambiguous-column` with those that fit.
    pub fn resolve(&self, letter: &str, column: &str) -> Result<Resolved, Diagnostic> {
        self.resolve_with(letter, column, true, self.find(letter, column))
    }

    /// The column of a quantity that the law may not have: as [`Self::resolve`], but by names alone. `x` of a table of two
    /// columns could be any quantity.
    ///
    /// # Errors
    ///
    /// As for [`Self::resolve`].
    pub fn resolve_named(&self, letter: &str, column: &str) -> Result<Resolved, Diagnostic> {
        self.resolve_with(letter, column, true, self.find_named(letter, column))
    }

    /// Whether one column states a quantity by its name.
    #[must_use]
    pub fn states(&self, letter: &str, column: &str) -> bool {
        matches!(self.find_named(letter, column), Found::One(..))
    }

    /// The column of a measured response: the same search, but a cell without a measurement stays empty. A number that
    /// was computed from the inputs says nothing about them.
    ///
    /// # Errors
    ///
    /// As for [`Self::resolve`].
    pub fn resolve_response(&self, letter: &str, column: &str) -> Result<Resolved, Diagnostic> {
        self.resolve_with(letter, column, false, self.find(letter, column))
    }

    fn resolve_with(
        &self,
        letter: &str,
        column: &str,
        derive: bool,
        found: Found,
    ) -> Result<Resolved, Diagnostic> {
        let role = role_of(column);
        let derived = role.filter(|_| derive);
        let (column, mut notes) = match found {
            Found::One(found, guess) => (found, Vec::from_iter(guess)),
            Found::Many(names) => return Err(ambiguous(self, letter, column, &names)),
            Found::No => match derived.and_then(|r| derive::whole_column(self, r)) {
                Some((derived, note)) => {
                    let mut notes = self.guesses_behind(role);
                    notes.push(note);
                    return Ok(Resolved {
                        column: Arc::new(derived),
                        notes,
                    });
                }
                None => return Err(self.unknown(letter, column)),
            },
        };
        notes.extend(column.notes.iter().cloned());
        notes.extend(self.approximate_note(&column));
        let filled = derived
            .filter(|r| r.fits(&Header::parse(&column.name).base) != Some(Match::Weak))
            .and_then(|r| derive::fill_gaps(self, r, &column));
        let column = match filled {
            Some((filled, note)) => {
                notes.push(note);
                Arc::new(filled)
            }
            None => column,
        };
        Ok(Resolved { column, notes })
    }

    /// What was guessed to find the columns that a role was computed from.
    fn guesses_behind(&self, role: Option<&'static Role>) -> Vec<Note> {
        let others = roles::ROLES
            .iter()
            .filter(|r| r.is_count() && Some(*r) != role);
        others
            .filter_map(|other| match self.find_named(other.letter, other.name) {
                Found::One(column, guess) => Some(guess.into_iter().chain(column.notes.clone())),
                _ => None,
            })
            .flatten()
            .collect()
    }

    /// The search, without computing anything.
    pub(crate) fn find(&self, letter: &str, column: &str) -> Found {
        match self.find_named(letter, column) {
            Found::No => self.of_two(letter, column),
            found => found,
        }
    }

    /// The search by names alone.
    pub(crate) fn find_named(&self, letter: &str, column: &str) -> Found {
        let role = role_of(column);
        let mapped = self.map.iter().find(|(key, _)| {
            key == letter || key == column || (role.is_some() && role_of(key) == role)
        });
        if let Some(found) = mapped.and_then(|(_, name)| self.shared(name)) {
            return Found::One(Arc::clone(found), None);
        }
        for name in [column, letter] {
            if self.defined.iter().any(|d| d == name)
                && let Some(found) = self.shared(name)
            {
                return Found::One(Arc::clone(found), None);
            }
        }
        for name in [column, letter] {
            if self.twins.iter().any(|t| t == name) {
                return Found::Many(self.twins_of(name));
            }
            if let Some(found) = self.shared(name) {
                return Found::One(Arc::clone(found), None);
            }
        }
        match role {
            Some(role) => self.by_role(role),
            None => self.by_spelling(column),
        }
    }

    /// In a table of two columns of numbers, `x` and `y` are the first and the second, and an input and a response
    /// without another column are `x` and `y`.
    fn of_two(&self, letter: &str, column: &str) -> Found {
        let Some([first, second]) = self.two_columns() else {
            return Found::No;
        };
        let named = |c: &Column, name: &str| c.name.eq_ignore_ascii_case(name);
        let axes = named(first, "x") && named(second, "y");
        let is_response = role_of(column).is_some_and(|r| !r.is_count());
        let at = match (letter, axes) {
            ("x", false) => first,
            ("y", false) => second,
            (_, true) if is_response => second,
            (_, true) if role_of(column).is_some() => first,
            _ => return Found::No,
        };
        Found::One(Arc::clone(at), Some(guess(&at.name, letter)))
    }

    /// The columns of numbers, when they are two.
    pub(crate) fn two_columns(&self) -> Option<[&Arc<Column>; 2]> {
        let mut numbers = self.columns.iter().filter(|c| c.numbers().is_some());
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(first), Some(second), None) => Some([first, second]),
            _ => None,
        }
    }

    /// Names that a formula may take for columns beside those of the header: keys of `--map`, and `x` and `y` of a table
    /// of two columns.
    #[must_use]
    pub fn other_names(&self) -> Vec<&str> {
        let keys = self.map.iter().map(|(key, _)| key.as_str());
        let axes: &[&str] = if self.two_columns().is_some() {
            &["x", "y"]
        } else {
            &[]
        };
        let own = |name: &&str| self.column(name).is_none() && role_of(name).is_none();
        keys.chain(axes.iter().copied()).filter(own).collect()
    }

    /// Whether `--map` has this key.
    #[must_use]
    pub fn is_mapped(&self, key: &str) -> bool {
        self.map.iter().any(|(k, _)| k == key)
    }

    /// Keys of `--map` that are none of `known` (letters and columns of laws), no role, and in no expression.
    #[must_use]
    pub fn unknown_maps(&self, known: &[&str]) -> Vec<Diagnostic> {
        let roles_of_laws = known.iter().any(|name| role_of(name).is_some());
        let is_used = |key: &str| {
            let role = role_of(key);
            known.contains(&key)
                || self.used.iter().any(|used| used == key)
                || role.is_some() && (roles_of_laws || known.iter().any(|k| role_of(k) == role))
        };
        let unused = self.map.iter().filter(|(key, _)| !is_used(key));
        unused
            .map(|(key, column)| {
                let message = format!("`--map {key}={column}`: the law has no `{key}`");
                let mut fault = Diagnostic::error("unknown-role", message);
                let roles = roles::ROLES.iter().flat_map(|r| [r.name, r.letter]);
                if let Some(near) = closest(key, known.iter().copied().chain(roles)) {
                    fault = fault.help(format!("did you mean `--map {near}={column}`?"));
                }
                fault.help(format!("the law speaks of {}", listed(known)))
            })
            .collect()
    }

    /// Columns of numbers that are none of `used`, no expression names, and nothing was computed from.
    #[must_use]
    pub fn unused(&self, used: &[&str]) -> Option<Note> {
        const SHOWN: usize = 12;
        let roles_used: Vec<&'static Role> = used.iter().filter_map(|u| role_of(u)).collect();
        let role_columns: Vec<String> = roles::ROLES
            .iter()
            .filter(|r| !roles_used.is_empty() && r.is_count())
            .filter_map(|r| match self.find(r.letter, r.name) {
                Found::One(column, _) => Some(column.name.clone()),
                _ => None,
            })
            .collect();
        let names: Vec<&str> = self
            .columns()
            .filter(|c| c.numbers().is_some_and(|x| x.iter().any(|x| x.is_finite())))
            .map(|c| c.name.as_str())
            .filter(|name| {
                !used.contains(name) && !self.used.iter().chain(&role_columns).any(|u| u == name)
            })
            .collect();
        if names.is_empty() {
            return None;
        }
        let shown: Vec<String> = names
            .iter()
            .take(SHOWN)
            .map(|n| format!("`{}`", crate::column::shown(n)))
            .collect();
        let more = match names.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "columns of numbers that the law does not use: {}{more}",
            shown.join(", ")
        );
        Some(note("unused-columns", Severity::Info, message, None))
    }

    fn twins_of(&self, name: &str) -> Vec<String> {
        let copy = |c: &&Column| {
            c.name == name
                || c.name
                    .strip_prefix(name)
                    .and_then(|rest| rest.strip_prefix('.'))
                    .is_some_and(|n| n.parse::<usize>().is_ok())
        };
        self.columns()
            .filter(copy)
            .map(|c| c.name.clone())
            .collect()
    }

    /// The best of the columns of numbers whose header fits a role.
    fn by_role(&self, role: &'static Role) -> Found {
        let fits: Vec<(Match, &Arc<Column>)> = self
            .columns
            .iter()
            .filter(|c| c.numbers().is_some())
            .filter_map(|c| role.fits(&Header::parse(&c.name).base).map(|m| (m, c)))
            .collect();
        let Some(best) = fits.iter().map(|(m, _)| *m).min() else {
            return Found::No;
        };
        let best: Vec<(Match, &Arc<Column>)> =
            fits.into_iter().filter(|(m, _)| *m == best).collect();
        match best.as_slice() {
            [(quality, one)] => {
                let guessed = (*quality != Match::Canonical).then(|| guess(&one.name, role.name));
                Found::One(Arc::clone(one), guessed)
            }
            several => {
                let columns: Vec<&Arc<Column>> = several.iter().map(|(_, c)| *c).collect();
                match summary::history_of(self, &columns) {
                    Some((history, note)) => Found::One(history, Some(note)),
                    None => Found::Many(columns.iter().map(|c| c.name.clone()).collect()),
                }
            }
        }
    }

    /// Columns that differ from `name` in case, punctuation or a unit only.
    fn by_spelling(&self, name: &str) -> Found {
        let wanted = squash(name);
        let same: Vec<&Arc<Column>> = self
            .columns
            .iter()
            .filter(|c| !wanted.is_empty() && squash(&Header::parse(&c.name).base) == wanted)
            .collect();
        match same.as_slice() {
            [] => Found::No,
            [one] => Found::One(Arc::clone(one), Some(guess(&one.name, name))),
            several => Found::Many(several.iter().map(|c| c.name.clone()).collect()),
        }
    }

    fn approximate_note(&self, column: &Column) -> Option<Note> {
        let rows = &column.approximate;
        (!rows.is_empty()).then(|| {
            let cells = crate::accounting::count(rows.len(), "cell");
            let places = self.list_places(rows);
            let message = format!(
                "{cells} of `{}` marked approximate, used as written ({places})",
                column.name
            );
            note(
                "approximate-cells",
                Severity::Info,
                message,
                Some(rows.len()),
            )
        })
    }

    pub(crate) fn unknown(&self, letter: &str, column: &str) -> Diagnostic {
        let names: Vec<&str> = self.columns().map(|c| c.name.as_str()).collect();
        let place = self.source_names();
        let role = role_of(column);
        let message = match role {
            Some(role) if letter != column => {
                format!("no column for `{letter}` ({}) in {place}", role.meaning)
            }
            _ if letter != column => format!("no column for `{letter}` (`{column}`) in {place}"),
            _ => format!("no column `{column}` in {place}"),
        };
        let mut fault = Diagnostic::error("unknown-column", message);
        if let Some(near) = self.near(letter, column) {
            fault = fault.help(format!("did you mean `{near}`?"));
        }
        fault = fault.help(format!("the columns are {}", listed(&names)));
        let text = role.and_then(|r| {
            self.columns()
                .find(|c| c.numbers().is_none() && r.fits(&Header::parse(&c.name).base).is_some())
        });
        if let Some(text) = text {
            fault = fault.help(format!(
                "`{}` would fit by its name, but it holds {}",
                text.name,
                text.kind_name()
            ));
        }
        let key = role.map_or(column, |r| r.name);
        if let Some([one, ..]) = role.map(|r| derive::called_after(self, r)).as_deref() {
            return fault.help(format!(
                "say which one it is, for example `--map {key}={one}`"
            ));
        }
        fault.help(format!("say which one it is with `--map {key}=COLUMN`"))
    }

    fn near(&self, letter: &str, column: &str) -> Option<String> {
        let bases: Vec<String> = self
            .columns()
            .map(|c| Header::parse(&c.name).base)
            .collect();
        let found = [column, letter]
            .into_iter()
            .filter(|name| name.chars().count() > 1)
            .find_map(|name| closest(name, bases.iter().map(String::as_str)))?;
        let at = bases.iter().position(|b| b == found)?;
        self.columns.get(at).map(|c| c.name.clone())
    }

    /// All names that an expression may use: columns, and the roles that can be found.
    pub(crate) fn names(&self) -> Vec<&str> {
        let letters = roles::ROLES.iter().flat_map(|r| [r.name, r.letter]);
        self.columns()
            .map(|c| c.name.as_str())
            .chain(letters)
            .collect()
    }
}

fn guess(column: &str, meant: &str) -> Note {
    let mut guess = note(
        "column-guessed",
        Severity::Info,
        format!("column `{column}` is read as {meant}"),
        None,
    );
    guess.advice = format!("if it is another one, say so with `--map {meant}=COLUMN`");
    guess
}

fn ambiguous(table: &RunTable, letter: &str, column: &str, names: &[String]) -> Diagnostic {
    let named: Vec<&str> = names.iter().map(String::as_str).collect();
    let key = role_of(column).map_or(column, |r| r.name);
    let what = if letter == column {
        format!("`{column}`")
    } else {
        format!("`{letter}` ({key})")
    };
    let message = format!(
        "{} columns of {} could be {what}: {}",
        names.len(),
        table.source_names(),
        listed(&named)
    );
    let first = names.first().map_or("COLUMN", String::as_str);
    Diagnostic::error("ambiguous-column", message)
        .help(format!("say which one, for example `--map {key}={first}`"))
}

/// Names in backquotes, the first of them.
pub(crate) fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|n| format!("`{n}`"))
        .collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

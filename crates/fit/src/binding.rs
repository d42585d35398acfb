//! Where a law meets a table: columns found, rows chosen, responses and weights taken out. The only place that
//! knows both.

use std::borrow::Cow;

use crate::projection;
use crate::result::{SkippedRows, TableRecord};
use crate::weights::Weights;
use isoflop_base::{Diagnostic, Diagnostics, Note, Severity};
use isoflop_data::{Need, NeedKind, Places, Resolved, RunTable, Selection, role_name};
use isoflop_formula::ast::ExprKind;
use isoflop_law::tape::Levels;
use isoflop_law::{Coef, Law, VarRole};

/// Shares may miss one by their rounding: three printed decimals of each.
const SIMPLEX: f64 = 2e-3;

/// The columns of a law, taken out of a table.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub n: usize,
    /// Row of the table of each run.
    pub rows: Vec<usize>,
    /// Inputs by letter, in the law's order.
    pub inputs: Vec<(String, Vec<f64>)>,
    pub response: Vec<f64>,
    /// Weights, one a run; none when none were asked for.
    pub own_weights: Option<Vec<f64>>,
    /// Group of each run for a cluster bootstrap; empty without one.
    pub clusters: Vec<usize>,
    /// Level names of each index combination, for compiling.
    pub levels: Levels,
    /// Index columns by name: the level of each run.
    pub indexes: Vec<(String, Vec<String>)>,
    /// Column of each letter, for messages: (letter, column).
    pub columns: Vec<(String, String)>,
    pub places: Places,
    pub skipped: Vec<SkippedRows>,
    pub tables: Vec<TableRecord>,
    pub notes: Vec<Note>,
}

impl Binding {
    /// The weight of each run.
    pub fn weights(&self) -> Weights<'_> {
        self.own_weights
            .as_ref()
            .map_or(Weights::Even(self.n), Weights::from)
    }
}

/// What a fit needs of a table beside the law's own columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wants<'a> {
    /// Column of weights.
    pub weights: Option<&'a str>,
    /// Column of standard deviations of the response, and whether residuals are of its logarithm.
    pub sigma: Option<(&'a str, bool)>,
    /// Column that names the groups of a cluster bootstrap.
    pub clusters: Option<&'a str>,
    /// Whether the response must be above zero whatever the law says.
    pub positive_response: bool,
    /// The response counts successes among the trials of this column, or is itself a share of successes.
    pub share: Option<Option<&'a str>>,
}

/// Finds the law's columns and takes the rows that can be used.
pub(crate) fn bind(law: &Law, table: &RunTable, wants: &Wants<'_>) -> Result<Binding, Diagnostics> {
    bind_table(law, Cow::Borrowed(table), wants)
}

/// [`bind`]; a table that is given up is never held beside its own columns.
pub(crate) fn bind_table(
    law: &Law,
    table: Cow<'_, RunTable>,
    wants: &Wants<'_>,
) -> Result<Binding, Diagnostics> {
    let mut faults = Vec::new();
    let mut notes: Vec<Note> = table.notes().to_vec();
    let mut needs = Vec::new();
    let mut columns = Vec::new();
    let roles = roles(law);
    let found = |letter: &str, column: &str, kind: NeedKind| match kind {
        NeedKind::Response | NeedKind::PositiveResponse => table.resolve_response(letter, column),
        _ => table.resolve(letter, column),
    };
    let mut seek = |letter: &str, column: &str, kind: NeedKind| match found(letter, column, kind) {
        Ok(Resolved {
            column: found,
            notes: more,
        }) => {
            notes.extend(more.iter().cloned());
            columns.push((letter.to_owned(), found.name.clone()));
            needs.push(Need {
                label: found.name.clone(),
                column: found,
                kind,
                role: roles.iter().find(|(l, _)| *l == letter).map(|(_, r)| *r),
            });
        }
        Err(d) => faults.push(d),
    };
    for var in &law.vars {
        let kind = match (var.role, var.positive) {
            (VarRole::Response, _) if wants.share.is_some() => NeedKind::Response,
            (VarRole::Response, positive) if positive || wants.positive_response => {
                NeedKind::PositiveResponse
            }
            (VarRole::Response, _) => NeedKind::Response,
            (VarRole::Input, true) => NeedKind::Positive,
            (VarRole::Input, false) => NeedKind::Number,
            (VarRole::Index, _) => NeedKind::Level,
        };
        seek(&var.name, &var.column, kind);
    }
    if let Some(name) = wants.weights {
        seek(name, name, NeedKind::Weight);
    }
    if let Some((name, _)) = wants.sigma {
        seek(name, name, NeedKind::Weight);
    }
    if let Some(name) = wants.clusters {
        seek(name, name, NeedKind::Level);
    }
    if let Some(Some(name)) = wants.share {
        seek(name, name, NeedKind::Weight);
    }
    faults.extend(one_for_two(law, &columns));
    if let Some(last) = faults.pop() {
        faults.push(told(last, &notes, Severity::Info));
        return Err(Diagnostics(faults));
    }
    let used: Vec<&str> = columns
        .iter()
        .flat_map(|(l, c)| [l.as_str(), c.as_str()])
        .collect();
    notes.extend(table.unused(&used));
    let tables = tables(&table);
    let selection = match table {
        Cow::Borrowed(table) => table.select(&needs),
        Cow::Owned(table) => table.into_selection(needs),
    };
    if selection.rows.is_empty() {
        return Err(told(no_rows(&selection), &notes, Severity::Warning).into());
    }
    if !selection.faults.is_empty() {
        return Err(Diagnostics(selection.faults));
    }
    notes.extend(selection.notes.iter().cloned());
    notes.dedup();
    let mut binding = assemble(law, tables, selection, columns, notes, wants);
    leave_out(&mut binding, law);
    if binding.n == 0 {
        let fault = Diagnostic::error("no-usable-rows", "in no row do the shares sum to one");
        return Err(told(fault, &binding.notes, Severity::Warning).into());
    }
    if let Some(trials) = wants.share {
        shares(&mut binding, trials)?;
    }
    Ok(binding)
}

/// The role of each letter whose numbers must be those of a run. In a formula as typed a letter may be anything, unless
/// it stands for a column that has the name of the role, or N and D stand beside each other. A `loss` of such a formula
/// is that of any model: squared errors of prices are in the millions.
fn roles(law: &Law) -> Vec<(&str, &'static str)> {
    let letter = |letter: &str| law.vars.iter().any(|v| v.name == letter);
    let both = letter("N") && letter("D");
    let roles = law.vars.iter().filter_map(|var| {
        let free = !both && var.column == var.name;
        let role = role_name(&var.column)
            .filter(|role| !free || (var.column == *role && *role != "loss"))?;
        Some((var.name.as_str(), role))
    });
    roles.collect()
}

/// The unit that the column of the response states, where it is not the one that the law has.
pub(crate) fn response_unit(law: &Law, table: &RunTable) -> Option<String> {
    let response = law.response();
    let found = table
        .resolve_response(&response.name, &response.column)
        .ok()?;
    let (stated, known) = (found.column.unit.as_str(), response.unit.as_str());
    let scale = |unit: &str| unit.split('/').next().unwrap_or_default().to_owned();
    let of_loss = ["nats", "bits", "perplexity"].contains(&scale(stated).as_str());
    // Nats without a word on what they are counted by are those of the law.
    let same = stated == known || stated == scale(known);
    (of_loss && !same).then(|| stated.to_owned())
}

/// A law whose response is in the unit that its column states. `given` is the law before the changes of the user, who
/// speaks in the unit of the table; what a law file says of a coefficient is in the unit of the law.
///
/// # Errors
///
/// `other-unit` when the law holds a coefficient of the response's unit, or has a prior on it: bits per byte are no
/// multiple of nats per token that anything here knows.
pub(crate) fn in_unit(given: &Law, law: &Law, unit: &str) -> Result<Law, Diagnostics> {
    let known = &given.response().unit;
    let plain = matches!(
        given.formula.left.as_ref().map(|l| &l.kind),
        Some(ExprKind::Name(_))
    );
    let scales = |name: &str| plain && projection::degree(given, &[name]) == Some(1);
    let stated = given.coefs.iter().filter(|c| {
        let kept = law.coef(&c.name);
        let held = c.fixed.is_some_and(|x| x != 0.0) && kept.is_some_and(|k| k.fixed == c.fixed);
        // A prior on a coefficient that the user holds or ties says nothing any more.
        let free = |k: &Coef| k.fixed.is_none() && k.tie.is_none() && k.prior == c.prior;
        let prior = c.prior.is_some() && kept.is_some_and(free);
        (held || prior) && (scales(&c.name) || (!known.is_empty() && c.unit == *known))
    });
    let stated: Vec<&str> = stated.map(|c| c.name.as_str()).collect();
    if stated.is_empty() {
        return law.with_response_unit(unit);
    }
    let names = stated.join(", ");
    let message = format!(
        "the law states {names} in {known}, as a fixed value or a prior, and the column of its response is in {unit}"
    );
    Err(Diagnostic::error("other-unit", message)
        .help(format!(
            "state {names} in {unit} in the law file, and the unit of the response with it"
        ))
        .help(format!("or convert the column to {known} with --let"))
        .into())
}

/// A column that was taken for two inputs.
fn one_for_two(law: &Law, columns: &[(String, String)]) -> Option<Diagnostic> {
    let inputs: Vec<&(String, String)> = columns
        .iter()
        .filter(|(letter, _)| {
            law.vars
                .iter()
                .any(|v| v.name == *letter && v.role == VarRole::Input)
        })
        .collect();
    let (at, (second, column)) = inputs
        .iter()
        .enumerate()
        .find(|(at, (_, c))| inputs[..*at].iter().any(|(_, other)| other == c))?;
    let (first, _) = inputs[..at].iter().find(|(_, other)| other == column)?;
    let message = format!("`{column}` would be both {first} and {second} of the law");
    Some(
        Diagnostic::error("one-column-for-two", message)
            .help(format!(
                "say which columns they are: --map {first}=COLUMN --map {second}=COLUMN"
            ))
            .help("or fit a law of one input"),
    )
}

fn assemble(
    law: &Law,
    tables: Vec<TableRecord>,
    selection: Selection,
    columns: Vec<(String, String)>,
    notes: Vec<Note>,
    wants: &Wants<'_>,
) -> Binding {
    let n = selection.rows.len();
    let mut numbers = selection.numbers.into_iter();
    let mut codes = selection.levels.into_iter();
    let (mut inputs, mut indexes, mut response) = (Vec::new(), Vec::new(), Vec::new());
    for var in &law.vars {
        match var.role {
            VarRole::Index => {
                let level = codes.next().expect("one column of levels for each index");
                let names = level
                    .codes
                    .iter()
                    .map(|c| level.names[*c].clone())
                    .collect();
                indexes.push((var.name.clone(), names));
            }
            VarRole::Input => inputs.push((
                var.name.clone(),
                numbers.next().expect("one column for each input"),
            )),
            VarRole::Response => response = numbers.next().expect("the response has a column"),
        }
    }
    let mut own_weights = wants
        .weights
        .is_some()
        .then(|| numbers.next().expect("the weights have a column"));
    if let Some((_, of_log)) = wants.sigma {
        let sigma = numbers
            .next()
            .expect("the standard deviations have a column");
        let weight = |(s, y): (&f64, &f64)| if of_log { (y / s).powi(2) } else { s.powi(-2) };
        own_weights = Some(sigma.iter().zip(&response).map(weight).collect());
    }
    if let Some(Some(_)) = wants.share {
        let trials = numbers.next().expect("the trials have a column");
        let weights = own_weights.get_or_insert_with(|| vec![1.0; n]);
        for ((y, w), n) in response.iter_mut().zip(weights).zip(trials) {
            *y /= n;
            *w *= n;
        }
    }
    let clusters = match wants.clusters {
        Some(_) => codes.next().expect("the clusters have a column").codes,
        None => Vec::new(),
    };
    Binding {
        n,
        clusters,
        levels: level_names(law, &indexes),
        inputs,
        response,
        own_weights,
        indexes,
        columns,
        places: selection.places,
        rows: selection.rows,
        skipped: selection
            .skipped
            .into_iter()
            .map(|s| SkippedRows {
                reason: s.reason,
                rows: s.rows,
                places: s.places,
            })
            .collect(),
        tables,
        notes,
    }
}

fn tables(table: &RunTable) -> Vec<TableRecord> {
    let sources = table.sources().iter();
    sources
        .map(|s| TableRecord {
            name: s.name.clone(),
            sha256: s.sha256.clone(),
            rows: s.rows,
        })
        .collect()
}

/// Leaves out rows in which the inputs of a simplex do not sum to one, each group of shares with its own count.
fn leave_out(binding: &mut Binding, law: &Law) {
    for group in &law.simplex {
        let columns: Vec<&Vec<f64>> = group
            .iter()
            .filter_map(|name| binding.inputs.iter().find(|(n, _)| n == name))
            .map(|(_, column)| column)
            .collect();
        let sum = |i: usize| columns.iter().map(|c| c[i]).sum::<f64>();
        let keep: Vec<bool> = (0..binding.n)
            .map(|i| (sum(i) - 1.0).abs() <= SIMPLEX)
            .collect();
        let wrong: Vec<usize> = (0..binding.n).filter(|i| !keep[*i]).collect();
        let Some(first) = wrong.first() else {
            continue;
        };
        binding.skipped.push(SkippedRows {
            reason: format!(
                "{} is not 1, it is {:.4} in the first",
                group.join(" + "),
                sum(*first)
            ),
            rows: wrong.len(),
            places: wrong
                .iter()
                .take(20)
                .map(|i| binding.places.get(*i))
                .collect(),
        });
        retain(binding, &keep);
    }
    binding.levels = level_names(law, &binding.indexes);
}

/// Leaves out the rows that are not marked, for one reason.
pub(crate) fn drop_rows(binding: &mut Binding, law: &Law, keep: &[bool], reason: String) {
    let wrong: Vec<usize> = (0..binding.n).filter(|i| !keep[*i]).collect();
    binding.skipped.push(SkippedRows {
        reason,
        rows: wrong.len(),
        places: wrong
            .iter()
            .take(20)
            .map(|i| binding.places.get(*i))
            .collect(),
    });
    retain(binding, keep);
    binding.levels = level_names(law, &binding.indexes);
}

/// Keeps the marked rows in every column.
fn retain(binding: &mut Binding, keep: &[bool]) {
    fn only<T>(column: &mut Vec<T>, keep: &[bool]) {
        let mut marks = keep.iter();
        column.retain(|_| *marks.next().unwrap_or(&true));
    }
    for (_, column) in &mut binding.inputs {
        only(column, keep);
    }
    for (_, column) in &mut binding.indexes {
        only(column, keep);
    }
    only(&mut binding.rows, keep);
    only(&mut binding.response, keep);
    if let Some(weights) = &mut binding.own_weights {
        only(weights, keep);
    }
    binding.places.retain(keep);
    if !binding.clusters.is_empty() {
        only(&mut binding.clusters, keep);
    }
    binding.n = keep.iter().filter(|k| **k).count();
}

/// Refuses responses that are no shares of successes.
fn shares(binding: &mut Binding, trials: Option<&str>) -> Result<(), Diagnostic> {
    let wrong: Vec<usize> = (0..binding.n)
        .filter(|i| !(0.0..=1.0).contains(&binding.response[*i]))
        .collect();
    let Some(first) = wrong.first() else {
        return Ok(());
    };
    let places: Vec<String> = wrong
        .iter()
        .take(5)
        .map(|i| binding.places.get(*i))
        .collect();
    let found = binding.response[*first];
    let message = match trials {
        Some(column) => format!(
            "{} of {} runs have more successes than {column}, or fewer than none ({found:.4} of the trials at {})",
            wrong.len(),
            binding.n,
            binding.places.get(*first)
        ),
        None => format!(
            "a binomial response is a share from 0 to 1: {} of {} runs are outside, {found} at {}",
            wrong.len(),
            binding.n,
            binding.places.get(*first)
        ),
    };
    Err(Diagnostic::error("not-a-share", message)
        .help(format!("the runs: {}", places.join(", ")))
        .help("name the column of trials if the response counts successes: --objective binomial:TRIALS"))
}

/// The combinations of index values that occur, for every combination of indexes that a coefficient uses.
fn level_names(law: &Law, indexes: &[(String, Vec<String>)]) -> Levels {
    let mut levels: Levels = Vec::new();
    for coef in law.coefs.iter().filter(|c| !c.index.is_empty()) {
        let key = coef.index.join(",");
        if levels.iter().any(|(k, _)| *k == key) {
            continue;
        }
        let mut names = combined(indexes, &key);
        names.sort();
        names.dedup();
        levels.push((key, names));
    }
    levels
}

/// The level of each run for an index combination `a,b`.
pub(crate) fn combined(indexes: &[(String, Vec<String>)], key: &str) -> Vec<String> {
    let columns: Vec<&Vec<String>> = key
        .split(',')
        .filter_map(|name| indexes.iter().find(|(n, _)| n == name).map(|(_, c)| c))
        .collect();
    let rows = columns.first().map_or(0, |c| c.len());
    (0..rows)
        .map(|i| {
            columns
                .iter()
                .map(|c| c[i].as_str())
                .collect::<Vec<_>>()
                .join(",")
        })
        .collect()
}

/// A fault with what was noticed about the table, which often is its cause.
pub(crate) fn told(mut fault: Diagnostic, notes: &[Note], least: Severity) -> Diagnostic {
    for note in notes.iter().filter(|n| n.severity >= least) {
        fault = fault.help(if note.advice.is_empty() {
            note.message.clone()
        } else {
            format!("{}: {}", note.message, note.advice)
        });
    }
    fault
}

/// How many reasons a fault lists.
const REASONS: usize = 6;

fn no_rows(selection: &Selection) -> Diagnostic {
    let mut d = Diagnostic::error(
        "no-usable-rows",
        format!("none of the {} rows read can be used", selection.read),
    );
    for s in selection.skipped.iter().take(REASONS) {
        d = d.help(format!(
            "{}: {} rows ({})",
            s.reason,
            s.rows,
            s.places
                .iter()
                .take(3)
                .cloned()
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    match selection.skipped.len().saturating_sub(REASONS) {
        0 => d,
        more => d.help(format!("and {more} more reasons")),
    }
}

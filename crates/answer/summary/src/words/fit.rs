//! The words of a fit: coefficients, objective, runs, convergence, identifiability, residuals, leverage.

use super::phrases::UNSAVED;
use isoflop_base::{Estimate, Note, Severity};
use isoflop_fit::{Fit, Status, ValueScale};

use isoflop_predict::words::law_name;

use super::headline;
use super::phrases::{self, next_point};
use super::picture;
use isoflop_document::doc::{Block, Document, Frame, Table, Value};
use isoflop_document::number::{count, counted, has_plain_error, percent, plain, shown};

/// What a fit says: the law and whether it may be used, errors and warnings, coefficients, evidence in a line each; then
/// all of it in detail.
#[must_use]
pub fn fit_document(fit: &Fit) -> Document {
    let mut doc = Document::new(law_name(&fit.law));
    doc.paragraph(headline::headline(fit));
    let (grave, mild) = by_severity(&fit.notes);
    if !grave.is_empty() {
        doc.push(Block::Notes(grave));
    }
    coefficients(&mut doc, fit);
    doc.heading("Evidence");
    doc.push(Block::KeyValues(headline::evidence(fit)));
    if let Some(plot) = picture::fit_plot(fit) {
        doc.push(Block::Plot(plot));
    }
    doc.detail(|doc| details(doc, fit, mild));
    doc.heading("Next");
    doc.push(Block::Code(next_commands(fit)));
    doc.frame = frame(fit);
    doc
}

/// What a short text leaves out.
fn details(doc: &mut Document, fit: &Fit, mild: Vec<Note>) {
    doc.push(Block::Formula(fit.law.formula.clone()));
    doc.paragraph(phrases::fitted_by(fit));
    evidence(doc, fit);
    if let Some(table) = headline::correlations(fit) {
        doc.heading("Correlations of the coefficients");
        doc.push(Block::Table(table));
    }
    columns(doc, &mild);
    doc.heading("Residuals");
    doc.push(residual_summary(fit));
    ranges(doc, fit);
    skipped(doc, fit);
    leverage(doc, fit);
    let rest: Vec<Note> = mild.into_iter().filter(|n| !speaks_of_columns(n)).collect();
    if !rest.is_empty() {
        doc.heading("Notes");
        doc.push(Block::Notes(rest));
    }
    doc.heading("Provenance");
    doc.push(Block::KeyValues(phrases::provenance(&fit.provenance)));
}

/// Errors and warnings, errors first; and the notes that are neither. Each once.
fn by_severity(notes: &[Note]) -> (Vec<Note>, Vec<Note>) {
    let mut once: Vec<Note> = Vec::new();
    for note in notes {
        if !once.contains(note) {
            once.push(note.clone());
        }
    }
    let (mut grave, mild): (Vec<Note>, Vec<Note>) =
        once.into_iter().partition(|n| n.severity != Severity::Info);
    grave.sort_by_key(|n| n.severity != Severity::Error);
    (grave, mild)
}

/// Notes on how columns were found, scaled, computed, or left.
const OF_COLUMNS: [&str; 12] = [
    "column-guessed",
    "column-replaced",
    "header-scale",
    "numbers-as-written",
    "small-m",
    "numbers-as-text",
    "loss-unit",
    "derived-column",
    "filled-cells",
    "summary-repeats",
    "best-of",
    "unused-columns",
];

fn speaks_of_columns(note: &Note) -> bool {
    OF_COLUMNS.contains(&note.code.as_str())
}

/// What was guessed, scaled, computed or not used of the table, in one place.
pub(super) fn columns(doc: &mut Document, notes: &[Note]) {
    let of_columns = notes.iter().filter(|n| speaks_of_columns(n));
    let mut told: Vec<Note> = Vec::new();
    for note in of_columns {
        if !told.contains(note) {
            told.push(note.clone());
        }
    }
    if !told.is_empty() {
        doc.heading("Columns");
        doc.push(Block::Notes(told));
    }
}

/// The table of estimates, as every document shows it.
pub(super) fn estimates_table(head: &str, estimates: &[(String, Estimate)], level: f64) -> Table {
    let interval = format!("{} interval", percent(level));
    let mut table = Table::with_columns(&[head, ">estimate", "± se", &interval, "unit"]);
    for (name, estimate) in estimates {
        let parts = shown(estimate);
        table.rows.push(vec![
            name.clone(),
            parts.value,
            relative(&parts.se, estimate),
            parts.interval,
            estimate.unit.clone(),
        ]);
    }
    table.without_empty_columns()
}

/// A standard error with its share of the estimate: `± 0.015 (4.3 %)`.
fn relative(shown: &str, estimate: &Estimate) -> String {
    match estimate.se {
        Some(se) if shown.starts_with('±') && estimate.value != 0.0 => {
            format!("{shown} ({})", percent((se / estimate.value).abs()))
        }
        _ => shown.to_owned(),
    }
}

/// The estimates, and how well the runs tell them apart.
pub fn coefficients(doc: &mut Document, fit: &Fit) {
    doc.heading("Coefficients");
    if fit.status == Status::NotConverged {
        doc.paragraph(
            "The solver stopped before the gradient was zero: these numbers are where it stopped, not a fit. \
             Do not use them.",
        );
    }
    let mut table = estimates_table("name", &fit.coefs, fit.uncertainty.level);
    for (row, (name, estimate)) in table.rows.iter_mut().zip(&fit.coefs) {
        if fit.certificate.at_bound.contains(name) {
            // A positive coefficient that vanished ends wherever the search saw no more of it: 3e-79 is zero.
            let zero = estimate.value.abs() < 1e-9;
            let value = if zero { "0" } else { row[1].as_str() };
            row[1] = format!("{value} (bound)");
        }
    }
    doc.push(Block::Table(table));
    if !fit.derived.is_empty() {
        doc.push(Block::Table(estimates_table(
            "derived",
            &fit.derived,
            fit.uncertainty.level,
        )));
    }
    if !fit.pools.is_empty() {
        doc.push(Block::Table(pools(fit)));
    }
    let all = || fit.coefs.iter().chain(&fit.derived);
    let dashed = all().filter(|(_, e)| !has_plain_error(e));
    let dashed: Vec<&str> = dashed.map(|(name, _)| name.as_str()).collect();
    if !dashed.is_empty() {
        doc.paragraph(format!(
            "–: the interval of {} is asymmetric or its standard error is decided by a few resamples; read the interval.",
            dashed.join(", ")
        ));
    }
    doc.paragraph(headline::method(&fit.uncertainty));
    doc.detail(|doc| doc.paragraph(phrases::uncertainty(&fit.uncertainty)));
    if !fit.stages.is_empty() {
        doc.heading("Stages");
        doc.push(Block::Table(stages(fit)));
    }
}

/// Pooled coefficients: how far their levels lie apart.
fn pools(fit: &Fit) -> Table {
    let mut table = Table::with_columns(&["pooled", ">levels", ">mean", ">sd between levels", ""]);
    for pool in &fit.pools {
        let (name, of) = if pool.scale == ValueScale::Ln {
            (format!("ln {}", pool.coef), pool.mean)
        } else {
            (pool.coef.clone(), pool.mean)
        };
        let how = if pool.estimated { "estimated" } else { "given" };
        table.rows.push(vec![
            name,
            count(pool.levels),
            plain(of, 4),
            plain(pool.sd, 3),
            how.to_owned(),
        ]);
    }
    table
}

/// What each stage fitted, on which runs, and how it ended.
fn stages(fit: &Fit) -> Table {
    let mut table = Table::with_columns(&[
        ">stage",
        "fits",
        "rows",
        ">runs",
        ">objective",
        "end",
        "starts at the best",
    ]);
    for (k, stage) in fit.stages.iter().enumerate() {
        let end = match stage.status {
            Status::Converged => "converged",
            Status::Degenerate => "degenerate",
            Status::NotConverged => "not converged",
        };
        table.rows.push(vec![
            (k + 1).to_string(),
            stage.coefs.join(", "),
            stage.filter.clone().unwrap_or_else(|| "all".to_owned()),
            count(stage.n),
            plain(stage.objective, 6),
            format!("{end}, scaled gradient {}", plain(stage.gradient, 2)),
            format!("{} of {}", stage.starts_reached_best, stage.starts_solved),
        ]);
    }
    table
}

/// Objective, convergence, starts: the evidence that the optimum is one.
pub fn evidence(doc: &mut Document, fit: &Fit) {
    doc.heading("Fit");
    let skipped: usize = fit.skipped.iter().map(|s| s.rows).sum();
    let mut runs = format!("{} used", counted(fit.n, "run"));
    if skipped > 0 {
        runs.push_str(&format!(", {} left out", count(skipped)));
    }
    doc.push(Block::KeyValues(vec![
        ("runs".into(), runs),
        ("objective".into(), phrases::objective(&fit.objective)),
        ("convergence".into(), phrases::convergence(fit)),
        ("starts".into(), phrases::starts(fit)),
        (
            "identifiability".into(),
            phrases::identifiability(&fit.identifiability, &fit.coefs),
        ),
    ]));
}

/// What the residuals are like, one line a property.
#[must_use]
pub fn residual_summary(fit: &Fit) -> Block {
    let r = &fit.residuals;
    let mut pairs = vec![
        ("scale".into(), phrases::residual_scale(&fit.objective)),
        (
            "rms".into(),
            format!("{}, robust sd {}", plain(r.rms, 3), plain(r.robust_sd, 3)),
        ),
        (
            "largest".into(),
            format!("{} at {}", plain(r.max_abs, 3), r.max_at),
        ),
        ("R²".into(), plain(r.r_squared, 5)),
    ];
    if let Some(strip) = picture::strip(&fit.points.residual, r.robust_sd) {
        pairs.push(("spread".into(), strip));
    }
    Block::KeyValues(pairs)
}

/// The ranges of the runs.
pub fn ranges(doc: &mut Document, fit: &Fit) {
    if fit.ranges.is_empty() {
        return;
    }
    doc.heading("Range of the runs");
    let mut table = Table::with_columns(&["", ">smallest", ">largest", ">distinct", "column"]);
    for range in &fit.ranges {
        table.rows.push(vec![
            range.name.clone(),
            phrases::quantity(range.min, &range.unit),
            phrases::quantity(range.max, &range.unit),
            count(range.distinct),
            range.column.clone(),
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
}

/// Rows that were not used, by reason.
pub fn skipped(doc: &mut Document, fit: &Fit) {
    if fit.skipped.is_empty() {
        return;
    }
    doc.heading("Rows left out");
    let mut table = Table::with_columns(&[">rows", "reason", "where"]);
    for skipped in &fit.skipped {
        table.rows.push(vec![
            count(skipped.rows),
            skipped.reason.clone(),
            phrases::places(skipped),
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
}

/// Runs that decide the fit.
pub fn leverage(doc: &mut Document, fit: &Fit) {
    if fit.leverage.is_empty() {
        return;
    }
    doc.heading("Runs that carry the fit");
    let mut table = Table::with_columns(&["run", ">leverage", "without it", ">by"]);
    for run in fit.leverage.iter().take(5) {
        table.rows.push(vec![
            run.place.clone(),
            plain(run.leverage, 2),
            if run.moves.is_empty() {
                String::new()
            } else {
                format!("{} moves most", run.moves)
            },
            if run.moves.is_empty() {
                String::new()
            } else {
                format!("{} se", plain(run.shift_se, 2))
            },
        ]);
    }
    doc.push(Block::Table(table.without_empty_columns()));
}

fn next_commands(fit: &Fit) -> Vec<String> {
    // What came through a pipe cannot be read again.
    let save = if phrases::is_piped(fit) {
        format!("# add `-o {UNSAVED}` to the command that made this fit; then")
    } else {
        phrases::save_command(fit)
    };
    match next_point(fit) {
        Some(at) => {
            vec![
                save,
                format!(
                    "isoflop predict {UNSAVED} --at {}",
                    isoflop_document::phrase::shell(&at)
                ),
            ]
        }
        None => vec![save],
    }
}

fn frame(fit: &Fit) -> Frame {
    let mut frame = Frame::with_columns(&[
        "name", "kind", "value", "se", "level", "lower", "upper", "unit",
    ]);
    for (kind, estimates) in [("coefficient", &fit.coefs), ("derived", &fit.derived)] {
        for (name, e) in estimates {
            frame.rows.push(vec![
                Value::Text(name.clone()),
                Value::Text(kind.to_owned()),
                Value::Number(e.value),
                e.se.into(),
                e.interval.map(|i| i.level).into(),
                e.interval.map(|i| i.lower).into(),
                e.interval.map(|i| i.upper).into(),
                Value::Text(e.unit.clone()),
            ]);
        }
    }
    frame
}

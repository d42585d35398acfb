//! The words of answers about fits: fits by group, and a saved fit run again.

use isoflop_fit::{Fits, Status};

use isoflop_document::doc::{Block, Document, Table};
use isoflop_document::number::plain;

/// Fits by group, one line each.
#[must_use]
pub fn fits_document(fits: &Fits) -> Document {
    let fitted = fits.groups.iter().filter(|g| g.fit.is_some()).count();
    let mut doc = Document::new(format!("Fits by {}", fits.column));
    doc.paragraph(format!(
        "{fitted} of {} groups have a fit.",
        fits.groups.len()
    ));
    let names: Vec<String> = fits
        .groups
        .iter()
        .find_map(|g| g.fit.as_ref())
        .map(|f| {
            f.coefs
                .iter()
                .chain(&f.derived)
                .map(|(n, _)| n.clone())
                .collect()
        })
        .unwrap_or_default();
    let mut heads = vec![fits.column.clone(), ">runs".to_owned()];
    for name in &names {
        heads.push(format!(">{name}"));
        heads.push(format!(">± {name}"));
    }
    heads.extend([">objective".to_owned(), "status".to_owned()]);
    let mut table = Table::with_columns(&heads.iter().map(String::as_str).collect::<Vec<_>>());
    for group in fits.groups.iter() {
        let Some(fit) = &group.fit else { continue };
        let mut row = vec![group.group.clone(), fit.n.to_string()];
        for name in &names {
            let estimate = fit
                .coefs
                .iter()
                .chain(&fit.derived)
                .find(|(n, _)| n == name)
                .map(|(_, e)| e);
            row.push(estimate.map_or_else(String::new, |e| plain(e.value, 4)));
            row.push(
                estimate
                    .and_then(|e| e.se)
                    .map_or_else(String::new, |s| plain(s, 2)),
            );
        }
        row.push(plain(fit.objective.value, 4));
        row.push(
            match fit.status {
                Status::Converged => "converged",
                Status::Degenerate => "open or on a bound",
                Status::NotConverged => "NOT CONVERGED",
            }
            .to_owned(),
        );
        table.rows.push(row);
    }
    doc.push(Block::Table(table));
    let failed: Vec<_> = fits.groups.iter().filter(|g| g.fit.is_none()).collect();
    if !failed.is_empty() {
        doc.heading("Groups without a fit");
        doc.push(Block::KeyValues(
            failed
                .iter()
                .map(|g| (g.group.clone(), g.faults.join("; ")))
                .collect(),
        ));
    }
    if !fits.skipped.is_empty() {
        doc.heading("Rows of no group");
        let lines = fits
            .skipped
            .iter()
            .map(|s| (s.reason.clone(), format!("{} rows", s.rows)));
        doc.push(Block::KeyValues(lines.collect()));
    }
    doc
}

/// What a repeated fit showed: the verdict, the versions, and the values that differ.
#[must_use]
pub fn verification_document(
    changed: &[String],
    versions: (&str, &str),
    differing: usize,
    differences: &[(String, String, String)],
) -> Document {
    let same = differing == 0;
    let mut doc = Document::new(if same {
        "The fit reproduces"
    } else {
        "The fit does not reproduce"
    });
    if !changed.is_empty() {
        let (tables, is) = match changed.len() {
            1 => ("table", "is"),
            _ => ("tables", "are"),
        };
        doc.paragraph(format!(
            "The {tables} {} {is} not what was fitted: the bytes have changed since.",
            changed.join(", ")
        ));
    }
    if same {
        doc.paragraph(
            "Run again from its tables and options, it gives the same values to the last digit.",
        );
    } else {
        let values = if differing == 1 {
            "1 value differs".to_owned()
        } else {
            format!("{differing} values differ")
        };
        doc.paragraph(format!("Run again from its tables and options, {values}."));
        let mut table = Table::with_columns(&["where", "saved", "now"]);
        for (place, saved, now) in differences {
            table
                .rows
                .push(vec![place.clone(), saved.clone(), now.clone()]);
        }
        doc.push(Block::Table(table));
    }
    if versions.0 != versions.1 {
        doc.paragraph(format!(
            "It was saved by isoflop {}; this is {}.",
            versions.0, versions.1
        ));
    }
    doc
}

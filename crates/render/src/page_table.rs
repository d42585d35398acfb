//! Tables of a page: the shown ones, and those of plain values that sort and download.

use std::fmt::Write as _;

use super::escape::escaped;
use isoflop_document::doc::{Align, Frame, Table, Value};
use isoflop_document::number::{count, counted, plain};
use isoflop_document::phrase::human;

/// Bytes that the table of values may take: the page stays far below 1.5 MB.
const MOST_BYTES: usize = 500_000;

/// A table that scrolls by itself, so that the page never does sideways.
pub(super) fn table(out: &mut String, shown: &Table) {
    // A column of sentences gets room for them.
    let wide: Vec<bool> = (0..shown.columns.len())
        .map(|c| shown.rows.iter().any(|row| row[c].chars().count() > 40))
        .collect();
    let class = |k: usize, align: &Align| match (align, wide[k]) {
        (Align::Right, _) => " class=\"n\"",
        (Align::Left, true) => " class=\"w\"",
        (Align::Left, false) => "",
    };
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table><thead><tr>"
    );
    for (k, (head, align)) in shown.columns.iter().enumerate() {
        let _ = write!(
            out,
            "<th scope=\"col\"{}>{}</th>",
            class(k, align),
            escaped(head)
        );
    }
    let _ = writeln!(out, "</tr></thead><tbody>");
    for row in &shown.rows {
        let _ = write!(out, "<tr>");
        for (k, (cell, (_, align))) in row.iter().zip(&shown.columns).enumerate() {
            let _ = write!(
                out,
                "<td{} dir=\"auto\">{}</td>",
                class(k, align),
                escaped(cell)
            );
        }
        let _ = writeln!(out, "</tr>");
    }
    let _ = writeln!(out, "</tbody></table></div>");
}

/// Plain values, sorted by a click or a key, downloaded as CSV in full precision.
pub(super) fn values(out: &mut String, frame: &Frame, id: &str, name: &str) {
    let shapes: Vec<Shape> = (0..frame.columns.len())
        .map(|k| Shape::of(frame, k))
        .collect();
    let mut body = String::new();
    let mut kept = 0;
    for row in &frame.rows {
        let before = body.len();
        body.push_str("<tr>");
        for (cell, shape) in row.iter().zip(&shapes) {
            value(&mut body, cell, *shape);
        }
        body.push_str("</tr>\n");
        if body.len() > MOST_BYTES {
            body.truncate(before);
            break;
        }
        kept += 1;
    }
    let left = frame.rows.len() - kept;
    let rest = if left == 0 {
        String::new()
    } else {
        format!(
            " The table holds the first {} of {}, to keep the page small; `isoflop report` with `-o runs.csv` writes them all.",
            count(kept),
            counted(frame.rows.len(), "row")
        )
    };
    let _ = write!(
        out,
        "<p class=\"tools\"><button type=\"button\" data-of=\"{id}\">Download {} as CSV</button>{rest}</p>\n\
         <div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><table class=\"values\" id=\"{id}\"><thead><tr>",
        counted(kept, "row")
    );
    for (k, column) in frame.columns.iter().enumerate() {
        let unit = frame.units.get(k).map_or("", String::as_str);
        let numbers = frame
            .rows
            .iter()
            .any(|row| matches!(row.get(k), Some(Value::Number(_))));
        let class = if numbers { " class=\"n\"" } else { "" };
        let small = if unit.is_empty() {
            String::new()
        } else {
            format!("<small>{}</small>", escaped(unit))
        };
        let _ = write!(
            out,
            "<th scope=\"col\" aria-sort=\"none\" data-name=\"{0}\" data-unit=\"{1}\"{class}><button type=\"button\">{0}</button>{small}</th>",
            escaped(column),
            escaped(unit)
        );
    }
    let _ = writeln!(out, "</tr></thead><tbody>\n{body}</tbody></table></div>");
}

/// How the numbers of a column are shown.
#[derive(Clone, Copy)]
enum Shape {
    /// With so many digits behind the point.
    Fixed(usize),
    /// Each as it is best read.
    Own,
}

impl Shape {
    /// Five digits of a middling value, where all values are of a similar size.
    fn of(frame: &Frame, column: usize) -> Self {
        let numbers = frame.rows.iter().filter_map(|row| match row.get(column) {
            Some(Value::Number(x)) if x.is_finite() => Some(x.abs()),
            _ => None,
        });
        let mut sizes: Vec<f64> = numbers.collect();
        sizes.sort_by(f64::total_cmp);
        let (Some(middle), Some(largest)) = (sizes.get(sizes.len() / 2), sizes.last()) else {
            return Self::Own;
        };
        if sizes.iter().all(|x| x.fract() == 0.0) || *largest >= 1e5 || *middle < 1e-4 {
            return Self::Own;
        }
        let whole = largest.log10().floor().max(-3.0) as i32;
        Self::Fixed(usize::try_from(4 - whole).unwrap_or(0))
    }
}

/// A number is shown short; its full value is what sorting and downloading use.
fn value(out: &mut String, cell: &Value, shape: Shape) {
    let _ = match cell {
        Value::Number(x) if x.is_finite() => {
            let full = format!("{x}");
            let full = if full.len() > 17 {
                format!("{x:e}")
            } else {
                full
            };
            let short = match shape {
                Shape::Fixed(digits) => format!("{x:.digits$}"),
                Shape::Own if (1e6..1e15).contains(&x.abs()) => human(*x),
                Shape::Own => plain(*x, 5),
            };
            if short == full {
                write!(out, "<td class=\"n\">{short}</td>")
            } else {
                write!(out, "<td class=\"n\" data-v=\"{full}\">{short}</td>")
            }
        }
        Value::Number(_) | Value::Missing => write!(out, "<td></td>"),
        Value::Text(text) => write!(out, "<td dir=\"auto\">{}</td>", escaped(text)),
    };
}

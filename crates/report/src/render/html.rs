//! A page: one self-contained file that opens offline, in light and dark, on a phone, by keyboard, and on paper.
//!
//! Nothing is fetched: the page forbids it (`Content-Security-Policy`). All words of the data are escaped, so that a name
//! of a run is text whatever it holds.

use std::fmt::Write as _;

use super::planner;
use super::svg::figure;
use crate::build::note_sentences;
use crate::diagnostics::severity;
use crate::doc::{Align, Block, Document, Frame, Table, Value};

/// The document as a page.
#[must_use]
pub fn html(doc: &Document) -> String {
    let title = escaped(&doc.title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"isoflop {}\">\n<title>{title}</title>\n<style>{STYLE}{}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">Skip to the content</a>\n<main id=\"content\" dir=\"auto\">\n<h1>{title}</h1>\n",
        env!("CARGO_PKG_VERSION"),
        planner::style(doc)
    );
    let headings: Vec<&str> = doc
        .blocks
        .iter()
        .filter_map(|b| match b {
            Block::Heading(h) => Some(h.as_str()),
            _ => None,
        })
        .collect();
    if headings.len() > 2 {
        contents(&mut out, &headings);
    }
    let (mut sections, mut figures, mut planners) = (0, 0, 0);
    for block in &doc.blocks {
        match block {
            Block::Heading(h) => {
                sections += 1;
                let _ = writeln!(out, "<h2 id=\"s{sections}\">{}</h2>", escaped(h));
            }
            Block::Paragraph(words) => {
                let _ = writeln!(out, "<p>{}</p>", escaped(words));
            }
            Block::KeyValues(pairs) => key_values(&mut out, pairs),
            Block::Table(shown) => table(&mut out, shown),
            Block::Notes(notes) => {
                let _ = writeln!(out, "<ul class=\"notes\">");
                for n in notes {
                    let word = severity(n.severity).0;
                    let _ = writeln!(
                        out,
                        "<li class=\"{word}\"><strong>{word}</strong> <code>{}</code> {}</li>",
                        escaped(&n.code),
                        escaped(&note_sentences(n))
                    );
                }
                let _ = writeln!(out, "</ul>");
            }
            Block::Formula(formula) => {
                let _ = writeln!(out, "<pre class=\"formula\">{}</pre>", escaped(formula));
            }
            Block::Plot(plot) => {
                figures += 1;
                let _ = writeln!(
                    out,
                    "<figure>{}<figcaption>{}</figcaption></figure>",
                    figure(plot, &format!("f{figures}-")),
                    escaped(&plot.description)
                );
            }
            Block::Code(lines) => {
                let _ = writeln!(out, "<pre>{}</pre>", escaped(&lines.join("\n")));
            }
            Block::Planner(own) => {
                planners += 1;
                planner::section(&mut out, own, planners);
            }
        }
    }
    if !doc.frame.rows.is_empty() {
        numbers(&mut out, &doc.frame);
    }
    let _ = write!(
        out,
        "</main>\n<script>{SCRIPT}</script>\n{}</body>\n</html>\n",
        planner::scripts(planners)
    );
    out
}

fn contents(out: &mut String, headings: &[&str]) {
    let _ = writeln!(out, "<nav aria-label=\"Contents\"><ul>");
    for (k, heading) in headings.iter().enumerate() {
        let _ = writeln!(
            out,
            "<li><a href=\"#s{}\">{}</a></li>",
            k + 1,
            escaped(heading)
        );
    }
    let _ = writeln!(out, "</ul></nav>");
}

fn key_values(out: &mut String, pairs: &[(String, String)]) {
    let _ = writeln!(out, "<dl>");
    for (key, value) in pairs {
        let _ = writeln!(
            out,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escaped(key),
            escaped(value)
        );
    }
    let _ = writeln!(out, "</dl>");
}

/// A table that scrolls by itself, so that the page never does sideways.
fn table(out: &mut String, shown: &Table) {
    let class = |align: &Align| {
        if *align == Align::Right {
            " class=\"n\""
        } else {
            ""
        }
    };
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table><thead><tr>"
    );
    for (head, align) in &shown.columns {
        let _ = write!(
            out,
            "<th scope=\"col\"{}>{}</th>",
            class(align),
            escaped(head)
        );
    }
    let _ = writeln!(out, "</tr></thead><tbody>");
    for row in &shown.rows {
        let _ = write!(out, "<tr>");
        for (cell, (_, align)) in row.iter().zip(&shown.columns) {
            let _ = write!(out, "<td{}>{}</td>", class(align), escaped(cell));
        }
        let _ = writeln!(out, "</tr>");
    }
    let _ = writeln!(out, "</tbody></table></div>");
}

/// The values in full precision: sorted by a click or a key, downloaded as CSV.
fn numbers(out: &mut String, frame: &Frame) {
    let _ = write!(
        out,
        "<details id=\"numbers\"><summary>All numbers ({} rows)</summary>\n\
         <p><button type=\"button\" id=\"download\">Download as CSV</button></p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All numbers\"><table id=\"frame\"><thead><tr>",
        frame.rows.len()
    );
    for column in &frame.columns {
        let _ = write!(
            out,
            "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\">{}</button></th>",
            escaped(column)
        );
    }
    let _ = writeln!(out, "</tr></thead><tbody>");
    for row in &frame.rows {
        let _ = write!(out, "<tr>");
        for cell in row {
            let _ = match cell {
                Value::Number(x) => write!(out, "<td class=\"n\">{x}</td>"),
                Value::Text(text) => write!(out, "<td>{}</td>", escaped(text)),
                Value::Missing => write!(out, "<td></td>"),
            };
        }
        let _ = writeln!(out, "</tr>");
    }
    let _ = writeln!(out, "</tbody></table></div>\n</details>");
}

/// Text as text: nothing in it is markup.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters have no place in a page.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

const STYLE: &str = include_str!("../../page/page.css");
const SCRIPT: &str = include_str!("../../page/page.js");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Block;

    fn page() -> Document {
        let mut doc = Document::new("<script>alert(1)</script> \"quoted\"");
        doc.heading("Ärger & <b>Größe</b>");
        doc.paragraph("a < b && c > 'd'\u{0}");
        let mut table = Table::with_columns(&["name", ">value"]);
        table
            .rows
            .push(vec!["</td><img src=x onerror=alert(1)>".into(), "1".into()]);
        doc.push(Block::Table(table));
        doc.frame.columns = vec!["</script>".into()];
        doc.frame.rows = vec![
            vec![Value::Text("مرحبا 🚀 </script>".into())],
            vec![Value::Missing],
        ];
        doc
    }

    #[test]
    fn names_are_text_whatever_they_hold() {
        let page = html(&page());
        assert_eq!(page.matches("<script>").count(), 1, "only the page's own");
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(!page.contains("<img") && !page.contains("<b>") && !page.contains('\u{0}'));
        assert!(page.contains("مرحبا 🚀"));
    }

    #[test]
    fn a_page_asks_nobody_for_anything() {
        let page = html(&page());
        for word in ["http://", "https://", "@import", "url(", "<link", "<iframe"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

//! A page: one self-contained file that opens offline, in light and dark, on a phone, by keyboard, and on paper.
//!
//! Nothing is fetched: the page forbids it (`Content-Security-Policy`). All words of the data are escaped, so that a name
//! of a run is text whatever it holds. Without scripts, the static figures are seen.

use std::fmt::Write as _;

use super::chart;
use super::escape::escaped;
use super::page_table::{table, values};
use super::svg::figure;
use super::widget;
use crate::severity::severity;
use isoflop_document::doc::{Block, Document, Plot};
use isoflop_document::number::{count, counted};
use isoflop_document::phrase::{capitalised, note_sentences};

const STYLE: &str = include_str!("../page/page.css");
const SCRIPT: &str = include_str!("../page/page.js");
const CHARTS: &str = include_str!("../page/charts.js");
/// Observable Plot, bundled: `page/vendor/build.mjs`, licences in `page/vendor/NOTICE.txt`.
const LIBRARY: &str = include_str!("../page/vendor/charts.min.js");

/// Bytes of static figures that a page carries for readers without scripts.
const STILL_BYTES: usize = 350_000;

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
         <a class=\"skip\" href=\"#content\">Skip to the content</a>\n<main id=\"content\">\n<h1 dir=\"auto\">{title}</h1>\n",
        env!("CARGO_PKG_VERSION"),
        widget::style(doc)
    );
    let mut page = Page::default();
    let lead = matches!(doc.blocks.first(), Some(Block::Lead { .. }));
    let (first, rest) = doc.blocks.split_at(usize::from(lead));
    page.blocks(first);
    out.push_str(&std::mem::take(&mut page.out));
    contents(&mut out, doc);
    page.blocks(rest);
    out.push_str(&page.out);
    if !doc.runs.rows.is_empty() {
        let _ = writeln!(out, "<h2 id=\"s{}\">Runs</h2>", page.sections + 1);
        values(&mut out, &doc.runs, "runs", "The runs");
    }
    if !doc.frame.rows.is_empty() {
        let rows = counted(doc.frame.rows.len(), "row");
        let _ = writeln!(
            out,
            "<details id=\"numbers\"><summary>All numbers ({rows})</summary>"
        );
        values(&mut out, &doc.frame, "numbers-table", "All numbers");
        out.push_str("</details>\n");
    }
    let _ = writeln!(
        out,
        "<footer>Made by isoflop {}. The page holds all it shows and asks no server for anything.</footer>\n</main>",
        env!("CARGO_PKG_VERSION")
    );
    let _ = writeln!(out, "<script>{SCRIPT}</script>");
    if page.figures + page.widgets > 0 {
        let _ = writeln!(out, "<script>{LIBRARY}</script>\n<script>{CHARTS}</script>");
    }
    out.push_str(&widget::scripts(page.widgets));
    out.push_str("</body>\n</html>\n");
    out
}

fn contents(out: &mut String, doc: &Document) {
    let headings = doc.blocks.iter().filter_map(|b| match b {
        Block::Heading(h) => Some(h.as_str()),
        _ => None,
    });
    let runs = (!doc.runs.rows.is_empty()).then_some("Runs");
    let headings: Vec<&str> = headings.chain(runs).collect();
    if headings.len() < 3 {
        return;
    }
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

/// The page as far as it is written.
#[derive(Default)]
struct Page {
    out: String,
    sections: usize,
    figures: usize,
    widgets: usize,
    /// Bytes of static figures so far.
    still: usize,
}

impl Page {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        let out = &mut self.out;
        let _ = match block {
            Block::Heading(h) => {
                self.sections += 1;
                writeln!(out, "<h2 id=\"s{}\">{}</h2>", self.sections, escaped(h))
            }
            Block::Subheading(h) => writeln!(out, "<h3>{}</h3>", escaped(h)),
            Block::Lead { question, answer } => writeln!(
                out,
                "<div class=\"lead\"><p class=\"asked\" dir=\"auto\">{}</p><p class=\"answer\" dir=\"auto\">{}</p></div>",
                escaped(question),
                escaped(answer)
            ),
            Block::Paragraph(words) => writeln!(out, "<p dir=\"auto\">{}</p>", worded(words)),
            Block::KeyValues(pairs) => {
                key_values(out, pairs);
                Ok(())
            }
            Block::Table(shown) => {
                table(out, shown);
                Ok(())
            }
            Block::Notes(notes) => {
                let _ = writeln!(out, "<ul class=\"notes\">");
                for n in notes {
                    let word = severity(n.severity).0;
                    let _ = writeln!(
                        out,
                        "<li class=\"{word}\" dir=\"auto\"><strong>{word}</strong> {} <code class=\"id\">{}</code></li>",
                        worded(&sentence_case(&note_sentences(n))),
                        escaped(&n.code)
                    );
                }
                writeln!(out, "</ul>")
            }
            Block::Formula(formula) => {
                writeln!(out, "<pre class=\"formula\">{}</pre>", escaped(formula))
            }
            Block::Plot(plot) => {
                self.plot(plot);
                Ok(())
            }
            Block::Code(lines) => writeln!(
                out,
                "<div class=\"code\"><pre><code>{}</code></pre><button type=\"button\" class=\"copy\" hidden>Copy</button></div>",
                escaped(&lines.join("\n"))
            ),
            Block::Widget(widget) => {
                self.widgets += 1;
                widget::section(out, widget, self.widgets);
                Ok(())
            }
            Block::Fold(title, inner) => {
                let _ = writeln!(out, "<details><summary>{}</summary>", escaped(title));
                self.blocks(inner);
                writeln!(self.out, "</details>")
            }
            Block::Detail(inner) => {
                self.blocks(inner);
                Ok(())
            }
        };
    }

    /// A figure: the chart's data, and the static figure that is seen until it is drawn, or without scripts.
    fn plot(&mut self, plot: &Plot) {
        self.figures += 1;
        let id = format!("f{}", self.figures);
        let mut still = figure(plot, &format!("{id}-"));
        self.still += still.len();
        if self.still > STILL_BYTES {
            self.still -= still.len();
            "This figure has too many marks to be kept without scripts.".clone_into(&mut still);
        }
        let left_out = match chart::left_out(plot) {
            0 => String::new(),
            n => format!(
                " To stay quick, the chart leaves out {} of its fullest panel, evenly.",
                counted(n, "dot")
            ),
        };
        let name = escaped(&plot.title);
        let _ = writeln!(
            self.out,
            "<figure aria-labelledby=\"{id}-caption\">\n<div class=\"chart\" id=\"{id}\" data-name=\"{name}\"><noscript>{still}</noscript></div>\n\
             <script type=\"application/json\" id=\"{id}-data\">{}</script>\n\
             <figcaption id=\"{id}-caption\" dir=\"auto\"><b>Figure {}. {name}.</b> {}{left_out}</figcaption>\n</figure>",
            chart::data(plot),
            count(self.figures),
            escaped(&plot.description)
        );
    }
}

fn key_values(out: &mut String, pairs: &[(String, String)]) {
    let _ = writeln!(out, "<dl>");
    for (key, value) in pairs {
        let _ = writeln!(
            out,
            "<div><dt>{}</dt><dd dir=\"auto\">{}</dd></div>",
            escaped(key),
            escaped(value)
        );
    }
    let _ = writeln!(out, "</dl>");
}

/// A sentence that begins with a word in small letters, with a capital one; names and letters of formulas stay.
fn sentence_case(text: &str) -> String {
    let word: String = text.chars().take_while(char::is_ascii_lowercase).collect();
    if word.len() < 2 || text[word.len()..].starts_with(['_', '-', '[', '.', '=']) {
        return text.to_owned();
    }
    capitalised(text)
}

/// Text whose pieces in back quotes are code.
fn worded(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return escaped(text);
    }
    let mark = |(k, piece): (usize, &&str)| {
        if k % 2 == 1 {
            format!("<code>{}</code>", escaped(piece))
        } else {
            escaped(piece)
        }
    };
    pieces.iter().enumerate().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_document::doc::{
        Axis, AxisScale, Colour, Guide, Mark, Panel, Series, Table, Value,
    };

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

    /// The page without the scripts and the style that it always carries.
    fn own(page: &str) -> String {
        let mut page = page.to_owned();
        for part in [STYLE, SCRIPT, CHARTS, LIBRARY] {
            page = page.replace(part, "");
        }
        page
    }

    fn plotted() -> Document {
        let mut doc = page();
        let axis = || Axis {
            label: "</script><script>alert(2)</script>".into(),
            scale: AxisScale::Log,
        };
        let series = Series::new(
            "<img src=x onerror=alert(3)>",
            Mark::Dots,
            Colour::Category(0),
            vec![(1.0, 1.0), (2.0, 2.0)],
        );
        doc.push(Block::Plot(Plot {
            title: "\" onload=alert(4) x=\"".into(),
            panels: vec![Panel {
                x: axis(),
                y: axis(),
                height: 1.0,
                guide: Guide::None,
                series: vec![series],
            }],
            ..Plot::default()
        }));
        doc
    }

    #[test]
    fn names_are_text_whatever_they_hold() {
        let page = own(&html(&page()));
        assert_eq!(page.matches("<script>").count(), 1, "only the page's own");
        assert_eq!(page.matches("</script>").count(), 1);
        assert!(!page.contains("<img") && !page.contains("<b>") && !page.contains('\u{0}'));
        assert!(page.contains("مرحبا 🚀"));
    }

    #[test]
    fn names_in_a_plot_are_text_as_well() {
        let page = own(&html(&plotted()));
        assert_eq!(
            page.matches("<script").count(),
            4,
            "data, tables, library, charts"
        );
        assert_eq!(page.matches("</script>").count(), 4);
        assert!(!page.contains("<img") && !page.contains("=\"\" onload"));
    }

    #[test]
    fn a_page_asks_nobody_for_anything() {
        let page = html(&plotted());
        // Names of XML, which nobody fetches.
        let page = page.replace("http://www.w3.org/", "");
        for word in [
            "http://", "https://", "@import", "url(h", "<link", "<iframe",
        ] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn a_page_without_a_chart_carries_no_library() {
        assert!(!html(&page()).contains(LIBRARY));
        assert!(html(&plotted()).contains(LIBRARY));
    }

    #[test]
    fn code_in_sentences_is_marked_and_sentences_begin_with_a_capital() {
        assert_eq!(worded("take `a<b`"), "take <code>a&lt;b</code>");
        assert_eq!(worded("one ` alone"), "one ` alone");
        assert_eq!(sentence_case("without it"), "Without it");
        assert_eq!(sentence_case("δ is small"), "δ is small");
        assert_eq!(sentence_case("n_params is odd"), "n_params is odd");
    }
}

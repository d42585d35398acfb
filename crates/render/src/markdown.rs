//! Markdown: tables, lists and code blocks that read well in a repository or a note.

use crate::severity::severity;
use isoflop_document::doc::{Align, Block, Document, Table};
use isoflop_document::phrase::note_sentences;

/// The document as Markdown. Pictures are named, not drawn: write them with `.svg`.
#[must_use]
pub fn markdown(doc: &Document) -> String {
    let mut parts = vec![format!("# {}", escaped(&doc.title))];
    parts.extend(doc.blocks.iter().map(part));
    let mut text = parts.join("\n\n");
    text.push('\n');
    text
}

fn part(block: &Block) -> String {
    match block {
        Block::Lead { question, answer } => {
            format!("> {}\n>\n> **{}**", escaped(question), escaped(answer))
        }
        Block::Widget(widget) => format!("```sh\n{}\n```", widget.command),
        Block::Fold(title, inner) => {
            let inner: Vec<String> = inner.iter().map(part).collect();
            format!("### {}\n\n{}", escaped(title), inner.join("\n\n"))
        }
        Block::Detail(inner) => inner.iter().map(part).collect::<Vec<_>>().join("\n\n"),
        Block::Heading(heading) => format!("## {}", escaped(heading)),
        Block::Subheading(heading) => format!("### {}", escaped(heading)),
        Block::Paragraph(words) => escaped(words),
        Block::KeyValues(pairs) => pairs
            .iter()
            .map(|(key, value)| {
                format!(
                    "- **{}**: {}",
                    escaped(key),
                    escaped(&value.replace('\n', " "))
                )
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Block::Table(table) => pipe_table(table),
        Block::Notes(notes) => notes
            .iter()
            .map(|n| {
                format!(
                    "- **{}** `{}`: {}",
                    severity(n.severity).0,
                    n.code,
                    escaped(&note_sentences(n))
                )
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Block::Formula(formula) => format!("```text\n{formula}\n```"),
        Block::Plot(plot) => format!("*{}*", escaped(&plot.description)),
        Block::Code(lines) => format!("```sh\n{}\n```", lines.join("\n")),
    }
}

/// Text with the characters that Markdown would read as markup set off by a backslash.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '|' | '*' | '_' | '`' | '<' | '[' | ']' | '\\' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn pipe_table(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(
            table
                .columns
                .iter()
                .map(|(head, _)| escaped(head))
                .collect(),
        ),
        line(
            table
                .columns
                .iter()
                .map(|(_, a)| if *a == Align::Right { "---:" } else { "---" }.to_owned())
                .collect(),
        ),
    ];
    lines.extend(
        table
            .rows
            .iter()
            .map(|row| line(row.iter().map(|c| escaped(&c.replace('\n', " "))).collect())),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_break_the_table() {
        let mut table = Table::with_columns(&["name", ">value"]);
        table.rows.push(vec!["a|b".into(), "[0, 1]".into()]);
        assert_eq!(
            pipe_table(&table),
            "| name | value |\n| --- | ---: |\n| a\\|b | \\[0, 1\\] |"
        );
    }
}

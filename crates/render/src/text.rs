//! Text for a terminal: aligned, wrapped at the width, colour only when asked for.

use isoflop_base::Note;

use super::braille;
use crate::harmless::shown;
use crate::severity::severity;
use isoflop_document::doc::{Align, Block, Document, Table};
use isoflop_document::phrase::note_sentences;

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether escape codes may be used.
    pub paint: Paint,
    /// Whether pictures are drawn.
    pub plots: Plots,
    /// How much is shown.
    pub extent: Extent,
}

/// How much of a document is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Without its details.
    Brief,
    /// All of it.
    Full,
}

/// Whether escape codes may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Bare text.
    Plain,
    /// ANSI colours.
    Ansi,
}

/// Whether pictures are drawn in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plots {
    /// Left out.
    Hidden,
    /// Drawn with braille dots.
    Braille,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: 100,
            paint: Paint::Plain,
            plots: Plots::Hidden,
            extent: Extent::Full,
        }
    }
}

impl Paint {
    /// Wraps text in an escape code, for example `1` for bold.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi => match code.parse() {
                Ok(code) => format!("{}{text}{}", mark(code), mark(0)),
                Err(_) => text.to_owned(),
            },
        }
    }
}

/// Where the marks of escape codes begin, among the characters that mean nothing: a colour is written as one of them until
/// the text is whole, so that no name in it can hold a code of its own.
const MARKS: u32 = 0x10_f800;

/// Codes that are used: bold, faint, colours.
const CODES: std::ops::RangeInclusive<u32> = 0..=107;

fn mark(code: u32) -> char {
    char::from_u32(MARKS + code).unwrap_or(' ')
}

/// Makes whole text harmless, and its colours those of a terminal.
pub(crate) fn finished(text: &str, paint: Paint) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let code = u32::from(c).wrapping_sub(MARKS);
        match (CODES.contains(&code), paint) {
            (true, Paint::Ansi) => out.push_str(&format!("\x1b[{code}m")),
            (true, Paint::Plain) => {}
            (false, _) => out.push(shown(c)),
        }
    }
    out
}

/// The document as text, with a line end after every line.
#[must_use]
pub fn text(doc: &Document, style: Style) -> String {
    let width = style.width.max(40);
    let mut lines = Vec::new();
    if !doc.title.is_empty() {
        lines.push(style.paint.paint("1", &doc.title));
    }
    push_blocks(&mut lines, &doc.blocks, style, width);
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    finished(&text, style.paint)
}

fn push_blocks(lines: &mut Vec<String>, blocks: &[Block], style: Style, width: usize) {
    let mut before: Option<&Block> = None;
    for block in laid_out(blocks, style.extent) {
        if is_apart(before, block, style.plots) {
            lines.push(String::new());
        }
        before = Some(block);
        match block {
            Block::Heading(heading) | Block::Subheading(heading) => {
                lines.push(style.paint.paint("1", heading))
            }
            Block::Lead { question, answer } => {
                lines.extend(wrapped(question, width, 2));
                lines.extend(wrapped(answer, width, 2));
            }
            Block::Paragraph(words) => lines.extend(wrapped(words, width, 2)),
            Block::KeyValues(pairs) => lines.extend(key_values(pairs, width)),
            Block::Table(table) => lines.extend(aligned(table, width, style.paint)),
            Block::Notes(notes) => {
                for note in notes {
                    lines.extend(note_lines(note, width, style.paint));
                }
            }
            Block::Formula(formula) => {
                lines.extend(formula.lines().map(|line| format!("    {}", line.trim())));
            }
            Block::Plot(plot) if style.plots == Plots::Braille => {
                lines.extend(braille::plot(plot, width));
            }
            Block::Plot(_) => {}
            Block::Code(commands) => lines.extend(commands.iter().map(|c| format!("  {c}"))),
            Block::Fold(title, inner) => {
                lines.push(style.paint.paint("1", title));
                push_blocks(lines, inner, style, width);
            }
            Block::Widget(widget) => lines.push(format!("  {}", widget.command)),
            Block::Detail(_) => {}
        }
    }
}

/// The blocks that are shown: details among the others, or left out.
fn laid_out(blocks: &[Block], extent: Extent) -> Vec<&Block> {
    let mut out = Vec::with_capacity(blocks.len());
    for block in blocks {
        match (block, extent) {
            (Block::Detail(inner), Extent::Full) => out.extend(laid_out(inner, extent)),
            // A picture that was asked for is drawn, wherever it stands.
            (Block::Detail(inner), Extent::Brief) => {
                let all = laid_out(inner, extent);
                out.extend(all.into_iter().filter(|b| matches!(b, Block::Plot(_))));
            }
            _ => out.push(block),
        }
    }
    out
}

/// Whether an empty line stands before a block: sections stand apart, words stay with what they speak of.
fn is_apart(before: Option<&Block>, block: &Block, plots: Plots) -> bool {
    match (before, block) {
        (_, Block::Plot(_)) => plots == Plots::Braille,
        (_, Block::Heading(_) | Block::Subheading(_) | Block::Formula(_) | Block::Fold(..)) => true,
        (None | Some(Block::Heading(_) | Block::Subheading(_)), _) | (_, Block::Paragraph(_)) => {
            false
        }
        _ => true,
    }
}

/// Characters of a text; all characters the documents use are one column wide.
fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Words in lines of at most `width` columns, each after `indent` spaces.
fn wrapped(words: &str, width: usize, indent: usize) -> Vec<String> {
    broken(words, width.saturating_sub(indent).max(20))
        .iter()
        .map(|l| format!("{:indent$}{l}", ""))
        .collect()
}

/// Words broken into lines of at most `width` columns; a longer word keeps a line for itself. Runs of spaces inside
/// a line stay (strips of bars are drawn with them).
fn broken(words: &str, width: usize) -> Vec<String> {
    if columns(words) <= width {
        return vec![words.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if columns(&lines[last]) + 1 + columns(word) <= width {
            lines[last].push(' ');
            lines[last].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn key_values(pairs: &[(String, String)], width: usize) -> Vec<String> {
    let keys = pairs.iter().map(|(key, _)| columns(key)).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (key, value) in pairs {
        let room = width.saturating_sub(keys + 4).max(20);
        for (i, line) in value.lines().flat_map(|l| broken(l, room)).enumerate() {
            lines.push(format!(
                "  {}  {line}",
                pad(if i == 0 { key } else { "" }, keys, Align::Left)
            ));
        }
    }
    lines
}

fn pad(text: &str, width: usize, align: Align) -> String {
    let gap = width.saturating_sub(columns(text));
    match align {
        Align::Left => format!("{text}{:gap$}", ""),
        Align::Right => format!("{:gap$}{text}", ""),
    }
}

/// The table with columns two spaces apart; the widest columns of words wrap when the width asks for it.
fn aligned(table: &Table, width: usize, paint: Paint) -> Vec<String> {
    let widths = column_widths(table, width);
    let heads: Vec<String> = table.columns.iter().map(|(head, _)| head.clone()).collect();
    let mut lines = Vec::new();
    if heads.iter().any(|h| !h.is_empty()) {
        lines.extend(
            row_lines(&heads, table, &widths)
                .iter()
                .map(|line| paint.paint("2", line)),
        );
    }
    for row in &table.rows {
        lines.extend(row_lines(row, table, &widths));
    }
    lines
}

/// Natural widths, shrunk at the widest column until the table fits or every column is down to 12, or to its longest
/// word: a word that sticks out would push the columns after it out of line.
fn column_widths(table: &Table, width: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = (0..table.columns.len())
        .map(|c| {
            let cells = table.rows.iter().map(|row| columns(&row[c]));
            cells
                .chain([columns(&table.columns[c].0)])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let least: Vec<usize> = (0..table.columns.len())
        .map(|c| {
            let cells = table.rows.iter().map(|row| longest_word(&row[c]));
            let longest = cells.chain([longest_word(&table.columns[c].0)]).max();
            longest.unwrap_or(0).clamp(12, LONGEST_KEPT)
        })
        .collect();
    while 2 + widths.iter().map(|w| w + 2).sum::<usize>() > width + 2 {
        let wide = widths
            .iter_mut()
            .zip(&least)
            .filter(|(w, least)| **w > **least);
        match wide.map(|(w, _)| w).max() {
            Some(widest) => *widest -= 1,
            None => break,
        }
    }
    widths
}

/// Words longer than this may stick out.
const LONGEST_KEPT: usize = 32;

fn longest_word(text: &str) -> usize {
    text.split(' ').map(columns).max().unwrap_or(0)
}

fn row_lines(cells: &[String], table: &Table, widths: &[usize]) -> Vec<String> {
    let parts: Vec<Vec<String>> = cells
        .iter()
        .zip(widths)
        .map(|(cell, &w)| broken(cell, w))
        .collect();
    let height = parts.iter().map(Vec::len).max().unwrap_or(1);
    (0..height)
        .map(|i| {
            let mut line = String::new();
            for ((part, (_, align)), &w) in parts.iter().zip(&table.columns).zip(widths) {
                line.push_str("  ");
                line.push_str(&pad(part.get(i).map_or("", String::as_str), w, *align));
            }
            line.trim_end().to_owned()
        })
        .collect()
}

fn note_lines(note: &Note, width: usize, paint: Paint) -> Vec<String> {
    let (word, code) = severity(note.severity);
    let words = format!("{word}[{}]: {}", note.code, note_sentences(note));
    let mut lines = wrapped(&words, width, 4);
    if let Some(first) = lines.first_mut() {
        *first = format!(
            "  {}",
            first
                .trim_start()
                .replacen(word, &paint.paint(code, word), 1)
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::with_columns(&["name", ">value", "meaning"]);
        table.rows.push(vec![
            "E".into(),
            "1.8".into(),
            "loss that remains at any size of model and data".into(),
        ]);
        table
            .rows
            .push(vec!["alpha".into(), "0.3473".into(), "size".into()]);
        table
    }

    #[test]
    fn a_brief_text_leaves_details_out() {
        let mut doc = Document::new("Fit");
        doc.paragraph("the answer");
        doc.detail(|doc| doc.paragraph("a detail"));
        let brief = |extent| {
            let style = Style {
                extent,
                ..Style::default()
            };
            super::text(&doc, style)
        };
        assert_eq!(brief(Extent::Brief), "Fit\n  the answer\n");
        assert_eq!(brief(Extent::Full), "Fit\n  the answer\n  a detail\n");
    }

    #[test]
    fn columns_line_up_and_words_wrap() {
        let lines = aligned(&table(), 44, Paint::Plain);
        insta::assert_snapshot!(lines.join("\n"), @r"
        name    value  meaning
        E         1.8  loss that remains at any
                       size of model and data
        alpha  0.3473  size
        ");
        assert!(lines.iter().all(|line| columns(line) <= 44));
    }

    #[test]
    fn colour_appears_only_when_asked_for() {
        let mut doc = Document::new("Title");
        doc.heading("Part");
        assert_eq!(text(&doc, Style::default()), "Title\n\nPart\n");
        let painted = text(
            &doc,
            Style {
                paint: Paint::Ansi,
                ..Style::default()
            },
        );
        assert!(painted.starts_with("\x1b[1mTitle\x1b[0m\n"));
    }

    #[test]
    fn values_hang_under_their_key() {
        let pairs = [(
            "key".to_owned(),
            "one two three four five six seven eight nine".to_owned(),
        )];
        assert_eq!(
            key_values(&pairs, 40),
            [
                "  key  one two three four five six seven",
                "       eight nine"
            ]
        );
    }
}

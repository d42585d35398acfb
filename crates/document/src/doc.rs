//! The document: what is said, free of how it looks. Every renderer takes the same blocks.

use isoflop_base::Note;

pub use crate::plot::{Axis, AxisScale, Colour, Guide, Look, Mark, Naming, Panel, Plot, Series};
pub use crate::widget::{Control, Output, OutputGroup, Widget};

/// Blocks in reading order, and the plain table behind them for CSV.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Title in words.
    pub title: String,
    /// What is said, in order.
    pub blocks: Vec<Block>,
    /// The main table as plain values, without rounding.
    pub frame: Frame,
    /// The runs behind the pictures: what a mark says of itself, and a table of its own in a page.
    pub runs: Frame,
}

/// One piece of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Starts a section.
    Heading(String),
    /// Starts a part of a section.
    Subheading(String),
    /// What was asked and what the answer is, a sentence each.
    Lead {
        /// The question.
        question: String,
        /// The answer.
        answer: String,
    },
    /// Sentences.
    Paragraph(String),
    /// Names with values, one pair a line.
    KeyValues(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// Warnings and advice.
    Notes(Vec<Note>),
    /// A formula, shown by itself.
    Formula(String),
    /// A picture as data.
    Plot(Plot),
    /// Lines to copy.
    Code(Vec<String>),
    /// What most readers pass over; a page shows its title until it is opened.
    Fold(String, Vec<Block>),
    /// A form that the reader moves.
    Widget(Box<Widget>),
    /// What a short text leaves out; pages, Markdown and a verbose text show it.
    Detail(Vec<Block>),
}

/// A table of shown text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Column heads with their alignment.
    pub columns: Vec<(String, Align)>,
    /// Cells, one list a row, as many as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// Alignment of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table of plain values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Column names.
    pub columns: Vec<String>,
    /// Unit of each column; empty when none is known.
    pub units: Vec<String>,
    /// Values, one list a row.
    pub rows: Vec<Vec<Value>>,
}

/// A cell of a [`Frame`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number in full precision.
    Number(f64),
    /// A name.
    Text(String),
    /// Nothing known.
    Missing,
}

impl Document {
    /// An empty document with a title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Adds a block.
    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// Starts a section.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.push(Block::Heading(text.into()));
    }

    /// Starts a part of a section.
    pub fn subheading(&mut self, text: impl Into<String>) {
        self.push(Block::Subheading(text.into()));
    }

    /// Adds sentences; nothing when there are none.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.push(Block::Paragraph(text));
        }
    }

    /// Adds what a short text leaves out; nothing when there is nothing.
    pub fn detail(&mut self, fill: impl FnOnce(&mut Document)) {
        let mut own = Document::default();
        fill(&mut own);
        if !own.blocks.is_empty() {
            self.push(Block::Detail(own.blocks));
        }
    }

    /// Whether a short text leaves something out.
    #[must_use]
    pub fn has_detail(&self) -> bool {
        self.blocks.iter().any(|b| matches!(b, Block::Detail(_)))
    }

    /// The pictures of the document.
    pub fn plots(&self) -> impl Iterator<Item = &Plot> {
        plots(&self.blocks).into_iter()
    }

    /// The document with nothing before its details but blocks that `is_kept` names.
    #[must_use]
    pub fn shortened(mut self, is_kept: impl Fn(&Block) -> bool) -> Self {
        let (kept, rest): (Vec<Block>, Vec<Block>) = self.blocks.into_iter().partition(is_kept);
        self.blocks = kept;
        self.blocks.push(Block::Detail(rest));
        self
    }
}

fn plots(blocks: &[Block]) -> Vec<&Plot> {
    let mut found = Vec::new();
    for block in blocks {
        match block {
            Block::Plot(plot) => found.push(plot),
            Block::Detail(inner) => found.extend(plots(inner)),
            _ => {}
        }
    }
    found
}

impl Block {
    /// The block as a piece of a part: its headings are those of a part of a section.
    #[must_use]
    pub fn in_part(self) -> Self {
        match self {
            Self::Heading(text) => Self::Subheading(text),
            Self::Detail(inner) => Self::Detail(inner.into_iter().map(Self::in_part).collect()),
            other => other,
        }
    }
}

impl Table {
    /// A table with these heads; a head that starts with `>` aligns its column to the right.
    #[must_use]
    pub fn with_columns<S: AsRef<str>>(heads: &[S]) -> Self {
        let columns = heads
            .iter()
            .map(|head| match head.as_ref().strip_prefix('>') {
                Some(head) => (head.to_owned(), Align::Right),
                None => (head.as_ref().to_owned(), Align::Left),
            })
            .collect();
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Leaves out columns whose cells are all empty.
    #[must_use]
    pub fn without_empty_columns(self) -> Self {
        let keep: Vec<bool> = (0..self.columns.len())
            .map(|c| self.rows.iter().any(|row| !row[c].is_empty()))
            .collect();
        let kept = |c: &usize| keep[*c];
        Self {
            columns: (0..keep.len())
                .filter(kept)
                .map(|c| self.columns[c].clone())
                .collect(),
            rows: self
                .rows
                .iter()
                .map(|row| {
                    (0..keep.len())
                        .filter(kept)
                        .map(|c| row[c].clone())
                        .collect()
                })
                .collect(),
        }
    }
}

impl Frame {
    /// A frame with these columns.
    #[must_use]
    pub fn with_columns<S: AsRef<str>>(names: &[S]) -> Self {
        Self {
            columns: names.iter().map(|n| n.as_ref().to_owned()).collect(),
            units: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::Missing, Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_content_are_left_out() {
        let mut table = Table::with_columns(&["a", ">b", "c"]);
        table.rows.push(vec!["1".into(), String::new(), "2".into()]);
        let table = table.without_empty_columns();
        assert_eq!(
            table.columns,
            [("a".to_owned(), Align::Left), ("c".to_owned(), Align::Left)]
        );
        assert_eq!(table.rows, [["1", "2"]]);
    }
}

//! The document: what is said, free of how it looks. Every renderer takes the same blocks.

use isoflop_answer::plan::LivePlan;
use isoflop_base::Note;

/// Blocks in reading order, and the plain table behind them for CSV.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Title in words.
    pub title: String,
    /// What is said, in order.
    pub blocks: Vec<Block>,
    /// The main table as plain values, without rounding.
    pub frame: Frame,
}

/// One piece of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Starts a section.
    Heading(String),
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
    /// A plan that the reader moves.
    Planner(Box<Planner>),
}

/// A plan that the reader moves: a page has sliders for it, other formats the command that gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Planner {
    /// What it is for.
    pub title: String,
    /// Laws, draws, limits, and where the sliders start.
    pub live: LivePlan,
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

/// Panels, one below the other, that share a legend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plot {
    /// What is shown.
    pub title: String,
    /// The formula, on one line; empty when there is none.
    pub subtitle: String,
    /// The picture in words, for readers who do not see it.
    pub description: String,
    /// What the colours stand for; empty when there is only one.
    pub legend: String,
    /// Panels from top to bottom.
    pub panels: Vec<Panel>,
}

/// Two axes and what is drawn between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Height relative to the other panels.
    pub height: f64,
    /// Reference lines.
    pub guide: Guide,
    /// Marks, drawn in order.
    pub series: Vec<Series>,
}

/// A reference line of a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guide {
    /// None.
    None,
    /// y = 0.
    Zero,
    /// y = x.
    Diagonal,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// Linear or logarithmic.
    pub scale: AxisScale,
}

/// How an axis maps values to places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisScale {
    /// Equal steps.
    Linear,
    /// Equal factors.
    Log,
}

/// Marks of one kind and colour.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name in the legend; series of the same label share an entry.
    pub label: String,
    /// Dots or a line.
    pub mark: Mark,
    /// Colour.
    pub colour: Colour,
    /// Places.
    pub points: Vec<(f64, f64)>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// One dot a point.
    Dots,
    /// A line through the points, in order.
    Line,
}

/// A colour by meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colour {
    /// One of a few kinds without order.
    Category(usize),
    /// A place between small (0) and large (1).
    Ramp(f64),
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

    /// Adds sentences; nothing when there are none.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.push(Block::Paragraph(text));
        }
    }

    /// The pictures of the document.
    pub fn plots(&self) -> impl Iterator<Item = &Plot> {
        self.blocks.iter().filter_map(|b| match b {
            Block::Plot(plot) => Some(plot),
            _ => None,
        })
    }
}

impl Table {
    /// A table with these heads; a head that starts with `>` aligns its column to the right.
    #[must_use]
    pub fn with_columns(heads: &[&str]) -> Self {
        let columns = heads
            .iter()
            .map(|head| match head.strip_prefix('>') {
                Some(head) => (head.to_owned(), Align::Right),
                None => ((*head).to_owned(), Align::Left),
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

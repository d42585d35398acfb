//! Pictures as data: panels, axes and series. The SVG renderer, the terminal and the chart in a page draw the same plot.

/// Panels that share a legend.
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
    /// Panels side by side; 0 and 1 put one below the other.
    pub columns: usize,
    /// Panels in reading order.
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
    /// Name; series of the same label share an entry of the legend.
    pub label: String,
    /// Where the name is shown.
    pub naming: Naming,
    /// What is drawn.
    pub mark: Mark,
    /// Colour; kinds without order differ in shape and dash as well.
    pub colour: Colour,
    /// Filled, open or faint.
    pub look: Look,
    /// Places. A place that is not finite breaks a line.
    pub points: Vec<(f64, f64)>,
    /// Lower and upper end at every place: the edges of a band, or the error bar of a dot. Empty for none.
    pub ends: Vec<(f64, f64)>,
    /// The run behind every dot, as a row of [`Document::runs`](crate::Document::runs). Empty when there is none.
    pub runs: Vec<usize>,
}

/// Where the name of a series is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// In the legend.
    #[default]
    Legend,
    /// Behind its last place.
    End,
    /// On its middle.
    On,
    /// Nowhere: the series belongs to another.
    Hidden,
}

/// What a series draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// One dot a place, with an error bar where there are ends.
    Dots,
    /// A line through the places, in order.
    Line,
    /// The area between the ends, without a line.
    Band,
}

/// How strongly a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Filled dots, whole lines.
    #[default]
    Full,
    /// Open dots, broken lines: what was left out, or lies beyond the runs.
    Open,
    /// Behind everything else.
    Faint,
}

/// A colour by meaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colour {
    /// One of a few kinds without order.
    Category(usize),
    /// A place between small (0) and large (1).
    Ramp(f64),
    /// The colour of the text.
    Ink,
}

impl Plot {
    /// Number of panels in a row.
    #[must_use]
    pub fn across(&self) -> usize {
        self.columns.clamp(1, self.panels.len().max(1))
    }
}

impl Series {
    /// A series in full strength, named in the legend.
    #[must_use]
    pub fn new(
        label: impl Into<String>,
        mark: Mark,
        colour: Colour,
        points: Vec<(f64, f64)>,
    ) -> Self {
        Self {
            label: label.into(),
            naming: Naming::Legend,
            mark,
            colour,
            look: Look::Full,
            points,
            ends: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// The same, named elsewhere.
    #[must_use]
    pub fn named(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// The same, drawn otherwise.
    #[must_use]
    pub fn looking(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// The same with lower and upper ends.
    #[must_use]
    pub fn between(mut self, ends: Vec<(f64, f64)>) -> Self {
        self.ends = ends;
        self
    }

    /// The same with the runs behind its dots.
    #[must_use]
    pub fn of_runs(mut self, runs: Vec<usize>) -> Self {
        self.runs = runs;
        self
    }
}

//! A form that the reader moves: its controls, its outputs and the data of its script. A page shows the form, every
//! other format the command that gives the same answer.

/// A form with the data that its script solves.
#[derive(Clone, Debug, PartialEq)]
pub struct Widget {
    /// What it is for.
    pub title: String,
    /// What a page says where scripts are off.
    pub without_scripts: &'static str,
    /// What the answer depends on beside the controls; empty when there is nothing to choose.
    pub choices: Vec<String>,
    /// What `choices` are, in a word.
    pub choice_label: &'static str,
    /// Sliders, in reading order.
    pub controls: Vec<Control>,
    /// Outputs; the first group is the one that is always shown.
    pub groups: Vec<OutputGroup>,
    /// The data of the script as JSON.
    pub data: String,
    /// The command that gives the answer where the sliders start.
    pub command: String,
}

/// A slider with an entry for its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Its name in the script.
    pub name: &'static str,
    /// What it moves.
    pub label: &'static str,
    /// Unit of its value.
    pub unit: &'static str,
    /// Ways in which its value counts: the name in the script and the words. Empty for one way only.
    pub modes: &'static [(&'static str, &'static str)],
    /// Ends of the slider, as powers of ten.
    pub range: (f64, f64),
}

/// Outputs that are shown together.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputGroup {
    /// Its name in the script.
    pub name: &'static str,
    /// What the outputs are.
    pub title: &'static str,
    /// The outputs, in reading order.
    pub outputs: &'static [Output],
}

/// An output: its name in the script, its label, its unit.
pub type Output = (&'static str, &'static str, &'static str);

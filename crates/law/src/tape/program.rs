//! A compiled law: what is evaluated once for a table, once for a coefficient vector, and for every block of rows.

use super::emit;
use super::lower::{Levels, Lowering, Output};
use super::ops::Op;
use super::scalar::ScalarOp;
use crate::Law;
use isoflop_base::Diagnostics;

/// One number that the solver moves: a coefficient, its logarithm where it must be positive, or one level of an
/// indexed coefficient.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// `A`, or `E[c4]` for a level.
    pub name: String,
    /// `ln A` where the coordinate is a logarithm, else the name.
    pub label: String,
    /// Position of the coefficient in the law.
    pub coef: usize,
    /// Whether the coordinate is the natural logarithm of the coefficient.
    pub log: bool,
    /// Lower bound of the coordinate.
    pub lower: f64,
    /// Upper bound of the coordinate.
    pub upper: f64,
}

impl Coordinate {
    /// The coefficient's value at coordinate `x`.
    #[must_use]
    pub fn coefficient(&self, x: f64) -> f64 {
        if self.log { x.exp() } else { x }
    }

    /// The coordinate of a coefficient's value.
    #[must_use]
    pub fn of(&self, value: f64) -> f64 {
        if self.log { value.ln() } else { value }
    }
}

/// The levels of one indexed coefficient: coordinates `base .. base + levels`.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Coefficient.
    pub coef: String,
    /// Index variables, joined with `,`.
    pub index: String,
    /// First coordinate.
    pub base: usize,
    /// Number of levels.
    pub levels: usize,
}

/// How a scalar that a column op reads depends on the coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Port {
    /// A constant: no derivative.
    Const(f64),
    /// Coordinate j times a constant.
    Linear(u32, f64),
    /// e^(coordinate j).
    Exp(u32),
    /// A step of the scalar tape.
    Step(u32),
}

/// A term e^(c + Σ sₖ·ln xₖ) whose logarithm of amplitude c is one coordinate that nothing else uses: the solver
/// may measure that coordinate at the centre of the data instead of at x = 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Amplitude {
    /// Coordinate of the amplitude.
    pub coordinate: usize,
    /// (coordinate, factor, data column): the exponent of each column is factor × coordinate.
    pub exponents: Vec<(usize, f64, usize)>,
}

/// A law compiled for one output.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) coordinates: Vec<Coordinate>,
    pub(super) groups: Vec<Group>,
    pub(super) vars: Vec<String>,
    pub(super) scalars: Vec<ScalarOp>,
    pub(super) ports: Vec<Port>,
    /// Columns evaluated when the table is bound, as trees over variables.
    pub(super) data: Vec<emit::DataNode>,
    pub(super) ops: Vec<Op>,
    pub(super) registers: usize,
    pub(super) output: u16,
    pub(super) amplitudes: Vec<Amplitude>,
}

impl Program {
    /// Compiles a law.
    ///
    /// # Errors
    ///
    /// Diagnostics when the left side cannot be solved for the response, an index has no levels, or a name has no
    /// meaning.
    pub fn compile(law: &Law, levels: &Levels, output: Output) -> Result<Self, Diagnostics> {
        let (lowering, root) = Lowering::run(law, levels, output)?;
        Ok(emit::emit(lowering, root))
    }

    /// The solver's coordinates.
    #[must_use]
    pub fn coordinates(&self) -> &[Coordinate] {
        &self.coordinates
    }

    /// Indexed coefficients; `bind` takes one column of codes for each.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Letters of the variables, in the order `bind` takes their columns (the response among them).
    #[must_use]
    pub fn vars(&self) -> &[String] {
        &self.vars
    }

    /// Whether an equation is solved at every run, which costs a hundred times what a formula does.
    #[must_use]
    pub fn is_implicit(&self) -> bool {
        super::root::depth(&self.ops) > 0
    }

    /// Terms whose amplitude may be measured at the centre of the data.
    #[must_use]
    pub fn amplitudes(&self) -> &[Amplitude] {
        &self.amplitudes
    }
}

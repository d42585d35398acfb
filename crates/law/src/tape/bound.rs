//! A program together with the columns of a table.

use std::borrow::Cow;

use super::emit::DataNode;
use super::graph::Un;
use super::ops::{self, Addend, Op, Src};
use super::program::Program;
use super::scalar;
use super::workspace::{BLOCK, Sweep, Workspace};
use isoflop_numerics::kernels;

/// A law compiled and joined with columns: a function from coordinates to one value a row.
#[derive(Clone, Debug)]
pub struct Bound<'p> {
    program: &'p Program,
    data: Vec<Vec<f64>>,
    codes: Vec<Vec<u32>>,
    rows: usize,
}

impl Program {
    /// Joins the program with a table of `rows` rows.
    ///
    /// # Shapes and units
    ///
    /// | name      | shape               | unit                                    |
    /// | --------- | ------------------- | --------------------------------------- |
    /// | `columns` | one per [`Self::vars`], `rows` each | as the law declares; a variable that is not read may be empty |
    /// | `codes`   | one per [`Self::groups`], `rows` each | level number, below the group's levels |
    ///
    /// # Panics
    ///
    /// When a column that the law reads has fewer rows than `rows`.
    #[must_use]
    pub fn bind(&self, rows: usize, columns: &[&[f64]], codes: &[Vec<u32>]) -> Bound<'_> {
        assert_eq!(
            columns.len(),
            self.vars.len(),
            "one column for each variable"
        );
        assert_eq!(
            codes.len(),
            self.groups.len(),
            "one column of codes for each indexed coefficient"
        );
        let mut known: Vec<Cow<'_, [f64]>> = Vec::with_capacity(self.data.len());
        for node in &self.data {
            let column = known_column(node, rows, columns, &known);
            known.push(column);
        }
        let read = read_columns(&self.ops, self.data.len());
        let data = known
            .into_iter()
            .zip(read)
            .map(|(column, read)| {
                if read {
                    column.into_owned()
                } else {
                    Vec::new()
                }
            })
            .collect();
        Bound {
            program: self,
            data,
            codes: codes.to_vec(),
            rows,
        }
    }

    /// Scratch for evaluations of this program.
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace::new(self)
    }
}

fn known_column<'c>(
    node: &DataNode,
    rows: usize,
    columns: &[&'c [f64]],
    earlier: &[Cow<'_, [f64]>],
) -> Cow<'c, [f64]> {
    let at = |k: u16| &*earlier[usize::from(k)];
    Cow::Owned(match *node {
        DataNode::Const(c) => vec![c; rows],
        DataNode::Var(v) => return Cow::Borrowed(&columns[v as usize][..rows]),
        DataNode::Un(Un::Ln, x) => {
            let mut out = vec![0.0; rows];
            kernels::ln_column(&mut out, at(x));
            out
        }
        DataNode::Un(f, x) => at(x).iter().map(|x| scalar::apply_un(f, *x)).collect(),
        DataNode::Bin(f, x, y) => at(x)
            .iter()
            .zip(at(y))
            .map(|(x, y)| scalar::apply_bin(f, *x, *y))
            .collect(),
        DataNode::Select(c, x, y) => {
            let (c, x, y) = (at(c), at(x), at(y));
            (0..rows)
                .map(|i| if c[i] == 0.0 { y[i] } else { x[i] })
                .collect()
        }
        DataNode::LogAddExp(x, y) => {
            let mut out = vec![0.0; rows];
            kernels::log_add_exp(&mut out, at(x), at(y));
            out
        }
    })
}

/// Which known columns some op reads.
fn read_columns(ops: &[Op], count: usize) -> Vec<bool> {
    fn mark(ops: &[Op], read: &mut [bool]) {
        let mut see = |s: &Src| {
            if let Src::Data(d) = s {
                read[usize::from(*d)] = true;
            }
        };
        for op in ops {
            match op {
                Op::ExpLinear { x, y, .. } | Op::Linear { x, y, .. } => {
                    see(x);
                    if let Addend::Column(y) = y {
                        see(y);
                    }
                }
                Op::Sum { x, y, .. } | Op::Bin { x, y, .. } | Op::LogAddExp { x, y, .. } => {
                    see(x);
                    see(y);
                }
                Op::Un { x, .. } => see(x),
                Op::Select { c, x, y, .. } => {
                    see(c);
                    see(x);
                    see(y);
                }
                Op::Fill { .. } | Op::Gather { .. } => {}
                Op::Root { lower, upper, .. } => {
                    see(lower);
                    see(upper);
                }
            }
        }
        for op in ops {
            if let Op::Root { inner, .. } = op {
                mark(inner, read);
            }
        }
    }
    let mut read = vec![false; count];
    mark(ops, &mut read);
    read
}

impl<'p> Bound<'p> {
    /// The program.
    #[must_use]
    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of blocks of at most [`BLOCK`] rows.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.rows.div_ceil(BLOCK)
    }

    /// Rows of a block.
    #[must_use]
    pub fn block(&self, block: usize) -> std::ops::Range<usize> {
        block * BLOCK..((block + 1) * BLOCK).min(self.rows)
    }

    /// Mean of a known column (as numbered in [`super::Amplitude`]).
    #[must_use]
    pub fn column_mean(&self, column: usize) -> f64 {
        let x = &self.data[column];
        x.iter().sum::<f64>() / x.len() as f64
    }

    /// Level codes of each indexed coefficient.
    #[must_use]
    pub fn codes(&self) -> &[Vec<u32>] {
        &self.codes
    }

    /// Moves the workspace to coordinates `theta`.
    pub fn set(&self, ws: &mut Workspace, theta: &[f64]) {
        ws.set(self.program, theta);
    }

    /// The law's values on a block, at the coordinates set before.
    pub fn values<'w>(&self, ws: &'w mut Workspace, block: usize) -> &'w [f64] {
        let at = self.block(block);
        let (theta, ports, values, _) = ws.split();
        let sweep = self.sweep(theta, ports, &at);
        ops::forward(&self.program.ops, &sweep, values);
        let out = usize::from(self.program.output) * BLOCK;
        &values[out..out + at.len()]
    }

    /// The reverse sweep on a block whose values were just computed; derivatives stay in the workspace for
    /// [`super::Normal`].
    pub fn derivatives(&self, ws: &mut Workspace, block: usize) {
        let at = self.block(block);
        let (theta, ports, values, adjoints) = ws.split();
        let sweep = self.sweep(theta, ports, &at);
        let Some((main, deeper)) = adjoints.split_first_mut() else {
            return;
        };
        main.clear();
        main.seed(self.program.output);
        ops::reverse(&self.program.ops, &sweep, values, main, deeper);
    }

    fn sweep<'a>(
        &'a self,
        theta: &'a [f64],
        ports: &'a [f64],
        at: &std::ops::Range<usize>,
    ) -> Sweep<'a> {
        Sweep {
            program: self.program,
            theta,
            ports,
            data: &self.data,
            codes: &self.codes,
            start: at.start,
            rows: at.len(),
        }
    }

    /// The law's values on all rows at coordinates `theta`.
    pub fn evaluate(&self, ws: &mut Workspace, theta: &[f64], out: &mut [f64]) {
        self.set(ws, theta);
        for block in 0..self.blocks() {
            let at = self.block(block);
            out[at].copy_from_slice(self.values(ws, block));
        }
    }

    /// The Jacobian at coordinates `theta`: rows × coordinates, row by row.
    pub fn jacobian(&self, ws: &mut Workspace, theta: &[f64]) -> Vec<f64> {
        let p = self.program.coordinates.len();
        let mut out = vec![0.0; self.rows * p];
        self.set(ws, theta);
        for block in 0..self.blocks() {
            self.values(ws, block);
            let at = self.block(block);
            self.jacobian_block(ws, block, &mut out[at.start * p..at.end * p]);
        }
        out
    }

    /// The rows of the Jacobian of a block whose values were just computed, into `out`: its rows × coordinates.
    pub fn jacobian_block(&self, ws: &mut Workspace, block: usize, out: &mut [f64]) {
        let at = self.block(block);
        let (p, n) = (self.program.coordinates.len(), at.len());
        self.derivatives(ws, block);
        out.fill(0.0);
        ws.ready_port_slopes(self.program);
        let adj = &ws.adjoints[0];
        for k in 0..self.program.ports.len() {
            let Some(start) = adj.port_start(k) else {
                continue;
            };
            let column = &adj.columns()[start..start + n];
            for (j, slope) in ws.port_slopes(k) {
                for (row, x) in out.chunks_exact_mut(p).zip(column) {
                    row[*j] += slope * x;
                }
            }
        }
        for (g, group) in self.program.groups.iter().enumerate() {
            let Some(column) = adj.group_column(g, n) else {
                continue;
            };
            let codes = &self.codes[g][at.clone()];
            for ((row, x), level) in out.chunks_exact_mut(p).zip(column).zip(codes) {
                row[group.base + *level as usize] += x;
            }
        }
    }
}

//! Memory of an evaluation: allocated once, used for every coefficient vector and every block.

use super::ops::Src;
use super::program::{Port, Program};
use super::scalar;
use isoflop_numerics::kernels;

/// Rows of a block: a register of 2 kB, a dozen of them in the first-level cache.
pub const BLOCK: usize = 256;

/// Scratch for one thread.
#[derive(Clone, Debug)]
pub struct Workspace {
    theta: Vec<f64>,
    scalars: Vec<f64>,
    scalar_adjoint: Vec<f64>,
    ports: Vec<f64>,
    step_row: Vec<f64>,
    /// ∂port/∂θ without zeros, port by port, and where each port begins; filled on demand.
    port_slopes: Vec<(usize, f64)>,
    port_ends: Vec<usize>,
    port_slopes_ready: bool,
    pub(super) values: Vec<f64>,
    /// Adjoints of the main sweep first, then one for each level of `solve`.
    pub(super) adjoints: Vec<Adjoints>,
}

impl Workspace {
    pub(super) fn new(program: &Program) -> Self {
        let (p, ports) = (program.coordinates.len(), program.ports.len());
        let one = Adjoints::new(program.registers, ports, program.groups.len());
        Self {
            theta: vec![f64::NAN; p],
            scalars: vec![0.0; program.scalars.len()],
            scalar_adjoint: vec![0.0; program.scalars.len()],
            ports: vec![0.0; ports],
            step_row: vec![0.0; p],
            port_slopes: Vec::with_capacity(ports * p),
            port_ends: Vec::with_capacity(ports + 1),
            port_slopes_ready: false,
            values: vec![0.0; program.registers * BLOCK],
            adjoints: vec![one; 1 + super::root::depth(&program.ops)],
        }
    }

    /// Moves to coordinates `theta`.
    pub(super) fn set(&mut self, program: &Program, theta: &[f64]) {
        self.theta.copy_from_slice(theta);
        scalar::forward(&program.scalars, theta, &mut self.scalars);
        for (value, port) in self.ports.iter_mut().zip(&program.ports) {
            *value = match *port {
                Port::Const(c) => c,
                Port::Linear(j, c) => c * theta[j as usize],
                Port::Exp(j) => kernels::exp(theta[j as usize]),
                Port::Step(s) => self.scalars[s as usize],
            };
        }
        self.port_slopes_ready = false;
    }

    /// ∂port k/∂θ as (coordinate, derivative), without zeros; [`Self::ready_port_slopes`] comes first.
    pub(super) fn port_slopes(&self, k: usize) -> &[(usize, f64)] {
        debug_assert!(self.port_slopes_ready);
        &self.port_slopes[self.port_ends[k]..self.port_ends[k + 1]]
    }

    /// Computes [`Self::port_slopes`] for the coordinates set, once.
    pub(super) fn ready_port_slopes(&mut self, program: &Program) {
        if self.port_slopes_ready {
            return;
        }
        self.port_slopes.clear();
        self.port_ends.clear();
        self.port_ends.push(0);
        for (k, port) in program.ports.iter().enumerate() {
            match *port {
                Port::Const(_) => {}
                Port::Linear(j, c) => self.port_slopes.push((j as usize, c)),
                Port::Exp(j) => self.port_slopes.push((j as usize, self.ports[k])),
                Port::Step(s) => {
                    let (adjoint, row) = (&mut self.scalar_adjoint, &mut self.step_row);
                    scalar::reverse(&program.scalars, &self.scalars, s, adjoint, row);
                    let entries = row.iter().copied().enumerate();
                    self.port_slopes.extend(entries.filter(|(_, x)| *x != 0.0));
                }
            }
            self.port_ends.push(self.port_slopes.len());
        }
        self.port_slopes_ready = true;
    }

    pub(super) fn split(&mut self) -> (&[f64], &[f64], &mut [f64], &mut [Adjoints]) {
        (
            &self.theta,
            &self.ports,
            &mut self.values,
            &mut self.adjoints,
        )
    }
}

/// What a sweep over one block reads.
pub(super) struct Sweep<'a> {
    pub program: &'a Program,
    pub theta: &'a [f64],
    pub ports: &'a [f64],
    pub data: &'a [Vec<f64>],
    pub codes: &'a [Vec<u32>],
    /// First row of the block.
    pub start: usize,
    /// Rows in the block.
    pub rows: usize,
}

impl<'a> Sweep<'a> {
    pub fn port(&self, p: u16) -> f64 {
        self.ports[usize::from(p)]
    }

    pub fn register<'v>(&self, values: &'v [f64], r: u16) -> &'v [f64] {
        let at = usize::from(r) * BLOCK;
        &values[at..at + self.rows]
    }

    pub fn source<'v>(&self, values: &'v [f64], s: Src) -> &'v [f64]
    where
        'a: 'v,
    {
        match s {
            Src::Reg(r) => self.register(values, r),
            Src::Data(d) => &self.data[usize::from(d)][self.start..self.start + self.rows],
        }
    }

    pub fn gather(&self, out: &mut [f64], group: u16) {
        let g = usize::from(group);
        let levels = &self.theta[self.program.groups[g].base..];
        let codes = &self.codes[g][self.start..self.start + self.rows];
        for (o, code) in out.iter_mut().zip(codes) {
            *o = levels[*code as usize];
        }
    }
}

/// A register, a port or an indexed coefficient, as the owner of a derivative column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(usize);

/// A column of [`Adjoints`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column(usize);

/// Derivative columns of one block.
///
/// Every slot has a home column, and a register has a second one for what its op sends on. A derivative that is
/// passed on unchanged is not copied: the slot points at the sender's column. That is safe because a column that is
/// pointed at is final: an op is met only after all that read it.
#[derive(Clone, Debug)]
pub(super) struct Adjoints {
    columns: Vec<f64>,
    at: Vec<Option<Column>>,
    registers: usize,
    ports: usize,
}

impl Adjoints {
    fn new(registers: usize, ports: usize, groups: usize) -> Self {
        let slots = registers + ports + groups;
        let mut me = Self {
            columns: vec![0.0; (slots + registers + 2) * BLOCK],
            at: vec![None; slots],
            registers,
            ports,
        };
        let ones = me.ones().0 * BLOCK;
        me.columns[ones..].fill(1.0);
        me
    }

    pub fn clear(&mut self) {
        self.at.fill(None);
    }

    fn scratch(&self) -> Column {
        Column(self.at.len() + self.registers)
    }

    fn ones(&self) -> Column {
        Column(self.at.len() + self.registers + 1)
    }

    /// Sets the adjoint of a register to one.
    pub fn seed(&mut self, r: u16) {
        self.at[usize::from(r)] = Some(self.ones());
    }

    /// The adjoint of a register; none when nothing that matters reads it.
    pub fn of(&self, r: u16) -> Option<Column> {
        self.at[usize::from(r)]
    }

    /// The column for what the op of a register sends on.
    pub fn sent(&self, r: u16) -> Column {
        Column(self.at.len() + usize::from(r))
    }

    /// The slot of a source; known columns have none.
    pub fn source(&self, s: Src) -> Option<Slot> {
        match s {
            Src::Reg(r) => Some(Slot(usize::from(r))),
            Src::Data(_) => None,
        }
    }

    /// The slot of a port; constants have none.
    pub fn port(&self, sweep: &Sweep<'_>, p: u16) -> Option<Slot> {
        match sweep.program.ports[usize::from(p)] {
            Port::Const(_) => None,
            _ => Some(Slot(self.registers + usize::from(p))),
        }
    }

    /// The slot of an indexed coefficient.
    pub fn group(&self, g: u16) -> Slot {
        Slot(self.registers + self.ports + usize::from(g))
    }

    /// All columns, for sums that read many at once.
    pub fn columns(&self) -> &[f64] {
        &self.columns
    }

    /// Where the column of port `k` begins in [`Self::columns`], if the sweep reached it.
    pub fn port_start(&self, k: usize) -> Option<usize> {
        self.at[self.registers + k].map(|c| c.0 * BLOCK)
    }

    /// The column of indexed coefficient `g`, if the sweep reached it.
    pub fn group_column(&self, g: usize, rows: usize) -> Option<&[f64]> {
        self.at[self.registers + self.ports + g].map(|c| self.column(c, rows))
    }

    pub fn column(&self, c: Column, rows: usize) -> &[f64] {
        &self.columns[c.0 * BLOCK..c.0 * BLOCK + rows]
    }

    /// Fills the column `to` from the column `from`.
    pub fn fill(
        &mut self,
        from: Column,
        to: Column,
        rows: usize,
        f: impl FnOnce(&[f64], &mut [f64]),
    ) {
        let (read, write) = (from.0 * BLOCK, to.0 * BLOCK);
        debug_assert_ne!(read, write, "a column is never filled from itself");
        if read < write {
            let (low, high) = self.columns.split_at_mut(write);
            f(&low[read..read + rows], &mut high[..rows]);
        } else {
            let (low, high) = self.columns.split_at_mut(read);
            f(&high[..rows], &mut low[write..write + rows]);
        }
    }

    /// Adds a final column to a slot, by pointing at it where it is the first.
    pub fn pass(&mut self, slot: Option<Slot>, from: Column, rows: usize) {
        let Some(slot) = slot else { return };
        if self.at[slot.0].is_none() {
            self.at[slot.0] = Some(from);
        } else {
            self.accumulate(slot, from, rows);
        }
    }

    /// Adds to a slot what `f` makes of a column.
    pub fn put(
        &mut self,
        slot: Option<Slot>,
        from: Column,
        rows: usize,
        f: impl FnOnce(&[f64], &mut [f64]),
    ) {
        let Some(slot) = slot else { return };
        if self.at[slot.0].is_none() {
            self.fill(from, Column(slot.0), rows, f);
            self.at[slot.0] = Some(Column(slot.0));
        } else {
            let scratch = self.scratch();
            self.fill(from, scratch, rows, f);
            self.accumulate(slot, scratch, rows);
        }
    }

    /// Adds a column to that of a slot, in the slot's home.
    fn accumulate(&mut self, slot: Slot, from: Column, rows: usize) {
        let home = Column(slot.0);
        match self.at[slot.0] {
            Some(at) if at != home => {
                self.fill(at, home, rows, |at, home| home.copy_from_slice(at));
                self.at[slot.0] = Some(home);
            }
            _ => {}
        }
        self.fill(from, home, rows, |from, home| kernels::add_to(home, from));
    }

    /// Adds `share` times another sweep's columns, row by row, to registers that are not its own, ports and groups.
    pub fn absorb(&mut self, other: &Self, share: &[f64], own: impl Fn(usize) -> bool) {
        let n = share.len();
        for slot in 0..self.at.len() {
            let Some(from) = other.at[slot].filter(|_| slot >= self.registers || !own(slot)) else {
                continue;
            };
            let to = if self.at[slot].is_none() {
                Column(slot)
            } else {
                self.scratch()
            };
            let at = to.0 * BLOCK;
            kernels::product(&mut self.columns[at..at + n], other.column(from, n), share);
            self.pass(Some(Slot(slot)), to, n);
        }
    }
}

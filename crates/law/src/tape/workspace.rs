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
    /// ∂port/∂θ, row by row; filled on demand.
    port_rows: Vec<f64>,
    port_rows_ready: bool,
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
            port_rows: vec![0.0; ports * p],
            port_rows_ready: false,
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
        self.port_rows_ready = false;
    }

    /// ∂port/∂θ, ports × coordinates, row by row.
    pub(super) fn port_rows(&mut self, program: &Program) -> &[f64] {
        if !self.port_rows_ready {
            let p = program.coordinates.len();
            self.port_rows.fill(0.0);
            for (k, port) in program.ports.iter().enumerate() {
                let row = &mut self.port_rows[k * p..(k + 1) * p];
                match *port {
                    Port::Const(_) => {}
                    Port::Linear(j, c) => row[j as usize] = c,
                    Port::Exp(j) => row[j as usize] = self.ports[k],
                    Port::Step(s) => {
                        scalar::reverse(
                            &program.scalars,
                            &self.scalars,
                            s,
                            &mut self.scalar_adjoint,
                            row,
                        );
                    }
                }
            }
            self.port_rows_ready = true;
        }
        &self.port_rows
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

/// Derivative columns of one block: one a register, one a port, one an indexed coefficient.
#[derive(Clone, Debug)]
pub(super) struct Adjoints {
    registers: Vec<f64>,
    reached: Vec<bool>,
    pub ports: Vec<f64>,
    pub port_reached: Vec<bool>,
    pub groups: Vec<f64>,
    pub group_reached: Vec<bool>,
    temps: Vec<Vec<f64>>,
}

impl Adjoints {
    fn new(registers: usize, ports: usize, groups: usize) -> Self {
        Self {
            registers: vec![0.0; registers * BLOCK],
            reached: vec![false; registers],
            ports: vec![0.0; ports * BLOCK],
            port_reached: vec![false; ports],
            groups: vec![0.0; groups * BLOCK],
            group_reached: vec![false; groups],
            temps: vec![vec![0.0; BLOCK]; 4],
        }
    }

    pub fn clear(&mut self) {
        self.reached.fill(false);
        self.port_reached.fill(false);
        self.group_reached.fill(false);
    }

    pub fn reached(&self, r: u16) -> bool {
        self.reached[usize::from(r)]
    }

    pub fn of(&self, r: u16, rows: usize) -> &[f64] {
        let at = usize::from(r) * BLOCK;
        &self.registers[at..at + rows]
    }

    /// Sets the adjoint of a register.
    pub fn seed(&mut self, r: u16, rows: usize, fill: impl FnOnce(&mut [f64])) {
        let at = usize::from(r) * BLOCK;
        fill(&mut self.registers[at..at + rows]);
        self.reached[usize::from(r)] = true;
    }

    pub fn take_temp(&mut self) -> Vec<f64> {
        self.temps.pop().unwrap_or_else(|| vec![0.0; BLOCK])
    }

    pub fn give_temp(&mut self, t: Vec<f64>) {
        self.temps.push(t);
    }

    /// Adds `t` to the adjoint of a source; known columns have none.
    pub fn add(&mut self, s: Src, t: &[f64]) {
        let Src::Reg(r) = s else { return };
        let r = usize::from(r);
        let column = &mut self.registers[r * BLOCK..r * BLOCK + t.len()];
        put(column, t, &mut self.reached[r]);
    }

    /// Adds k·t to the adjoint of a source.
    pub fn add_scaled(&mut self, s: Src, k: f64, t: &[f64]) {
        let Src::Reg(r) = s else { return };
        let r = usize::from(r);
        let column = &mut self.registers[r * BLOCK..r * BLOCK + t.len()];
        if self.reached[r] {
            kernels::add_scaled(column, k, t);
        } else {
            kernels::scaled(column, k, t);
            self.reached[r] = true;
        }
    }

    /// Adds `t` to the derivative column of a port; constants have none.
    pub fn add_port(&mut self, sweep: &Sweep<'_>, p: u16, t: &[f64]) {
        let p = usize::from(p);
        if matches!(sweep.program.ports[p], Port::Const(_)) {
            return;
        }
        let column = &mut self.ports[p * BLOCK..p * BLOCK + t.len()];
        put(column, t, &mut self.port_reached[p]);
    }

    /// Adds t·x to the derivative column of a port.
    pub fn add_port_product(&mut self, sweep: &Sweep<'_>, p: u16, t: &[f64], x: &[f64]) {
        let p = usize::from(p);
        if matches!(sweep.program.ports[p], Port::Const(_)) {
            return;
        }
        let column = &mut self.ports[p * BLOCK..p * BLOCK + t.len()];
        if self.port_reached[p] {
            kernels::add_product(column, t, x);
        } else {
            kernels::product(column, t, x);
            self.port_reached[p] = true;
        }
    }

    /// Adds the adjoint of a register to the derivative column of an indexed coefficient.
    pub fn add_group(&mut self, group: u16, out: u16, rows: usize) {
        let g = usize::from(group);
        let at = usize::from(out) * BLOCK;
        let column = &mut self.groups[g * BLOCK..g * BLOCK + rows];
        put(
            column,
            &self.registers[at..at + rows],
            &mut self.group_reached[g],
        );
    }

    /// Adds `share` times another sweep's columns, row by row, to registers that are not its own, ports and groups.
    pub fn absorb(&mut self, other: &Self, share: &[f64], own: impl Fn(usize) -> bool) {
        let n = share.len();
        let columns = |b: &[f64], k: usize| -> std::ops::Range<usize> {
            debug_assert!(b.len() >= k * BLOCK + n);
            k * BLOCK..k * BLOCK + n
        };
        for r in (0..other.reached.len()).filter(|r| other.reached[*r] && !own(*r)) {
            let at = columns(&self.registers, r);
            put_product(
                &mut self.registers[at.clone()],
                &other.registers[at],
                share,
                &mut self.reached[r],
            );
        }
        for p in (0..other.port_reached.len()).filter(|p| other.port_reached[*p]) {
            let at = columns(&self.ports, p);
            put_product(
                &mut self.ports[at.clone()],
                &other.ports[at],
                share,
                &mut self.port_reached[p],
            );
        }
        for g in (0..other.group_reached.len()).filter(|g| other.group_reached[*g]) {
            let at = columns(&self.groups, g);
            put_product(
                &mut self.groups[at.clone()],
                &other.groups[at],
                share,
                &mut self.group_reached[g],
            );
        }
    }
}

fn put(column: &mut [f64], t: &[f64], reached: &mut bool) {
    if *reached {
        kernels::add_to(column, t);
    } else {
        column.copy_from_slice(t);
        *reached = true;
    }
}

fn put_product(column: &mut [f64], t: &[f64], share: &[f64], reached: &mut bool) {
    if *reached {
        kernels::add_product(column, t, share);
    } else {
        kernels::product(column, t, share);
        *reached = true;
    }
}

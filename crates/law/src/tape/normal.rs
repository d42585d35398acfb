//! Normal equations: Σ hᵢ JᵢJᵢᵀ and Σ gᵢ Jᵢ, summed over blocks at the ports and carried to coordinates once.

use super::bound::Bound;
use super::program::Program;
use super::workspace::{Adjoints, BLOCK, Workspace};
use isoflop_numerics::kernels::{self, Lanes};

/// An accumulator for JᵀHJ and Jᵀg with diagonal row weights H and g.
#[derive(Clone, Debug)]
pub struct Normal {
    ports: usize,
    /// The first level of each group, among the levels of all.
    offsets: Vec<usize>,
    /// Coordinate of each level, with its slope of one.
    levels: Vec<(usize, f64)>,
    /// Ports that the sweep reaches (the same ones in every block), and where their columns begin.
    reached: Vec<usize>,
    starts: Vec<usize>,
    /// Sums of these ports, and of products of two: a lower triangle.
    dots: Vec<Lanes>,
    products: Vec<Lanes>,
    /// Sums of each level, and of its products with ports and then with levels, row by row.
    level_dots: Vec<f64>,
    level_products: Vec<f64>,
    scratch: Vec<f64>,
}

impl Normal {
    /// An empty accumulator.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let ports = program.ports.len();
        let (mut offsets, mut levels) = (Vec::new(), Vec::new());
        for group in &program.groups {
            offsets.push(levels.len());
            levels.extend((group.base..group.base + group.levels).map(|j| (j, 1.0)));
        }
        Self {
            ports,
            offsets,
            reached: Vec::with_capacity(ports),
            starts: Vec::with_capacity(ports),
            dots: vec![[0.0; 8]; ports],
            products: vec![[0.0; 8]; ports * (ports + 1) / 2],
            level_dots: vec![0.0; levels.len()],
            level_products: vec![0.0; levels.len() * (ports + levels.len())],
            levels,
            scratch: vec![0.0; BLOCK],
        }
    }

    /// Forgets everything summed.
    pub fn clear(&mut self) {
        self.dots.fill([0.0; 8]);
        self.products.fill([0.0; 8]);
        self.level_dots.fill(0.0);
        self.level_products.fill(0.0);
    }

    /// Adds a block whose derivatives were just computed: `slope` weighs Jᵀg.
    pub fn add_side(&mut self, bound: &Bound<'_>, ws: &Workspace, block: usize, slope: &[f64]) {
        let adj = &ws.adjoints[0];
        let at = bound.block(block);
        let slope = &slope[..at.len()];
        self.find_reached(adj);
        kernels::add_dots(adj.columns(), &self.starts, slope, &mut self.dots);
        for (g, offset) in self.offsets.iter().enumerate() {
            if let Some(column) = adj.group_column(g, at.len()) {
                let codes = &bound.codes()[g][at.clone()];
                for ((level, x), slope) in codes.iter().zip(column).zip(slope) {
                    self.level_dots[offset + *level as usize] += x * slope;
                }
            }
        }
    }

    /// Adds a block whose derivatives were just computed: `curve` weighs JᵀHJ.
    pub fn add_gram(&mut self, bound: &Bound<'_>, ws: &Workspace, block: usize, curve: &[f64]) {
        let adj = &ws.adjoints[0];
        let n = bound.block(block).len();
        self.find_reached(adj);
        kernels::add_gram(adj.columns(), &self.starts, &curve[..n], &mut self.products);
        if !self.offsets.is_empty() {
            self.add_groups(bound, adj, block, &curve[..n]);
        }
    }

    /// Products of indexed coefficients with ports and with each other.
    fn add_groups(&mut self, bound: &Bound<'_>, adj: &Adjoints, block: usize, curve: &[f64]) {
        let at = bound.block(block);
        let (n, m) = (at.len(), self.ports + self.levels.len());
        for (g, offset) in self.offsets.iter().enumerate() {
            let Some(column) = adj.group_column(g, n) else {
                continue;
            };
            let codes = &bound.codes()[g][at.clone()];
            kernels::product(&mut self.scratch[..n], column, curve);
            for (k, start) in self.reached.iter().zip(&self.starts) {
                let port = &adj.columns()[*start..start + n];
                for i in 0..n {
                    let row = offset + codes[i] as usize;
                    self.level_products[row * m + k] += self.scratch[i] * port[i];
                }
            }
            for (h, other) in self.offsets.iter().enumerate().take(g + 1) {
                let Some(second) = adj.group_column(h, n) else {
                    continue;
                };
                let others = &bound.codes()[h][at.clone()];
                for i in 0..n {
                    let row = offset + codes[i] as usize;
                    let column = self.ports + other + others[i] as usize;
                    self.level_products[row * m + column] += self.scratch[i] * second[i];
                }
            }
        }
    }

    /// The ports that the sweep reached, and where their columns begin.
    fn find_reached(&mut self, adj: &Adjoints) {
        self.reached.clear();
        self.starts.clear();
        for k in 0..self.ports {
            if let Some(start) = adj.port_start(k) {
                self.reached.push(k);
                self.starts.push(start);
            }
        }
    }

    /// Jᵀg by coordinate.
    pub fn side(&self, program: &Program, ws: &mut Workspace, out: &mut [f64]) {
        ws.ready_port_slopes(program);
        out.fill(0.0);
        for (k, lanes) in self.reached.iter().zip(&self.dots) {
            let sum = kernels::fold(lanes);
            for (j, slope) in ws.port_slopes(*k) {
                out[*j] += slope * sum;
            }
        }
        for ((j, _), sum) in self.levels.iter().zip(&self.level_dots) {
            out[*j] += sum;
        }
    }

    /// JᵀHJ by coordinate: p × p, symmetric, row by row.
    pub fn gram(&self, program: &Program, ws: &mut Workspace, out: &mut [f64]) {
        ws.ready_port_slopes(program);
        let p = program.coordinates.len();
        out.fill(0.0);
        let mut products = self.products.iter();
        for (i, k) in self.reached.iter().enumerate() {
            for (l, lanes) in self.reached[..=i].iter().zip(&mut products) {
                let slopes = [ws.port_slopes(*k), ws.port_slopes(*l)];
                carry(kernels::fold(lanes), slopes, k == l, p, out);
            }
        }
        let entries = self.ports + self.levels.len();
        for (g, level) in self.levels.iter().enumerate() {
            let row = &self.level_products[g * entries..(g + 1) * entries];
            let level = std::slice::from_ref(level);
            for k in &self.reached {
                carry(row[*k], [level, ws.port_slopes(*k)], false, p, out);
            }
            for (h, other) in self.levels[..=g].iter().enumerate() {
                let slopes = [level, std::slice::from_ref(other)];
                carry(row[self.ports + h], slopes, g == h, p, out);
            }
        }
    }
}

/// Adds one entry of a gram, and its mirror image off the diagonal, to the coordinates that its row and its column
/// depend on.
fn carry(entry: f64, slopes: [&[(usize, f64)]; 2], diagonal: bool, p: usize, out: &mut [f64]) {
    if entry == 0.0 {
        return;
    }
    let [rows, columns] = slopes;
    for (i, a) in rows {
        for (j, b) in columns {
            let product = entry * a * b;
            out[i * p + j] += product;
            if !diagonal {
                out[j * p + i] += product;
            }
        }
    }
}

//! Normal equations: Σ hᵢ JᵢJᵢᵀ and Σ gᵢ Jᵢ, summed over blocks at the ports and carried to coordinates once.

use super::bound::Bound;
use super::program::Program;
use super::workspace::{BLOCK, Workspace};
use isoflop_numerics::kernels;

/// An accumulator for JᵀHJ and Jᵀg with diagonal row weights H and g.
#[derive(Clone, Debug)]
pub struct Normal {
    /// Ports and group levels.
    entries: usize,
    ports: usize,
    /// First entry of each group.
    offsets: Vec<usize>,
    gram: Vec<f64>,
    side: Vec<f64>,
    scratch: Vec<f64>,
    carried: Vec<f64>,
}

impl Normal {
    /// An empty accumulator.
    #[must_use]
    pub fn new(program: &Program) -> Self {
        let ports = program.ports.len();
        let mut offsets = Vec::new();
        let mut entries = ports;
        for group in &program.groups {
            offsets.push(entries);
            entries += group.levels;
        }
        Self {
            entries,
            ports,
            offsets,
            gram: vec![0.0; entries * entries],
            side: vec![0.0; entries],
            scratch: vec![0.0; BLOCK],
            carried: vec![0.0; entries * program.coordinates.len()],
        }
    }

    /// Forgets everything summed.
    pub fn clear(&mut self) {
        self.gram.fill(0.0);
        self.side.fill(0.0);
    }

    /// Adds a block whose derivatives were just computed: `slope` weighs Jᵀg.
    pub fn add_side(&mut self, bound: &Bound<'_>, ws: &Workspace, block: usize, slope: &[f64]) {
        let adj = &ws.adjoints[0];
        let at = bound.block(block);
        let n = at.len();
        for k in (0..self.ports).filter(|k| adj.port_reached[*k]) {
            self.side[k] += kernels::dot(&adj.ports[k * BLOCK..k * BLOCK + n], &slope[..n]);
        }
        for (g, offset) in self
            .offsets
            .iter()
            .enumerate()
            .filter(|(g, _)| adj.group_reached[*g])
        {
            let codes = &bound.codes()[g][at.clone()];
            for i in 0..n {
                self.side[offset + codes[i] as usize] += adj.groups[g * BLOCK + i] * slope[i];
            }
        }
    }

    /// Adds a block whose derivatives were just computed: `curve` weighs JᵀHJ.
    pub fn add_gram(&mut self, bound: &Bound<'_>, ws: &Workspace, block: usize, curve: &[f64]) {
        let adj = &ws.adjoints[0];
        let at = bound.block(block);
        let n = at.len();
        let m = self.entries;
        for k in (0..self.ports).filter(|k| adj.port_reached[*k]) {
            kernels::product(
                &mut self.scratch[..n],
                &adj.ports[k * BLOCK..k * BLOCK + n],
                &curve[..n],
            );
            for l in (0..=k).filter(|l| adj.port_reached[*l]) {
                self.gram[k * m + l] +=
                    kernels::dot(&self.scratch[..n], &adj.ports[l * BLOCK..l * BLOCK + n]);
            }
            for (g, offset) in self
                .offsets
                .iter()
                .enumerate()
                .filter(|(g, _)| adj.group_reached[*g])
            {
                let codes = &bound.codes()[g][at.clone()];
                for i in 0..n {
                    let row = offset + codes[i] as usize;
                    self.gram[row * m + k] += self.scratch[i] * adj.groups[g * BLOCK + i];
                }
            }
        }
        for (g, offset) in self
            .offsets
            .iter()
            .enumerate()
            .filter(|(g, _)| adj.group_reached[*g])
        {
            let codes = &bound.codes()[g][at.clone()];
            for (h, other) in self
                .offsets
                .iter()
                .enumerate()
                .take(g + 1)
                .filter(|(h, _)| adj.group_reached[*h])
            {
                let others = &bound.codes()[h][at.clone()];
                for i in 0..n {
                    let product = curve[i] * adj.groups[g * BLOCK + i] * adj.groups[h * BLOCK + i];
                    self.gram[(offset + codes[i] as usize) * m + other + others[i] as usize] +=
                        product;
                }
            }
        }
    }

    /// Jᵀg by coordinate.
    pub fn side(&self, program: &Program, ws: &mut Workspace, out: &mut [f64]) {
        let p = program.coordinates.len();
        let rows = ws.port_rows(program);
        out.fill(0.0);
        for k in 0..self.ports {
            for j in 0..p {
                out[j] += rows[k * p + j] * self.side[k];
            }
        }
        for (group, offset) in program.groups.iter().zip(&self.offsets) {
            for level in 0..group.levels {
                out[group.base + level] += self.side[offset + level];
            }
        }
    }

    /// JᵀHJ by coordinate: p × p, symmetric, row by row.
    pub fn gram(&mut self, program: &Program, ws: &mut Workspace, out: &mut [f64]) {
        let (p, m) = (program.coordinates.len(), self.entries);
        for k in 0..m {
            for l in 0..k {
                self.gram[l * m + k] = self.gram[k * m + l];
            }
        }
        let rows = ws.port_rows(program);
        // carried = G · M, then out = Mᵀ · carried.
        self.carried.fill(0.0);
        for k in 0..m {
            let (g, c) = (
                &self.gram[k * m..(k + 1) * m],
                &mut self.carried[k * p..(k + 1) * p],
            );
            for l in 0..self.ports {
                if g[l] != 0.0 {
                    for j in 0..p {
                        c[j] += g[l] * rows[l * p + j];
                    }
                }
            }
            for (group, offset) in program.groups.iter().zip(&self.offsets) {
                for level in 0..group.levels {
                    c[group.base + level] += g[offset + level];
                }
            }
        }
        out.fill(0.0);
        for k in 0..self.ports {
            for j in (0..p).filter(|j| rows[k * p + j] != 0.0) {
                let weight = rows[k * p + j];
                for i in 0..p {
                    out[j * p + i] += weight * self.carried[k * p + i];
                }
            }
        }
        for (group, offset) in program.groups.iter().zip(&self.offsets) {
            for level in 0..group.levels {
                let (row, from) = ((group.base + level) * p, (offset + level) * p);
                for i in 0..p {
                    out[row + i] += self.carried[from + i];
                }
            }
        }
    }
}

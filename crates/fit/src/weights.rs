//! Weights of runs. When nobody gave any they are all one, and take no memory.

use isoflop_law::tape::BLOCK;
use isoflop_numerics::kernels;
use std::ops::{Index, Range};

/// The weight of each run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weights<'a> {
    /// One, for so many runs.
    Even(usize),
    /// One number a run.
    Each(&'a [f64]),
}

static ONES: [f64; BLOCK] = [1.0; BLOCK];

impl<'a> Weights<'a> {
    /// Number of runs.
    pub fn len(self) -> usize {
        match self {
            Self::Even(n) => n,
            Self::Each(w) => w.len(),
        }
    }

    /// The weights of a block of rows.
    pub fn block(self, rows: Range<usize>) -> &'a [f64] {
        match self {
            Self::Even(_) => &ONES[..rows.len()],
            Self::Each(w) => &w[rows],
        }
    }

    /// Weight by weight.
    pub fn iter(self) -> impl Iterator<Item = f64> + 'a {
        (0..self.len()).map(move |i| self[i])
    }

    /// Their sum.
    pub fn total(self) -> f64 {
        match self {
            Self::Even(n) => n as f64,
            Self::Each(w) => kernels::total(w),
        }
    }

    /// Their mean.
    pub fn mean(self) -> f64 {
        self.total() / self.len() as f64
    }
}

impl Index<usize> for Weights<'_> {
    type Output = f64;

    fn index(&self, run: usize) -> &f64 {
        match self {
            Self::Even(_) => &ONES[0],
            Self::Each(w) => &w[run],
        }
    }
}

impl<'a> From<&'a Vec<f64>> for Weights<'a> {
    fn from(weights: &'a Vec<f64>) -> Self {
        Self::Each(weights)
    }
}

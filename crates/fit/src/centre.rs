//! The map between the law's coordinates θ and the solver's φ: the amplitude of a term e^(θₐ + Σ sₖ ln xₖ) is measured
//! at the centre of the data, φₐ = θₐ + Σ sₖ·mean(ln xₖ). Units of x then cancel, and φₐ hardly depends on the exponents.

use isoflop_law::tape::{Bound, Coordinate};

/// θ = φ − Σ c·φₑ for every centred amplitude: affine, unit triangular, so volumes and optima do not change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Centre {
    /// (amplitude, exponent, factor × mean of the column).
    shifts: Vec<(usize, usize, f64)>,
    /// None where nothing is known of a coordinate's size.
    units: Vec<Option<f64>>,
    centred: Vec<bool>,
}

impl Centre {
    /// The map for a bound law.
    pub fn new(bound: &Bound<'_>) -> Self {
        let coordinates = bound.program().coordinates();
        let mut me = Self {
            shifts: Vec::new(),
            units: coordinates.iter().map(unit).collect(),
            centred: vec![false; coordinates.len()],
        };
        for amplitude in bound.program().amplitudes() {
            let a = &coordinates[amplitude.coordinate];
            let exponents: Vec<_> = amplitude
                .exponents
                .iter()
                .map(|(e, factor, column)| (*e, factor * bound.column_mean(*column)))
                .collect();
            // A bounded amplitude stays where its bounds are; an exponent that is itself an amplitude would chain.
            let bounded = a.lower.is_finite() || a.upper.is_finite();
            let chained = exponents.iter().any(|(e, _)| {
                bound
                    .program()
                    .amplitudes()
                    .iter()
                    .any(|x| x.coordinate == *e)
            });
            if bounded || chained || exponents.iter().any(|(_, c)| !c.is_finite()) {
                continue;
            }
            me.centred[amplitude.coordinate] = true;
            me.shifts.extend(
                exponents
                    .into_iter()
                    .map(|(e, c)| (amplitude.coordinate, e, c)),
            );
        }
        me
    }

    /// The map that moves nothing: the law's own coordinates.
    pub fn uncentred(&self) -> Self {
        Self {
            shifts: Vec::new(),
            units: self.units.clone(),
            centred: vec![false; self.centred.len()],
        }
    }

    /// Whether a coordinate is an amplitude measured at the centre of the data.
    pub fn is_centred(&self, j: usize) -> bool {
        self.centred[j]
    }

    /// The size of a change of coordinate j that matters: 1 for logarithms, less for exponents, none for a
    /// coefficient whose declaration says nothing of its size.
    pub fn unit(&self, j: usize) -> Option<f64> {
        self.units[j]
    }

    /// The same near `at`: a coefficient of unknown size is as large as its value.
    pub fn unit_near(&self, j: usize, at: f64) -> f64 {
        self.units[j].unwrap_or(if at == 0.0 { 1.0 } else { 0.3 * at.abs() })
    }

    /// θ from φ.
    pub fn to_law(&self, phi: &[f64], theta: &mut [f64]) {
        theta.copy_from_slice(phi);
        for (a, e, c) in &self.shifts {
            theta[*a] -= c * phi[*e];
        }
    }

    /// φ from θ.
    pub fn centred(&self, theta: &[f64]) -> Vec<f64> {
        let mut phi = theta.to_vec();
        for (a, e, c) in &self.shifts {
            phi[*a] += c * theta[*e];
        }
        phi
    }

    /// ∂/∂φ from ∂/∂θ, in place.
    pub fn gradient(&self, g: &mut [f64]) {
        for (a, e, c) in &self.shifts {
            g[*e] -= c * g[*a];
        }
    }

    /// TᵀHT from H by θ, in place.
    pub fn hessian(&self, h: &mut [f64]) {
        let p = self.units.len();
        for (a, e, c) in &self.shifts {
            for j in 0..p {
                h[j * p + e] -= c * h[j * p + a];
            }
        }
        for (a, e, c) in &self.shifts {
            for j in 0..p {
                h[e * p + j] -= c * h[a * p + j];
            }
        }
    }

    /// The covariance of φ from that of θ: what [`Self::covariance`] turns back.
    pub fn inverse_covariance(&self, v: &[f64], dim: usize) -> Vec<f64> {
        let back = Self {
            shifts: self.shifts.iter().map(|(a, e, c)| (*a, *e, -c)).collect(),
            ..self.clone()
        };
        back.covariance(v, dim)
    }

    /// The covariance of θ from that of φ (dim × dim, the law's coordinates first): TΣTᵀ.
    pub fn covariance(&self, v: &[f64], dim: usize) -> Vec<f64> {
        let mut out = v.to_vec();
        for (a, e, c) in &self.shifts {
            for j in 0..dim {
                out[a * dim + j] -= c * v_at(v, dim, *e, j);
            }
        }
        let rows = out.clone();
        for (a, e, c) in &self.shifts {
            for j in 0..dim {
                out[j * dim + a] -= c * v_at(&rows, dim, j, *e);
            }
        }
        out
    }
}

/// Exponents have ranges like [0, 2]; a wider or open range says nothing of the size.
fn unit(c: &Coordinate) -> Option<f64> {
    let width = c.upper - c.lower;
    if c.log {
        Some(1.0)
    } else {
        (width <= 10.0).then_some((0.15 * width).min(0.3))
    }
}

fn v_at(v: &[f64], dim: usize, i: usize, j: usize) -> f64 {
    v[i * dim + j]
}
